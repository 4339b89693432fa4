import Model
import Store

/// Announcements of earlier runs.
package struct TrimNotes: Sendable {
  var load: @Sendable (TrimReason) throws(StoreError) -> AnnouncedTrim?
  var keep: @Sendable (AnnouncedTrim?, TrimReason) throws(StoreError) -> Void

  /// In `outbox.db`, read and written on the recorder's thread.
  static func outbox(through recorder: Recorder) -> TrimNotes {
    TrimNotes(
      load: { reason throws(StoreError) in
        try recorder.performBlocking { outbox throws(StoreError) in try outbox.announcedTrim(reason) }
      },
      keep: { trim, reason throws(StoreError) in
        try recorder.performBlocking { outbox throws(StoreError) in try outbox.keep(trim, for: reason) }
      })
  }
}

// What a bound would take at once when it comes to hold is said before it goes. How long it is still to be
// said is noted, so that a daemon that is started anew within every hour removes it too. Only the time counts
// in which a daemon runs, by a clock that nobody sets.
extension AuditKeeper {
  /// A note that is older was for other rows, and one of a time to come is of a clock that was set: what it
  /// was about is announced from the beginning. Seconds.
  private static let noteLife: Int64 = 86_400
  /// From a start until what an earlier run announced goes, at the least, seconds: time for who has just put
  /// the setting right.
  private static let graceAtStart: Int64 = 60
  /// Who is killed loses as much of the time that had passed, nanoseconds.
  private static let noteInterval: Int64 = 60_000_000_000

  /// True: it was announced, and its time has not come.
  func mustWait(
    _ reason: TrimReason, _ choice: TrimChoice?, isLarge: () throws(StoreError) -> Bool
  ) throws(StoreError) -> Bool {
    let bound = bounds[reason.rawValue]
    if bound.isNew, bound.begins == nil, place.grace > 0, try isLarge() {
      var count = TrimCount()
      if let choice {
        // A stop comes before the end of it.
        guard let found = try self.count(choice) else { return true }
        count = found
      }
      announce(reason, count)
    }
    bounds[reason.rawValue].isNew = false
    guard let begins = bounds[reason.rawValue].begins else { return false }
    let now = place.monotonic()
    if now >= begins || now - bounds[reason.rawValue].notedAt >= AuditKeeper.noteInterval { note(reason) }
    if now < begins { return true }
    bounds[reason.rawValue].begins = nil
    health.set { $0.announced[reason] = nil }
    return false
  }

  private func announce(_ reason: TrimReason, _ count: TrimCount) {
    let now = place.now()
    let setting = bounds[reason.rawValue].setting
    let left = leftByAnother(reason, setting, now) ?? place.grace
    let begins = now.adding(seconds: left)
    bounds[reason.rawValue].begins = place.monotonic() + left * 1_000_000_000
    note(reason)
    var what = "the file of the audit is larger than audit.max_size"
    if reason == .minFree { what = "the disk of the audit has less than audit.min_free" }
    if reason == .retention {
      what = "\(count.total) rows of the audit are older than audit.retention_months"
    }
    let said = AuditHealth.Announcement(what: what, said: now, begins: begins)
    health.set { $0.announced[reason] = said }
    var fields: [(String, Notice.Value)] = [
      ("bound", .text(reason.key)), ("setting", .number(Int64(setting))),
    ]
    if reason == .retention {
      fields += AuditKeeper.fields(count)
    } else {
      let room = health.current.room
      fields += [("used", .number(room?.used ?? 0)), ("free", .number(place.disk()?.free ?? 0))]
    }
    notices(
      Notice(
        .warning, "store", "old rows of the audit are about to be removed",
        fields + [
          ("why", .text(what)), ("begins", .text(begins.rfc3339())), ("do", .text(reason.remedy)),
        ]))
  }

  /// For how long that is still to be announced which an earlier run announced for the same setting, seconds;
  /// nil: none did, or not lately.
  private func leftByAnother(_ reason: TrimReason, _ setting: Int, _ now: Timestamp) -> Int64? {
    guard let kept = try? place.notes?.load(reason), kept.setting == setting else { return nil }
    let isFresh =
      kept.notedAt <= now.adding(seconds: AuditKeeper.graceAtStart)
      && kept.notedAt >= now.adding(seconds: -AuditKeeper.noteLife)
    return isFresh ? min(max(kept.left, AuditKeeper.graceAtStart), place.grace) : nil
  }

  /// At the stop.
  func noteWhatIsLeft() {
    for reason in TrimReason.allCases where bounds[reason.rawValue].begins != nil { note(reason) }
  }

  /// Writes down for how long it is still to be announced. An outbox that cannot be written is said by
  /// others; a run that finds no note waits for its own hour.
  private func note(_ reason: TrimReason) {
    let now = place.monotonic()
    bounds[reason.rawValue].notedAt = now
    guard let notes = place.notes, let begins = bounds[reason.rawValue].begins else { return }
    let trim = AnnouncedTrim(
      setting: bounds[reason.rawValue].setting, left: max(begins - now, 0) / 1_000_000_000,
      notedAt: place.now())
    bounds[reason.rawValue].isForgotten = false
    try? notes.keep(trim, reason)
  }

  /// What was announced for a bound has gone, or need not go any more.
  func forget(_ reason: TrimReason) {
    guard let notes = place.notes, !bounds[reason.rawValue].isForgotten else { return }
    do throws(StoreError) {
      if try notes.load(reason) != nil { try notes.keep(nil, reason) }
      bounds[reason.rawValue].isForgotten = true
    } catch {
      // The next round tries again.
    }
  }
}
