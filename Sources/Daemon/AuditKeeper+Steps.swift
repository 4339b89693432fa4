import Intake
import Model
import Store

/// What one removal did.
struct TrimRun {
  enum End {
    /// Enough is gone.
    case enough
    /// Nothing is left that may go.
    case nothingLeft
    /// By a stop, or because somebody keeps reading an older state of the file.
    case broken
  }
  var removed = TrimCount()
  var end = End.nothingLeft
}

// One step is one short transaction; for as long after it the file is the writer's.
extension AuditKeeper {
  /// A step that takes longer is made shorter, nanoseconds: so long rows may wait for their store.
  private static let longStep: Int64 = 20_000_000
  private static let shortStep: Int64 = 5_000_000
  private static let stepLimits = 32...2_000
  private static let shortestPause: Int64 = 1_000_000
  /// Of what is to be free the log may take an eighth.
  private static let logShare: Int64 = 8
  /// Of a row, at the least: where little has to go, no more rows are looked at than may be needed.
  private static let rowBytes: Int64 = 256

  /// Removes rows of the first choice, then of the next, until no bytes are `lacking`.
  func remove(
    _ reason: TrimReason, _ choices: [TrimChoice], lacking: (StoreRoom) -> Int64
  ) throws(StoreError) -> TrimRun {
    let begin = SystemClock.monotonic
    var run = TrimRun()
    do throws(StoreError) {
      for choice in choices {
        run.end = try walk(choice, for: reason, &run.removed, lacking)
        if run.end != .nothingLeft { break }
      }
    } catch {
      say(reason, run.removed, since: begin)
      throw error
    }
    say(reason, run.removed, since: begin)
    return run
  }

  private func walk(
    _ choice: TrimChoice, for reason: TrimReason, _ removed: inout TrimCount,
    _ lacking: (StoreRoom) -> Int64
  ) throws(StoreError) -> TrimRun.End {
    var choice = choice
    if choice.unmatchedOnly { choice.after = unmatchedAfter }
    var tidied = choice.unmatchedOnly ? tidiedAfter : choice.after
    // Ids of a clock that ran ahead, or that somebody gave, are not where the walk goes on.
    let newest = TrimChoice(before: place.now()).through
    while true {
      var room = try look()
      if lacking(room) <= 0 { return .enough }
      if room.log > logLimit(for: reason) {
        // What is removed goes through the log, which on a small disk would take what it gives.
        try store.cutLog()
        room = try look()
        if room.log > logLimit(for: reason) { return .broken }
      }
      let lack = lacking(room)
      if lack <= 0 { return .enough }
      let needed = max(lack / AuditKeeper.rowBytes, Int64(AuditKeeper.stepLimits.lowerBound))
      let step = try store.trim(choice, limit: Int(min(needed, Int64(stepRows))))
      fit(step.held)
      removed.add(step.found)
      health.set { $0.removed[reason.rawValue].add(step.found) }
      if let last = step.last {
        choice.after = last
        if choice.unmatchedOnly { unmatchedAfter = min(last, newest) }
      }
      if !pause(step.held) { return .broken }
      while let end = try tidy(after: tidied, through: choice.after) {
        tidied = end
        if choice.unmatchedOnly { tidiedAfter = end }
        if bell.wait(seconds: 0) { return .broken }
      }
      if step.isLast { return .nothingLeft }
    }
  }

  /// How long the log may be, bytes: not all of what is left on a disk that is nearly full, or a reader would
  /// have the removal of rows fill it.
  private func logLimit(for reason: TrimReason) -> Int64 {
    var limit = min(place.logLimit, (place.disk()?.free ?? .max) / 4)
    if reason == .minFree { limit = min(limit, self.limit(of: reason) / AuditKeeper.logShare) }
    return limit
  }

  private func tidy(after id: Int64, through last: Int64) throws(StoreError) -> Int64? {
    let begin = SystemClock.monotonic
    guard let end = try store.tidyBlock(after: id, through: last) else { return nil }
    _ = pause(SystemClock.monotonic - begin)
    return end
  }

  /// Whether a choice would take any row.
  func has(_ choice: TrimChoice) throws(StoreError) -> Bool {
    try count(choice, endsAtFirst: true).map { $0.total > 0 } ?? false
  }

  /// Rows that a choice would take, oldest first, of all steps or until one has found some; nil: there was no
  /// time for that.
  func count(_ choice: TrimChoice, endsAtFirst: Bool = false) throws(StoreError) -> TrimCount? {
    var choice = choice
    var count = TrimCount()
    while true {
      let step = try store.countTrim(choice, limit: stepRows)
      fit(step.held)
      count.add(step.found)
      guard let last = step.last, !step.isLast, !(endsAtFirst && count.total > 0) else { return count }
      choice.after = last
      if !pause(step.held) { return nil }
    }
  }

  /// How many rows the next step has.
  private func fit(_ took: Int64) {
    if took > AuditKeeper.longStep { stepRows /= 2 } else if took < AuditKeeper.shortStep { stepRows *= 2 }
    stepRows = min(max(stepRows, AuditKeeper.stepLimits.lowerBound), AuditKeeper.stepLimits.upperBound)
  }

  /// As long as the file was held; false: the stop has come.
  private func pause(_ held: Int64) -> Bool {
    !bell.wait(seconds: Double(max(held, AuditKeeper.shortestPause)) / 1e9)
  }

  /// One line for all that went.
  private func say(_ reason: TrimReason, _ removed: TrimCount, since begin: Int64) {
    if removed.total == 0 { return }
    // Those are what an audit is for.
    let isGrave = reason != .retention && removed.matched > 0
    var fields: [(String, Notice.Value)] = [("bound", .text(reason.key))] + AuditKeeper.fields(removed)
    fields += [
      ("used", .number(health.current.room?.used ?? 0)),
      ("took_ms", .number((SystemClock.monotonic - begin) / 1_000_000)),
    ]
    if isGrave { fields.append(("do", .text(reason.remedy))) }
    notices(
      Notice(
        isGrave ? .warning : .info, "store",
        isGrave
          ? "old rows of the audit were removed, those of matched events too"
          : "old rows of the audit were removed", fields))
  }

  static func fields(_ count: TrimCount) -> [(String, Notice.Value)] {
    func time(_ id: EventID?) -> Notice.Value {
      id.map { .text(Timestamp(milliseconds: $0.milliseconds).rfc3339()) } ?? .null
    }
    return [
      ("unmatched", .number(count.unmatched)), ("matched", .number(count.matched)),
      ("oldest", time(count.first)), ("newest", time(count.last)),
    ]
  }
}
