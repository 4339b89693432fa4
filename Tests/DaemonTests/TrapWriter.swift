import Model
import Wire

@testable import Daemon

/// Random notifications of a few kinds, whose values differ in what templates mask and sometimes in what they
/// do not. The same in every run of one seed.
struct TrapWriter {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func number(below limit: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state >> 11) % limit
  }

  mutating func one<T>(of list: [T]) -> T { list[number(below: list.count)] }

  static let notifications = [
    "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.4", "1.3.6.1.6.3.1.1.5.1", "1.3.6.1.4.1.9.9.41.2.0.1",
    "1.3.6.1.4.1.9.9.41.2.0.2",
  ]
  private static let columns = [
    "1.3.6.1.2.1.2.2.1.1", "1.3.6.1.2.1.2.2.1.2", "1.3.6.1.2.1.2.2.1.6", "1.3.6.1.2.1.2.2.1.7",
    "1.3.6.1.2.1.2.2.1.8", "1.3.6.1.2.1.31.1.1.1.18", "1.3.6.1.2.1.1.5", "1.3.6.1.4.1.9.9.41.1.2.3.1.5",
    "1.3.6.1.4.1.99999.1.7", "1.3.6.1.6.3.1.1.4.3", "1.3.6.1.6.3.18.1.3", "1.3.6.1.2.1.15.3.1.7",
  ]
  private static let words = [
    "uplink", "Gi", "GigabitEthernet", "May", "Nov ", " ", "-", ":", "=", ".", "/", "Sat ", "0x", "fe80::",
    "de:ad:be:ef:00:", "A", "ae", "x", "T", "_", "'", "\"", "#", "&", "\u{E9}", "\n", "\0", "%", "(", "2026-",
    "-11-", " Dec ", "Z", ", ", "10.", "12:", "001b.54aa.", "550e8400-e29b-41d4-a716-", "{\"a\":",
  ]

  /// Words that `shape` chooses with numbers between them.
  private mutating func text(_ shape: inout TrapWriter) -> [UInt8] {
    var text: [UInt8] = []
    for _ in 0..<shape.number(below: 6) {
      if shape.number(below: 2) == 0 {
        text += Array(shape.one(of: TrapWriter.words).utf8)
      } else {
        text += Array("\(number(below: one(of: [10, 60, 300, 10_000, 100_000_000])))".utf8)
      }
    }
    return text
  }

  private mutating func index(_ shape: inout TrapWriter) -> String {
    switch shape.number(below: 8) {
    case 0: ".0"
    case 1: ".\(number(below: 256)).\(number(below: 256)).\(number(below: 256)).\(number(below: 256))"
    case 2: ".\(number(below: 900)).\(number(below: 12_000))"
    case 3:
      ".\(number(below: shape.one(of: [900, 12_000]))).\(number(below: 12_000)).\(number(below: 12_000))"
    case 4: ".\(number(below: shape.one(of: [300, 4_000_000_000]))).1.\(number(below: 300)).7"
    default: ".\(number(below: 4_000) + 1)"
    }
  }

  private mutating func value(_ shape: inout TrapWriter) throws -> TrapValue {
    switch shape.number(below: 14) {
    case 0...2: .integer(Int64(number(below: 12)) - 2)
    case 3: .integer(Int64(number(below: 5_000_000_000)) - 100)
    case 4...7: .octets(text(&shape))
    case 8: .gauge32(UInt32(number(below: 100_000)))
    case 9: .counter64(UInt64(number(below: 1 << 40)))
    case 10: .address(IPAddress(v4: 10, 0, UInt8(number(below: 256)), UInt8(number(below: 256))))
    case 11: .oid(try TrapWriter.oid(shape.one(of: TrapWriter.columns) + index(&shape)))
    case 12: .timeTicks(UInt32(number(below: 1 << 30)))
    default: shape.number(below: 2) == 0 ? .null : .octets((0..<number(below: 12)).map { UInt8($0) &* 37 })
    }
  }

  /// Varbinds of a kind: `kind` says what they are, only their numbers are new.
  mutating func varbinds(_ kind: Int) throws -> [TrapEncoder.NamedValue] {
    var shape = TrapWriter(seed: UInt64(kind) + 1_000)
    var list: [TrapEncoder.NamedValue] = []
    for _ in 0..<shape.number(below: 6) {
      let name = try TrapWriter.oid(shape.one(of: TrapWriter.columns) + index(&shape))
      list.append((name, try value(&shape)))
    }
    return list
  }

  /// A notification of one of so many kinds, from `first` on.
  mutating func packet(kinds: Int, from first: Int = 0) throws -> [UInt8] {
    let kind = first + number(below: kinds)
    let oid = try TrapWriter.oid(TrapWriter.notifications[kind % TrapWriter.notifications.count])
    let varbinds = try varbinds(kind)
    let ticks = UInt32(number(below: 1 << 30))
    if number(below: 4) > 0 {
      return TrapEncoder.v2c(
        community: Array("public".utf8), requestID: Int32(number(below: 1 << 30)), uptimeTicks: ticks,
        trapOID: oid, varbinds: varbinds)
    }
    return TrapEncoder.v1(
      community: Array("public".utf8), enterprise: oid, agent: IPAddress(v4: 10, 1, 1, UInt8(kind & 3)),
      generic: Int32(kind % 7), specific: Int32(kind % 3), uptimeTicks: ticks, varbinds: varbinds)
  }

  static func oid(_ text: String) throws -> ObjectID {
    guard let oid = ObjectID(text) else { throw DaemonFailure(.software, "\(text) is no OID") }
    return oid
  }
}
