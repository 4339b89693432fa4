import Foundation
import Model
import Testing

@testable import Wire

private typealias Build = TrapBuilder

/// The tables of RFC 3584 §3.1: what a notification of one version is in the words of another.
@Suite struct CoexistenceTests {
  private static let enterprise9: [UInt8] = [0x2B, 6, 1, 4, 1, 9]
  private static let juniper: [UInt8] = [0x2B, 6, 1, 4, 1, 0x94, 0x4C, 4, 1]

  /// Every row of the table: generic-trap and specific-trap with an enterprise, the snmpTrapOID and its name.
  static let rows: [(generic: UInt8, specific: [UInt8], enterprise: [UInt8], oid: String, name: String)] = [
    (0, [0], enterprise9, "1.3.6.1.6.3.1.1.5.1", "coldStart"),
    (1, [0], enterprise9, "1.3.6.1.6.3.1.1.5.2", "warmStart"),
    (2, [0], enterprise9, "1.3.6.1.6.3.1.1.5.3", "linkDown"),
    (3, [0], enterprise9, "1.3.6.1.6.3.1.1.5.4", "linkUp"),
    (4, [0], enterprise9, "1.3.6.1.6.3.1.1.5.5", "authenticationFailure"),
    (5, [0], enterprise9, "1.3.6.1.6.3.1.1.5.6", "egpNeighborLoss"),
    // A generic trap's specific-trap says nothing, nor does its enterprise.
    (2, [17], [0x2B, 6, 1, 4, 1, 0x8B, 0x1A], "1.3.6.1.6.3.1.1.5.3", "linkDown"),
    (6, [0], enterprise9, "1.3.6.1.4.1.9.0.0", "reload"),
    (6, [17], enterprise9, "1.3.6.1.4.1.9.0.17", "1.3.6.1.4.1.9.0.17"),
    // An enterprise that ends in zero gets another.
    (6, [1], enterprise9 + [0], "1.3.6.1.4.1.9.0.0.1", "tcpConnectionClose"),
    (6, [2], enterprise9 + [0], "1.3.6.1.4.1.9.0.0.2", "1.3.6.1.4.1.9.0.0.2"),
    (
      6, [0x7F, 0xFF, 0xFF, 0xFF], [0x2B, 6, 1, 4, 1, 0x8B, 0x1A], "1.3.6.1.4.1.1434.0.2147483647",
      "1.3.6.1.4.1.1434.0.2147483647"
    ),
    // Defined with the zero.
    (6, [1], [0x2B, 6, 1, 2, 1, 17], "1.3.6.1.2.1.17.0.1", "newRoot"),
    (6, [2], [0x2B, 6, 1, 2, 1, 15], "1.3.6.1.2.1.15.0.2", "bgpBackwardTransNotification"),
    // And without it: UPS, OSPF, BGP as it was, Juniper's chassis, UCD.
    (6, [1], [0x2B, 6, 1, 2, 1, 33, 2], "1.3.6.1.2.1.33.2.0.1", "upsTrapOnBattery"),
    (6, [4], [0x2B, 6, 1, 2, 1, 33, 2], "1.3.6.1.2.1.33.2.0.4", "upsTrapAlarmEntryRemoved"),
    (6, [2], [0x2B, 6, 1, 2, 1, 14, 16, 2], "1.3.6.1.2.1.14.16.2.0.2", "ospfNbrStateChange"),
    (6, [1], [0x2B, 6, 1, 2, 1, 15, 7], "1.3.6.1.2.1.15.7.0.1", "bgpEstablished"),
    (6, [1], juniper, "1.3.6.1.4.1.2636.4.1.0.1", "jnxPowerSupplyFailure"),
    (6, [1], [0x2B, 6, 1, 4, 1, 0x8F, 0x65, 0x81, 0x7B], "1.3.6.1.4.1.2021.251.0.1", "ucdStart"),
    // Its numbers begin as theirs do, and are others.
    (6, [99], [0x2B, 6, 1, 2, 1, 33, 2], "1.3.6.1.2.1.33.2.0.99", "1.3.6.1.2.1.33.2.0.99"),
    (6, [1], [0x2B, 6, 1, 2, 1, 33, 2, 1], "1.3.6.1.2.1.33.2.1.0.1", "1.3.6.1.2.1.33.2.1.0.1"),
    (6, [1], [0x2B, 6, 1, 2, 1, 33, 2, 0], "1.3.6.1.2.1.33.2.0.0.1", "1.3.6.1.2.1.33.2.0.0.1"),
    // An arc that ends in an octet of zero is no zero.
    (6, [1], [0x2B, 6, 1, 2, 1, 33, 2, 0x81, 0], "1.3.6.1.2.1.33.2.128.0.1", "1.3.6.1.2.1.33.2.128.0.1"),
  ]

