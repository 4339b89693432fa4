package import Model

/// Folds repeats: the first of a kind is written at once, those within the next ten seconds are counted, and
/// the last of them is written with the count when the time is over.
///
/// For warnings and errors a kind is component, message and the fields that say what it is about; texts of
/// errors, peers and counts vary and do not make a new kind, but for what was wrong with a set of rules:
/// whoever mends it and tells the daemon so is to read what is wrong now. Quieter notices must be equal in
/// every field, so that no change of state is held back. Pure: the caller hands in the time.
package struct LogRepeats: Sendable {
  /// Nanoseconds.
  package static let window: Int64 = 10_000_000_000
  /// Kinds that are kept apart at the same time; one more and all of its component count as one kind.
  package static let limit = 512

  /// Fields that say what a notice is about.
  private static let subjects: Set<String> = [
    "name", "rule", "rule_id", "destination", "listener", "check", "file", "key", "table", "reason",
  ]

  private struct Kind: Hashable {
    var level: Notice.Level
    var component: String
    var message: String
    var subject: String
  }
  private struct Entry {
    var start: Timestamp
    var count: Int64 = 0
    var last: Notice
  }
  private var entries: [Kind: Entry] = [:]

  package init() {}

  /// True when `notice` is to be written now. Call `expired` first: it ends windows that are over.
  package mutating func admit(_ notice: Notice, now: Timestamp) -> Bool {
    var kind = LogRepeats.kind(of: notice)
    if entries[kind] == nil, entries.count >= LogRepeats.limit {
      kind = Kind(level: notice.level, component: notice.component, message: "", subject: "")
    }
    guard var entry = entries[kind], !LogRepeats.isOver(entry, now) else {
      entries[kind] = Entry(start: now, last: notice)
      return true
    }
    entry.count += 1
    entry.last = notice
    entries[kind] = entry
    return false
  }

  /// Summaries of the windows that are over at `now`; with `all`, of those that are not, too.
  package mutating func expired(now: Timestamp, all: Bool = false) -> [Notice] {
    if entries.isEmpty { return [] }
    var summaries: [(start: Timestamp, notice: Notice)] = []
    for (kind, entry) in entries where all || LogRepeats.isOver(entry, now) {
      entries[kind] = nil
      if entry.count == 0 { continue }
      var notice = entry.last
      notice.fields.append(("repeats", .number(entry.count)))
      notice.fields.append(("window_s", .number(LogRepeats.window / 1_000_000_000)))
      summaries.append((entry.start, notice))
    }
    return summaries.sorted { $0.start < $1.start }.map(\.notice)
  }

  /// A clock that went back ends the window too.
  private static func isOver(_ entry: Entry, _ now: Timestamp) -> Bool {
    let age = now.since(entry.start)
    return age >= window || age < 0
  }

  private static func kind(of notice: Notice) -> Kind {
    let isLoud = notice.level == .warning || notice.level == .error
    let isErrorSubject = notice.component == "rules"
    var subject = ""
    for (name, value) in notice.fields
    where !isLoud || subjects.contains(name) || isErrorSubject && name == "err" {
      subject += "\(name)=\(value)\u{0}"
    }
    return Kind(level: notice.level, component: notice.component, message: notice.message, subject: subject)
  }
}
