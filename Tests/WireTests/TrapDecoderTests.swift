import Foundation
import Model
import Testing

@testable import Wire

private typealias Build = TrapBuilder

@Suite struct TrapDecoderTests {
  @Test(
    arguments: [
      (0, "1.3.6.1.6.3.1.1.5.1", "coldStart"), (1, "1.3.6.1.6.3.1.1.5.2", "warmStart"),
      (2, "1.3.6.1.6.3.1.1.5.3", "linkDown"), (3, "1.3.6.1.6.3.1.1.5.4", "linkUp"),
      (4, "1.3.6.1.6.3.1.1.5.5", "authenticationFailure"), (5, "1.3.6.1.6.3.1.1.5.6", "egpNeighborLoss"),
      (6, "1.3.6.1.4.1.9.0.17", "1.3.6.1.4.1.9.0.17"),
    ] as [(UInt8, String, String)])
  func genericTrapsBecomeTheirOID(_ generic: UInt8, _ oid: String, _ text: String) {
    let reading = Reading(Build.v1(generic: Build.tlv(0x02, [generic])))
    #expect(reading.verdict == .notification)
    #expect(reading.trap.trapOID.description == oid)
    #expect(reading.trap.enterprise.description == "1.3.6.1.4.1.9")
    #expect(reading.text == text)
    #expect(reading.trap.version == .v1)
    #expect(reading.trap.uptimeTicks == 100)
  }

  @Test func theOrderOfTheVarbindsDoesNotMatter() {
    let address = Build.varbind(oid: [0x2B, 6, 1, 6, 3, 18, 1, 3, 0], Build.agent)
    let reading = Reading(Build.packet2(0xA7, address + Build.trapOID + Build.upTime))
    #expect(reading.trap.trapOID.description == "1.3.6.1.6.3.1.1.5.3")
    #expect(reading.trap.uptimeTicks == 100)
    #expect(reading.event.claimedAddress == IPAddress(v4: 192, 0, 2, 7))
  }

  @Test func upTimeMayBeMissing() {
    let reading = Reading(Build.packet2(0xA7, Build.trapOID))
    #expect(reading.trap.uptimeTicks == -1)
    #expect(reading.raw.contains("\"uptime\":null"))
    #expect(reading.snmp.contains("\"uptime_ticks\":null"))
  }

  @Test(arguments: [[0, 0, 0, 0], [], [192, 0, 2], [192, 0, 2, 7, 1]] as [[UInt8]])
  func anAddressThatIsNoneIsAbsent(_ octets: [UInt8]) {
    let v1 = Reading(Build.v1(agent: Build.tlv(0x40, octets)))
    #expect(v1.verdict == .notification)
    #expect(v1.event.claimedAddress == .unspecified)
    let varbind = Build.varbind(oid: [0x2B, 6, 1, 6, 3, 18, 1, 3, 0], Build.tlv(0x40, octets))
    let v2 = Reading(Build.v2c(varbind))
    #expect(v2.verdict == .notification)
    #expect(v2.event.claimedAddress == .unspecified)
    #expect(v2.snmp.contains("\"address\":null"))
  }

  @Test func anEventOfATrapHasNoSyslogFields() {
    let event = Reading(Build.v2c()).event
    #expect(event.source == .trap)
    #expect(event.parse == .trap)
    #expect(event.facility == -1)
    #expect(event.severity == -1)
    #expect(event.clock == .arrival)
    #expect(event.time == arrival)
  }

  @Test func aTrapIsReusedWithoutATrace() {
    var trap = Trap()
    let full = Build.v1(list: Build.tlv(0x30, Build.varbind(Build.tlv(0x02, [1]))))
    #expect(TrapDecoder().decode(full.span, into: &trap) == .notification)
    let bare = Build.packet2(0xA7, Build.trapOID)
    #expect(TrapDecoder().decode(bare.span, into: &trap) == .notification)
    #expect(trap.enterprise.isEmpty)
    #expect(trap.genericTrap == -1)
    #expect(trap.specificTrap == -1)
    #expect(trap.agentAddress == .unspecified)
    #expect(trap.uptimeTicks == -1)
    #expect(trap.varbinds.count == 1)
  }