  @Test(arguments: rows.indices) func aTrapOfVersion1HasItsOID(_ index: Int) {
    let row = Self.rows[index]
    let reading = Reading(
      Build.v1(
        enterprise: Build.tlv(0x06, row.enterprise), generic: Build.tlv(0x02, [row.generic]),
        specific: Build.tlv(0x02, row.specific)))
    #expect(reading.trap.trapOID.description == row.oid)
    #expect(reading.text == row.name)
    #expect(reading.snmp.contains("\"trap\":{\"oid\":\"\(row.oid)\",\"name\":\"\(row.name)\""))
    // agent-addr is snmpTrapAddress, the enterprise snmpTrapEnterprise, time-stamp sysUpTime.
    #expect(reading.snmp.contains("\"address\":\"192.0.2.7\",\"enterprise\":\"\(reading.trap.enterprise)\""))
    #expect(reading.event.claimedAddress == IPAddress(v4: 192, 0, 2, 7))
    #expect(reading.trap.enterprise.description == Self.dotted(row.enterprise))
    #expect(reading.trap.uptimeTicks == 100)
  }

  /// What a proxy has made version 2 of has the same number, and so the same name.
  @Test(arguments: rows.indices) func aProxySaysTheSame(_ index: Int) throws {
    let row = Self.rows[index]
    let oid = try #require(row.oid.split(separator: ".").map { UInt32($0) } as? [UInt32])
    let name = Build.varbind(oid: [0x2B, 6, 1, 6, 3, 1, 1, 4, 1, 0], Build.tlv(0x06, NameIndex.content(oid)))
    #expect(Reading(Build.packet2(0xA7, Build.upTime + name)).text == row.name)
  }

  /// An arc of 128 ends in an octet of zero, and what is longer than any name is not looked up.
  @Test func aZeroInsideAnArcIsNone() {
    let name = Build.varbind(
      oid: [0x2B, 6, 1, 6, 3, 1, 1, 4, 1, 0], Build.tlv(0x06, [0x2B, 6, 1, 2, 1, 33, 2, 0x81, 0, 1]))
    #expect(Reading(Build.packet2(0xA7, name)).text == "1.3.6.1.2.1.33.2.128.1")
    let long = Build.varbind(
      oid: [0x2B, 6, 1, 6, 3, 1, 1, 4, 1, 0],
      Build.tlv(0x06, [0x2B] + [UInt8](repeating: 1, count: 90) + [0, 1]))
    #expect(Reading(Build.packet2(0xA7, long)).text.hasSuffix(".1.0.1"))
  }

  private static func dotted(_ content: [UInt8]) -> String {
    var text: [UInt8] = []
    text.append(addingCapacity: VarbindText.room(content.count) + VarbindText.slack) {
      VarbindText.append(arcs: content.span, ByteRange(0, content.count), isFirst: true, to: &$0)
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static let address = Build.varbind(oid: [0x2B, 6, 1, 6, 3, 18, 1, 3, 0], Build.agent)
  private static let enterprise = Build.varbind(
    oid: [0x2B, 6, 1, 6, 3, 1, 1, 4, 3, 0], Build.tlv(0x06, [0x2B, 6, 1, 4, 1, 9]))
  private static let community = Build.varbind(
    oid: [0x2B, 6, 1, 6, 3, 18, 1, 4, 0], Build.tlv(0x04, Array("hidden-word".utf8)))
  private static let other = Build.varbind(oid: [0x2B, 6, 1, 2, 1, 2, 2, 1, 1, 3], Build.tlv(0x02, [3]))

  /// What a proxy has put behind the varbinds of a trap that it made version 2 of, in any order.
  static let proxied: [(name: String, varbinds: [[UInt8]], address: String?, enterprise: String?)] = [
    ("none", [other], nil, nil),
    ("all", [other, address, community, enterprise], "192.0.2.7", "1.3.6.1.4.1.9"),
    ("first", [enterprise, community, address, other], "192.0.2.7", "1.3.6.1.4.1.9"),
    ("the address alone", [other, address], "192.0.2.7", nil),
    ("the enterprise alone", [other, enterprise], nil, "1.3.6.1.4.1.9"),
    (
      "the first of two addresses that is one",
      [
        Build.varbind(oid: [0x2B, 6, 1, 6, 3, 18, 1, 3, 0], Build.tlv(0x40, [0, 0, 0, 0])), address,
        Build.varbind(oid: [0x2B, 6, 1, 6, 3, 18, 1, 3, 0], Build.tlv(0x40, [9, 9, 9, 9])), other,
      ], "192.0.2.7", nil
    ),
    (
      "of another type",
      [
        Build.varbind(oid: [0x2B, 6, 1, 6, 3, 18, 1, 3, 0], Build.tlv(0x04, [192, 0, 2, 7])),
        Build.varbind(oid: [0x2B, 6, 1, 6, 3, 1, 1, 4, 3, 0], Build.tlv(0x02, [9])), other,
      ], nil, nil
    ),
    (
      "of another instance",
      [
        Build.varbind(oid: [0x2B, 6, 1, 6, 3, 18, 1, 3, 1], Build.agent),
        Build.varbind(oid: [0x2B, 6, 1, 6, 3, 18, 1, 3], Build.agent), other,
      ], nil, nil
    ),
  ]

  @Test(arguments: proxied.indices, [0xA7, 0xA6] as [UInt8])
  func aTrapOfVersion2SaysWhoItIsOf(_ index: Int, _ tag: UInt8) {
    let row = Self.proxied[index]
    let reading = Reading(Build.packet2(tag, Build.upTime + Build.trapOID + row.varbinds.flatMap { $0 }))
    #expect(reading.verdict == .notification, "\(row.name)")
    #expect(
      reading.event.claimedAddress == row.address.flatMap { IPAddress($0) } ?? .unspecified, "\(row.name)")
    func json(_ text: String?) -> String { text.map { "\"\($0)\"" } ?? "null" }
    #expect(
      reading.snmp.contains("\"address\":\(json(row.address)),\"enterprise\":\(json(row.enterprise))}"),
      "\(row.name)")
    // The others are as they were.
    #expect(reading.text.contains(" ifIndex.3=3"), "\(row.name)")
    #expect(reading.labelList.contains("ifIndex=3"), "\(row.name)")
  }

