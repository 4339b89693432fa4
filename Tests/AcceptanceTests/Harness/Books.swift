/// One scrape of `/metrics`.
struct Metrics {
  /// Name with labels, as written → value.
  let samples: [String: Double]

  init(_ text: String) {
    var samples: [String: Double] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...])
      else { continue }
      samples[String(line[..<space])] = value
    }
    self.samples = samples
  }

  /// The sum over all samples of `name` whose labels contain `label` (`outcome="delivered"`).
  func sum(_ name: String, _ label: String = "") -> Int {
    var sum = 0.0
    for (key, value) in samples where key == name || key.hasPrefix(name + "{") {
      if label.isEmpty || key.contains(label) { sum += value }
    }
    return Int(sum)
  }

  var datagrams: Int { sum("mutt_datagrams_total") }
  var frames: Int { sum("mutt_frames_total") }
  var received: Int { sum("mutt_events_received_total") }
  var kernelDropped: Int { sum("mutt_kernel_dropped_total") }
  var delivered: Int { sum("mutt_deliveries_total", "outcome=\"delivered\"") }
  var pending: Int { sum("mutt_outbox_pending") }
  var auditPending: Int { sum("mutt_audit_pending") }

  /// The identities that a scrape can show and that do not hold, as sentences.
  var imbalances: [String] {
    let internalEvents = sum("mutt_events_received_total", "source=\"internal\"")
    return unequal([
      (
        "datagrams + frames + internal = received + discarded",
        datagrams + sum("mutt_frames_total") + internalEvents, received + sum("mutt_discarded_total")
      ),
      (
        "received = matched + unmatched", received,
        sum("mutt_events_matched_total") + sum("mutt_events_unmatched_total")
      ),
      (
        "received + carried = audited + pending + shed + skipped + set aside",
        received + sum("mutt_audit_carried_total"),
        sum("mutt_audit_rows_total") + auditPending + sum("mutt_audit_shed_total")
          + sum("mutt_audit_skipped_total") + sum("mutt_audit_set_aside_total")
      ),
      (
        "deliveries = delivered + pending + dead + purged + lost", sum("mutt_deliveries_created_total"),
        delivered + pending + sum("mutt_outbox_dead")
          + sum("mutt_deliveries_total", "outcome=\"purged\"")
          + sum("mutt_deliveries_total", "outcome=\"lost\"")
      ),
    ])
  }
}

/// The accounting line that ends every log.
struct Accounting {
  static let keys = [
    "datagrams", "frames", "internal", "received", "discarded", "matched", "unmatched", "carried", "audited",
    "audit_pending", "audit_shed", "audit_skipped", "audit_set_aside", "forwardable", "routed", "unrouted",
    "deliveries", "delivered", "pending", "dead", "purged", "lost", "kernel_dropped",
  ]

  private let line: JSON
  init(_ line: JSON) { self.line = line }

  /// -1 for a key that is missing: no sum comes out then.
  subscript(key: String) -> Int { line[key].integer.map { Int($0) } ?? -1 }

  var missingKeys: [String] { Accounting.keys.filter { line[$0].integer == nil } }

  /// The identities that do not hold, as sentences.
  var imbalances: [String] {
    unequal([
      (
        "datagrams + frames + internal = received + discarded",
        self["datagrams"] + self["frames"] + self["internal"], self["received"] + self["discarded"]
      ),
      ("received = matched + unmatched", self["received"], self["matched"] + self["unmatched"]),
      (
        "received + carried = audited + pending + shed + skipped + set aside",
        self["received"] + self["carried"],
        self["audited"] + self["audit_pending"] + self["audit_shed"] + self["audit_skipped"]
          + self["audit_set_aside"]
      ),
      ("forwardable = routed + unrouted", self["forwardable"], self["routed"] + self["unrouted"]),
      (
        "deliveries = delivered + pending + dead + purged + lost", self["deliveries"],
        self["delivered"] + self["pending"] + self["dead"] + self["purged"] + self["lost"]
      ),
    ])
  }
}

private func unequal(_ identities: [(String, Int, Int)]) -> [String] {
  identities.filter { $0.1 != $0.2 }.map { "\($0.0): \($0.1) against \($0.2)" }
}