  @Test func anInformGetsItsResponse() {
    let inform = Build.tlv(
      0x30, Build.version2, Build.community,
      Build.tlv(0xA6, Build.tlv(0x02, [7]), Build.tlv(0x02, [5]), Build.zero, Build.tlv(0x30, Build.trapOID)))
    let reading = Reading(inform)
    #expect(reading.trap.kind == .inform)
    #expect(reading.trap.requestID == 7)
    var response: [UInt8] = []
    TrapEncoder.appendResponse(to: reading.trap, inform.span, to: &response)
    let expected = Build.tlv(
      0x30, Build.version2, Build.community,
      Build.tlv(0xA2, Build.tlv(0x02, [7]), Build.zero, Build.zero, Build.tlv(0x30, Build.trapOID)))
    #expect(response == expected)
    let trap = Build.v2c()
    response = []
    TrapEncoder.appendResponse(to: Reading(trap).trap, trap.span, to: &response)
    #expect(response.isEmpty)
  }
}

@Suite struct TrapTextTests {
  static let values: [(String, [UInt8], String, String)] = [
    ("integer", Build.tlv(0x02, [0xFB]), "-5", "integer"),
    (
      "integer of eight octets", Build.tlv(0x02, [0x80, 0, 0, 0, 0, 0, 0, 0]), "-9223372036854775808",
      "integer"
    ),
    ("text", Build.tlv(0x04, Array("Gi0/1 to \"A\\B\"".utf8)), "Gi0/1 to \"A\\B\"", "octet_string"),
    ("UTF-8", Build.tlv(0x04, Array("Zürich".utf8)), "Zürich", "octet_string"),
    ("C string", Build.tlv(0x04, Array("eth0\0".utf8)), "eth0", "octet_string"),
    ("empty", Build.tlv(0x04), "", "octet_string"),
    ("lines", Build.tlv(0x04, Array("one\r\ntwo\tthree".utf8)), "one  two three", "octet_string"),
    ("bytes", Build.tlv(0x04, [0x00, 0x1B, 0x21, 0xFF]), "0x001b21ff", "octet_string"),
    ("NUL alone", Build.tlv(0x04, [0]), "0x00", "octet_string"),
    ("escape", Build.tlv(0x04, Array("\u{1B}[31m".utf8)), "0x1b5b33316d", "octet_string"),
    ("C1", Build.tlv(0x04, Array("a\u{9B}b".utf8)), "0x61c29b62", "octet_string"),
    ("right to left", Build.tlv(0x04, Array("\u{202E}".utf8)), "0xe280ae", "octet_string"),
    ("line separator", Build.tlv(0x04, Array("\u{2028}".utf8)), "0xe280a8", "octet_string"),
    ("oid", Build.tlv(0x06, [0x88, 0x37, 3]), "2.999.3", "oid"),
    ("address", Build.agent, "192.0.2.7", "ip_address"),
    ("address of five octets", Build.tlv(0x40, [1, 2, 3, 4, 5]), "0x0102030405", "ip_address"),
    ("counter32", Build.tlv(0x41, [0, 0xFF, 0xFF, 0xFF, 0xFF]), "4294967295", "counter32"),
    ("counter32 without its zero", Build.tlv(0x41, [0xFF, 0xFF, 0xFF, 0xFF]), "4294967295", "counter32"),
    ("gauge32", Build.tlv(0x42, [7]), "7", "gauge32"),
    ("timeticks", Build.tlv(0x43, [100]), "100", "timeticks"),
    ("opaque", Build.tlv(0x44, [0x9F, 0x78, 4, 0x3F, 0xC0, 0, 0]), "0x9f78043fc00000", "opaque"),
    (
      "counter64", Build.tlv(0x46, [0] + [UInt8](repeating: 0xFF, count: 8)), "18446744073709551615",
      "counter64"
    ),
    ("null", Build.tlv(0x05), "null", "null"),
    ("noSuchObject", Build.tlv(0x80), "noSuchObject", "no_such_object"),
    ("noSuchInstance", Build.tlv(0x81), "noSuchInstance", "no_such_instance"),
    ("endOfMibView", Build.tlv(0x82), "endOfMibView", "end_of_mib_view"),
  ]

