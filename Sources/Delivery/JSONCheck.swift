import Model

/// Says where a text stops being JSON (RFC 8259), with nothing let pass that some readers do, as a comma
/// before a closing bracket.
package struct JSONCheck {
  /// Nil: it is one JSON value. A sentence part for people.
  package static func problem(_ bytes: [UInt8]) -> String? {
    var check = JSONCheck(bytes: bytes)
    do throws(Fault) {
      try check.value()
      check.skipSpace()
      if check.at < bytes.count { throw Fault(wanted: "nothing more") }
      return nil
    } catch {
      return "\(error.wanted) is expected at \(check.place)"
    }
  }

  private struct Fault: Error {
    var wanted: String
  }

  private let bytes: [UInt8]
  private var at = 0
  private var depth = 0

  /// Readers have limits of their own, and this one calls itself.
  private static var depthLimit: Int { 100 }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// `line 2, column 7, not "}"`; columns in bytes.
  private var place: String {
    let line = bytes[..<at].count { $0 == UInt8(ascii: "\n") } + 1
    let start = bytes[..<at].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let found =
      at == bytes.count
      ? "the end" : bytes[at] > 0x20 && bytes[at] < 0x7F ? "\"\(Character(UnicodeScalar(bytes[at])))\"" : nil
    return "line \(line), column \(at - start + 1)" + (found.map { ", not \($0)" } ?? "")
  }

  private mutating func skipSpace() {
    while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
  }

  /// Takes this byte if it is the next one behind spaces.
  private mutating func takes(_ byte: Unicode.Scalar) -> Bool {
    skipSpace()
    guard at < bytes.count, bytes[at] == UInt8(ascii: byte) else { return false }
    at += 1
    return true
  }

  private mutating func value() throws(Fault) {
    skipSpace()
    let first = at < bytes.count ? bytes[at] : 0
    switch first {
    case UInt8(ascii: "{"): try members("}", isObject: true)
    case UInt8(ascii: "["): try members("]", isObject: false)
    case UInt8(ascii: "\""): try string("a value")
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
    default:
      for word in ["true", "false", "null"] where bytes[at...].starts(with: word.utf8) {
        at += word.utf8.count
        return
      }
      throw Fault(wanted: "a value")
    }
  }

  private mutating func members(_ end: Unicode.Scalar, isObject: Bool) throws(Fault) {
    at += 1
    depth += 1
    if depth > JSONCheck.depthLimit { throw Fault(wanted: "no deeper nesting") }
    defer { depth -= 1 }
    if takes(end) { return }
    repeat {
      if isObject {
        skipSpace()
        try string("a key between quotes")
        if !takes(":") { throw Fault(wanted: "a colon") }
      }
      try value()
    } while takes(",")
    if !takes(end) { throw Fault(wanted: "a comma or \(end)") }
  }

  private mutating func string(_ wanted: String) throws(Fault) {
    guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw Fault(wanted: wanted) }
    at += 1
    while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
      if bytes[at] < 0x20 { throw Fault(wanted: "an escaped control character") }
      if bytes[at] == UInt8(ascii: "\\") {
        at += 1
        try escape()
      } else {
        at += 1
      }
    }
    if at == bytes.count { throw Fault(wanted: "a closing quote") }
    at += 1
  }

  private mutating func escape() throws(Fault) {
    let letter = at < bytes.count ? bytes[at] : 0
    guard "\"\\/bfnrtu".utf8.contains(letter) else { throw Fault(wanted: "an escape") }
    at += 1
    guard letter == UInt8(ascii: "u") else { return }
    for _ in 0..<4 {
      guard at < bytes.count, isHex(bytes[at]) else { throw Fault(wanted: "a hexadecimal digit") }
      at += 1
    }
  }

  private func isHex(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte & 0xDF)
  }

  private mutating func number() throws(Fault) {
    if bytes[at] == UInt8(ascii: "-") { at += 1 }
    let start = at
    try digits()
    if bytes[start] == UInt8(ascii: "0"), at > start + 1 {
      at = start + 1
      throw Fault(wanted: "no digit behind a leading 0")
    }
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      at += 1
      try digits()
    }
    if at < bytes.count, bytes[at] & 0xDF == UInt8(ascii: "E") {
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
      try digits()
    }
  }

  private mutating func digits() throws(Fault) {
    let start = at
    while at < bytes.count, (0x30...0x39).contains(bytes[at]) { at += 1 }
    if at == start { throw Fault(wanted: "a digit") }
  }
}
