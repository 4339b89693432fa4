import Foundation
import Model
import Testing

@testable import Wire

private typealias Build = TrapBuilder

/// A value that is odd costs nobody the notification: what can be read is read, the rest is shown as it is.
@Suite struct OddValueTests {
  private static let tooManyArcs = Build.tlv(0x06, [0x2B] + [UInt8](repeating: 1, count: 127))

  /// The element, how it reads in the line, its type and its value in JSON.
  static let values: [(name: String, value: [UInt8], text: String, type: String, json: String)] = [
    ("UInteger32", Build.tlv(0x47, [5]), "5", "uinteger32", "5"),
    (
      "UInteger32 without its zero", Build.tlv(0x47, [0xFF, 0xFF, 0xFF, 0xFF]), "4294967295", "uinteger32",
      "4294967295"
    ),
    (
      "UInteger32 of 2^32", Build.tlv(0x47, [1, 0, 0, 0, 0]), "0x0100000000", "malformed", "\"0x0100000000\""
    ),
    ("NsapAddress", Build.tlv(0x45, [5, 0x39, 1]), "0x053901", "nsap_address", "\"0x053901\""),
    ("BIT STRING", Build.tlv(0x03, [0, 0x60]), "0x0060", "bit_string", "\"0x0060\""),
    ("BOOLEAN", Build.tlv(0x01, [0xFF]), "0xff", "unknown", "\"0xff\""),
    ("a text of ASN.1", Build.tlv(0x0C, Array("up".utf8)), "0x7570", "unknown", "\"0x7570\""),
    ("end of contents", Build.tlv(0x00), "", "unknown", "\"\""),
    ("an unassigned exception", Build.tlv(0x83), "", "unknown", "\"\""),
    ("a sequence", Build.tlv(0x30, Build.tlv(0x02, [5])), "0x020105", "unknown", "\"0x020105\""),
    ("counter of one octet", Build.tlv(0x41, [0xFF]), "255", "counter32", "255"),
    ("counter of two", Build.tlv(0x41, [0xFF, 0]), "65280", "counter32", "65280"),
    ("gauge of three", Build.tlv(0x42, [0x80, 1, 2]), "8388866", "gauge32", "8388866"),
    ("ticks of one", Build.tlv(0x43, [0x80]), "128", "timeticks", "128"),
    ("counter64 of one", Build.tlv(0x46, [0xFF]), "255", "counter64", "\"255\""),
    (
      "counter64 without its zero", Build.tlv(0x46, [UInt8](repeating: 0xFF, count: 8)),
      "18446744073709551615", "counter64", "\"18446744073709551615\""
    ),
    ("counter of no octets", Build.tlv(0x41), "", "malformed", "\"\""),
    ("counter of 2^32", Build.tlv(0x41, [1, 0, 0, 0, 0]), "0x0100000000", "malformed", "\"0x0100000000\""),
    (
      "counter64 of 2^64", Build.tlv(0x46, [1] + [UInt8](repeating: 0, count: 8)), "0x010000000000000000",
      "malformed", "\"0x010000000000000000\""
    ),
    ("integer of no octets", Build.tlv(0x02), "", "malformed", "\"\""),
    (
      "integer of nine octets", Build.tlv(0x02, [UInt8](repeating: 0, count: 9)), "0x000000000000000000",
      "malformed", "\"0x000000000000000000\""
    ),
    ("an OID of no octets", Build.tlv(0x06), "", "malformed", "\"\""),
    ("an OID without end", Build.tlv(0x06, [0x2B, 0x81]), "0x2b81", "malformed", "\"0x2b81\""),
    ("an OID with padding", Build.tlv(0x06, [0x2B, 0x80, 1]), "0x2b8001", "malformed", "\"0x2b8001\""),
    (
      "an OID with an arc of 2^32", Build.tlv(0x06, [0x2B, 0x90, 0x80, 0x80, 0x80, 0]), "0x2b9080808000",
      "malformed", "\"0x2b9080808000\""
    ),
    (
      "an OID of 129 arcs", tooManyArcs,
      "0x2b" + String(repeating: "01", count: 127), "malformed",
      "\"0x2b" + String(repeating: "01", count: 127) + "\""
    ),
    ("null with content", Build.tlv(0x05, [0]), "0x00", "malformed", "\"0x00\""),
    ("noSuchObject with content", Build.tlv(0x80, [1]), "0x01", "malformed", "\"0x01\""),
    (
      "an address of five octets", Build.tlv(0x40, [1, 2, 3, 4, 5]), "0x0102030405", "ip_address",
      "\"0x0102030405\""
    ),
  ]

  private static let ifIndex = Build.varbind(oid: [0x2B, 6, 1, 2, 1, 2, 2, 1, 1, 3], Build.tlv(0x02, [3]))

