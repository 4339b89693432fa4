import Model
import Testing

@testable import Policy

@Suite struct TemplateBookTests {
  private let start = Timestamp(seconds: 1_795_219_200)

  private func minutes(_ minutes: Int64) -> Timestamp { start.adding(seconds: minutes * 60) }

  private static func book(_ change: (inout UnmatchedLimits) -> Void = { _ in }) -> TemplateBook {
    var limits = UnmatchedLimits()
    change(&limits)
    return TemplateBook(limits: limits)
  }

  /// A report of `count` events of each of these kinds, as workers make it.
  private static func report(_ kinds: [(host: String, text: String)], count: Int = 1) -> TemplateReport {
    var tally = TemplateTally(capacity: 4_096)
    for kind in kinds {
      let (host, text) = (Array(kind.host.utf8), Array(kind.text.utf8))
      for _ in 0..<count {
        let isNew = tally.count(
          host: Mixer.name(host.span, ByteRange(0, host.count)), template: MessageTemplate.hash(text.span))
        if !isNew { continue }
        tally.describeLast { record, bytes in
          record.severity = 3
          record.host = bytes.append(host.span, ByteRange(0, host.count))
          record.line = bytes.append(text.span, ByteRange(0, text.count))
        }
      }
    }
    return tally.exchange(TemplateReport())
  }

  private static func kinds(_ count: Int) -> [(host: String, text: String)] {
    (0..<count).map { ("core\($0)", "fan 3 failed") }
  }

  /// Hosts of the alerts, `*` for a summary.
  private static func names(_ alerts: [TemplateBook.Alert]) -> [String] {
    alerts.map { if case .kind(let kind, _) = $0 { kind.host } else { "*" } }
  }

