import Model

/// The zone behind a Cisco stamp, up to its colon: `UTC`, `CET`, `Berlin`, `+03`, `GMT+1`.
///
/// `clock timezone` takes any word for a name (Cisco, "Basic System Management Command Reference"), so what
/// tells it from the name of a host is where it stands: IOS and NX-OS write the host before the stamp, an ASA
/// its device id behind it, with a space before the colon.
enum CiscoZone {
  /// How much speaks for a header of IOS or NX-OS, behind whose stamp no host can stand.
  enum Signs {
    case none
    /// A fraction, or the year first, as relays write them too.
    case some
    /// A number, a mark or a host before the stamp.
    case sure
  }

  /// A name has seven bytes on most systems; the rest is for what configures itself from a database of zones.
  private static var limit: Int { 16 }

  /// True when a zone may start with `byte`. In small letters and without a sign only those of `utc` and
  /// `gmt`.
  @inline(__always)
  static func mayStart(_ byte: UInt8, _ signs: Signs) -> Bool {
    signs != .none || SyslogToken.isIn(byte, 0x0000_2800_0000_0000, 0x0020_0080_07FF_FFFE)
  }

  /// The index of the colon behind the zone that starts at `start`; 0 when this is none.
  @inline(never)
  static func end(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp, _ signs: Signs
  ) -> Int {
    // IOS-XR without a zone: a space and the colon.
    if bytes[start] == UInt8(ascii: ":") { return signs == .none ? 0 : start }
    guard stamp.offset == Stamp.noZone, end &- start >= 3 else { return 0 }
    let third = bytes[start &+ 2]
    if bytes[start &+ 1] == UInt8(ascii: "M"), third == UInt8(ascii: " ") || third == UInt8(ascii: ":") {
      let next = stamp.readWord(bytes, start, start &+ 2, end)
      if next != 0 {
        return third == UInt8(ascii: ":") ? start &+ 2 : self.end(bytes, next, end, &stamp, signs)
      }
    }
    let stop = wordEnd(bytes, start, end)
    if stop == 0 { return 0 }
    let next = SyslogToken.skipSpaces(bytes, stop &+ 1, end)
    let isMessage = next < end && bytes[next] == UInt8(ascii: "%")
    let offset = self.offset(bytes, start, stop)
    if offset != Stamp.noZone {
      guard isMessage || signs == .sure || bytes[start] < UInt8(ascii: "a") else { return 0 }
      stamp.offset = offset
      return stop
    }
    return isName(bytes, start, stop, signs, isMessage: isMessage) ? stop : 0
  }

  /// Behind letters, digits, `+`, `-`, `_` and colons the colon that a space or the end follows.
  private static func wordEnd(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    let limit = min(end, start &+ CiscoZone.limit &+ 1)
    var at = start
    while at < limit {
      let byte = bytes[at]
      if byte == UInt8(ascii: ":") {
        if at &+ 1 == end || bytes[at &+ 1] == UInt8(ascii: " ") { return at }
      } else if !SyslogToken.isIn(byte, 0x03FF_2800_0000_0000, 0x07FF_FFFE_87FF_FFFE) {
        return 0
      }
      at &+= 1
    }
    return 0
  }

  /// Seconds east of UTC of `UTC`, `gmt`, `+03`, `+0300`, `+08:00`, `UTC+1`; `Stamp.noZone` for anything
  /// else. Plus is east, other than in the names that POSIX gives to zones: the device shows what it adds.
  private static func offset(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int32 {
    var at = start
    if end &- start >= 3, isUTCInAnyCase(bytes, start) {
      at &+= 3
      if at == end { return 0 }
    }
    let sign = bytes[at]
    guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return Stamp.noZone }
    at &+= 1
    var digits = 0
    var number: Int32 = 0
    var colon = 0
    while at < end {
      let digit = bytes[at] &- UInt8(ascii: "0")
      if digit < 10, digits < 4 {
        number = number &* 10 &+ Int32(digit)
        digits &+= 1
      } else if bytes[at] == UInt8(ascii: ":"), colon == 0, digits == 1 || digits == 2 {
        colon = digits
      } else {
        return Stamp.noZone
      }
      at &+= 1
    }
    let hasMinutes = colon > 0 ? digits == colon &+ 2 : digits == 4
    guard hasMinutes || colon == 0 && (digits == 1 || digits == 2) else { return Stamp.noZone }
    let hours = hasMinutes ? number / 100 : number
    let minutes = hasMinutes ? number % 100 : 0
    // Kiribati is the farthest.
    guard hours <= 14, minutes <= 59 else { return Stamp.noZone }
    let seconds = hours &* 3_600 &+ minutes &* 60
    return sign == UInt8(ascii: "-") ? 0 &- seconds : seconds
  }

  private static func isUTCInAnyCase(_ bytes: Span<UInt8>, _ start: Int) -> Bool {
    let word = packed(bytes, start, start &+ 3)
    return word == 0x55_5443 || word == 0x47_4D54
  }

  private static func isName(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ signs: Signs, isMessage: Bool
  ) -> Bool {
    if isZoneWord(bytes, start, end) { return true }
    switch signs {
    case .sure:
      return isMessage || isCapitals(bytes, start, end)
    case .some:
      return isMessage
        && (isCapitals(bytes, start, end) || isListed(packed(bytes, start, end))
          || isRule(bytes, start, end))
    case .none:
      guard isMessage, SyslogToken.isLetter(bytes[end &- 1]) else { return false }
      return isCapitals(bytes, start, end) && isListed(packed(bytes, start, end))
        || isRule(bytes, start, end)
    }
  }

