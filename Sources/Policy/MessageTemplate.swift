package import Model

/// What messages of one kind have in common: the text with everything masked that changes from one to the
/// next (DESIGN §2, *Unmatched*). Two messages have the same hash if they have the same text here; that
/// different ones share a hash by chance is as likely as guessing 64 bits.
///
/// | token | stands for |
/// |---|---|
/// | `<n>` | a number with its sign and its dots: `-5`, `0.25`, `15.2.4`; hexadecimal: `0x1f`, `9ce48192` |
/// | `<ip>` | an IPv4 or IPv6 address |
/// | `<mac>` | a MAC address or a WWN: `00:1b:54:aa:00:01`, `00-1b-…`, `001b.54aa.0001` |
/// | `<uuid>` | `550e8400-e29b-41d4-a716-446655440000` |
/// | `<time>` | a time of day or a date: `02:14:05.913`, `2026-11-21`, `2026-11-21T02:14:05Z`, `Nov 21` |
/// | `<text>` | what stands between quotes, which stay: `"<text>"`, `'<text>'` |
/// | `<...>` | what comes after the first 960 bytes |
/// | `<<` | the character `<` itself |
/// | `<00>`, `<FF>` | a NUL; a byte that is not UTF-8 |
///
/// Everything else stays: of `Gi1/0/24` and `eth0` only the numbers are masked, `10ms` keeps its unit.
/// `TemplateMask` says what exactly counts as which.
package enum MessageTemplate {
  /// Bytes that are looked at: what no two messages of a kind differ in comes early, and a datagram full of
  /// digits costs no more than this many.
  package static var reach: Int { PaddedText.limit }

  /// Unmatched events are counted when they may matter: of severity `least` (0...7) and worse, and not of
  /// development hosts. What has no severity (traps, text without a PRI) is taken for a warning, as it is
  /// where rows are shed and for the severity of an alert.
  @inline(__always)
  package static func counts(severity: Int8, environment: Environment, from least: Int8) -> Bool {
    (severity < 0 ? 4 : severity) <= least && environment == .prod
  }

  /// The template's identity, the same in every process and version that masks alike.
  ///
  /// - Parameter lead: bytes at the start that stay as they are: a trap's name, which may be an OID.
  package static func hash(_ message: Span<UInt8>, lead: Int = 0) -> UInt64 {
    let isWhole = message.count <= reach
    return PaddedText.with(message) { hash($0, lead: lead, isWhole: isWhole) }
  }

  @inline(__always)
  private static func hash(_ text: PaddedText, lead: Int, isWhole: Bool) -> UInt64 {
    var masks = TemplateMasks()
    var state = Mixer.seed
    var literal = 0
    var from = min(lead, text.count)
    while true {
      let mask = masks.next(in: text, from: from)
      state = Mixer.absorb(text, from: literal, to: mask.start, kind: mask.kind.rawValue, into: state)
      if mask.kind == .end { return Mixer.finish(state, isWhole: isWhole) }
      literal = mask.end
      from = mask.end
    }
  }

  /// The same for two values of a notification only if they are masked alike wherever they stand in its line:
  /// behind an equals sign, before a space or the end. No mask reaches across either, but for quoted text; so
  /// 0 for a value with quotes in it, and for one that the line does not show as it is.
  package static func hash(value: Span<UInt8>) -> UInt64 {
    if value.count >= reach { return 0 }
    return PaddedText.with(value, isValue: true) { text in
      var at = 0
      while at < text.count {
        let odds = text.block(at: at).oddsAndQuotes
        if !odds.isEmpty, at &+ odds.first < text.count { return 0 }
        at &+= 16
      }
      return max(1, hash(text, lead: 0, isWhole: true))
    }
  }

  /// The template as people read it. For cold paths: it allocates.
  package static func text(_ message: Span<UInt8>, lead: Int = 0) -> String {
    let bytes = PaddedText.with(message) { text in
      var masks = TemplateMasks()
      var result: [UInt8] = []
      var literal = 0
      var mask = masks.next(in: text, from: min(lead, text.count))
      while mask.kind != .end {
        append(text, from: literal, to: mask.start, to: &result)
        result.append(ascii: mask.kind.token)
        literal = mask.end
        mask = masks.next(in: text, from: literal)
      }
      append(text, from: literal, to: text.count, to: &result)
      return result
    }
    let rest = message.count > reach ? "\(TemplateMask.Kind.rest.token)" : ""
    return String(decoding: bytes, as: UTF8.self) + rest
  }

  /// Where the lead of a trap's line ends: its first word, the notification's name.
  package static func leadOfTrap(_ line: Span<UInt8>) -> Int {
    var end = 0
    while end < line.count, line[end] != UInt8(ascii: " ") { end &+= 1 }
    return end
  }

  private static func append(
    _ text: PaddedText, from start: Int, to end: Int, to result: inout [UInt8]
  ) {
    let digits: StaticString = "0123456789ABCDEF"
    var index = start
    while index < end {
      let byte = text[index]
      let length = byte == 0 ? 0 : byte < 0x80 ? 1 : sequenceLength(text, at: index, end: end)
      if length == 0 {
        result.append(UInt8(ascii: "<"))
        digits.withUTF8Buffer {
          unsafe result.append($0[Int(byte >> 4)])
          unsafe result.append($0[Int(byte & 15)])
        }
        result.append(UInt8(ascii: ">"))
      } else {
        if byte == UInt8(ascii: "<") { result.append(byte) }
        for step in 0..<length { result.append(text[index + step]) }
      }
      index += max(1, length)
    }
  }

  /// Length of the well-formed multi-byte sequence at `index`, 0 when there is none.
  private static func sequenceLength(_ text: PaddedText, at index: Int, end: Int) -> Int {
    let bytes: [4 of UInt8] = [text[index], text[index + 1], text[index + 2], text[index + 3]]
    let length = SafeText.sequenceLength(bytes.span, at: 0)
    return index + length <= end ? length : 0
  }
}

