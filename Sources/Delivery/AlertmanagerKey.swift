/// What a signature alone says, for receivers that know an alert by its labels: a problem and its clear come
/// from two rules, and the rules' `key` is all that they have in common.
///
/// | signature | host | name | has the host |
/// |---|---|---|---|
/// | `core1::link-down` | core1 | `link-down` | yes |
/// | `core1::link::Gi0/1` | core1 | `link` | yes |
/// | `circuit-4711` | core1 | `circuit-4711` | no: either end may say so |
/// | `core1` | core1 | `core1` | yes |
struct AlertmanagerKey: Equatable {
  /// The first part of the signature that is not the host; the whole when there is none.
  let name: String
  /// The host is a part of the signature: whoever has this signature has this host.
  let hasHost: Bool

  init(_ signature: String, host: String) {
    let whole = Array(signature.utf8)
    let place = AlertmanagerKey.place(of: Array(host.utf8), in: whole)
    hasHost = place != nil
    // An IPv6 address has the separator in it, so the host is taken out before the rest is taken apart.
    let around = place.map { [whole[..<$0.lowerBound], whole[$0.upperBound...]] } ?? [whole[...]]
    let part = around.lazy.compactMap { AlertmanagerKey.firstPart(of: $0) }.first
    name = part.map { String(decoding: $0, as: UTF8.self) } ?? signature
  }

  /// Where `host` stands as a part of its own.
  private static func place(of host: [UInt8], in whole: [UInt8]) -> Range<Int>? {
    guard !host.isEmpty, host.count <= whole.count else { return nil }
    for start in 0...(whole.count - host.count) {
      let end = start + host.count
      guard start == 0 || isSeparator(whole, at: start - 2),
        end == whole.count || isSeparator(whole, at: end),
        whole[start..<end].elementsEqual(host)
      else { continue }
      return start..<end
    }
    return nil
  }

  private static func isSeparator(_ bytes: [UInt8], at index: Int) -> Bool {
    index >= 0 && index + 1 < bytes.count && bytes[index] == UInt8(ascii: ":")
      && bytes[index + 1] == UInt8(ascii: ":")
  }

  private static func firstPart(of bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var start = bytes.startIndex
    var index = start
    while index < bytes.endIndex {
      let isEnd =
        bytes[index] == UInt8(ascii: ":") && index + 1 < bytes.endIndex
        && bytes[index + 1] == UInt8(ascii: ":")
      if isEnd, start < index { return bytes[start..<index] }
      index += isEnd ? 2 : 1
      if isEnd { start = index }
    }
    return start < bytes.endIndex ? bytes[start...] : nil
  }
}
