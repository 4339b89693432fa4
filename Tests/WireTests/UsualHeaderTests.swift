import Model
import Testing

@testable import Wire

private typealias Build = TrapBuilder

/// A header as nearly all agents write it is read in one go, any other field by field, and nobody can tell
/// which it was: the same packet with the length of its message in four octets is read the long way.
@Suite struct UsualHeaderTests {
  /// The packet with another form of its first length; nil when that does not end with the packet.
  private func rewritten(_ packet: [UInt8]) -> [UInt8]? {
    guard packet.count > 4, packet[0] == 0x30 else { return nil }
    let octets = packet[1] < 0x80 ? 0 : Int(packet[1] & 0x7F)
    guard octets <= 2 else { return nil }
    let length = octets == 0 ? Int(packet[1]) : packet[2..<2 + octets].reduce(0) { $0 << 8 | Int($1) }
    guard packet[1] != 0x80, 2 + octets + length == packet.count else { return nil }
    return [0x30, 0x84, 0, 0, UInt8(length >> 8), UInt8(length & 0xFF)] + packet[(2 + octets)...]
  }

  private func expectAlike(_ packet: [UInt8], _ name: String) {
    guard let other = rewritten(packet) else { return }
    let (one, two) = (Reading(packet), Reading(other))
    switch (one.verdict, two.verdict) {
    case (.malformed(let first), .malformed(let second)):
      #expect(first.reason == second.reason, "\(name)")
    case (let first, let second): #expect(first == second, "\(name)")
    }
    guard one.verdict == .notification, two.verdict == .notification else { return }
    #expect(one.text == two.text && one.raw == two.raw && one.snmp == two.snmp, "\(name)")
    #expect(one.labelList == two.labelList, "\(name)")
    #expect(one.trap.kind == two.trap.kind && one.trap.requestID == two.trap.requestID, "\(name)")
    #expect(one.event.claimedAddress == two.event.claimedAddress, "\(name)")
    let communities = (packet.span.text(one.trap.community), other.span.text(two.trap.community))
    #expect(communities.0 == communities.1, "\(name)")
    var answers: ([UInt8], [UInt8]) = ([], [])
    TrapEncoder.appendResponse(to: one.trap, packet.span, to: &answers.0)
    TrapEncoder.appendResponse(to: two.trap, other.span, to: &answers.1)
    #expect(answers.0.count == answers.1.count || rewritten(answers.0) == answers.1, "\(name)")
  }

  @Test(arguments: TrapFixtureTests.names)
  func everyChangeOfAByteReadsTheSame(_ name: String) throws {
    let good = try Fixtures.hexFile(name + ".hex")
    expectAlike(good, name)
    for index in good.indices {
      for bit: UInt8 in [0x01, 0x02, 0x04, 0x20, 0x80, 0xFF] {
        var changed = good
        changed[index] ^= bit
        expectAlike(changed, "\(name), byte \(index), \(bit)")
      }
      expectAlike(Array(good[..<index]), "\(name), cut at \(index)")
    }
  }

  /// Communities, request ids, errors and lengths in every form; headers that end with the datagram.
  @Test func everyFormOfTheHeaderReadsTheSame() {
    for community in [0, 1, 30, 127, 128, 300] {
      for identifier in [[1], [0, 0x80], [0x7F, 0xFF, 0xFF, 0xFF], [UInt8](repeating: 0x81, count: 8)]
        as [[UInt8]]
      {
        for error in [[0], [5], [0, 0], [0xFF]] as [[UInt8]] {
          for padding in [0, 20, 100, 200, 400] {
            let text = Build.varbind(Build.tlv(0x04, [UInt8](repeating: 0x61, count: padding)))
            let pdu = Build.tlv(
              0xA6, Build.tlv(0x02, identifier), Build.tlv(0x02, error), Build.zero,
              Build.tlv(0x30, Build.upTime + Build.trapOID + text))
            let packet = Build.tlv(
              0x30, Build.version2, Build.tlv(0x04, [UInt8](repeating: 0x63, count: community)), pdu)
            #expect(Reading(packet).verdict == .notification)
            expectAlike(packet, "\(community) \(identifier) \(error) \(padding)")
          }
        }
      }
    }
    expectAlike(Build.packet2(0xA7, []), "no varbinds")
    expectAlike(Build.packet2(0xA7, Build.trapOID), "one varbind")
  }

  /// What was read before does not show in what is read next, in whatever order.
  @Test func whatWasReadBeforeDoesNotShow() {
    let other = Build.varbind(
      oid: [0x2B, 6, 1, 6, 3, 1, 1, 4, 1, 0], Build.tlv(0x06, [0x2B, 6, 1, 6, 3, 1, 1, 5, 4]))
    let long = Build.varbind(
      oid: [0x2B, 6, 1, 6, 3, 1, 1, 4, 1, 0], Build.tlv(0x06, [0x2B, 6, 1, 4, 1, 0x8B, 0x1A, 0, 1]))
    let packets = [
      Build.v2c(), Build.packet2(0xA7, Build.upTime + other), Build.packet2(0xA7, Build.upTime + long),
      Build.v1(), Build.v1(generic: Build.tlv(0x02, [2])), Build.packet2(0xA7, []), Build.packet2(0xA0, []),
    ]
    let alone = packets.map { "\(Reading($0).trap.trapOID) \(Reading($0).text)" }
    var trap = Trap()
    for (first, one) in packets.enumerated() {
      for (second, two) in packets.enumerated() {
        _ = TrapDecoder().decode(one.span, into: &trap)
        guard TrapDecoder().decode(two.span, into: &trap) == .notification else { continue }
        var text: [UInt8] = []
        let line = trap.appendText(two.span, to: &text)
        let read = "\(trap.trapOID) \(text.span.text(line) ?? "")"
        #expect(read == alone[second], "\(first), then \(second)")
      }
    }
  }
}
