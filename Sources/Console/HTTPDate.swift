import Model

extension Timestamp {
  /// IMF-fixdate, as the `Date` of an answer wants it: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
  var httpDate: String {
    let civil = CivilTime(utc: self)
    // 1970-01-01 was a Thursday.
    let weekday = floorDivide(seconds, 86_400) + 4
    let days: StaticString = "SunMonTueWedThuFriSat"
    let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"
    var text: [UInt8] = []
    text.append(word: weekday - floorDivide(weekday, 7) * 7, of: days)
    text.append(ascii: ", ")
    text.append(decimal: Int(civil.day), width: 2)
    text.append(ascii: " ")
    text.append(word: Int64(civil.month) - 1, of: months)
    text.append(ascii: " ")
    text.append(decimal: Int(civil.year), width: 4)
    for (mark, part): (StaticString, Int32) in [(" ", civil.hour), (":", civil.minute), (":", civil.second)] {
      text.append(ascii: mark)
      text.append(decimal: Int(part), width: 2)
    }
    text.append(ascii: " GMT")
    return String(decoding: text, as: UTF8.self)
  }
}

extension [UInt8] {
  /// The `index`-th of `words`, which are of three letters each.
  fileprivate mutating func append(word index: Int64, of words: StaticString) {
    append(contentsOf: Array("\(words)".utf8)[Int(index) * 3..<Int(index) * 3 + 3])
  }
}
