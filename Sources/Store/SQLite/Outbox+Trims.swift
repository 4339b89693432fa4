package import Model

/// Why rows leave the audit of the embedded store.
package enum TrimReason: Int, Sendable, CaseIterable {
  case retention, maxSize, minFree
}

/// A removal from the audit that is being announced.
package struct AnnouncedTrim: Sendable, Equatable {
  /// What the bound is set to.
  package var setting: Int
  /// For so long it is still to be announced, seconds.
  package var left: Int64
  /// When this was written down.
  package var notedAt: Timestamp

  package init(setting: Int, left: Int64, notedAt: Timestamp) {
    self.setting = setting
    self.left = left
    self.notedAt = notedAt
  }
}

// What is about to leave the audit, so that its time does not begin anew with every start of the daemon.
extension Outbox {
  /// Nil: nothing is announced.
  package func announcedTrim(_ reason: TrimReason) throws(StoreError) -> AnnouncedTrim? {
    let numbers = Session.numbers(of: reason)
    return try use { session throws(StoreError) in
      // Noted at no time is a removal that is over.
      guard let setting = try session.number(numbers.setting), let left = try session.number(numbers.left),
        let noted = try session.number(numbers.noted), noted != 0
      else { return nil }
      return AnnouncedTrim(setting: Int(setting), left: left, notedAt: Timestamp(nanoseconds: noted))
    }
  }

  /// Keeps it in place of what was kept for `reason`; nil: it is over, or will not be.
  package func keep(_ trim: AnnouncedTrim?, for reason: TrimReason) throws(StoreError) {
    let numbers = Session.numbers(of: reason)
    try use { session throws(StoreError) in
      try session.connection.transaction("keeping what is announced") { () throws(StoreError) in
        try session.set(numbers.setting, Int64(trim?.setting ?? 0))
        try session.set(numbers.left, trim?.left ?? 0)
        try session.set(numbers.noted, trim?.notedAt.nanoseconds ?? 0)
      }
    }
  }
}

extension Outbox.Session {
  fileprivate typealias TrimNumbers = (
    setting: OutboxSchema.Number, left: OutboxSchema.Number, noted: OutboxSchema.Number
  )

  fileprivate static func numbers(of reason: TrimReason) -> TrimNumbers {
    switch reason {
    case .retention: (.retentionSetting, .retentionLeft, .retentionNotedAt)
    case .maxSize: (.maxSizeSetting, .maxSizeLeft, .maxSizeNotedAt)
    case .minFree: (.minFreeSetting, .minFreeLeft, .minFreeNotedAt)
    }
  }
}
