package import Model
import Policy

/// What is known about the rules that decide, for `/readyz`, the metrics and the log.
package struct PolicyHealth: Sendable {
  package enum Origin: String, Sendable {
    /// Read from the store.
    case store
    /// The last good snapshot of an earlier run: the store could not be read, or the guard refused it.
    case cache
  }
  package var origin: Origin?
  package var active = 0
  package var quarantined: [QuarantinedRule] = []
  package var generation: UInt64 = 0
  package var loadedAt = Timestamp.absent
  /// Age of what decides: when the store last confirmed it.
  package var confirmedAt = Timestamp.absent
  package var failures: UInt64 = 0
  /// Why the last attempt to load rules was not taken; nil when it was.
  package var problem: String?
  /// Why `rules.file` could not be taken when it was last looked at; only the file itself clears it.
  package var fileProblem: String?
  /// It was the guard.
  package var isFileGuarded = false
  /// The last attempt was refused by the guard.
  package var isGuarded = false
  package var reload = ReloadRecord()

  package init() {}
}

/// What became of the reloads that people asked for. A refusal stands until a reload is taken, whatever the
/// rules do meanwhile: the configuration on disk is not the one that is in force.
package struct ReloadRecord: Sendable, Equatable {
  package enum Result: String, Sendable {
    case taken
    /// The configuration was; the store could not be asked for the rules, and will be.
    case partly
    case refused
  }

  /// How often it was asked for. Several asked for at once are answered at once.
  package var asked: UInt64 = 0
  /// Up to which of them `result` is the answer.
  package var answered: UInt64 = 0
  /// Nil before the first.
  package var result: Result?
  package var at = Timestamp.absent
  /// Why it was not taken, or not whole; of one that was, rules that can never win.
  package var reason: String?

  package init() {}

  /// Why the configuration was not taken when it was last asked for; nil when it was.
  package var refusal: String? { result == .refused ? reason ?? "" : nil }
}