  @Test(arguments: values.indices)
  func everyTypeReads(_ index: Int) throws {
    let (name, value, text, type) = Self.values[index]
    let reading = Reading(Build.v2c(Build.varbind(value)))
    #expect(reading.text == "linkDown 1.3.6.1.4.1.9.1=\(text)", "\(name)")
    #expect(reading.labelList == ["1.3.6.1.4.1.9.1=\(text)"], "\(name)")
    let json = try JSONSerialization.jsonObject(with: Data(reading.snmp.utf8)) as? [String: Any]
    let varbind = try #require((json?["varbinds"] as? [[String: Any]])?.first)
    #expect(varbind["text"] as? String == text, "\(name)")
    #expect(varbind["type"] as? String == type, "\(name)")
    let raw = try JSONSerialization.jsonObject(with: Data(reading.raw.utf8)) as? [String: Any]
    #expect((raw?["varbinds"] as? [Any])?.count == 1, "\(name)")
  }

  @Test(
    arguments: [
      ([0x2B, 6, 1, 2, 1, 1, 5, 0], "sysName.0"), ([0x2B, 6, 1, 2, 1, 1, 5], "sysName"),
      ([0x2B, 6, 1, 2, 1, 1, 1, 0], "sysDescr.0"), ([0x2B, 6, 1, 2, 1, 1, 2, 0], "sysObjectID.0"),
      ([0x2B, 6, 1, 2, 1, 1, 4, 0], "sysContact.0"), ([0x2B, 6, 1, 2, 1, 1, 6, 0], "sysLocation.0"),
      ([0x2B, 6, 1, 2, 1, 1, 9, 0], "1.3.6.1.2.1.1.9.0"), ([0x2B, 6, 1, 2, 1, 1], "1.3.6.1.2.1.1"),
      ([0x2B, 6, 1, 2, 1, 2, 2, 1, 1, 0x87, 0x68], "ifIndex.1000"),
      ([0x2B, 6, 1, 2, 1, 2, 2, 1, 2, 3], "ifDescr.3"), ([0x2B, 6, 1, 2, 1, 2, 2, 1], "1.3.6.1.2.1.2.2.1"),
      ([0x2B, 6, 1, 2, 1, 2, 2, 1, 99, 3], "1.3.6.1.2.1.2.2.1.99.3"),
      ([0x2B, 6, 1, 2, 1, 31, 1, 1, 1, 1, 3], "ifName.3"),
      ([0x2B, 6, 1, 2, 1, 31, 1, 1, 1, 18, 3], "ifAlias.3"),
      ([0x2B, 6, 1, 2, 1, 31, 1, 1, 2, 18, 3], "1.3.6.1.2.1.31.1.1.2.18.3"),
      ([0x2B, 6, 1, 6, 3, 1, 1, 4, 3, 0], "snmpTrapEnterprise.0"),
      ([0x2B, 6, 1, 6, 3, 18, 1, 3, 0], "snmpTrapAddress.0"),
      ([0x2B, 6, 1, 2, 1, 8, 5, 1, 2, 1, 2, 3, 4], "egpNeighAddr.1.2.3.4"),
    ] as [([UInt8], String)])
  func objectsHaveNames(_ oid: [UInt8], _ name: String) {
    #expect(Reading(Build.v2c(Build.varbind(oid: oid))).text == "linkDown \(name)=null")
  }

  @Test(
    arguments: [
      (7, 1, "ifAdminStatus.3=up(1)"), (7, 2, "ifAdminStatus.3=down(2)"),
      (7, 3, "ifAdminStatus.3=testing(3)"),
      (7, 4, "ifAdminStatus.3=4"), (8, 1, "ifOperStatus.3=up(1)"), (8, 2, "ifOperStatus.3=down(2)"),
      (8, 4, "ifOperStatus.3=unknown(4)"), (8, 5, "ifOperStatus.3=dormant(5)"),
      (8, 6, "ifOperStatus.3=notPresent(6)"), (8, 7, "ifOperStatus.3=lowerLayerDown(7)"),
      (8, 8, "ifOperStatus.3=8"), (1, 2, "ifIndex.3=2"),
    ] as [(UInt8, UInt8, String)])
  func enumerationsHaveWords(_ column: UInt8, _ value: UInt8, _ text: String) {
    let varbind = Build.varbind(oid: [0x2B, 6, 1, 2, 1, 2, 2, 1, column, 3], Build.tlv(0x02, [value]))
    #expect(Reading(Build.v2c(varbind)).text == "linkDown \(text)")
  }

