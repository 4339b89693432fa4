package import Model

/// Why an event was decided as it was: every usable rule in deciding order with its verdict, from the same
/// run of the engine as the decision itself.
package struct Explanation: Sendable {
  package enum Verdict: String, Sendable, CaseIterable {
    case won = "WON"
    /// Holds, but the winner has the same priority and a lower id.
    case holdsSamePriority = "holds too; same priority, higher id"
    case holdsLater = "holds too; later"
    case doesNotHold = "does not hold"
  }

  package struct Line: Sendable, Equatable {
    /// Position among the snapshot's usable rules.
    package var rule: Int
    package var verdict: Verdict
    /// For the winner what held and where, with its labels; for a rule that does not hold, why. May be empty.
    package var detail: String

    /// `WON: regex, bytes 0-67; interface=Gi0/1`.
    package var text: String { detail.isEmpty ? verdict.rawValue : "\(verdict.rawValue): \(detail)" }
  }

  package var decision: Decision
  package var lines: [Line]
  package var quarantined: [QuarantinedRule]
  /// The host as it stands in the row, and in words how it was found.
  package var host: String
  package var hostReason: String
  /// `prod (not in development_hosts) -> Page_and_ticket -> forward`.
  package var environment: String
  /// `NETO from rule (device_teams says SITE-AMS)`.
  package var team: String
}
