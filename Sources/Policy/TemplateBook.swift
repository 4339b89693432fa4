package import Model

/// When unmatched events become an alert (`unmatched:` of the configuration).
package struct UnmatchedLimits: Sendable, Equatable {
  /// Events of one (host, template) within the window that raise an alert.
  package var threshold = 100
  /// Nanoseconds.
  package var window: Int64 = 86_400_000_000_000
  /// Alerts in any hour, summaries included; 0: none ever.
  package var alertsPerHour = 10
  /// Kinds that are counted at a time, and the bytes of their texts.
  package var capacity = 100_000
  package var textLimit = 32 << 20

  package init() {}

  package var slice: Int64 { max(1_000_000_000, window / Int64(UnmatchedKind.sliceCount)) }
}

/// What people do not want to hear of.
package struct IgnoredKinds: Sendable, Equatable {
  package var keys: Set<UInt64> = []
  /// Templates, on whatever host.
  package var templates: Set<UInt64> = []

  package init() {}
}

/// Adds up what workers report of unmatched events, and says which kinds have come often enough. Pure: no
/// clock, no I/O. What was seen longest ago makes room.
package struct TemplateBook: ~Copyable {
  package enum Alert: Sendable {
    case kind(UnmatchedKind, count: Int)
    /// Kinds that were due while no more alerts might be raised: the most frequent of them, and how many
    /// kinds and events there were in all.
    case summary([UnmatchedKind], kinds: Int, events: Int, since: Timestamp)
  }

  private struct Entry {
    var kind: UnmatchedKind
    /// Seen just after it, and just before; -1: none.
    var newer: Int32 = -1
    var older: Int32 = -1
    var isFree = false
    /// Differs from what is kept.
    var isUnsaved = true
    /// Something of it is kept, and as waiting.
    var isKept = false
    var isKeptWaiting = false
  }

  private static let hour: Int64 = 3_600_000_000_000
  /// Kinds that a summary names.
  package static var namedInSummary: Int { 5 }
  /// Kinds of a summary that are kept with it where they are not yet known to be waiting; further ones are a
  /// little later.
  package static var toldInSummary: Int { 1_000 }
  /// Bytes of an entry without its texts, its places in the index and in a pass included.
  package static var entrySize: Int { MemoryLayout<Entry>.stride + 40 }

  package private(set) var limits: UnmatchedLimits
  package var ignored = IgnoredKinds()
  private var entries: [Entry] = []
  private var places: [UInt64: Int32] = [:]
  private var free: [Int32] = []
  private var newest: Int32 = -1
  private var oldest: Int32 = -1
  private var textSize = 0
  /// What the pass at hand has yet to write, the next one last.
  private var saving: [UInt64] = []
  private var removed: [UInt64] = []
  private var raised: [Alert] = []
  /// Kinds that are to be kept with what was raised, and when the summary among it was made.
  private var told: [UnmatchedKind] = []
  private var summedAt: Timestamp?
  /// When the alerts of the last hour were raised.
  private var times: [Timestamp] = []
  private var waiting = 0
  /// Kinds that had to go while they were in the window.
  package private(set) var evictions: UInt64 = 0

  package init(limits: UnmatchedLimits) {
    self.limits = limits
  }

  /// Judges by the threshold and the alerts an hour of `next` from now on; the window and the room stay, for
  /// the counts are cut by them.
  package mutating func adopt(_ next: UnmatchedLimits) {
    limits.threshold = next.threshold
    limits.alertsPerHour = next.alertsPerHour
  }

  package var count: Int { places.count }

  /// The kind of this key, as it stands now.
  package func kind(_ key: UInt64) -> UnmatchedKind? { places[key].map { entries[Int($0)].kind } }

  // MARK: - Counting

  package mutating func take(_ report: TemplateReport, now: Timestamp) {
    let slice = slice(of: now)
    for index in report.records.indices {
      let record = report.records[index]
      let place = place(of: record, report.bytes.span, slice)
      entries[place].kind.add(Int(record.count), slice: slice, at: now)
      let worst = entries[place].kind.severity
      if record.severity >= 0, worst < 0 || record.severity < worst {
        entries[place].kind.severity = record.severity
      }
      entries[place].isUnsaved = true
      judge(place, slice, now)
    }
    dropOver(slice)
  }

  private func slice(of time: Timestamp) -> Int64 { max(0, time.nanoseconds) / limits.slice }

  private mutating func place(of record: TemplateReport.Record, _ bytes: Span<UInt8>, _ slice: Int64) -> Int {
    if let place = places[record.key] {
      unlink(place)
      link(place)
      return Int(place)
    }
    var kind = UnmatchedKind(key: record.key, template: record.template)
    kind.host = TemplateBook.safe(bytes, record.host)
    kind.source = record.source
    kind.severity = record.severity
    kind.peer = record.peer
    if !record.line.isAbsent {
      let start = min(record.messageStart, Int(record.line.count))
      let head = TemplateBook.safe(bytes, ByteRange(record.line.start, record.line.start + start))
      kind.messageStart = head.utf8.count
      kind.line = head + TemplateBook.safe(bytes, ByteRange(record.line.start + start, record.line.end))
    }
    if !record.trapOID.isAbsent { kind.trapOID = TemplateBook.safe(bytes, record.trapOID) }
    kind.sliceLength = limits.slice
    kind.slice = slice
    return insert(kind, slice)
  }

  private static func safe(_ bytes: Span<UInt8>, _ range: ByteRange) -> String {
    if range.isAbsent { return "" }
    var text: [UInt8] = []
    SafeText.append(bytes, range, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func insert(_ kind: UnmatchedKind, _ slice: Int64) -> Int {
    textSize += kind.textSize
    while oldest >= 0, places.count >= limits.capacity || textSize > limits.textLimit {
      if !entries[Int(oldest)].kind.isOver(at: slice) { evictions += 1 }
      remove(oldest)
    }
    let place: Int32
    if let spare = free.popLast() {
      place = spare
      entries[Int(spare)] = Entry(kind: kind)
    } else {
      place = Int32(entries.count)
      entries.append(Entry(kind: kind))
    }
    places[kind.key] = place
    link(place)
    return Int(place)
  }

  private mutating func remove(_ place: Int32) {
    unlink(place)
    let index = Int(place)
    let kind = entries[index].kind
    places[kind.key] = nil
    textSize -= kind.textSize
    if kind.state == .waiting { waiting -= 1 }
    if entries[index].isKept { removed.append(kind.key) }
    entries[index] = Entry(kind: UnmatchedKind(key: 0, template: 0), isFree: true, isUnsaved: false)
    free.append(place)
  }

  /// The order of the list is the order of the last events.
  private mutating func dropOver(_ slice: Int64) {
    while oldest >= 0, entries[Int(oldest)].kind.isOver(at: slice) { remove(oldest) }
  }

  private mutating func link(_ place: Int32) {
    entries[Int(place)].older = newest
    entries[Int(place)].newer = -1
    if newest >= 0 { entries[Int(newest)].newer = place }
    newest = place
    if oldest < 0 { oldest = place }
  }

  private mutating func unlink(_ place: Int32) {
    let (newer, older) = (entries[Int(place)].newer, entries[Int(place)].older)
    if newer >= 0 { entries[Int(newer)].older = older } else { newest = older }
    if older >= 0 { entries[Int(older)].newer = newer } else { oldest = newer }
  }

  // MARK: - Raising

  private mutating func judge(_ place: Int, _ slice: Int64, _ now: Timestamp) {
    let count = entries[place].kind.count(at: slice)
    guard count >= limits.threshold, limits.alertsPerHour > 0 else { return }
    switch entries[place].kind.state {
    case .waiting: return
    case .raised, .summed:
      // Once in a window.
      if !TemplateBook.isPast(entries[place].kind.stateAt, limits.window, now) { return }
    case .quiet: break
    }
    let kind = entries[place].kind
    if ignored.keys.contains(kind.key) || ignored.templates.contains(kind.template) { return }
    if waiting == 0, mayRaise(now) {
      times.append(now)
      set(.raised, place, now)
      tell(place)
      raised.append(.kind(entries[place].kind, count: count))
    } else {
      set(.waiting, place, now)
      waiting += 1
    }
  }

  private mutating func set(_ state: UnmatchedKind.State, _ place: Int, _ now: Timestamp) {
    entries[place].kind.state = state
    entries[place].kind.stateAt = now
    entries[place].isUnsaved = true
  }

  private mutating func mayRaise(_ now: Timestamp) -> Bool {
    times.removeAll { TemplateBook.isPast($0, TemplateBook.hour, now) }
    return times.count < limits.alertsPerHour
  }

  /// `time` is longer ago than `span`; or lies an hour ahead: a clock that was wrong must not silence us
  /// until then, and one that is set back a little lets nothing be told twice.
  private static func isPast(_ time: Timestamp, _ span: Int64, _ now: Timestamp) -> Bool {
    let age = now.since(time)
    return age >= span || age <= -TemplateBook.hour
  }

  /// What is to be raised now.
  package mutating func takeAlerts(now: Timestamp) -> [Alert] {
    if waiting > 0, mayRaise(now) { sum(now) }
    defer { raised = [] }
    return raised
  }

  /// What is to be kept with the alerts that were taken last, at once: after a kill they would be raised
  /// again. `summedAt`: all that are kept as waiting were part of a summary at that time.
  package mutating func takeTold() -> (kinds: [UnmatchedKind], summedAt: Timestamp?) {
    defer { (told, summedAt) = ([], nil) }
    return (told, summedAt)
  }

  /// It is kept with its alert, and goes from there when it goes from here.
  private mutating func tell(_ place: Int) {
    told.append(entries[place].kind)
    entries[place].isKept = true
  }

  private mutating func sum(_ now: Timestamp) {
    var kinds: [UnmatchedKind] = []
    var events = 0
    var since = now
    let slice = slice(of: now)
    for place in entries.indices where !entries[place].isFree && entries[place].kind.state == .waiting {
      let kind = entries[place].kind
      waiting -= 1
      if ignored.keys.contains(kind.key) || ignored.templates.contains(kind.template) {
        set(.quiet, place, now)
        continue
      }
      events += kind.count(at: slice)
      since = min(since, kind.stateAt)
      kinds.append(kind)
      set(.summed, place, now)
      if !entries[place].isKeptWaiting, told.count < TemplateBook.toldInSummary { tell(place) }
    }
    if kinds.isEmpty { return }
    times.append(now)
    summedAt = now
    let most = kinds.sorted { ($0.count(at: slice), $1.key) > ($1.count(at: slice), $0.key) }
    raised.append(
      .summary(
        Array(most.prefix(TemplateBook.namedInSummary)), kinds: kinds.count, events: events, since: since))
  }

  // MARK: - Keeping

  /// A pass over all that differs from what is kept begins, in the order of the table: neighbours share
  /// pages, and each page is written once. What changes while it lasts is of the next.
  package mutating func beginPass() {
    saving.removeAll(keepingCapacity: true)
    for index in entries.indices where entries[index].isUnsaved { saving.append(entries[index].kind.key) }
    saving.sort { Int64(bitPattern: $0) > Int64(bitPattern: $1) }
  }

  /// The next kinds of the pass, at most `limit`, and the keys of those that are no more. They count as kept
  /// from now on; `saveAgain` takes that back.
  package mutating func unsaved(limit: Int) -> (kinds: [UnmatchedKind], removed: [UInt64]) {
    var kinds: [UnmatchedKind] = []
    while kinds.count < limit, let key = saving.popLast() {
      guard let place = places[key].map(Int.init), entries[place].isUnsaved else { continue }
      entries[place].isUnsaved = false
      entries[place].isKept = true
      entries[place].isKeptWaiting = entries[place].kind.state == .waiting
      kinds.append(entries[place].kind)
    }
    // A key that has come back since is there again, and written again.
    let gone = removed.prefix(limit).filter { places[$0] == nil }
    removed.removeFirst(min(limit, removed.count))
    return (kinds, gone)
  }

  package var hasUnsaved: Bool { !removed.isEmpty || entries.contains { $0.isUnsaved } }

  package var unsavedCount: Int { entries.count { $0.isUnsaved } }

  package mutating func saveAgain(_ kinds: [UnmatchedKind], removed keys: [UInt64]) {
    for kind in kinds {
      guard let place = places[kind.key] else { continue }
      entries[Int(place)].isUnsaved = true
      entries[Int(place)].isKeptWaiting = false
    }
    removed += keys
  }

  /// What an earlier run has kept, and when its last summary was.
  package mutating func restore(_ kinds: [UnmatchedKind], summedAt: Timestamp? = nil, now: Timestamp) {
    let slice = slice(of: now)
    var moments: Set<Timestamp> = []
    for old in kinds.sorted(by: { $0.lastAt < $1.lastAt }) where places[old.key] == nil {
      var kind = old
      kind.recut(limits.slice)
      let wasSummed = kind.state == .waiting && summedAt.map { kind.stateAt <= $0 } == true
      if wasSummed, let summedAt { (kind.state, kind.stateAt) = (.summed, summedAt) }
      let place = insert(kind, slice)
      entries[place].isKept = true
      entries[place].isUnsaved = wasSummed
      entries[place].isKeptWaiting = kind.state == .waiting
      switch kind.state {
      case .waiting: waiting += 1
      case .raised: times.append(kind.stateAt)
      // All kinds of a summary were told in one alert.
      case .summed: if moments.insert(kind.stateAt).inserted { times.append(kind.stateAt) }
      case .quiet: break
      }
    }
    times.removeAll { TemplateBook.isPast($0, TemplateBook.hour, now) }
    dropOver(slice)
  }
}
