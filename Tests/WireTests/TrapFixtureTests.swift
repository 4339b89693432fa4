import Foundation
import Model
import Testing

@testable import Wire

/// What a fixture says its packet means. `text` is missing when it must be refused as `fault` says.
private struct Expectation: Decodable {
  var fault: String?
  var text: String?
  var raw: String?
  var snmp: String?
  var labels: [String]?
  var claimedAddress: String?

  enum CodingKeys: String, CodingKey {
    case fault, text, raw, snmp, labels
    case claimedAddress = "claimed_address"
  }
}

/// Packets that net-snmp's tools sent.
@Suite struct TrapFixtureTests {
  static let names = Fixtures.names(in: "snmp", suffix: ".hex")

  @Test func fixturesAreFound() {
    #expect(Self.names.count >= 5)
  }

  @Test(arguments: names)
  func decodesAsTheFixtureSays(_ name: String) throws {
    let reading = Reading(try Fixtures.hexFile(name + ".hex"))
    let expected = try Fixtures.json(name + ".json", as: Expectation.self)
    #expect(reading.fault.map { "\($0.name)" } == expected.fault)
    #expect(reading.text == expected.text ?? "")
    #expect(reading.raw == expected.raw ?? "")
    #expect(reading.snmp == expected.snmp ?? "")
    #expect(reading.labelList == expected.labels ?? [])
    let claimed = expected.claimedAddress.flatMap { IPAddress($0) } ?? .unspecified
    #expect(reading.event.claimedAddress == claimed)
    if !reading.raw.isEmpty {
      _ = try JSONSerialization.jsonObject(with: Data(reading.raw.utf8))
      _ = try JSONSerialization.jsonObject(with: Data(reading.snmp.utf8))
    }
  }
}

@Suite struct TrapEncoderTests {
  private static let varbinds: [TrapEncoder.NamedValue] = [
    (oid("1.3.6.1.2.1.2.2.1.1.3"), .integer(3)), (oid("1.3.6.1.2.1.2.2.1.2.3"), .octets(Array("Gi0/1".utf8))),
    (oid("1.3.6.1.4.1.9.1"), .integer(-129)), (oid("1.3.6.1.4.1.9.2"), .counter64(.max)),
    (oid("1.3.6.1.4.1.9.3"), .counter64(1 << 62)), (oid("1.3.6.1.4.1.9.4"), .counter32(.max)),
    (oid("1.3.6.1.4.1.9.5"), .gauge32(128)), (oid("1.3.6.1.4.1.9.6"), .timeTicks(0)),
    (oid("1.3.6.1.4.1.9.7"), .oid(oid("2.999.4294967295"))),
    (oid("1.3.6.1.4.1.9.8"), .address(IPAddress(v4: 192, 0, 2, 9))), (oid("1.3.6.1.4.1.9.9"), .null),
    (oid("1.3.6.1.4.1.9.10"), .opaque([1, 2])),
  ]

  private static let values = """
    ifIndex.3=3 ifDescr.3=Gi0/1 1.3.6.1.4.1.9.1=-129 1.3.6.1.4.1.9.2=18446744073709551615 \
    1.3.6.1.4.1.9.3=4611686018427387904 1.3.6.1.4.1.9.4=4294967295 1.3.6.1.4.1.9.5=128 1.3.6.1.4.1.9.6=0 \
    1.3.6.1.4.1.9.7=2.999.4294967295 1.3.6.1.4.1.9.8=192.0.2.9 1.3.6.1.4.1.9.9=null 1.3.6.1.4.1.9.10=0x0102
    """

  private static func oid(_ text: String) -> ObjectID { ObjectID(text) ?? ObjectID() }

  @Test func v1ComesBack() {
    let packet = TrapEncoder.v1(
      community: Array("public".utf8), enterprise: Self.oid("1.3.6.1.4.1.9"),
      agent: IPAddress(v4: 192, 0, 2, 7),
      generic: 6, specific: 300, uptimeTicks: .max, varbinds: Self.varbinds)
    let reading = Reading(packet)
    #expect(reading.verdict == .notification)
    #expect(reading.text == "1.3.6.1.4.1.9.0.300 " + Self.values)
    #expect(reading.trap.uptimeTicks == 4_294_967_295)
    #expect(reading.event.claimedAddress == IPAddress(v4: 192, 0, 2, 7))
  }

  @Test(arguments: [Trap.Kind.trap, .inform])
  func v2cComesBack(_ kind: Trap.Kind) {
    let packet = TrapEncoder.v2c(
      community: Array("public".utf8), kind: kind, requestID: -7, uptimeTicks: 1,
      trapOID: Self.oid("1.3.6.1.6.3.1.1.5.3"), varbinds: Self.varbinds)
    let reading = Reading(packet)
    #expect(reading.verdict == .notification)
    #expect(reading.text == "linkDown " + Self.values)
    #expect(reading.trap.kind == kind)
    #expect(reading.trap.requestID == -7)
    #expect(packet.span.text(reading.trap.community) == "public")
  }
}
