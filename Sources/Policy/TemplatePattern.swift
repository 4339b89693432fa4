import Model

/// Turns a message into a pattern that holds for all messages of its template: the beginnings of a rule.
package enum TemplatePattern: Equatable {
  /// Nothing in it changes: the text itself, as `contains` wants it.
  case text(String)
  /// In the syntax of rules, without regard to case.
  case regex(String)

  /// - Parameter lead: as `MessageTemplate.hash` takes it.
  package init(_ message: Span<UInt8>, lead: Int = 0) {
    let (pattern, masks) = PaddedText.with(message) { text in
      var finder = TemplateMasks()
      var pattern: [UInt8] = []
      var count = 0
      var literal = 0
      var mask = finder.next(in: text, from: min(lead, text.count))
      while mask.kind != .end {
        TemplatePattern.append(text, from: literal, to: mask.start, to: &pattern)
        pattern.append(ascii: TemplatePattern.pattern(mask.kind))
        count += 1
        literal = mask.end
        mask = finder.next(in: text, from: literal)
      }
      TemplatePattern.append(text, from: literal, to: text.count, to: &pattern)
      return (pattern, count)
    }
    var plain: [UInt8] = []
    SafeText.append(message, ByteRange(0, message.count), to: &plain)
    let isPlain = masks == 0 && message.count <= MessageTemplate.reach && SafeText.isClean(message)
    self =
      isPlain
      ? .text(String(decoding: plain, as: UTF8.self)) : .regex(String(decoding: pattern, as: UTF8.self))
  }

  /// What stands where a mask was.
  private static func pattern(_ kind: TemplateMask.Kind) -> StaticString {
    switch kind {
    case .end, .rest: ""
    case .number: "[-0-9a-fx.]+"
    case .address: "[0-9a-f:.]+"
    case .hardware: "[0-9a-f:.-]+"
    case .uuid: "[0-9a-f-]+"
    case .time: "[0-9a-z:.,/+ -]+"
    case .doubleQuoted: "\"[^\"]*(?:\\\\\"[^\"]*)*\""
    case .singleQuoted: "'.*'"
    }
  }

  /// Letters, digits and spaces as they are, ASCII beyond them escaped; what may be no text is any byte.
  private static func append(_ text: PaddedText, from start: Int, to end: Int, to pattern: inout [UInt8]) {
    var index = start
    while index < end {
      let byte = text[index]
      switch byte {
      case 0..<0x20, 0x7F...: pattern.append(UInt8(ascii: "."))
      case UInt8(ascii: " "), UInt8(ascii: "_"), UInt8(ascii: "%"), UInt8(ascii: ","), UInt8(ascii: ":"),
        UInt8(ascii: ";"), UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""),
        UInt8(ascii: "'"), UInt8(ascii: "@"), UInt8(ascii: "!"), UInt8(ascii: "~"), UInt8(ascii: "`"),
        UInt8(ascii: "-"):
        pattern.append(byte)
      default:
        if !isLetter(byte), !isDigit(byte) { pattern.append(UInt8(ascii: "\\")) }
        pattern.append(byte)
      }
      index += 1
    }
  }
}