  /// `EST5EDT`, `CET-1`: a name in capitals that is listed, and the rule that POSIX writes behind it.
  private static func isRule(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    var letters = start
    while letters < end, bytes[letters] &- UInt8(ascii: "A") < 26 { letters &+= 1 }
    guard letters &- start >= 3, letters < end, isListed(packed(bytes, start, letters)) else { return false }
    var digits = 0
    for index in letters..<end {
      let byte = bytes[index]
      if isDigit(byte) {
        digits &+= 1
      } else if byte &- UInt8(ascii: "A") >= 26, byte != UInt8(ascii: "+"), byte != UInt8(ascii: "-") {
        return false
      }
    }
    return digits > 0
  }

  private static func isCapitals(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    guard end &- start >= 2, end &- start <= 7 else { return false }
    for index in start..<end where bytes[index] &- UInt8(ascii: "A") >= 26 { return false }
    return true
  }

  static func isUTC(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    bytes.equalsASCII(ByteRange(start, end), "UTC") || bytes.equalsASCII(ByteRange(start, end), "GMT")
  }

  /// True for a word that is a zone's name and hardly a host's, wherever it stands.
  static func isZone(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    isUTC(bytes, start, end) || isZoneWord(bytes, start, end)
  }

  private static func isZoneWord(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    isCapitals(bytes, start, end) && isCommon(packed(bytes, start, end))
  }

  /// Up to four letters as capitals, the last in the lowest byte; 0 for any other word.
  private static func packed(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> UInt32 {
    guard end &- start <= 4 else { return 0 }
    var word: UInt32 = 0
    for index in start..<end {
      guard SyslogToken.isLetter(bytes[index]) else { return 0 }
      word = word << 8 | UInt32(bytes[index] & 0xDF)
    }
    return word
  }

  /// Offsets are not used: IST alone has three.
  private static func isCommon(_ word: UInt32) -> Bool {
    switch word {
    case 0x43_4554, 0x4345_5354, 0x45_4554, 0x4545_5354: true  // CET CEST EET EEST
    case 0x57_4554, 0x5745_5354, 0x42_5354, 0x4D_534B: true  // WET WEST BST MSK
    case 0x49_5354, 0x4A_5354, 0x4B_5354, 0x5341_5354: true  // IST JST KST SAST
    case 0x45_5354, 0x45_4454, 0x43_5354, 0x43_4454: true  // EST EDT CST CDT
    case 0x4D_5354, 0x4D_4454, 0x50_5354, 0x50_4454: true  // MST MDT PST PDT
    case 0x4145_5354, 0x4145_4454, 0x4143_5354, 0x4157_5354: true  // AEST AEDT ACST AWST
    case 0x4E5A_5354, 0x4E5A_4454, 0x44_5354: true  // NZST NZDT, and DST behind an offset
    default: false
    }
  }

  /// The same and more that are zones only where `: %` follows.
  private static func isListed(_ word: UInt32) -> Bool {
    if isCommon(word) { return true }
    return switch word {
    case 0x48_4B54, 0x484B_5354, 0x53_4754, 0x4D_5954, 0x50_4854: true  // HKT HKST SGT MYT PHT
    case 0x49_4354, 0x57_4942, 0x5749_5441, 0x57_4954, 0x4345_4454: true  // ICT WIB WITA WIT CEDT
    case 0x5745_4454, 0x42_5254, 0x4252_5354, 0x41_5254, 0x43_4C54: true  // WEDT BRT BRST ART CLT
    case 0x434C_5354, 0x43_4F54, 0x50_4554, 0x50_5954, 0x55_5954: true  // CLST COT PET PYT UYT
    case 0x56_4554, 0x45_4354, 0x42_4F54, 0x47_4654, 0x41_4454: true  // VET ECT BOT GFT ADT
    case 0x41_5354, 0x414B_5354, 0x414B_4454, 0x48_5354, 0x48_4454: true  // AST AKST AKDT HST HDT
    case 0x4E_5354, 0x4E_4454, 0x4143_4454, 0x4157_4454, 0x4E_5A54: true  // NST NDT ACDT AWDT NZT
    case 0x43_4154, 0x45_4154, 0x57_4154, 0x4D_4554, 0x4D45_5354: true  // CAT EAT WAT MET MEST
    case 0x4D_455A, 0x4D45_535A, 0x4D_5344, 0x54_5254, 0x47_5354: true  // MEZ MESZ MSD TRT GST
    case 0x50_4B54, 0x4E_5054, 0x42_4454, 0x55_5A54, 0x5945_4B54: true  // PKT NPT BDT UZT YEKT
    case 0x4F4D_5354, 0x4B52_4154, 0x4952_4B54, 0x5941_4B54, 0x564C_4154: true  // OMST KRAT IRKT YAKT VLAT
    case 0x4D41_4754, 0x5341_4D54, 0x4952_5354, 0x4952_4454, 0x41_5A54: true  // MAGT SAMT IRST IRDT AZT
    case 0x47_4554, 0x41_4D54, 0x53_5354, 0x4348_5354: true  // GET AMT SST CHST
    default: false
    }
  }
}