/// A 64-bit hash by multiply and fold, 16 bytes a step. Not keyed: whoever crafts two texts of one hash makes
/// his own two messages count as one.
enum Mixer {
  static var seed: UInt64 { 0x9E37_79B9_7F4A_7C15 }

  @inline(__always)
  static func mix(_ first: UInt64, _ second: UInt64) -> UInt64 {
    let product = first.multipliedFullWidth(by: second)
    return product.high ^ product.low
  }

  /// Takes the bytes of a literal and the kind of what follows it. A run's last step is told from the others
  /// by its constant, and carries its length and `kind` (below 16) where no byte can stand.
  @inline(__always)
  static func absorb(
    _ text: PaddedText, from start: Int, to end: Int, kind: UInt8, into state: UInt64
  ) -> UInt64 {
    var state = state
    var at = start
    while end &- at >= 16 {
      state = mix(
        text.word(at: at) ^ 0xA076_1D64_78BD_642F, text.word(at: at &+ 8) ^ state)
      at &+= 16
    }
    let rest = end &- at
    var (low, high): (UInt64, UInt64) = (0, 0)
    if rest >= 8 {
      low = text.word(at: at)
      high = text.word(at: at &+ 8) & below(rest &- 8)
    } else {
      high = text.word(at: at) & below(rest)
    }
    high |= UInt64(kind << 4 | UInt8(truncatingIfNeeded: rest)) << 56
    return mix(low ^ 0xE703_7ED1_A0B4_28DB, high ^ state)
  }

  @inline(__always)
  static func finish(_ state: UInt64, isWhole: Bool) -> UInt64 {
    mix(state ^ (isWhole ? 0x8EBC_6AF0_9C88_C6E3 : 0x5899_65CC_7537_4CC3), seed)
  }

  /// The lowest `count` bytes, fewer than 8.
  @inline(__always)
  private static func below(_ count: Int) -> UInt64 {
    (1 &<< UInt64(truncatingIfNeeded: 8 &* count)) &- 1
  }
}
