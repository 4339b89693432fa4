import Foundation
import Model
import Testing

@testable import Wire

private typealias Build = TrapBuilder

/// How the values of known objects read.
@Suite struct ObjectTextTests {
  private static let base: [UInt32] = [1, 3, 6, 1, 4, 1, 99_999, 1]

  /// The text of one value of an object with this syntax, with varbinds before it.
  private func text(
    _ syntax: ObjectSyntax, hint: String = "", labels: [MIBObject.Label] = [], after: [UInt8] = [],
    _ value: [UInt8]
  ) -> String {
    let objects = [
      MIBObject(oid: Self.base + [1], name: "value", syntax: syntax, labels: labels, hint: hint),
      MIBObject(oid: Self.base + [2], name: "kind", syntax: .inetAddressType),
    ]
    let name = NameIndex.content(Self.base + [1])
    let packet = Build.v2c(after, Build.varbind(oid: name, value))
    var trap = Trap(names: ObjectNames(objects))
    guard case .notification = TrapDecoder().decode(packet.span, into: &trap) else { return "malformed" }
    var line: [UInt8] = []
    _ = trap.appendText(packet.span, to: &line)
    let text = String(decoding: line, as: UTF8.self)
    return text.range(of: "value=").map { String(text[$0.upperBound...]) } ?? text
  }

  private func octets(_ bytes: [UInt8]) -> [UInt8] { Build.tlv(0x04, bytes) }

  @Test(
    arguments: [
      ([0x07, 0xEA, 11, 21, 2, 14, 5, 9], "2026-11-21T02:14:05.9"),
      ([0x07, 0xEA, 11, 21, 2, 14, 5, 9, 0x2B, 0, 0], "2026-11-21T02:14:05.9Z"),
      ([0x07, 0xEA, 11, 21, 2, 14, 60, 0, 0x2D, 5, 30], "2026-11-21T02:14:60.0-05:30"),
      ([0x07, 0xEA, 11, 21, 2, 14, 5, 9, 0x2B, 1, 0], "2026-11-21T02:14:05.9+01:00"),
      ([0x07, 0xEA, 13, 21, 2, 14, 5, 9], "0x07ea0d15020e0509"),
      ([0, 0, 0, 0, 0, 0, 0, 0], "0x0000000000000000"), ([0x07, 0xEA], "0x07ea"), ([], ""),
      ([0x07, 0xEA, 11, 21, 2, 14, 5, 9, 0x20, 1, 0], "0x07ea0b15020e0509200100"),
    ] as [([UInt8], String)])
  func times(_ bytes: [UInt8], _ expected: String) {
    #expect(text(.dateAndTime, octets(bytes)) == expected)
  }

