package import Model

/// Why rows leave the audit of the embedded store.
package enum TrimReason: Int, Sendable, CaseIterable {
  case retention, maxSize, minFree
}

/// A removal from the audit that somebody was told of.
package struct AnnouncedTrim: Sendable, Equatable {
  /// What the bound was set to.
  package var setting: Int
  package var begins: Timestamp

  package init(setting: Int, begins: Timestamp) {
    self.setting = setting
    self.begins = begins
  }
}

// What is about to leave the audit, so that a daemon that is started anew need not give the same notice
// again.
extension Outbox {
  /// Nil: nothing is announced.
  package func announcedTrim(_ reason: TrimReason) throws(StoreError) -> AnnouncedTrim? {
    let (setting, begins) = Session.numbers(of: reason)
    return try use { session throws(StoreError) in
      // A time of nothing is a removal that is over.
      guard let set = try session.number(setting), let time = try session.number(begins), time != 0 else {
        return nil
      }
      return AnnouncedTrim(setting: Int(set), begins: Timestamp(nanoseconds: time))
    }
  }

  /// Keeps it in place of what was kept for `reason`; nil: it is over, or will not be.
  package func keep(_ trim: AnnouncedTrim?, for reason: TrimReason) throws(StoreError) {
    let (setting, begins) = Session.numbers(of: reason)
    try use { session throws(StoreError) in
      try session.connection.transaction("keeping what is announced") { () throws(StoreError) in
        try session.set(setting, Int64(trim?.setting ?? 0))
        try session.set(begins, trim?.begins.nanoseconds ?? 0)
      }
    }
  }
}

extension Outbox.Session {
  fileprivate static func numbers(of reason: TrimReason) -> (OutboxSchema.Number, OutboxSchema.Number) {
    switch reason {
    case .retention: (.retentionSetting, .retentionBegins)
    case .maxSize: (.maxSizeSetting, .maxSizeBegins)
    case .minFree: (.minFreeSetting, .minFreeBegins)
    }
  }
}
