package import Model

/// What a reload may change.
package struct ReloadSettings: Sendable {
  package var policy: PolicySettings
  package var rulesFile: String?
  package var guardShare: Double
  /// Nanoseconds between timed refreshes.
  package var refresh: Int64
  /// What takes over the rest of the configuration, or why that cannot be.
  package typealias Opening = Result<@Sendable () -> Void, ReloadRefusal>
  /// The last that may fail: opens what is new. Called once, when nothing else stands against the reload.
  package var open: @Sendable () -> Opening = { .success({}) }

  /// What a reload does to everything but the rules.
  struct Takeover {
    let open: @Sendable () -> Opening
    /// All that may fail has been done; this cannot.
    var apply: (@Sendable () -> Void)?
  }

  package init(policy: PolicySettings, rulesFile: String?, guardShare: Double, refresh: Int64) {
    self.policy = policy
    self.rulesFile = rulesFile
    self.guardShare = guardShare
    self.refresh = refresh
  }
}

extension ReloadSettings {
  /// Whether a set of `count` usable rules smells of an accident beside one of `current`: it has none, or
  /// far fewer.
  func isShort(_ count: Int, beside current: Int) -> Bool {
    current > 0 && (count == 0 || Double(count) < Double(current) * guardShare)
  }
}

/// Why something that was read again cannot be taken: sentences with file and line.
package struct ReloadRefusal: Error, Sendable {
  package var message: String

  package init(_ message: String) { self.message = message }
}
