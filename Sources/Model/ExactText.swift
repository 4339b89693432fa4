/// Finding and replacing by bytes. A `String` compares characters, and a combining mark (U+0301) behind a
/// secret or a quote makes another character of its end: it would not be found, and who writes the text
/// chooses what follows. Equal texts in other forms of Unicode are different here.
extension StringProtocol {
  /// First place of `text`; nil when it is empty.
  package func exactRange(of text: String) -> Range<Index>? {
    guard let first = text.utf8.first else { return nil }
    var start = startIndex
    while let found = utf8[start...].firstIndex(of: first) {
      if utf8[found...].starts(with: text.utf8) {
        return found..<utf8.index(found, offsetBy: text.utf8.count)
      }
      start = utf8.index(after: found)
    }
    return nil
  }

  /// Every place of `text` from the left; what is put in is not searched again.
  package func replacingExactly(_ text: String, with other: String) -> String {
    var result = ""
    var rest = Substring(self)
    while let place = rest.exactRange(of: text) {
      result += rest[..<place.lowerBound]
      result += other
      rest = rest[place.upperBound...]
    }
    return result + rest
  }
}

/// A text as a key: equal to its own bytes alone, as databases have it, and hashed in a time that grows with
/// them. A `String` is hashed in its normal form, which a run of combining marks makes quadratic: 0.3 s for
/// the 64 KiB that a datagram may hold.
package struct ExactKey: Hashable, Comparable, Sendable {
  package let text: String

  package init(_ text: String) { self.text = text }

  package static func == (left: ExactKey, right: ExactKey) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  package static func < (left: ExactKey, right: ExactKey) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    var text = text
    unsafe text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    // Two keys behind one another are not two others of the same bytes.
    hasher.combine(0xFF as UInt8)
  }
}
