import Model

/// Turns a message into a pattern that holds for all messages of its template: the beginnings of a rule.
package enum TemplatePattern: Equatable {
  /// Nothing in it changes: the text itself, as `contains` wants it.
  case text(String)
  /// In the syntax of rules, without regard to case.
  case regex(String)

  /// - Parameters:
  ///   - lead: as `MessageTemplate.hash` takes it.
  ///   - isWhole: it is all of its message, and so is to be all of others. Where nothing changes, or the
  ///     template ends before the message does, it may stand anywhere.
  package init(_ message: Span<UInt8>, lead: Int = 0, isWhole: Bool = true) {
    let parts = TemplatePattern.parts(message, lead)
    var plain: [UInt8] = []
    SafeText.append(message, ByteRange(0, message.count), to: &plain)
    let isCovered = message.count <= MessageTemplate.reach
    if parts.masks == 0, isCovered, SafeText.isClean(message) {
      self = .text(String(decoding: plain, as: UTF8.self))
    } else {
      let pattern = String(decoding: parts.pattern, as: UTF8.self)
      self = .regex(isWhole && isCovered ? "^\(pattern)$" : pattern)
    }
  }

  /// How many letters every message of the template of this one has: with none, it is a shape that others
  /// have too.
  package static func fixedLetters(_ message: Span<UInt8>, lead: Int = 0) -> Int {
    parts(message, lead).letters
  }

  private static func parts(
    _ message: Span<UInt8>, _ lead: Int
  ) -> (pattern: [UInt8], masks: Int, letters: Int) {
    PaddedText.with(message) { text in
      var finder = TemplateMasks()
      var pattern: [UInt8] = []
      var (masks, letters) = (0, 0)
      var literal = 0
      var mask = finder.next(in: text, from: min(lead, text.count))
      while mask.kind != .end {
        letters += TemplatePattern.append(text, from: literal, to: mask.start, to: &pattern)
        pattern.append(ascii: TemplatePattern.pattern(mask.kind))
        masks += 1
        literal = mask.end
        mask = finder.next(in: text, from: literal)
      }
      letters += TemplatePattern.append(text, from: literal, to: text.count, to: &pattern)
      return (pattern, masks, letters)
    }
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
  /// Returns how many letters there were, those of other alphabets by their bytes.
  private static func append(
    _ text: PaddedText, from start: Int, to end: Int, to pattern: inout [UInt8]
  ) -> Int {
    var index = start
    var letters = 0
    while index < end {
      let byte = text[index]
      if isLetter(byte) || byte >= 0x80 { letters += 1 }
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
    return letters
  }
}