  @Test func macAddressesAreMacAddressesEvenWhenPrintable() {
    let varbind = Build.varbind(
      oid: [0x2B, 6, 1, 2, 1, 2, 2, 1, 6, 3], Build.tlv(0x04, Array("ABCDEF".utf8)))
    let reading = Reading(Build.v2c(varbind))
    #expect(reading.text == "linkDown ifPhysAddress.3=41:42:43:44:45:46")
    // What is stored can be sent again.
    #expect(reading.raw.contains("\"value\":\"ABCDEF\""))
  }

  @Test func theCommunityIsNowhere() {
    let varbind = Build.varbind(
      oid: [0x2B, 6, 1, 6, 3, 18, 1, 4, 0], Build.tlv(0x04, Array("s3cret".utf8)))
    for packet in [Build.v2c(varbind), Build.v1(list: Build.tlv(0x30, varbind))] {
      let reading = Reading(packet)
      #expect(reading.verdict == .notification)
      #expect(packet.span.text(reading.trap.community) == "s3cret")
      for text in [reading.text, reading.raw, reading.snmp, reading.labelList.joined()] {
        #expect(!text.contains("s3cret"))
        #expect(!text.contains("0x733363726574"))
      }
      #expect(
        reading.snmp.contains("\"name\":\"snmpTrapCommunity.0\",\"type\":\"octet_string\",\"value\":null"))
    }
  }

  @Test func theLineIsBounded() {
    let value = Build.tlv(0x04, [UInt8](repeating: 0xFF, count: 20_000))
    let reading = Reading(Build.v2c(Build.varbind(value), Build.varbind(value), Build.varbind(value)))
    #expect(reading.trap.varbinds.count == 5)
    #expect(reading.text.utf8.count > Trap.textLimit)
    #expect(reading.text.utf8.count < Trap.textLimit + 2 * 20_000)
  }

  @Test func labelsAreBoundedAndTheFirstOfANameStays() {
    let named = (1...40).flatMap {
      Build.varbind(oid: [0x2B, 6, 1, 2, 1, 2, 2, 1, 2, UInt8($0)], Build.tlv(0x04, Array("if\($0)".utf8)))
    }
    let labels = Reading(Build.v2c(named)).labelList
    #expect(labels.prefix(3) == ["ifDescr.1=if1", "ifDescr=if1", "ifDescr.2=if2"])
    let many = (0..<100).flatMap { Build.varbind(oid: [0x2B, UInt8($0)], Build.zero) }
    #expect(Reading(Build.v2c(many)).labelList.count == LabelSet.limit)
  }

  /// Small indexes and numbers are written by a table, all others digit by digit: both say the same.
  @Test func numbersOfEverySizeReadAlike() {
    let numbers = Array(0...1_100) + [9_999, 10_000, 16_383, 16_384, 25_599, 25_600, 65_536, 2_147_483_647]
    for number in numbers {
      let name = NameIndex.content([1, 3, 6, 1, 2, 1, 2, 2, 1, 1, UInt32(number)])
      var value = number == 0 ? [0] : [UInt8]()
      var rest = number
      while rest > 0 {
        value.insert(UInt8(rest & 255), at: 0)
        rest >>= 8
      }
      if value[0] >= 0x80 { value.insert(0, at: 0) }
      let packet = Build.v2c(Build.varbind(oid: name, Build.tlv(0x02, value)))
      #expect(Reading(packet).text == "linkDown ifIndex.\(number)=\(number)")
    }
    // Two arcs are no number of two octets.
    let two = NameIndex.content([1, 3, 6, 1, 2, 1, 2, 2, 1, 1, 1, 2])
    #expect(Reading(Build.v2c(Build.varbind(oid: two, Build.zero))).text == "linkDown ifIndex.1.2=0")
  }

  /// What takes the short way through an object identifier is right by the rules, octet by octet.
  @Test func theShortWayTakesNothingWrong() {
    var random = SeededBytes(seed: 7)
    var taken = 0
    for _ in 0..<200_000 {
      let count = 7 + Int(random.next() % 11)
      var octets = (0..<count).map { _ in UInt8(random.next() & 0x7F) }
      for _ in 0..<random.next() % 6 {
        octets[Int(random.next() % UInt64(count))] = [0x80, 0x81, 0xFF][Int(random.next() % 3)]
      }
      guard BERValue.hasUsualArcs(octets.span, 0, count) else { continue }
      taken += 1
      do { try BERValue.checkObjectID(octets.span, ByteRange(0, count)) } catch {
        Issue.record("\(octets): \(error)")
        return
      }
    }
    #expect(taken > 20_000)
  }
}