  @Test func theHundredthRaisesOne() throws {
    var book = Self.book()
    for number in 1...99 {
      book.take(Self.report([("core1", "fan \(number) failed")]), now: start)
      #expect(Self.names(book.takeAlerts(now: start)) == [])
    }
    book.take(Self.report([("core1", "fan 100 failed")]), now: start)
    let alerts = book.takeAlerts(now: start)
    guard case .kind(let kind, let count) = try #require(alerts.first) else {
      Issue.record("a summary of one kind")
      return
    }
    #expect(alerts.count == 1 && count == 100 && kind.total == 100)
    #expect(kind.host == "core1" && kind.message == "fan 1 failed" && kind.severity == 3)
    book.take(Self.report([("core1", "fan 1 failed")], count: 5_000), now: minutes(60))
    #expect(Self.names(book.takeAlerts(now: minutes(60))) == [])
    #expect(book.count == 1)
  }

  /// How the events are spread over workers and reports does not matter.
  @Test func reportsAddUp() {
    for parts in [1, 2, 3, 7, 50] {
      var book = Self.book()
      for part in 0..<parts {
        let share = 100 / parts + (part < 100 % parts ? 1 : 0)
        #expect(Self.names(book.takeAlerts(now: start)) == [])
        book.take(Self.report([("core1", "fan 3 failed")], count: share), now: start)
      }
      #expect(Self.names(book.takeAlerts(now: start)) == ["core1"])
    }
  }

  @Test func whatCameBeforeTheWindowDoesNotCount() {
    var book = Self.book { $0.window = 86_400_000_000_000 }
    book.take(Self.report([("core1", "fan 3 failed")], count: 60), now: start)
    book.take(Self.report([("core1", "fan 3 failed")], count: 39), now: minutes(24 * 60))
    #expect(Self.names(book.takeAlerts(now: minutes(24 * 60))) == [])
    book.take(Self.report([("core1", "fan 3 failed")], count: 60), now: minutes(25 * 60))
    #expect(Self.names(book.takeAlerts(now: minutes(25 * 60))) == [])
    book.take(Self.report([("core1", "fan 3 failed")]), now: minutes(26 * 60))
    #expect(book.takeAlerts(now: minutes(26 * 60)).count == 1)
  }

  @Test func onceInAWindow() {
    var book = Self.book()
    var alerts = 0
    // 50 an hour for four days.
    for hour in 0..<96 {
      book.take(Self.report([("core1", "fan 3 failed")], count: 50), now: minutes(Int64(hour) * 60))
      alerts += book.takeAlerts(now: minutes(Int64(hour) * 60)).count
    }
    #expect(alerts == 4)
  }

  @Test func theRestOfAnHourIsOneSummary() throws {
    var book = Self.book { $0.alertsPerHour = 10 }
    book.take(Self.report(Self.kinds(25), count: 100), now: start)
    let first = book.takeAlerts(now: start)
    #expect(Self.names(first) == (0..<10).map { "core\($0)" })
    // Nothing more within the hour, whatever comes.
    for minute in 1..<60 {
      book.take(Self.report([("late\(minute)", "fan 3 failed")], count: 100), now: minutes(Int64(minute)))
      #expect(Self.names(book.takeAlerts(now: minutes(Int64(minute)))) == [])
    }
    let last = book.takeAlerts(now: minutes(60))
    guard case .summary(let kinds, let number, let events, let since) = try #require(last.first) else {
      Issue.record("no summary")
      return
    }
    #expect(last.count == 1 && number == 15 + 59 && events == 100 * number && since == start)
    #expect(kinds.count == TemplateBook.namedInSummary)
    // The kinds of the summary have been told.
    book.take(Self.report(Self.kinds(25), count: 100), now: minutes(61))
    #expect(Self.names(book.takeAlerts(now: minutes(61))) == [])
    book.take(Self.report([("fresh", "fan 3 failed")], count: 100), now: minutes(61))
    #expect(Self.names(book.takeAlerts(now: minutes(61))) == ["fresh"])
  }

  @Test func neverMoreThanThatInAnyHour() {
    var random = SeededNumbers(seed: 5)
    var book = Self.book {
      $0.alertsPerHour = 3; $0.threshold = 5
    }
    var times: [Int64] = []
    for minute in 0..<2_000 {
      let host = "host\(random.next() % 400)"
      book.take(Self.report([(host, "fan 3 failed")], count: 5), now: minutes(Int64(minute)))
      times += book.takeAlerts(now: minutes(Int64(minute))).map { _ in Int64(minute) }
    }
    #expect(times.count > 30)
    for index in times.indices.dropFirst(3) { #expect(times[index] - times[index - 3] >= 60) }
  }

  @Test func noneAtAll() {
    var book = Self.book { $0.alertsPerHour = 0 }
    book.take(Self.report(Self.kinds(5), count: 1_000), now: start)
    #expect(Self.names(book.takeAlerts(now: start) + book.takeAlerts(now: minutes(600))) == [])
    #expect(book.count == 5)
  }

  @Test func ignoredKindsStaySilent() throws {
    var book = Self.book()
    let report = Self.report([
      ("core1", "fan 3 failed"), ("core2", "fan 3 failed"), ("core1", "psu 1 failed"),
    ])
    book.ignored.keys = [report.records[0].key]
    book.ignored.templates = [report.records[2].template]
    for _ in 0..<150 { book.take(report, now: start) }
    #expect(Self.names(book.takeAlerts(now: start)) == ["core2"])
    // Counted all the same, and raised once nobody ignores them.
    book.ignored = IgnoredKinds()
    book.take(report, now: start)
    #expect(Self.names(book.takeAlerts(now: start)) == ["core1", "core1"])
  }

  @Test func theLeastRecentlySeenGoesFirst() {
    var book = Self.book { $0.capacity = 100 }
    book.take(Self.report(Self.kinds(100), count: 99), now: start)
    book.take(Self.report([("core0", "fan 3 failed")]), now: start)
    #expect(book.takeAlerts(now: start).count == 1)
    book.take(Self.report([("new1", "x"), ("new2", "x")]), now: start)
    #expect(book.count == 100)
    #expect(book.evictions == 2)
    // core0 was just seen, core1 and core2 had to go, core3 is there with its count.
    for (host, isThere) in [("core3", true), ("core1", false)] {
      book.take(Self.report([(host, "fan 3 failed")]), now: start)
      #expect(Self.names(book.takeAlerts(now: start)) == (isThere ? [host] : []))
    }
  }

  @Test func textsAreBounded() {
    var book = Self.book { $0.textLimit = 10_000 }
    for number in 0..<300 {
      let text = "x" + String(repeating: "y", count: number) + String(repeating: " word", count: 20)
      book.take(Self.report([("core1", text)]), now: start)
    }
    #expect(book.count < 100)
    #expect(book.evictions > 200)
  }

  @Test func whatIsOverGoesWithoutBeingMissed() {
    var book = Self.book { $0.capacity = 4 }
    book.take(Self.report(Self.kinds(4)), now: start)
    book.take(Self.report([("other", "fan 3 failed")]), now: minutes(48 * 60))
    #expect(book.count == 1)
    #expect(book.evictions == 0)
  }

  /// A clock that is wrong for a while neither loses what was counted nor silences a kind for good.
  @Test func clocksMayJump() {
    var book = Self.book()
    book.take(Self.report([("core1", "fan 3 failed")], count: 50), now: minutes(600))
    book.take(Self.report([("core1", "fan 3 failed")], count: 50), now: start)
    #expect(book.takeAlerts(now: start).count == 1)
    book.take(Self.report([("core2", "fan 3 failed")], count: 50), now: start.adding(seconds: 400 * 86_400))
    book.take(Self.report([("core2", "fan 3 failed")], count: 100), now: minutes(1))
    #expect(Self.names(book.takeAlerts(now: minutes(1))) == ["core2"])
  }

  /// What was raised by a clock that was far ahead counts neither for this hour nor for this window.
  @Test(arguments: [10, 9_600]) func aClockThatWasAheadMutesNobody(hours: Int64) {
    var book = Self.book { $0.alertsPerHour = 2 }
    let ahead = minutes(hours * 60)
    book.take(Self.report(Self.kinds(2), count: 100), now: ahead)
    #expect(book.takeAlerts(now: ahead).count == 2)
    book.take(Self.report([("core0", "fan 3 failed"), ("new", "x")], count: 100), now: start)
    #expect(Self.names(book.takeAlerts(now: start)) == ["core0", "new"])
    // And core1, of which nothing came since, is no longer kept when it cannot be in any window.
    #expect(book.count == (hours == 10 ? 3 : 2))
  }

  /// One that is set back a little tells nothing twice, and more than may be said in an hour is not said.
  @Test func aClockThatIsSetBackALittleTellsNothingTwice() {
    var book = Self.book { $0.alertsPerHour = 2 }
    book.take(Self.report(Self.kinds(2), count: 100), now: minutes(60))
    #expect(book.takeAlerts(now: minutes(60)).count == 2)
    book.take(Self.report([("core0", "fan 3 failed"), ("new", "x")], count: 100), now: minutes(5))
    #expect(book.takeAlerts(now: minutes(5)).isEmpty)
  }

  @Test func aClockThatWasAheadMutesNobodyAfterARestart() {
    var book = Self.book { $0.alertsPerHour = 2 }
    book.take(Self.report(Self.kinds(2), count: 100), now: minutes(600))
    #expect(book.takeAlerts(now: minutes(600)).count == 2)
    var next = restarted(&book, at: start)
    next.take(Self.report([("core0", "fan 3 failed"), ("new", "x")], count: 100), now: start)
    #expect(Self.names(next.takeAlerts(now: start)) == ["core0", "new"])
  }

  // MARK: - Keeping

  private func restarted(_ book: inout TemplateBook, at time: Timestamp) -> TemplateBook {
    var kept: [UnmatchedKind] = []
    book.beginPass()
    while true {
      let (kinds, removed) = book.unsaved(limit: 7)
      if kinds.isEmpty, removed.isEmpty { break }
      kept += kinds
    }
    #expect(book.hasUnsaved == false)
    var next = TemplateBook(limits: book.limits)
    next.restore(kept, now: time)
    #expect(next.hasUnsaved == false)
    return next
  }

  /// What a pass of one slice writes.
  private func saved(_ book: inout TemplateBook) -> (kinds: [UnmatchedKind], removed: [UInt64]) {
    book.beginPass()
    return book.unsaved(limit: 100)
  }

  /// Kinds that come all the time do not keep a pass from its end, and each page of the table is met once.
  @Test func aPassWritesEachKindOnceInTheOrderOfTheTable() {
    var book = Self.book()
    book.take(Self.report(Self.kinds(300)), now: start)
    book.beginPass()
    var written: [UnmatchedKind] = []
    for _ in 0..<3 {
      written += book.unsaved(limit: 100).kinds
      book.take(Self.report(Self.kinds(300)), now: minutes(1))
    }
    #expect(book.unsaved(limit: 100).kinds.isEmpty && book.hasUnsaved)
    let keys = written.map { Int64(bitPattern: $0.key) }
    #expect(keys.count == 300 && keys == Set(keys).sorted())
    #expect(written[0].total == 1 && written[100].total == 2 && written[299].total == 3)
  }

  @Test func aRestartKeepsTheCount() {
    var book = Self.book()
    book.take(Self.report(Self.kinds(30), count: 60), now: start)
    var next = restarted(&book, at: minutes(5))
    #expect(next.count == 30)
    next.take(Self.report([("core7", "fan 9 failed")], count: 39), now: minutes(5))
    #expect(Self.names(next.takeAlerts(now: minutes(5))) == [])
    next.take(Self.report([("core7", "fan 9 failed")]), now: minutes(5))
    #expect(Self.names(next.takeAlerts(now: minutes(5))) == ["core7"])
    var last = restarted(&next, at: minutes(9))
    last.take(Self.report([("core7", "fan 9 failed")], count: 500), now: minutes(9))
    #expect(Self.names(last.takeAlerts(now: minutes(9))) == [])
  }

  @Test func aRestartKeepsTheHourAndItsSummary() {
    var book = Self.book { $0.alertsPerHour = 2 }
    book.take(Self.report(Self.kinds(5), count: 100), now: start)
    #expect(book.takeAlerts(now: start).count == 2)
    var next = restarted(&book, at: minutes(10))
    next.take(Self.report([("more", "fan 3 failed")], count: 100), now: minutes(10))
    #expect(Self.names(next.takeAlerts(now: minutes(59))) == [])
    #expect(Self.names(next.takeAlerts(now: minutes(60))) == ["*"])
  }

  /// A kill right after the alerts: nothing is kept but what was kept with them.
  @Test func whatWasToldBeforeAKillIsNotToldAgain() {
    var book = Self.book { $0.alertsPerHour = 2 }
    book.take(Self.report(Self.kinds(2), count: 100), now: start)
    #expect(Self.names(book.takeAlerts(now: start)) == ["core0", "core1"])
    let first = book.takeTold()
    #expect(first.kinds.map(\.host) == ["core0", "core1"] && first.summedAt == nil)
    #expect(book.takeTold().kinds.isEmpty)
    var next = Self.book { $0.alertsPerHour = 2 }
    next.restore(first.kinds, now: minutes(1))
    next.take(Self.report(Self.kinds(3), count: 200), now: minutes(1))
    #expect(Self.names(next.takeAlerts(now: minutes(1))) == [])

    // Of a summary those are kept with it that are not known to wait.
    _ = saved(&next)
    let kept = [next.kind(Self.key(2))].compactMap { $0 }
    #expect(kept.map(\.host) == ["core2"] && kept[0].state == .waiting)
    next.take(Self.report([("late", "fan 3 failed")], count: 100), now: minutes(60))
    #expect(Self.names(next.takeAlerts(now: minutes(60))) == ["*"])
    let second = next.takeTold()
    #expect(second.kinds.map(\.host) == ["late"] && second.summedAt == minutes(60))
    var last = Self.book { $0.alertsPerHour = 2 }
    last.restore(first.kinds + kept + second.kinds, summedAt: second.summedAt, now: minutes(61))
    #expect(last.kind(Self.key(2))?.state == .summed && last.kind(Self.key(2))?.stateAt == minutes(60))
    last.take(Self.report(Self.kinds(3) + [("late", "fan 3 failed")], count: 100), now: minutes(125))
    #expect(Self.names(last.takeAlerts(now: minutes(125))) == [])
    // One that began to wait after the summary waits for the next.
    var waiting = kept[0]
    waiting.stateAt = minutes(61)
    var other = Self.book { $0.alertsPerHour = 2 }
    other.restore([waiting], summedAt: minutes(60), now: minutes(125))
    #expect(Self.names(other.takeAlerts(now: minutes(125))) == ["*"])
  }

  /// The key of `core` with this number and its fan.
  private static func key(_ number: Int) -> UInt64 {
    let report = report([kinds(number + 1)[number]])
    return report.records[0].key
  }

  @Test func anotherWindowKeepsWhatCounted() {
    var book = Self.book()
    book.take(Self.report([("core1", "fan 3 failed")], count: 60), now: start)
    let kept = saved(&book).kinds
    var next = Self.book { $0.window = 3_600_000_000_000 }
    next.restore(kept, now: minutes(10))
    next.take(Self.report([("core1", "fan 3 failed")], count: 40), now: minutes(10))
    #expect(next.takeAlerts(now: minutes(10)).count == 1)
  }

  @Test func whatGoesIsForgotten() {
    var book = Self.book { $0.capacity = 10 }
    book.take(Self.report(Self.kinds(10)), now: start)
    let keys = Set(saved(&book).kinds.map(\.key))
    #expect(keys.count == 10)
    #expect(book.hasUnsaved == false)
    book.take(Self.report([("new", "x")]), now: start)
    let (kinds, removed) = saved(&book)
    #expect(kinds.map(\.host) == ["new"] && removed.count == 1 && keys.contains(removed[0]))
    book.saveAgain(kinds, removed: removed)
    #expect(saved(&book).removed == removed)
  }
}
