import Intake
import Model
import Synchronization
import Testing
import Wire

@testable import Daemon

/// Packets that cannot be read are counted by what is wrong with them, and said once a minute.
@Suite struct MalformedNoticeTests {
  private let now = Timestamp(seconds: 1_795_219_200)
  private static let minute: Int64 = 60_000_000_000

  private func desk() throws -> DecisionDesk {
    var desk = DecisionDesk(settings: WorkerSettings())
    try desk.adopt(VerbDesk.compile(Catalog(), Config()))
    return desk
  }

  private func feed(_ desk: inout DecisionDesk, _ packets: [[UInt8]], _ tally: inout WorkerTally) {
    for (number, packet) in packets.enumerated() {
      let about = Datagram(peer: IPAddress(v4: 192, 0, 2, UInt8(number & 0xFF)), port: 1, arrival: now)
      desk.trap(packet.span, about, id: EventID(rawValue: 1), now: now, &tally)
    }
  }

  private func notices(_ desk: inout DecisionDesk, at monotonic: Int64) -> [Notice] {
    let found = Mutex<[Notice]>([])
    desk.reportRefusals(to: { notice in found.withLock { $0.append(notice) } }, monotonic: monotonic)
    return found.withLock { $0 }
  }

  /// A notification that goes wrong at another byte each time: its name is padded behind `count` arcs.
  private func broken(_ count: Int) -> [UInt8] {
    func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
      [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
    }
    let name = element(0x06, [0x2B] + [UInt8](repeating: 1, count: count) + [0x80, 1])
    let list = element(0x30, element(0x30, name + [5, 0]))
    let pdu = element(0xA7, [2, 1, 1, 2, 1, 0, 2, 1, 0] + list)
    return element(0x30, [2, 1, 1, 4, 1, 0x63] + pdu)
  }

  @Test func aFloodOfManyKindsIsOneLineAMinute() throws {
    var desk = try desk()
    var tally = WorkerTally()
    let packets = (0..<600).map { broken($0 % 100) } + [[], [0x30], [0x30, 0x80, 0, 0]]
    feed(&desk, packets, &tally)
    #expect(tally.discarded[DiscardReason.malformedSNMP.rawValue] == 603)
    #expect(tally.faults[Int(SNMPFault.badObjectID.rawValue)] == 600)
    #expect(tally.faults[Int(SNMPFault.truncated.rawValue)] == 2)
    #expect(tally.faults[Int(SNMPFault.indefiniteLength.rawValue)] == 1)
    #expect(tally.datagrams == 603 && tally.traps == 0)

    let said = notices(&desk, at: 1)
    #expect(said.count == 1)
    let notice = try #require(said.first)
    let size = Int64(packets[0].count)
    let first = packets[0]
    let hash = FNV1a.hash(first.span)
    #expect(notice.message == "SNMP messages were not taken" && notice.component == "intake")
    let fields = Dictionary(uniqueKeysWithValues: notice.fields)
    #expect(fields["source_ip"] == .text("192.0.2.0") && fields["count"] == .number(603))
    #expect(fields["reason"] == .text("malformed_snmp") && fields["fault"] == .text("bad_object_id"))
    #expect(fields["byte"] == .number(size - 4) && fields["size"] == .number(size))
    #expect(fields["hash"] == .text(String(hash, radix: 16)))

    // Within the minute nothing, then the next first one with all that came.
    feed(&desk, [[0x30]] + packets, &tally)
    #expect(notices(&desk, at: Self.minute) == [])
    let later = notices(&desk, at: Self.minute + 1)
    #expect(later.count == 1)
    let next = Dictionary(uniqueKeysWithValues: try #require(later.first).fields)
    #expect(
      next["count"] == .number(604) && next["fault"] == .text("truncated") && next["byte"] == .number(1))
    #expect(notices(&desk, at: 3 * Self.minute) == [])
  }

  @Test func aRequestIsSaidToo() throws {
    var desk = try desk()
    var tally = WorkerTally()
    let request: [UInt8] = [0x30, 10, 2, 1, 1, 4, 1, 0x63, 0xA0, 2, 5, 0]
    feed(&desk, [request, request, [0x30]], &tally)
    #expect(tally.discarded[DiscardReason.notANotification.rawValue] == 2)
    let said = notices(&desk, at: 1).map { Dictionary(uniqueKeysWithValues: $0.fields) }
    #expect(said.map { $0["reason"] } == [.text("malformed_snmp"), .text("not_a_notification")])
    #expect(said.last?["count"] == .number(2))
    #expect(said.last?["fault"] == nil && said.last?["byte"] == nil)
  }

  /// Notices of other kinds keep their own lines beside them, whatever the packets are like.
  @Test func othersAreNotFoldedIntoThem() throws {
    var repeats = LogRepeats()
    var written = 0
    for number in 0..<40 {
      var desk = try desk()
      var tally = WorkerTally()
      feed(&desk, [broken(3 * number)], &tally)
      for notice in notices(&desk, at: 1) where repeats.admit(notice, now: now) { written += 1 }
    }
    #expect(written == 1)
    for message in ["another", "a third"] {
      let isWritten = repeats.admit(Notice(.warning, "intake", message), now: now)
      #expect(isWritten)
    }
  }
}
