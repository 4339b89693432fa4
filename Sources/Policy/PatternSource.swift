import Model

/// What a rule's `match_string` asks for, apart from the rule: what is compiled, and what a compiled set is
/// looked up by. Two rules that ask for the same share it.
struct PatternSource: Hashable, Sendable {
  var text: String
  /// A regex; otherwise a literal that must be contained.
  var isRegex: Bool

  // Byte by byte: Swift takes "é" for "e" with an accent behind it, the engines do not.
  static func == (left: PatternSource, right: PatternSource) -> Bool {
    left.isRegex == right.isRegex && left.text.utf8Span.span.isSame(as: right.text.utf8Span.span)
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(isRegex)
    // Blind to how an accent is written, as hashes may be, and many times faster than byte by byte.
    hasher.combine(text)
  }

  /// FNV-1a of the bytes, its upper half folded into the lower.
  var spread: UInt64 {
    let hash = FNV1a.hash(text.utf8Span.span, from: isRegex ? FNV1a.seed : ~FNV1a.seed)
    return hash ^ hash &>> 32
  }

  /// Has letters beyond ASCII: folds case by Unicode and sees valid UTF-8 only (DESIGN §2).
  var isUnicode: Bool { text.utf8.contains { $0 >= 0x80 } }
}

/// Which engine decides a pattern.
package enum PatternHome: UInt8, Sendable, CaseIterable {
  /// The automaton alone, in the one pass that serves all rules.
  case automaton
  /// The automaton finds the few texts that may hold, PCRE2 confirms them (look-around, back-references).
  case confirmed
  /// PCRE2 alone, for every event that comes so far: nothing in the pattern narrows the texts down.
  case searched
  /// None; the reason is kept with the set.
  case refused
}
