package import Model

/// What a HAProxy PROXY header says (proxy-protocol.txt, versions 1 and 2): who is behind the connection that
/// brings it. Pure.
package struct ProxyHeader: Equatable, Sendable {
  package enum Reading: Equatable, Sendable {
    case header(ProxyHeader)
    /// So far it may become one.
    case more
    case malformed
  }

  /// The longest header that is read: 16 bytes, addresses, and room for type-length-values, which are passed
  /// over. The protocol would allow 64 KiB; proxies send some hundred bytes.
  package static let longest = 4_096
  /// `PROXY UNKNOWN` with two IPv6 addresses and ports, and CR LF (§2.1).
  private static let longestText = 107

  /// Bytes of the header.
  package var length: Int
  /// Who connected to the proxy. Nil: the connection speaks for itself (LOCAL, UNKNOWN, a local socket).
  package var peer: IPAddress?
  package var port: UInt16

  package init(length: Int, peer: IPAddress? = nil, port: UInt16 = 0) {
    self.length = length
    self.peer = peer
    self.port = port
  }

  package static func read(_ bytes: Span<UInt8>) -> Reading {
    if bytes.isEmpty { return .more }
    return bytes[0] == signature[0] ? binary(bytes) : text(bytes)
  }

  // MARK: Version 2

  private static let signature: [12 of UInt8] = [
    0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
  ]

  private static func binary(_ bytes: Span<UInt8>) -> Reading {
    for index in 0..<min(12, bytes.count) where bytes[index] != signature[index] { return .malformed }
    guard bytes.count >= 16 else { return .more }
    let length = 16 + (Int(bytes[14]) << 8 | Int(bytes[15]))
    // Version in the upper half, command in the lower: LOCAL 0, PROXY 1.
    guard bytes[12] == 0x20 || bytes[12] == 0x21, length <= longest else { return .malformed }
    guard bytes.count >= length else { return .more }
    var header = ProxyHeader(length: length)
    if bytes[12] == 0x20 { return .header(header) }
    switch bytes[13] >> 4 {
    case 0, 3: break
    case 1:
      guard length >= 16 + 12 else { return .malformed }
      header.peer = IPAddress(v4: bytes[16], bytes[17], bytes[18], bytes[19])
      header.port = UInt16(bytes[24]) << 8 | UInt16(bytes[25])
    case 2:
      guard length >= 16 + 36 else { return .malformed }
      header.peer = IPAddress(high: number(bytes, 16), low: number(bytes, 24))
      header.port = UInt16(bytes[48]) << 8 | UInt16(bytes[49])
    default: return .malformed
    }
    return .header(header)
  }

  private static func number(_ bytes: Span<UInt8>, _ at: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in at..<at + 8 { value = value << 8 | UInt64(bytes[index]) }
    return value
  }

  // MARK: Version 1

  private static let word: [6 of UInt8] = [0x50, 0x52, 0x4F, 0x58, 0x59, 0x20]  // "PROXY "

  private static func text(_ bytes: Span<UInt8>) -> Reading {
    for index in 0..<min(6, bytes.count) where bytes[index] != word[index] { return .malformed }
    var end = 6
    while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
    guard end < bytes.count else { return bytes.count < longestText ? .more : .malformed }
    guard end < longestText, bytes[end - 1] == UInt8(ascii: "\r") else { return .malformed }
    var header = ProxyHeader(length: end + 1)
    var fields = Fields(at: 6, end: end - 1)
    let family = fields.next(bytes)
    if equal(bytes, family, "UNKNOWN") { return .header(header) }
    let isV4 = equal(bytes, family, "TCP4")
    guard isV4 || equal(bytes, family, "TCP6"),
      let peer = IPAddress(bytes.extracting(fields.next(bytes))),
      let proxy = IPAddress(bytes.extracting(fields.next(bytes))),
      let port = decimal(bytes, fields.next(bytes)), decimal(bytes, fields.next(bytes)) != nil,
      fields.isAtEnd,
      // An IPv4 address may be written as an IPv6 one, but not the other way round.
      !isV4 || (peer.v4 != nil && proxy.v4 != nil)
    else { return .malformed }
    header.peer = peer
    header.port = port
    return .header(header)
  }

  /// Words with one space between them; an empty range when there is none left.
  private struct Fields {
    var at: Int
    let end: Int

    var isAtEnd: Bool { at > end }

    mutating func next(_ bytes: Span<UInt8>) -> Range<Int> {
      guard at <= end else { return end..<end }
      let start = at
      while at < end, bytes[at] != UInt8(ascii: " ") { at += 1 }
      defer { at += 1 }
      return start..<at
    }
  }

  private static func equal(_ bytes: Span<UInt8>, _ range: Range<Int>, _ word: StaticString) -> Bool {
    guard range.count == word.utf8CodeUnitCount else { return false }
    return word.withUTF8Buffer { text in
      for index in 0..<range.count where unsafe text[index] != bytes[range.lowerBound + index] {
        return false
      }
      return true
    }
  }

  /// 0...65535 without leading zeros.
  private static func decimal(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt16? {
    guard (1...5).contains(range.count), range.count == 1 || bytes[range.lowerBound] != UInt8(ascii: "0")
    else { return nil }
    var value = 0
    for index in range {
      guard isDigit(bytes[index]) else { return nil }
      value = value * 10 + Int(bytes[index] - UInt8(ascii: "0"))
    }
    return UInt16(exactly: value)
  }
}
