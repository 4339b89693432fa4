/// Finding and replacing by bytes. A `String` compares characters, and a combining mark (U+0301) behind a
/// secret or a quote makes another character of its end: it would not be found, and who writes the text chooses
/// what follows. Equal texts in other forms of Unicode are different here.
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