  /// An object without a name, one with a name, one whose values have words, and one with a form of its own.
  private static let names: [(oid: [UInt8], text: String)] = [
    ([0x2B, 6, 1, 4, 1, 9, 1], "1.3.6.1.4.1.9.1"), ([0x2B, 6, 1, 2, 1, 2, 2, 1, 2, 3], "ifDescr.3"),
    ([0x2B, 6, 1, 2, 1, 2, 2, 1, 8, 3], "ifOperStatus.3"),
    ([0x2B, 6, 1, 2, 1, 2, 2, 1, 6, 3], "ifPhysAddress.3"),
  ]

  @Test(arguments: values.indices, names.indices)
  func itIsShownAndTheRestIsRead(_ index: Int, _ place: Int) throws {
    let (name, value, text, type, json) = Self.values[index]
    let object = Self.names[place]
    let list = Build.varbind(oid: object.oid, value) + Self.ifIndex
    for reading in [
      Reading(Build.v2c(list)), Reading(Build.packet2(0xA6, Build.upTime + Build.trapOID + list)),
      Reading(Build.v1(list: Build.tlv(0x30, list))),
    ] {
      #expect(reading.verdict == .notification, "\(name)")
      #expect(reading.text.hasSuffix(" \(object.text)=\(text) ifIndex.3=3"), "\(name): \(reading.text)")
      #expect(reading.labelList.contains("\(object.text)=\(text)"), "\(name)")
      for form in [reading.raw, reading.snmp] {
        #expect(
          form.contains("\"name\":\"\(object.text)\",\"type\":\"\(type)\",\"value\":\(json)"), "\(form)")
        #expect(try JSONSerialization.jsonObject(with: Data(form.utf8)) is [String: Any], "\(name)")
      }
    }
  }

  /// A varbind that is known by its shape reads as it would in full.
  @Test func aKnownShapeTakesTheSame() {
    var trap = Trap()
    func line(_ value: [UInt8]) -> String {
      let packet = Build.v2c(Build.varbind(oid: [0x2B, 6, 1, 2, 1, 2, 2, 1, 5, 3], value), Self.ifIndex)
      guard TrapDecoder().decode(packet.span, into: &trap) == .notification else { return "" }
      var text: [UInt8] = []
      _ = trap.appendText(packet.span, to: &text)
      return String(decoding: text, as: UTF8.self)
    }
    for octets in [[1], [0x7F], [0x80], [0xFF], [1, 2], [0x80, 0], [0xFF, 0xFF, 0xFF], [0xFF, 0, 0, 1]]
      as [[UInt8]]
    {
      let number = octets.reduce(0) { $0 << 8 | UInt64($1) }
      for _ in 0..<2 {
        #expect(line(Build.tlv(0x42, octets)) == "linkDown ifSpeed.3=\(number) ifIndex.3=3")
      }
    }
  }

  /// What tells the notification itself is no varbind like others: an odd one is as good as none.
  @Test func whatTheNotificationIsIsNotGuessed() {
    let name: [UInt8] = [0x2B, 6, 1, 6, 3, 1, 1, 4, 1, 0]
    for value in [Build.tlv(0x06), Build.tlv(0x06, [0x2B, 0x81]), Build.tlv(0x45, [1]), Self.tooManyArcs] {
      #expect(
        Reading(Build.packet2(0xA7, Build.upTime + Build.varbind(oid: name, value))).fault == .missingTrapOID)
    }
    #expect(Reading(Build.v1(ticks: Build.tlv(0x43, [0xFF]))).trap.uptimeTicks == 255)
    #expect(Reading(Build.v1(ticks: Build.tlv(0x43))).fault == .badInteger)
    #expect(Reading(Build.v1(ticks: Build.tlv(0x47, [1]))).fault == .unexpectedTag)
  }

  /// Behind a message there may be anything; inside of it every byte has its place.
  @Test(arguments: [[0], [0, 0, 0, 0], [0xFF, 0xFE], [0x30, 0x82]] as [[UInt8]])
  func whatStandsBehindTheMessageIsPassedOver(_ tail: [UInt8]) {
    for packet in [
      Build.v2c(Self.ifIndex), Build.v1(list: Build.tlv(0x30, Self.ifIndex)),
      Build.packet2(0xA6, Build.trapOID + Self.ifIndex),
    ] {
      let (whole, padded) = (Reading(packet), Reading(packet + tail))
      #expect(padded.verdict == .notification)
      #expect(padded.text == whole.text && padded.raw == whole.raw && padded.snmp == whole.snmp)
      var answers: [[UInt8]] = [[], []]
      TrapEncoder.appendResponse(to: whole.trap, packet.span, to: &answers[0])
      TrapEncoder.appendResponse(to: padded.trap, (packet + tail).span, to: &answers[1])
      #expect(answers[0] == answers[1], "what is answered has no tail")
    }
    #expect(Reading(Build.packet2(0xA0, []) + tail).verdict == .notANotification(pduTag: 0xA0))
  }
}
