import Model

/// Something that is wrong with the daemon itself.
package struct SelfTrouble: Sendable, Equatable {
  /// What it is about, such as `destination/moog`: troubles of one subject are one.
  package var subject: String
  package var state: String
  package var reason: String
  /// The next command.
  package var remedy: String
  /// Of syslog, 0...7.
  package var severity: Int8
  /// Grows where it goes on: deliveries that are dead, datagrams that were dropped.
  package var level: UInt64 = 0
  /// How long it must last before it is said, nanoseconds, where that is longer than usual.
  package var patience: Int64 = 0

  package init(
    subject: String, state: String, reason: String, remedy: String, severity: Int8, level: UInt64 = 0
  ) {
    self.subject = subject
    self.state = state
    self.reason = reason
    self.remedy = remedy
    self.severity = severity
    self.level = level
  }
}

/// Decides what of the troubles at hand is worth an alert: what has begun, what has become another or worse,
/// what is over. Folded by subject and bounded by the hour. What may not be said now is said later as it
/// stands then: nothing that lasts is lost. Pure: no clock, no I/O.
package struct SelfAlertBook {
  package struct News: Sendable, Equatable {
    package enum Kind: Sendable, Equatable { case begins, changes, ends }

    package var kind: Kind
    /// As it stands; of one that is over, as it last stood.
    package var trouble: SelfTrouble
    /// Nanoseconds since it began.
    package var age: Int64
  }

  private struct Subject {
    var trouble: SelfTrouble
    var isBad = true
    /// When it began or ended, and when it first began since it was last said to be over.
    var changedAt: Int64
    var since: Int64
    /// What was last said; nil: nothing, or that it is over.
    var told: SelfTrouble?
    var toldAt: Int64?
    /// It was said by an earlier run, and has not been seen since.
    var isRemembered = false
  }

  /// How long a trouble must last, and be gone, before it is said: what comes and goes with a reload is none.
  package static let settling: Int64 = 2_000_000_000
  package static let recovery: Int64 = 5_000_000_000
  /// The same of what an earlier run has said: what is wrong shows itself only after a while.
  package static let rediscovery: Int64 = 30_000_000_000
  /// Pause of one subject between what was said and the next beginning or change.
  package static let pause: Int64 = 60_000_000_000
  /// The same where only its level has grown.
  package static let growthPause: Int64 = 900_000_000_000
  /// Alerts in any hour.
  package static let perHour = 30
  private static let hour: Int64 = 3_600_000_000_000

  private var subjects: [String: Subject] = [:]
  /// When alerts were raised, of the last hour.
  private var times: [Int64] = []

  package init() {}

  /// What an earlier run has said and not that it is over; `since`, on the clock of `now`: when it began.
  package mutating func remember(_ trouble: SelfTrouble, since: Int64, now: Int64) {
    subjects[trouble.subject] = Subject(
      trouble: trouble, isBad: false, changedAt: now, since: since, told: trouble, toldAt: now,
      isRemembered: true)
  }

  /// - Parameters:
  ///   - troubles: all there are.
  ///   - unproved: subjects of which nobody knows since the start whether they are well: what an earlier run
  ///     has said of them is not said to be over.
  ///   - now: nanoseconds of a clock that does not go back.
  package mutating func look(
    at troubles: [SelfTrouble], unproved: Set<String> = [], now: Int64
  ) -> [News] {
    note(troubles, now)
    for name in unproved where subjects[name]?.isRemembered == true { subjects[name]?.changedAt = now }
    times.removeAll { now - $0 >= SelfAlertBook.hour }
    var news: [News] = []
    for name in subjects.keys.sorted() {
      guard var subject = subjects[name] else { continue }
      if !subject.isBad, subject.told == nil, now - (subject.toldAt ?? .min / 2) >= SelfAlertBook.pause {
        subjects[name] = nil
        continue
      }
      guard let kind = SelfAlertBook.due(subject, now), times.count < SelfAlertBook.perHour else { continue }
      news.append(News(kind: kind, trouble: subject.trouble, age: now - subject.since))
      times.append(now)
      subject.told = kind == .ends ? nil : subject.trouble
      subject.toldAt = now
      subjects[name] = subject
    }
    return news
  }

  private mutating func note(_ troubles: [SelfTrouble], _ now: Int64) {
    var seen: Set<String> = []
    for trouble in troubles {
      seen.insert(trouble.subject)
      guard var subject = subjects[trouble.subject] else {
        subjects[trouble.subject] = Subject(trouble: trouble, changedAt: now, since: now)
        continue
      }
      if !subject.isBad {
        subject.isBad = true
        subject.changedAt = now
        if subject.told == nil { subject.since = now }
      }
      subject.trouble = trouble
      subject.isRemembered = false
      // What counts since a start, or was purged, grows from there.
      if let told = subject.told { subject.told?.level = min(told.level, trouble.level) }
      subjects[trouble.subject] = subject
    }
    for (name, subject) in subjects where subject.isBad && !seen.contains(name) {
      subjects[name]?.isBad = false
      subjects[name]?.changedAt = now
    }
  }

  private static func due(_ subject: Subject, _ now: Int64) -> News.Kind? {
    let lasted = now - subject.changedAt
    let silence = subject.toldAt.map { now - $0 } ?? .max
    guard let told = subject.told else {
      return subject.isBad && lasted >= max(settling, subject.trouble.patience) && silence >= pause
        ? .begins : nil
    }
    if !subject.isBad { return lasted >= (subject.isRemembered ? rediscovery : recovery) ? .ends : nil }
    if told.state != subject.trouble.state {
      // What an earlier run has said may be on its way back to the same state.
      return silence >= pause && lasted >= subject.trouble.patience ? .changes : nil
    }
    return subject.trouble.level > told.level && silence >= growthPause ? .changes : nil
  }
}
