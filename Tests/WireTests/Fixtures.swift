import Foundation
import Model
import Testing

/// The files below Tests/Fixtures, each named after what it proves.
enum Fixtures {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures")

  /// Paths below Tests/Fixtures without their suffix, sorted.
  static func names(in folder: String, suffix: String) -> [String] {
    guard let walk = FileManager.default.enumerator(atPath: root.appending(path: folder).path) else {
      return []
    }
    return walk.compactMap { $0 as? String }.filter { $0.hasSuffix(suffix) }
      .map { folder + "/" + $0.dropLast(suffix.count) }.sorted()
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: root.appending(path: name)))
  }

  static func json<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(contentsOf: root.appending(path: name)))
  }

  static func hex(_ text: some StringProtocol) -> [UInt8] {
    let digits = text.utf8.compactMap { byte in
      Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
    }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  static func hexFile(_ name: String) throws -> [UInt8] {
    hex(String(decoding: try bytes(name), as: UTF8.self))
  }
}

/// The arrival of every test that does not care.
let arrival = Timestamp(nanoseconds: 1_795_227_247_482_000_000)  // 2026-11-21T02:14:07.482Z

func freshEvent(at time: Timestamp = arrival) -> Event {
  Event(arrival: time, peer: IPAddress(v4: 127, 0, 0, 1))
}
