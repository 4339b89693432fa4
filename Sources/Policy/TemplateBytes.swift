// How templates read single bytes, and runs of digits.

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

@inline(__always)
func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }

/// A hexadecimal digit that is a letter.
@inline(__always)
func isHex(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 6 }

/// Part of a word: letters, digits, `_` and everything beyond ASCII.
@inline(__always)
func isWord(_ byte: UInt8) -> Bool {
  isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "_") || byte >= 0x80
}

/// Where the decimal digits from `index` on end.
@inline(__always)
func digitsEnd(_ text: PaddedText, _ index: Int) -> Int {
  var end = index
  while true {
    // Eight at a time: a byte is a digit when it is below 10 after taking '0' off, and the high bits say so.
    let word = text.word(at: end) ^ 0x3030_3030_3030_3030
    let others =
      (((word & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7676_7676_7676_7676) | word) & 0x8080_8080_8080_8080
    if others != 0 { return end &+ others.trailingZeroBitCount >> 3 }
    end &+= 8
  }
}

/// Where digits and the dots between them end.
@inline(__always)
func dottedEnd(_ text: PaddedText, _ index: Int) -> Int {
  var end = digitsEnd(text, index)
  while text[end] == UInt8(ascii: "."), isDigit(text[end &+ 1]) {
    end = digitsEnd(text, end &+ 1)
  }
  return end
}

/// Where hexadecimal digits end.
@inline(__always)
func hexEnd(_ text: PaddedText, _ index: Int) -> Int {
  var end = index
  while isDigit(text[end]) || isHex(text[end]) { end &+= 1 }
  return end
}

/// What a byte is to a number beside it.
enum ByteClass {
  static var other: UInt8 { UInt8(ascii: ".") }
  static var space: UInt8 { UInt8(ascii: "_") }
  /// Between groups: `-`, `.`, `/`, `:`.
  static var joint: UInt8 { UInt8(ascii: ":") }
  static var digit: UInt8 { UInt8(ascii: "0") }
  /// A letter that is a hexadecimal digit.
  static var hex: UInt8 { UInt8(ascii: "a") }
  /// Any other part of a word.
  static var letter: UInt8 { UInt8(ascii: "g") }

  /// One character for each byte, 16 to a row.
  private static var table: StaticString {
    """
    ................\
    ................\
    _............:::\
    0000000000:.....\
    .aaaaaaggggggggg\
    ggggggggggg....g\
    .aaaaaaggggggggg\
    ggggggggggg.....\
    gggggggggggggggg\
    gggggggggggggggg\
    gggggggggggggggg\
    gggggggggggggggg\
    gggggggggggggggg\
    gggggggggggggggg\
    gggggggggggggggg\
    gggggggggggggggg
    """
  }

  @inline(__always)
  static func of(_ byte: UInt8) -> UInt8 { unsafe table.utf8Start[Int(byte)] }
}

@inline(__always)
func isUpper(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "A") < 26 }

@inline(__always)
var space: UInt8 { UInt8(ascii: " ") }

/// What a sign may stand behind; elsewhere `-` is a hyphen.
@inline(__always)
func takesSign(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: " "), UInt8(ascii: "="), UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: ","),
    UInt8(ascii: ":"), UInt8(ascii: "\t"):
    true
  default: false
  }
}

/// Between groups of hexadecimal digits.
@inline(__always)
func isJoint(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: ":") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
}
