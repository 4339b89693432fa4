import Model

/// The words and numbers by which messages name how bad it is, as syslog's 0...7.
enum SyslogLevel {
  /// True for the words of syslog itself, small: `emerg` … `debug`, as F5 writes them before its tag.
  static func isWord(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    guard end &- start >= 3, end &- start <= 7 else { return false }
    for index in start..<end where bytes[index] &- UInt8(ascii: "a") >= 26 { return false }
    return fromWord(bytes, ByteRange(start, end)) >= 0
  }

  /// -1 for a word that names no level; case does not matter.
  static func fromWord(_ bytes: Span<UInt8>, _ word: ByteRange) -> Int8 {
    guard !word.isAbsent, word.count >= 3, word.count <= 13 else { return -1 }
    // The first four letters tell them apart.
    var letters: UInt32 = 0
    for index in word.start..<min(word.end, word.start &+ 4) {
      letters = letters << 8 | UInt32(bytes[index] | 0x20)
    }
    return switch letters {
    case 0x656D_6572, 0x7061_6E69: 0  // emerg, emergency, panic
    case 0x616C_6572: 1  // alert
    case 0x6372_6974, 0x6661_7461: 2  // crit, critical, fatal
    case 0x65_7272, 0x6572_726F, 0x7365_7665: 3  // err, error, severe
    case 0x7761_726E: 4  // warn, warning
    case 0x6E6F_7469: 5  // notice, notification
    case 0x696E_666F: 6  // info, informational, information
    case 0x6465_6275, 0x7472_6163, 0x7665_7262: 7  // debug, debugging, trace, verbose
    default: -1
    }
  }

  /// Syslog's own numbers, and those of loggers that count in tens (10 trace … 60 fatal).
  static func fromNumber(_ number: Int) -> Int8 {
    switch number {
    case 0...7: Int8(truncatingIfNeeded: number)
    case 10...29: 7
    case 30...39: 6
    case 40...49: 4
    case 50...59: 3
    case 60...69: 2
    default: -1
    }
  }

  /// CEF's and LEEF's 0...10, and CEF's words: very high is critical, high an error, medium a warning, low
  /// informational.
  static func fromTen(_ bytes: Span<UInt8>, _ word: ByteRange) -> Int8 {
    guard !word.isAbsent, word.count > 0 else { return -1 }
    let first = bytes[word.start]
    if word.count <= 2, SyslogToken.areDigits(bytes, word.start, word.end) {
      if word.count == 2 { return first == UInt8(ascii: "1") && bytes[word.start + 1] == 0x30 ? 2 : -1 }
      return first >= UInt8(ascii: "9")
        ? 2 : first >= UInt8(ascii: "7") ? 3 : first >= UInt8(ascii: "4") ? 4 : 6
    }
    if bytes.equalsASCII(word, "Very-High") { return 2 }
    if bytes.equalsASCII(word, "High") { return 3 }
    if bytes.equalsASCII(word, "Medium") { return 4 }
    return bytes.equalsASCII(word, "Low") ? 6 : -1
  }
}