  /// Objects whose values are secrets: the community that a proxy has made a varbind of, and what devices
  /// have in columns beside those that their notifications name.
  static let secrets: [(name: String, oid: [UInt8])] = [
    ("snmpTrapCommunity", [0x2B, 6, 1, 6, 3, 18, 1, 4]),
    ("snmpCommunityName", [0x2B, 6, 1, 6, 3, 18, 1, 1, 1, 2]),
    ("ospfIfAuthKey", [0x2B, 6, 1, 2, 1, 14, 7, 1, 16]),
    ("ospfVirtIfAuthKey", [0x2B, 6, 1, 2, 1, 14, 9, 1, 9]),
    ("eventCommunity", [0x2B, 6, 1, 2, 1, 16, 9, 1, 1, 4]),
    ("trapDestCommunity", [0x2B, 6, 1, 2, 1, 16, 19, 13, 1, 2]),
    ("rip2IfConfAuthKey", [0x2B, 6, 1, 2, 1, 23, 3, 1, 4]),
    ("vrrpOperAuthKey", [0x2B, 6, 1, 2, 1, 68, 1, 3, 1, 10]),
    ("docsDevNmAccessCommunity", [0x2B, 6, 1, 2, 1, 69, 1, 2, 1, 4]),
    ("vtpAuthPassword", [0x2B, 6, 1, 4, 1, 9, 9, 46, 1, 9, 1, 1, 1]),
    ("ccCopyUserPassword", [0x2B, 6, 1, 4, 1, 9, 9, 96, 1, 1, 1, 1, 8]),
    ("cHsrpGrpAuth", [0x2B, 6, 1, 4, 1, 9, 9, 106, 1, 2, 1, 1, 2]),
  ]

  /// Neither the community of the message nor the value of such an object, whatever its type and instance.
  @Test(arguments: secrets.indices, [[0], [1], [], [1, 2], [0x83, 0x7F, 1]] as [[UInt8]])
  func aSecretIsNeverShown(_ index: Int, _ instance: [UInt8]) {
    let (object, oid) = Self.secrets[index]
    // The same word as text, as hexadecimal, as an address, as a number.
    let content: [UInt8] = [0x21, 0x22, 0x23, 0x24]
    for tag in [0x01, 0x02, 0x03, 0x04, 0x06, 0x40, 0x41, 0x42, 0x44, 0x46, 0x47] as [UInt8] {
      let varbind = Build.varbind(oid: oid + instance, Build.tlv(tag, content)) + Self.other
      for reading in [
        Reading(Build.v2c(varbind)), Reading(Build.v1(list: Build.tlv(0x30, varbind))),
        Reading(Build.packet2(0xA6, Build.trapOID + varbind)),
      ] {
        #expect(reading.verdict == .notification)
        for text in [reading.text, reading.raw, reading.snmp] + reading.labelList {
          for word in ["s3cret", "!\"#$", "!\\\"#$", "21222324", "33.34.35.36", "555885348"] {
            #expect(!text.contains(word), "\(word) in \(text)")
          }
        }
        #expect(!reading.text.contains(object) && reading.text.hasSuffix(" ifIndex.3=3"))
        #expect(!reading.labelList.contains { $0.hasPrefix(object) })
        #expect(reading.raw.contains("\"name\":\"\(object)") && reading.raw.contains("\"value\":null"))
        #expect(reading.snmp.contains("\"value\":null,\"text\":null}"))
      }
    }
  }

  /// A MIB file cannot call a secret something else.
  @Test func aSecretStaysOneWhateverMIBsSay() {
    let arcs: [UInt32] = [1, 3, 6, 1, 4, 1, 9, 9, 106, 1, 2, 1, 1, 2]
    var trap = Trap(names: ObjectNames([MIBObject(oid: arcs, name: "harmless")]))
    let packet = Build.v2c(
      Build.varbind(oid: Self.secrets[11].oid + [1, 2], Build.tlv(0x04, Array("word".utf8))))
    #expect(TrapDecoder().decode(packet.span, into: &trap) == .notification)
    var bytes: [UInt8] = []
    _ = trap.appendText(packet.span, to: &bytes)
    _ = trap.appendSNMPJSON(packet.span, to: &bytes)
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(!text.contains("word") && text.contains("cHsrpGrpAuth.1.2"))
  }
}
