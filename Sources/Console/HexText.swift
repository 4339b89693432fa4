import Model

/// Two hexadecimal digits as the byte they write.
enum HexText {
  static func byte(_ high: UInt8, _ low: UInt8) -> UInt8? {
    guard let high = value(high), let low = value(low) else { return nil }
    return high << 4 | low
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    if isDigit(digit) { return digit &- UInt8(ascii: "0") }
    let letter = lowered(digit) &- UInt8(ascii: "a")
    return letter < 6 ? letter &+ 10 : nil
  }
}
