import Model

/// Reads back a JSON object whose values are strings, as `LabelSet` writes it. Anything else in it ends the
/// reading: what came before stands.
enum FlatObject {
  static func pairs(in bytes: Span<UInt8>, _ range: ByteRange) -> [(name: String, value: String)] {
    var found: [(name: String, value: String)] = []
    guard !range.isAbsent, range.count > 2 else { return found }
    var at = range.start
    while at < range.end, bytes[at] == UInt8(ascii: "{") || bytes[at] == UInt8(ascii: ",") {
      at += 1
      guard let name = string(bytes, &at, range.end), at < range.end, bytes[at] == UInt8(ascii: ":") else {
        break
      }
      at += 1
      guard let value = string(bytes, &at, range.end) else { break }
      found.append((name, value))
    }
    return found
  }

  private static func string(_ bytes: Span<UInt8>, _ at: inout Int, _ end: Int) -> String? {
    guard at < end, bytes[at] == UInt8(ascii: "\"") else { return nil }
    at += 1
    var text: [UInt8] = []
    while at < end {
      let byte = bytes[at]
      at += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard at < end else { return nil }
        let escape = bytes[at]
        at += 1
        switch escape {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
          guard at + 4 <= end else { return nil }
          // Our own writer uses this for controls alone, all of them ASCII.
          var value = 0
          for _ in 0..<4 {
            value = value << 4 | digit(bytes[at])
            at += 1
          }
          text.append(UInt8(truncatingIfNeeded: value & 0x7F))
        default: text.append(escape)
        }
      default: text.append(byte)
      }
    }
    return nil
  }

  private static func digit(_ byte: UInt8) -> Int {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
    default: 0
    }
  }
}
