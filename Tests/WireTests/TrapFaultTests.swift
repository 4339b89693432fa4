import Model
import Testing

@testable import Wire

private typealias Build = TrapBuilder

/// Every way a packet can be wrong has its name.
@Suite struct TrapFaultTests {
  private static func arcs(_ count: Int) -> [UInt8] {
    // The first octet holds two arcs.
    [0x2B] + [UInt8](repeating: 1, count: count - 2)
  }

  static let cases: [(String, [UInt8], TrapFault.Reason)] = [
    ("empty", [], .truncated),
    ("one byte", [0x30], .truncated),
    ("not a sequence", [0x31, 0], .unexpectedTag),
    ("length beyond the packet", [0x30, 5, 2, 1, 1], .truncated),
    ("length of 2^32 - 1", [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 2, 1, 1], .truncated),
    ("length of five octets", [0x30, 0x85, 0, 0, 0, 0, 3, 2, 1, 1], .oversizedLength),
    ("length of 127 octets", [0x30, 0xFF] + [UInt8](repeating: 0, count: 127), .oversizedLength),
    ("length octets cut off", [0x30, 0x82, 1], .truncated),
    ("indefinite length", [0x30, 0x80, 2, 1, 1, 0, 0], .indefiniteLength),
    (
      "bytes behind the PDU", Build.tlv(0x30, Build.version2, Build.community, Build.tlv(0xA7), [5, 0]),
      .trailingBytes
    ),
    ("bytes behind the varbinds", Build.v1(list: Build.tlv(0x30, []) + [5, 0]), .trailingBytes),
    (
      "bytes behind a value",
      Build.v2c(Build.tlv(0x30, Build.tlv(0x06, [0x2B, 1]), Build.tlv(0x05), [5, 0])), .trailingBytes
    ),
    (
      "version 2", Build.tlv(0x30, Build.tlv(0x02, [2]), Build.community, Build.tlv(0xA7)),
      .unsupportedVersion
    ),
    ("version -1", Build.tlv(0x30, Build.tlv(0x02, [0xFF]), Build.community), .unsupportedVersion),
    ("version of no octets", Build.tlv(0x30, Build.tlv(0x02), Build.community), .badInteger),
    (
      "version of nine octets", Build.tlv(0x30, Build.tlv(0x02, [UInt8](repeating: 0, count: 9))), .badInteger
    ),
    ("community is no string", Build.tlv(0x30, Build.version2, Build.tlv(0x05)), .unexpectedTag),
    ("v1 PDU in v2c", Build.packet2(0xA4, []), .unexpectedTag),
    ("v2 PDU in v1", Build.tlv(0x30, Build.version1, Build.community, Build.tlv(0xA7)), .unexpectedTag),
    ("PDU of no kind", Build.packet2(0xB0, []), .unexpectedTag),
    ("no varbinds at all", Build.packet2(0xA7, []), .missingTrapOID),
    ("no snmpTrapOID", Build.packet2(0xA7, Build.upTime), .missingTrapOID),
    (
      "snmpTrapOID that is no OID",
      Build.packet2(0xA7, Build.varbind(oid: [0x2B, 6, 1, 6, 3, 1, 1, 4, 1, 0])), .missingTrapOID
    ),
    ("enterprise of length zero", Build.v1(enterprise: Build.tlv(0x06)), .emptyEnterprise),
    (
      "enterprise of 127 arcs and two more", Build.v1(enterprise: Build.tlv(0x06, arcs(127))),
      .oversizedObjectID
    ),
    ("enterprise of 129 arcs", Build.v1(enterprise: Build.tlv(0x06, arcs(129))), .oversizedObjectID),
    ("agent-addr of another type", Build.v1(agent: Build.tlv(0x04, [192, 0, 2, 7])), .unexpectedTag),
    ("generic-trap 7", Build.v1(generic: Build.tlv(0x02, [7])), .badGenericTrap),
    ("generic-trap -1", Build.v1(generic: Build.tlv(0x02, [0xFF])), .badGenericTrap),
    ("specific-trap -1", Build.v1(specific: Build.tlv(0x02, [0xFF])), .negativeInteger),
    ("specific-trap 2^31", Build.v1(specific: Build.tlv(0x02, [0, 0x80, 0, 0, 0])), .badInteger),
    ("time-stamp of 2^32", Build.v1(ticks: Build.tlv(0x43, [1, 0, 0, 0, 0])), .badInteger),
    ("name of length zero", Build.v2c(Build.varbind(oid: [])), .badObjectID),
    ("name that never ends", Build.v2c(Build.varbind(oid: [0x2B, 0x81])), .badObjectID),
    ("name with padding", Build.v2c(Build.varbind(oid: [0x2B, 0x80, 1])), .badObjectID),
    ("name of 129 arcs", Build.v2c(Build.varbind(oid: arcs(129))), .oversizedObjectID),
    ("arc of 2^32", Build.v2c(Build.varbind(oid: [0x2B, 0x90, 0x80, 0x80, 0x80, 0])), .oversizedArc),
    (
      "arc of six octets", Build.v2c(Build.varbind(oid: [0x2B, 0x81, 0x80, 0x80, 0x80, 0x80, 0])),
      .oversizedArc
    ),
    ("value of a type of two octets", Build.v2c(Build.varbind([0x5F, 1, 5])), .unexpectedTag),
    ("value of a constructed type of two", Build.v2c(Build.varbind([0x3F, 1, 5])), .unexpectedTag),
    ("value of indefinite length", Build.v2c(Build.varbind([0x24, 0x80, 0, 0])), .indefiniteLength),
    ("value beyond its varbind", Build.v2c(Build.varbind([0x47, 2, 5])), .truncated),
    ("value is missing", Build.v2c(Build.tlv(0x30, Build.tlv(0x06, [0x2B, 1]))), .truncated),
    (
      "1,001 varbinds",
      Build.packet2(
        0xA7, Build.trapOID + (0..<1_000).flatMap { _ in Build.varbind(oid: [0x2B]) }), .tooManyVarbinds
    ),
    (
      "nested to the end",
      (0..<2_000).reduce(into: [UInt8]()) { inside, _ in inside = Build.tlv(0x30, inside) },
      .unexpectedTag
    ),
  ]