  @Test(
    arguments: [
      (0, [192, 0, 2, 7], "192.0.2.7"), (1, [192, 0, 2, 7], "192.0.2.7"),
      (0, [0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1], "2001:db8::1"),
      (2, [UInt8](repeating: 0, count: 16), "::"), (2, [0, 1] + [UInt8](repeating: 0, count: 14), "1::"),
      (2, [0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4, 0x10, 0x01], "1:0:2::3:4:1001"),
      (2, [UInt8](repeating: 0xFF, count: 16), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
      (2, [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0], "1:2:3:4:5:6:7:0"),
      (3, [192, 0, 2, 7, 0, 0, 0, 3], "192.0.2.7%3"),
      (4, [0xFE, 0x80] + [UInt8](repeating: 0, count: 13) + [1, 0, 0, 1, 0], "fe80::1%256"),
      (16, Array("a.ch".utf8), "a.ch"), (16, Array("core1.example.ch".utf8), "core1.example.ch"),
      (0, Array("core1".utf8), "core1"), (1, [192, 0, 2], "0xc00002"), (0, [], ""), (2, [1], "0x01"),
    ] as [(UInt8, [UInt8], String)])
  func addresses(_ kind: UInt8, _ bytes: [UInt8], _ expected: String) {
    let name = NameIndex.content(Self.base + [2])
    let before = kind == 0 ? [] : Build.varbind(oid: name, Build.tlv(0x02, [kind]))
    #expect(text(.inetAddress, after: before, octets(bytes)) == expected)
  }

  @Test func bits() {
    let labels = [(0, "deny"), (1, "overdraw"), (9, "late")].map { MIBObject.Label(value: $0.0, word: $0.1) }
    #expect(text(.bits, labels: labels, octets([0xC0])) == "deny(0),overdraw(1)")
    #expect(text(.bits, labels: labels, octets([0x00, 0x40])) == "late(9)")
    #expect(text(.bits, labels: labels, octets([0x20])) == "0x20")
    #expect(text(.bits, labels: labels, octets([0x00])) == "0x00")
    #expect(text(.bits, labels: labels, octets([])) == "")
    let long = (0..<64).map { MIBObject.Label(value: $0, word: String(repeating: "w", count: 60)) }
    #expect(text(.bits, labels: long, octets([0xFF])) == "0xff")
  }

  @Test(
    arguments: [
      ("1d.1d.1d.1d/2d", [10, 0, 0, 1, 1, 0], "10.0.0.1/256"), ("*1x:", [3, 10, 11, 12], "0a:0b:0c"),
      ("2x-1x", [1, 2, 3], "0102-03"), ("1o", [8, 255], "10377"), ("1d.", [1, 2, 3], "1.2.3"),
      ("*1a:;1d", [2, 0x61, 0x62, 7], "a:b;7"), ("2d-1d-1d,1d:1d:1d.1d", [1, 2], "258"),
      ("1a-1t", [0x61, 0x62], "a-b"), ("1a", [0x1B], "0x1b"), ("x", [1], "0x01"), ("9d", [1], "1"),
      ("1q", [1], "0x01"), ("0x", [1], "0x01"), ("0a[1x]", [1], "[01"),
      ("9d", [UInt8](repeating: 1, count: 9), "0x010101010101010101"),
    ] as [(String, [UInt8], String)])
  func hints(_ hint: String, _ bytes: [UInt8], _ expected: String) {
    #expect(text(.hint, hint: hint, octets(bytes)) == expected)
  }

  @Test func hostileHintsAndValuesStayBounded() {
    var random = SeededBytes(seed: 7)
    let letters = Array("*0129axdot:.-/".utf8)
    for _ in 0..<3_000 {
      let hint = (0..<random.next() % 12).map { _ in letters[Int(random.next() % UInt64(letters.count))] }
      let bytes = random.bytes(below: 200)
      let line = text(.hint, hint: String(decoding: hint, as: UTF8.self), octets(bytes))
      #expect(line.utf8.count <= 4 * bytes.count + 300)
      #expect(line.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
    }
  }

  @Test func otherForms() {
    #expect(text(.octets, octets(Array("text".utf8))) == "0x74657874")
    #expect(text(.physicalAddress, octets([0, 0x1B, 0x21])) == "00:1b:21")
    #expect(text(.physicalAddress, octets([])) == "")
    #expect(
      text(.plain, octets(Array("text that is longer than one block".utf8)))
        == "text that is longer than one block")
    let labels = [(1, "up"), (5, "far"), (-3, "below")].map { MIBObject.Label(value: $0.0, word: $0.1) }
    #expect(text(.plain, labels: labels, Build.tlv(0x02, [5])) == "far(5)")
    #expect(text(.plain, labels: labels, Build.tlv(0x02, [0xFD])) == "below(-3)")
    #expect(text(.plain, labels: labels, Build.tlv(0x02, [2])) == "2")
    // An object of another type than its MIB says keeps its own.
    #expect(text(.dateAndTime, Build.tlv(0x02, [5])) == "5")
  }

  @Test func identifiersAreNamed() {
    let value = Build.tlv(0x06, [0x2B, 6, 1, 2, 1, 2, 2, 1, 10, 7])
    let reading = Reading(Build.v2c(Build.varbind(value)))
    #expect(reading.text == "linkDown 1.3.6.1.4.1.9.1=ifInOctets.7")
    #expect(reading.snmp.contains("\"value\":\"1.3.6.1.2.1.2.2.1.10.7\",\"text\":\"ifInOctets.7\""))
    #expect(reading.raw.contains("\"value\":\"1.3.6.1.2.1.2.2.1.10.7\""))
  }

  @Test func notificationsOfOldAndNewAgentsAreNamed() {
    // ciscoConfigManEvent, as a v1 trap: enterprise ciscoConfigManMIBNotificationPrefix, specific 1.
    let v1 = Build.v1(
      enterprise: Build.tlv(0x06, [0x2B, 6, 1, 4, 1, 9, 9, 43, 2]), specific: Build.tlv(0x02, [1]))
    #expect(Reading(v1).text == "ciscoConfigManEvent")
    let other = Build.v1(enterprise: Build.tlv(0x06, [0x2B, 6, 1, 4, 1, 9]), specific: Build.tlv(0x02, [0]))
    #expect(Reading(other).text == "reload")
    // The name of an object is no notification's.
    let object = Build.tlv(0x06, [0x2B, 6, 1, 2, 1, 2, 2, 1, 8])
    let trapOID = Build.tlv(0x30, Build.tlv(0x06, [0x2B, 6, 1, 6, 3, 1, 1, 4, 1, 0]), object)
    #expect(Reading(Build.packet2(0xA7, trapOID)).text == "1.3.6.1.2.1.2.2.1.8")
  }
}
