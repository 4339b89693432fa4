import Model
import Testing

@testable import Wire

/// What is known from packets before changes nothing: a decoder that has seen many reads like a new one, and
/// the usual varbind is written like any other.
@Suite struct VarbindShapeTests {
  private struct Memory {
    private static let none = Trap().shapes
    private var warm = Trap()
    private var cold = Trap()

    /// Reads `packet` after `usual` and after nothing.
    mutating func verify(_ packet: [UInt8], after usual: [UInt8]) {
      _ = TrapDecoder().decode(usual.span, into: &warm)
      let verdict = TrapDecoder().decode(packet.span, into: &warm)
      cold.shapes = Memory.none
      let expected = TrapDecoder().decode(packet.span, into: &cold)
      guard verdict == expected else {
        Issue.record("\(packet): \(verdict) where \(expected) is right")
        return
      }
      guard verdict == .notification else { return }
      guard warm.varbinds.count == cold.varbinds.count,
        zip(warm.varbinds, cold.varbinds).allSatisfy({
          $0.oid == $1.oid && $0.value == $1.value && $0.tag == $1.tag && $0.object == $1.object
            && $0.indexAt == $1.indexAt
        }), warm.trapOID == cold.trapOID
      else {
        Issue.record("\(packet) is read otherwise after \(usual)")
        return
      }
      verifyText(packet)
    }

    private mutating func verifyText(_ packet: [UInt8]) {
      var line: [UInt8] = []
      _ = warm.appendText(packet.span, to: &line)
      var plain: [UInt8] = []
      warm.appendName(to: &plain)
      plain.append(addingCapacity: 600_000) { plain in
        for place in 0..<warm.varbindCount where !VarbindText.isHidden(warm.slots[place]) {
          if plain.count >= Trap.textLimit { break }
          VarbindText.appendAny(warm.slots, place, packet.span, warm.names, to: &plain)
        }
      }
      if line != plain { Issue.record("\(packet): \(line) where \(plain) is right") }
    }
  }

  @Test(arguments: TrapFixtureTests.names)
  func everyChangeOfAKnownPacketIsSeen(_ name: String) throws {
    let usual = try Fixtures.hexFile(name + ".hex")
    var memory = Memory()
    DecoderVerifier.feed(usual) { memory.verify($0, after: usual) }
  }

  /// ifIndex, ifDescr and ifOperStatus of an interface: names, values and their lengths change, and with the
  /// last octets where the datagram ends.
  @Test(
    arguments: [[], [2], [7], [0, 200], [0x7F, 0xFF, 0xFF, 0xFF], [0x80], [0, 0, 0, 0, 0, 0, 0, 1]]
      as [[UInt8]])
  func valuesOfEveryLengthAreRead(_ value: [UInt8]) throws {
    var memory = Memory()
    var before: [UInt8] = []
    for count in 0...40 {
      for index in [
        [1], [127], [0x81, 0], [0xFF, 0x7F], [0x80, 1], [0x8F, 0xFF, 0xFF, 0xFF, 0x7F], [1, 2, 3],
        [1, 0x81, 2],
        [0x81, 2, 1], [0x81, 2, 0x81, 2], [0xFF, 0xFF, 0xFF, 0x7F], [0x80, 0x80, 1], [0xFF], [0x81, 0x80, 1],
        [],
      ] as [[UInt8]] {
        func oid(_ column: UInt8) -> [UInt8] { [0x2B, 6, 1, 2, 1, 2, 2, 1, column] + index }
        let text = (0..<count).map { UInt8(0x41 + $0) }
        let packet = TrapBuilder.v2c(
          TrapBuilder.varbind(oid: oid(1), TrapBuilder.tlv(0x02, value)),
          TrapBuilder.varbind(oid: oid(8), TrapBuilder.tlv(0x02, value)),
          TrapBuilder.varbind(oid: oid(9), TrapBuilder.tlv(0x43, value)),
          TrapBuilder.varbind(oid: oid(6), TrapBuilder.tlv(0x04, text)),
          TrapBuilder.varbind(oid: oid(2), TrapBuilder.tlv(0x04, text)))
        memory.verify(packet, after: before)
        before = packet
      }
    }
  }

  @Test func aShapeOpensWithTheSecondLength() throws {
    func packet(_ value: [UInt8]) -> [UInt8] {
      TrapBuilder.v2c(
        TrapBuilder.varbind(oid: [0x2B, 6, 1, 4, 1, 9, 99, 1, 1, 3], TrapBuilder.tlv(0x02, [1, 3])),
        TrapBuilder.varbind(oid: [0x2B, 6, 1, 2, 1, 2, 2, 1, 1, 3], TrapBuilder.tlv(0x02, value)))
    }
    func isKnown(_ bytes: [UInt8], _ place: Int, _ trap: Trap) -> Bool {
      let at = trap.slots[place].oid.start - 4
      return trap.shapes.contains { $0.read(bytes.span, at, bytes.count) != nil }
    }
    var trap = Trap()
    let (short, long, longer) = (packet([3]), packet([1, 3]), packet([1, 2, 3]))
    #expect(TrapDecoder().decode(short.span, into: &trap) == .notification)
    #expect(isKnown(packet([4]), 3, trap))
    #expect(!isKnown(long, 3, trap))
    #expect(TrapDecoder().decode(long.span, into: &trap) == .notification)
    #expect(isKnown(long, 3, trap))
    #expect(isKnown(longer, 3, trap))
    #expect(!isKnown(packet([1, 2, 3, 4, 5, 6, 7, 8, 9]), 3, trap))
    // What has no name is not kept.
    #expect(!isKnown(short, 2, trap))
  }
}