  @Test(arguments: cases.indices)
  func hasItsReason(_ index: Int) throws {
    let (name, packet, reason) = Self.cases[index]
    let reading = Reading(packet)
    guard case .malformed(let fault) = reading.verdict else {
      Issue.record("\(name): \(reading.verdict)")
      return
    }
    #expect(fault.reason == reason, "\(name)")
    #expect(fault.offset >= 0 && fault.offset <= packet.count, "\(name)")
  }

  @Test func everyReasonIsProvenAndNamed() {
    let proven = Set(Self.cases.map { $0.2 } + SecuredMessageTests.faults.map { $0.2 })
    #expect(proven == Set(TrapFault.Reason.allCases))
    #expect(Set(TrapFault.Reason.allCases.map { "\($0.name)" }).count == TrapFault.Reason.allCases.count)
  }

  @Test(arguments: [0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA8] as [UInt8])
  func otherPacketsAreNoNotifications(_ tag: UInt8) {
    #expect(Reading(Build.packet2(tag, [])).verdict == .notANotification(pduTag: tag))
  }

  @Test func limitsThemselvesAreAccepted() {
    #expect(Reading(Build.v2c(Build.varbind(oid: Self.arcs(128)))).verdict == .notification)
    #expect(Reading(Build.v1(enterprise: Build.tlv(0x06, Self.arcs(126)))).verdict == .notification)
    let largest: [UInt8] = [0x2B, 0x8F, 0xFF, 0xFF, 0xFF, 0x7F]
    #expect(Reading(Build.v2c(Build.varbind(oid: largest))).text == "linkDown 1.3.4294967295=null")
    let thousand = (0..<999).flatMap { _ in Build.varbind(oid: [0x2B]) }
    #expect(Reading(Build.packet2(0xA7, Build.trapOID + thousand)).trap.varbinds.count == 1_000)
  }
}
