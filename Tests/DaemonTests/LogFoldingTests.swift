import Model
import Testing

@testable import Daemon

@Suite struct LogFoldingTests {
  private func at(_ seconds: Double) -> Timestamp { Timestamp(nanoseconds: Int64(seconds * 1e9)) }

  @Test func repeatsOfAWarningAreCountedAndToldOnce() {
    var repeats = LogRepeats()
    func notice(_ reason: String, _ error: Int64) -> Notice {
      Notice(.warning, "store", "away", [("reason", .text(reason)), ("errors", .number(error))])
    }
    #expect(repeats.admit(notice("refused", 1), now: at(0)) == true)
    #expect(repeats.admit(notice("refused", 2), now: at(1)) == false)
    #expect(repeats.admit(notice("timeout", 3), now: at(2)) == true)
    #expect(repeats.admit(notice("refused", 4), now: at(9.9)) == false)
    #expect(repeats.expired(now: at(9.9)) == [])
    var summary = notice("refused", 4)
    summary.fields += [("repeats", .number(2)), ("window_s", .number(10))]
    #expect(repeats.expired(now: at(10)) == [summary])
    // A new window starts with a line.
    #expect(repeats.admit(notice("refused", 5), now: at(10)) == true)
    // What did not repeat ends without a word.
    #expect(repeats.expired(now: at(30)) == [])
  }

  @Test func changesOfStateAreNotHeldBack() {
    var repeats = LogRepeats()
    func notice(_ generation: Int64) -> Notice {
      Notice(.info, "rules", "taken", [("generation", .number(generation))])
    }
    #expect(repeats.admit(notice(1), now: at(0)) == true)
    #expect(repeats.admit(notice(2), now: at(0)) == true)
    #expect(repeats.admit(notice(2), now: at(1)) == false)
  }

  /// Three files in ten seconds, each with a fault of its own: whoever mends them reads all three.
  @Test func whatIsWrongWithASetIsToldEachTime() {
    var repeats = LogRepeats()
    #expect(repeats.admit(ReloadNotice.refused(.signal, "a"), now: at(0)) == true)
    #expect(repeats.admit(ReloadNotice.refused(.signal, "b"), now: at(1)) == true)
    #expect(repeats.admit(ReloadNotice.refused(.signal, "b"), now: at(2)) == false)
  }

  @Test func aClockThatGoesBackEndsTheWindow() {
    var repeats = LogRepeats()
    let notice = Notice(.error, "a", "b")
    #expect(repeats.admit(notice, now: at(100)) == true)
    #expect(repeats.admit(notice, now: at(101)) == false)
    #expect(repeats.expired(now: at(50)).count == 1)
    #expect(repeats.admit(notice, now: at(50)) == true)
  }

  @Test func countsThatAreLeftCanBeFetched() {
    var repeats = LogRepeats()
    let notice = Notice(.error, "a", "b")
    for step in 0..<5 { _ = repeats.admit(notice, now: at(Double(step))) }
    let left = repeats.expired(now: at(5), all: true)
    #expect(left.count == 1)
    #expect(left.first?.fields.first?.1 == .number(4))
  }

  @Test func manyKindsDoNotTakeMoreMemoryOrMoreLines() {
    var repeats = LogRepeats()
    var written = 0
    for index in 0..<100_000 {
      let notice = Notice(.warning, "in", "bad", [("name", .text("peer-\(index)"))])
      if repeats.admit(notice, now: at(Double(index) / 100_000)) { written += 1 }
    }
    #expect(written == LogRepeats.limit + 1)
  }

  @Test func twentyAlertsASecondThenOneSummaryPerRule() {
    var alerts = LogAlerts()
    var written = 0
    for step in 0..<1_000 {
      // A thousand alerts in one second, of two rules.
      let id = Int64(step % 2 + 1)
      if alerts.admit(id: id, name: "rule-\(id)", now: at(Double(step) / 1_000)) { written += 1 }
    }
    #expect(written == LogAlerts.rate)
    #expect(alerts.admit(id: 1, name: "rule-1", now: at(1)) == true)
    #expect(alerts.expired(now: at(9)) == [])
    let summaries = alerts.expired(now: at(11))
    #expect(
      summaries
        == [1, 2].map { id in
          Notice(
            .info, "decide", "alerts",
            [
              ("rule_id", .number(id)), ("rule", .text("rule-\(id)")), ("count", .number(490)),
              ("window_s", .number(10)),
            ])
        })
    #expect(alerts.expired(now: at(30), all: true) == [])
  }

  @Test func summariesOfManyRulesAreBounded() {
    var alerts = LogAlerts()
    for id in 1...5_000 { _ = alerts.admit(id: Int64(id), name: "r\(id)", now: at(0)) }
    let summaries = alerts.expired(now: at(0), all: true)
    #expect(summaries.count == LogAlerts.limit + 1)
    let total = summaries.reduce(Int64(0)) { sum, notice in
      if case .number(let count) = notice.fields[2].1 { sum + count } else { sum }
    }
    #expect(total == Int64(5_000 - LogAlerts.rate))
  }
}
