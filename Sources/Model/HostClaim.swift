/// How a header writes who sends.
package enum HostClaim {
  /// The address that `text` is, if it is one: as `IPAddress` reads it, within brackets, or with a zone id
  /// (RFC 4007 §11), which names an interface of the sender and tells nobody else anything.
  @inline(__always)
  package static func address(_ text: Span<UInt8>) -> IPAddress? {
    guard IPAddress.mayStart(text) || (!text.isEmpty && text[0] == UInt8(ascii: "[")) else { return nil }
    return parse(text)
  }

  @inline(never)
  private static func parse(_ text: Span<UInt8>) -> IPAddress? {
    if let address = IPAddress(text) { return address }
    var start = 0
    var end = text.count
    if text[0] == UInt8(ascii: "["), text[end - 1] == UInt8(ascii: "]"), end > 2 {
      start = 1
      end -= 1
    }
    var at = start
    while at < end, text[at] != UInt8(ascii: "%") { at += 1 }
    guard let address = IPAddress(text.extracting(start..<at)) else { return nil }
    // IPv4 has no zones, and one that is empty is none.
    return at < end && (at == end - 1 || address.v4 != nil) ? nil : address
  }

  /// Both are the same name, whatever its case and whether it is rooted. For cold paths.
  package static func names(_ claim: String, _ name: String) -> Bool {
    ExactKey(bare(claim)) == ExactKey(bare(name))
  }

  /// The name with its ASCII letters in lower case, as tables and matcher compare them, without the dot that
  /// roots it. For cold paths.
  package static func bare(_ name: String) -> String {
    var bytes = name.utf8.map(lowered)
    if bytes.count > 1, bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension ByteRange {
  /// A name without the dot that roots it (`core1.example.net.`, RFC 1034 §3.1); a name that is nothing but
  /// a dot stays.
  @inline(__always)
  package func withoutRoot(in text: Span<UInt8>) -> ByteRange {
    guard count > 1, text[end &- 1] == UInt8(ascii: ".") else { return self }
    return ByteRange(start, end &- 1)
  }
}
