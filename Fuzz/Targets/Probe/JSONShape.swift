/// A strict reader of JSON (RFC 8259) that keeps nothing: does this text parse to the last byte?
package struct JSONShape {
  private let bytes: ArraySlice<UInt8>
  private var at: Int
  /// The keys of the outermost object, as written.
  private var keys: [ArraySlice<UInt8>] = []

  private init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    at = bytes.startIndex
  }

  /// Claims that `bytes` is one JSON object in UTF-8 without control characters, whose keys are there once.
  package static func claimObject(_ bytes: ArraySlice<UInt8>, _ what: String) {
    let text = String(decoding: bytes, as: UTF8.self)
    claimClean(bytes, what)
    var shape = JSONShape(bytes)
    claim(shape.byte == UInt8(ascii: "{") && shape.value(depth: 0), "\(what) is no JSON: \(text)")
    claim(shape.at == bytes.endIndex, "\(what) goes on behind its end: \(text)")
    claim(Set(shape.keys).count == shape.keys.count, "\(what) has a key twice: \(text)")
  }

  private var byte: UInt8? { at < bytes.endIndex ? bytes[at] : nil }

  private mutating func take(_ wanted: UInt8) -> Bool {
    guard byte == wanted else { return false }
    at += 1
    return true
  }

  private mutating func take(_ word: String) -> Bool {
    guard bytes[at...].starts(with: word.utf8) else { return false }
    at += word.utf8.count
    return true
  }

  /// The house writes no blanks between tokens.
  private mutating func value(depth: Int) -> Bool {
    guard depth < 64 else { return false }
    switch byte {
    case UInt8(ascii: "{"): return object(depth: depth)
    case UInt8(ascii: "["): return list(depth: depth)
    case UInt8(ascii: "\""): return string() != nil
    case UInt8(ascii: "t"): return take("true")
    case UInt8(ascii: "f"): return take("false")
    case UInt8(ascii: "n"): return take("null")
    default: return number()
    }
  }

  private mutating func object(depth: Int) -> Bool {
    at += 1
    if take(UInt8(ascii: "}")) { return true }
    repeat {
      guard let key = string(), take(UInt8(ascii: ":")), value(depth: depth + 1) else { return false }
      if depth == 0 { keys.append(key) }
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "}"))
  }

  private mutating func list(depth: Int) -> Bool {
    at += 1
    if take(UInt8(ascii: "]")) { return true }
    repeat {
      guard value(depth: depth + 1) else { return false }
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "]"))
  }

  private mutating func string() -> ArraySlice<UInt8>? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = at
    while let byte {
      at += 1
      switch byte {
      case UInt8(ascii: "\""): return bytes[start..<at - 1]
      case 0..<0x20: return nil
      case UInt8(ascii: "\\"):
        guard escape() else { return nil }
      default: break
      }
    }
    return nil
  }

  private mutating func escape() -> Bool {
    guard let mark = byte else { return false }
    at += 1
    if mark != UInt8(ascii: "u") { return "\"\\/bfnrt".utf8.contains(mark) }
    for _ in 0..<4 {
      guard let digit = byte, Character(UnicodeScalar(digit)).isHexDigit, digit < 0x80 else { return false }
      at += 1
    }
    return true
  }

  private mutating func number() -> Bool {
    _ = take(UInt8(ascii: "-"))
    guard take(UInt8(ascii: "0")) || digits() else { return false }
    if take(UInt8(ascii: ".")), !digits() { return false }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
      return digits()
    }
    return true
  }

  private mutating func digits() -> Bool {
    let start = at
    while let byte, byte >= 0x30, byte <= 0x39 { at += 1 }
    return at > start
  }
}
