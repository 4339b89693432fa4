package import Model

/// Something about a usable rule that its author will not have meant.
package struct RuleWarning: Sendable, Equatable {
  package var id: Int64
  package var name: String
  /// A sentence part for people.
  package var text: String

  package init(id: Int64, name: String, text: String) {
    self.id = id
    self.name = name
    self.text = text
  }
}

/// The one place that says whether a rule can be used: asked when a snapshot is compiled, when a rule is
/// written, and by `check`.
package enum RuleCheck {
  /// A pattern has at most this many bytes: what people write stays far below, and compile time is bounded.
  package static var patternLimit: Int { 16_384 }

  /// Why `rule` cannot be used, as a sentence part; nil when it can.
  package static func problem(_ rule: Rule, settings: PolicySettings) -> String? { nil }

  /// What a usable rule will not do although it looks as if it did.
  package static func warnings(_ rule: Rule) -> [RuleWarning] { [] }
}
