import Model
import Store

// What a bound would take at once when it comes to hold is said before it goes. The announcement is kept, so
// that its time runs on while the daemon is started anew.
extension AuditKeeper {
  /// One that is older was for other rows: it is said again, as it is when the clock was set. Seconds.
  private static let announcementLife: Int64 = 86_400
  /// From a start until what an earlier run announced goes, at the least, seconds: time for who has just put
  /// the setting right.
  private static let graceAtStart: Int64 = 60

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
    if let begins = bounds[reason.rawValue].begins, place.monotonic() < begins { return true }
    bounds[reason.rawValue].begins = nil
    health.set { $0.announced[reason] = nil }
    return false
  }

  private func announce(_ reason: TrimReason, _ count: TrimCount) {
    let now = place.now()
    let setting = bounds[reason.rawValue].setting
    let begins = earlierBegin(reason, setting, now) ?? now.adding(seconds: place.grace)
    note(AnnouncedTrim(setting: setting, begins: begins), for: reason)
    bounds[reason.rawValue].begins = place.monotonic() + (begins.nanoseconds - now.nanoseconds)
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

  /// When that goes which an earlier run announced for the same setting; nil: none did, or not lately.
  private func earlierBegin(_ reason: TrimReason, _ setting: Int, _ now: Timestamp) -> Timestamp? {
    let kept = try? place.notes?.announcedTrim(reason)
    guard let kept, kept.setting == setting, kept.begins <= now.adding(seconds: place.grace),
      kept.begins >= now.adding(seconds: -AuditKeeper.announcementLife)
    else { return nil }
    return max(kept.begins, now.adding(seconds: min(place.grace, AuditKeeper.graceAtStart)))
  }

  /// What was announced for a bound has gone, or need not go any more.
  func forget(_ reason: TrimReason) {
    if bounds[reason.rawValue].isForgotten { return }
    if let notes = place.notes, (try? notes.announcedTrim(reason)) != nil { note(nil, for: reason) }
    bounds[reason.rawValue].isForgotten = true
  }

  /// An outbox that cannot be written is announced by others; a run that does not find the note waits for its
  /// own hour.
  private func note(_ trim: AnnouncedTrim?, for reason: TrimReason) {
    bounds[reason.rawValue].isForgotten = false
    try? place.notes?.keep(trim, for: reason)
  }
}
