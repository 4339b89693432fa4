import Intake
package import Model
package import Store

/// Keeps the audit of the embedded store within its bounds, on a thread of its own: rows that are older than
/// `audit.retention_months` go, and when the file is larger than `audit.max_size` or its disk has less than
/// `audit.min_free`, the oldest rows of unmatched events, and when none of them is left, the oldest of all.
///
/// Rows go in steps of some milliseconds with pauses as long (`AuditKeeper+Steps.swift`). What a bound would
/// take at once when it comes to hold, at an upgrade or by a slip of the finger, is said an hour before.
package final class AuditKeeper: @unchecked Sendable {
  /// What is around it.
  package struct Place: Sendable {
    /// Free bytes and size of the store's disk; nil when it does not tell.
    package var disk: @Sendable () -> DiskSpace.Extent?
    /// `outbox.reserve`: with less free the audit waits, unless its file has room inside.
    package var reserve: @Sendable () -> Int64
    package var now: @Sendable () -> Timestamp = { SystemClock.now }
    package var monotonic: @Sendable () -> Int64 = { SystemClock.monotonic }
    /// From the announcement of a large removal to its begin, seconds.
    package var grace: Int64 = 3_600
    /// What earlier runs announced; nil: each run has its own hour.
    package var notes: TrimNotes?
    /// With a longer log nothing is removed, bytes: somebody keeps reading an older state of the file, as a
    /// backup does, and all that is written meanwhile, removals too, makes the log longer.
    package var logLimit: Int64 = 256 << 20

    package init(
      disk: @escaping @Sendable () -> DiskSpace.Extent?, reserve: @escaping @Sendable () -> Int64 = { 0 },
      notes: TrimNotes? = nil
    ) {
      self.disk = disk
      self.reserve = reserve
      self.notes = notes
    }
  }

  /// A bound as it was seen last.
  struct Bound {
    var setting = 0
    /// What is too much stood there before the bound did.
    var isNew = true
    /// Monotonic nanoseconds; nil: nothing was announced.
    var begins: Int64?
    /// When it was noted how long it is still to be announced, monotonic nanoseconds.
    var notedAt: Int64 = 0
    /// No announcement is kept that would have to be taken back.
    var isForgotten = false
  }

  let bell = StopBell()
  let store: SQLiteStore
  private let currentSettings: @Sendable () -> Config.Audit
  package let health: AuditHealth
  let notices: NoticeSink
  let place: Place

  // Only touched on the keeper's thread.
  var bounds = Array(repeating: Bound(), count: TrimReason.allCases.count)
  private var retentionAt = Int64.min
  /// Up to here no row of an unmatched event is left, but for those that came late: they go with all others.
  var unmatchedAfter = Int64.min
  /// Up to here blocks of hosts are without rows that are gone. Blocks are written some time after their
  /// rows, so a walk may be ahead of them.
  var tidiedAfter = Int64.min
  /// Rows of one step.
  var stepRows = 500

  /// Between two looks, seconds; close to a bound they come more often.
  private static let interval: Double = 5
  private static let shortInterval: Double = 1
  private static let retryInterval: Double = 60
  private static let retentionInterval: Int64 = 3_600_000_000_000
  /// What retention left behind for longer than this is announced before it goes, seconds.
  private static let usualDelay: Int64 = 86_400
  /// For the sake of a disk that others may fill no event of the last day goes that a rule took, seconds.
  private static let sparedByMinFree: Int64 = 86_400

  package init(
    store: SQLiteStore, settings: @escaping @Sendable () -> Config.Audit, place: Place,
    health: AuditHealth = AuditHealth(), notices: @escaping NoticeSink
  ) {
    self.store = store
    currentSettings = settings
    self.place = place
    self.health = health
    self.notices = notices
  }

  package func stop() { bell.ring() }

  package func run() {
    var pause = AuditKeeper.shortInterval
    while !bell.wait(seconds: pause) {
      do throws(StoreError) {
        pause = try round() ? AuditKeeper.shortInterval : AuditKeeper.interval
        health.set { $0.failure = nil }
      } catch {
        failed(error)
        pause = AuditKeeper.retryInterval
      }
    }
    noteWhatIsLeft()
  }

  private func failed(_ error: StoreError) {
    // At the stop the store closes.
    if error.code == .unavailable, bell.wait(seconds: 0) { return }
    if health.current.failure == nil {
      notices(
        Notice(
          .error, "store", "old rows of the audit could not be removed",
          [("err", .text(error.message)), ("do", .text("muttd db status"))]))
    }
    let now = place.now()
    health.set { $0.failure = .init(reason: error.message, since: $0.failure?.since ?? now) }
  }

  /// Looks at every bound, by the settings that hold now, and removes what has to go. True: one is close.
  @discardableResult
  func round() throws(StoreError) -> Bool {
    take(currentSettings())
    try keepMonths()
    try keepSize(.maxSize)
    try keepSize(.minFree)
    let room = try look()
    return [TrimReason.maxSize, .minFree].contains { reason in
      let limit = limit(of: reason)
      return limit > 0 && excess(reason, room) > -limit / 4
    }
  }

  func look() throws(StoreError) -> StoreRoom {
    let room = try store.room()
    health.set { $0.room = room }
    return room
  }

  private func take(_ settings: Config.Audit) {
    for (reason, setting) in [
      (TrimReason.retention, settings.retentionMonths), (.maxSize, settings.maxSize),
      (.minFree, settings.minFree),
    ] where bounds[reason.rawValue].setting != setting {
      bounds[reason.rawValue] = Bound(setting: setting)
      if reason == .retention { retentionAt = .min }
      health.set {
        $0.announced[reason] = nil
        $0.exhausted[reason] = nil
      }
    }
  }

  // MARK: - Months

  private func keepMonths() throws(StoreError) {
    let months = bounds[TrimReason.retention.rawValue].setting
    if months == 0 { return forget(.retention) }
    if place.monotonic() < retentionAt { return }
    let cutoff = AuditKeeper.time(months: months, before: place.now())
    let choice = TrimChoice(before: cutoff)
    if try !has(choice) { return settle(.retention) }
    let late = TrimChoice(before: cutoff.adding(seconds: -AuditKeeper.usualDelay))
    if try mustWait(.retention, choice, isLarge: { () throws(StoreError) in try has(late) }) { return }
    if try remove(.retention, [choice], lacking: { _ in .max }).end == .nothingLeft { settle(.retention) }
  }

  /// The same day and time so many months earlier, or the last day that such a month has.
  static func time(months: Int, before now: Timestamp) -> Timestamp {
    var civil = CivilTime(utc: now)
    let month = Int(civil.year) * 12 + Int(civil.month) - 1 - months
    civil.year = Int32(month / 12)
    civil.month = Int32(month % 12 + 1)
    civil.day = min(civil.day, CivilTime.days(inMonth: civil.month, year: civil.year))
    return civil.timestamp()
  }

  /// Nothing is too much, or not any more. What is found the next time is new where the bound itself moves
  /// with the clock, which may be set.
  private func settle(_ reason: TrimReason) {
    bounds[reason.rawValue].isNew = reason == .retention
    bounds[reason.rawValue].begins = nil
    forget(reason)
    if reason == .retention { retentionAt = place.monotonic() + AuditKeeper.retentionInterval }
    health.set {
      $0.announced[reason] = nil
      $0.exhausted[reason] = nil
    }
  }

  // MARK: - Sizes

  /// Bytes; 0: no bound.
  func limit(of reason: TrimReason) -> Int64 {
    let limit = Int64(bounds[reason.rawValue].setting)
    guard reason == .minFree, let disk = place.disk() else { return limit }
    if limit == 0 { return 0 }
    // What is little on a large disk is much on a small one. But where the audit waits for the reserve, it
    // must find room in its file.
    let reserve = place.reserve()
    return max(min(limit, disk.size / 10), min(reserve + reserve / 8, disk.size / 4))
  }

  /// Bytes that are too much for a bound; 0 or less: it holds.
  private func excess(_ reason: TrimReason, _ room: StoreRoom) -> Int64 {
    let limit = limit(of: reason)
    if limit == 0 { return -1 }
    if reason == .maxSize { return room.used - limit }
    // Free pages of the file are room too: it does not grow before they are used up.
    guard let disk = place.disk() else { return -1 }
    return limit - disk.free - room.free
  }

  private func keepSize(_ reason: TrimReason) throws(StoreError) {
    let limit = limit(of: reason)
    let found = excess(reason, try look())
    if found <= 0 { return settle(reason) }
    if try mustWait(reason, nil, isLarge: { found > limit / 10 }) { return }
    var all = TrimChoice()
    if reason == .minFree { all = TrimChoice(before: place.now().adding(seconds: -Self.sparedByMinFree)) }
    // A little more than has to go, so that it is not done for every batch.
    let run = try remove(reason, [TrimChoice(unmatchedOnly: true), all]) {
      self.excess(reason, $0) + limit / 20
    }
    if excess(reason, try look()) <= 0 { return settle(reason) }
    if run.end == .nothingLeft { exhausted(reason, limit) }
  }

  private func exhausted(_ reason: TrimReason, _ limit: Int64) {
    if health.current.exhausted[reason] != nil { return }
    let now = place.now()
    health.set { $0.exhausted[reason] = now }
    notices(
      Notice(
        .error, "store", "nothing is left that may be removed from the audit, and a bound does not hold",
        [
          ("bound", .text(reason.key)), ("bytes", .number(limit)),
          ("used", .number(health.current.room?.used ?? 0)),
          ("free", .number(place.disk()?.free ?? 0)), ("do", .text(reason.remedy)),
        ]))
  }
}
