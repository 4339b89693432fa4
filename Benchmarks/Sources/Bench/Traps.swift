import Model
import Wire

/// Notifications as agents send them: an interface that went down, in both versions.
enum Traps {
  static func lines(_ count: Int, _ make: (inout Random) throws -> [UInt8]) rethrows -> Lines {
    var random = Random(seed: 2)
    var lines = Lines()
    for _ in 0..<count { lines.append(try make(&random)) }
    return lines
  }

  static func linkDownV1(_ random: inout Random) throws -> [UInt8] {
    let interface = random[1...48]
    return TrapEncoder.v1(
      community: Array("public".utf8), enterprise: try oid("1.3.6.1.4.1.9.1.516"),
      agent: IPAddress(v4: 10, 0, UInt8(random[0...255]), UInt8(random[1...254])), generic: 2, specific: 0,
      uptimeTicks: UInt32(random[1_000_000...99_999_999]),
      varbinds: [
        (try oid("1.3.6.1.2.1.2.2.1.1.\(interface)"), .integer(Int64(interface))),
        (try oid("1.3.6.1.2.1.2.2.1.2.\(interface)"), .octets(Array("GigabitEthernet1/0/\(interface)".utf8))),
      ])
  }

  /// The three objects that IF-MIB says behind uptime and trap OID.
  static func linkDownStandard(_ random: inout Random) throws -> [UInt8] {
    try linkDown(of: 1...48, columns: [1, 7, 8], &random)
  }

  /// The same and the name, of a device with thousands of interfaces.
  static func linkDownLarge(_ random: inout Random) throws -> [UInt8] {
    try linkDown(of: 200...4_000, columns: [1, 7, 8, 2], &random)
  }

  /// Six varbinds: uptime and trap OID, and four about the interface.
  static func linkDownV2(_ random: inout Random) throws -> [UInt8] {
    try linkDown(of: 1...48, columns: [1, 2, 7, 8], &random)
  }

  /// Seven varbinds of a device with thousands of interfaces: the four and what people call it. One in eight
  /// is a linkUp; none is of a port 7.
  static func linkChange(_ random: inout Random) throws -> [UInt8] {
    let number = random[1...4_000]
    let interface = number % 48 == 7 ? number + 1 : number
    let isUp = random[1...8] == 1
    let table = "1.3.6.1.2.1.2.2.1"
    let name = "GigabitEthernet\(1 + interface / 48)/0/\(interface % 48)"
    return TrapEncoder.v2c(
      community: Array("public".utf8), requestID: Int32(random[1...2_000_000_000]),
      uptimeTicks: UInt32(random[1_000_000...99_999_999]),
      trapOID: try oid("1.3.6.1.6.3.1.1.5.\(isUp ? 4 : 3)"),
      varbinds: [
        (try oid("\(table).1.\(interface)"), .integer(Int64(interface))),
        (try oid("\(table).7.\(interface)"), .integer(1)),
        (try oid("\(table).8.\(interface)"), .integer(isUp ? 1 : 2)),
        (try oid("\(table).2.\(interface)"), .octets(Array(name.utf8))),
        (
          try oid("1.3.6.1.2.1.31.1.1.1.18.\(interface)"),
          .octets(Array("uplink ~q=\(random[1_000_000_000...9_999_999_999])".utf8))
        ),
      ])
  }

  /// `columns` of ifTable: 1 ifIndex, 2 ifDescr, 7 ifAdminStatus, 8 ifOperStatus.
  private static func linkDown(
    of interfaces: ClosedRange<Int>, columns: [Int], _ random: inout Random
  ) throws -> [UInt8] {
    let interface = random[interfaces]
    return TrapEncoder.v2c(
      community: Array("public".utf8), requestID: Int32(random[1...2_000_000_000]),
      uptimeTicks: UInt32(random[1_000_000...99_999_999]), trapOID: try oid("1.3.6.1.6.3.1.1.5.3"),
      varbinds: try columns.map { column in
        let name = try oid("1.3.6.1.2.1.2.2.1.\(column).\(interface)")
        return switch column {
        case 1: (name, .integer(Int64(interface)))
        case 2: (name, .octets(Array("GigabitEthernet1/0/\(interface)".utf8)))
        case 7: (name, .integer(1))
        default: (name, .integer(2))
        }
      })
  }

  private static func oid(_ text: String) throws -> ObjectID {
    guard let oid = ObjectID(text) else { throw BenchFailure("\(text) is no OID") }
    return oid
  }
}
