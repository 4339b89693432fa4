import Model

/// The head of every request to one destination. What differs from attempt to attempt stands here, so that
/// the body under one `Idempotency-Key` stays the same.
struct AttemptHeaders: Sendable {
  private let fixed: [(name: String, value: String)]

  /// Configured headers go out as they are. They may replace `Content-Type` and `User-Agent`, not those
  /// that say which alert and which attempt this is.
  init(configured: [(name: String, value: String)], contentType: String = PayloadFormat.mutt.contentType) {
    let own = ["idempotency-key", "mutt-attempt", "mutt-delay-seconds", "mutt-signature"]
    let kept = configured.filter { !own.contains($0.name.lowercased()) }
    let names = Set(kept.map { $0.name.lowercased() })
    let defaults = [
      (name: "Content-Type", value: contentType),
      (name: "User-Agent", value: "muttd/\(Version.text)"),
    ]
    fixed = defaults.filter { !names.contains($0.name.lowercased()) } + kept
  }

  /// Those that belong to no alert.
  var forQuestion: [(name: String, value: String)] {
    fixed.filter { $0.name.lowercased() != "content-type" }
  }

  func headers(for delivery: Delivery, now: Timestamp) -> [(name: String, value: String)] {
    let delay = max(0, now.since(delivery.createdAt) / 1_000_000_000)
    return fixed + [
      (name: "Idempotency-Key", value: String(delivery.eventID.rawValue)),
      (name: "Mutt-Attempt", value: String(delivery.attempts + 1)),
      (name: "Mutt-Delay-Seconds", value: String(delay)),
    ]
  }
}
