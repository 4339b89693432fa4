/// Why a snapshot or a matcher could not be made. A rule that cannot be used is never an error: it is
/// quarantined.
package struct PolicyError: Error, Equatable, CustomStringConvertible {
  package enum Code: String, Sendable, CaseIterable {
    /// More rules or hosts than a snapshot takes.
    case tooLarge
    /// The pattern engine had no memory.
    case outOfMemory
    /// The pattern engine does not run on this processor, or answered what its manual does not know.
    case engine
  }

  package var code: Code
  /// What was being done.
  package var doing: String
  /// A sentence for people that says what to do.
  package var advice: String

  package init(_ code: Code, doing: String, advice: String) {
    self.code = code
    self.doing = doing
    self.advice = advice
  }

  package var description: String { "\(doing): \(advice)" }
}
