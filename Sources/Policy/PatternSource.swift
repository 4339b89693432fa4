/// What a rule's `match_string` asks for, apart from the rule: what is compiled, and what a compiled set is
/// looked up by. Two rules that ask for the same share it.
struct PatternSource: Hashable, Sendable {
  var text: String
  /// A regex; otherwise a literal that must be contained.
  var isRegex: Bool

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
