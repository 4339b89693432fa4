import Model
import Policy
import Testing

@testable import Daemon

/// What is counted of rules is bounded, and no count is lost.
@Suite struct RuleActivityTests {
  private func batch(_ ids: ClosedRange<Int>) -> EventBatch {
    var batch = EventBatch()
    for id in ids {
      var row = EventRow(
        id: EventID(rawValue: Int64(id)), time: .absent, arrival: .absent, peer: .unspecified)
      row.ruleID = Int64(id)
      let start = batch.bytes.count
      batch.bytes.append(text: "r\(id)")
      row.ruleName = ByteRange(start, batch.bytes.count)
      batch.rows.append(row)
    }
    return batch
  }

  @Test func theFirstRulesToFireAreNamedAndTheRestIsOneSum() {
    let activity = RuleActivity()
    let limit = RuleActivity.nameLimit
    activity.note(batch(1...limit))
    activity.note(batch(limit - 1...limit + 7))
    let matches = activity.matches
    #expect(matches.count == limit + 1)
    #expect(matches.first == RuleActivity.Count(rule: "r1", count: 1))
    #expect(matches[limit - 1] == RuleActivity.Count(rule: "r\(limit)", count: 2))
    #expect(matches.last == RuleActivity.Count(rule: RuleActivity.other, count: 7))
    #expect(matches.reduce(0) { $0 + $1.count } == UInt64(limit + 9))
  }

  @Test func rulesThatSpendTheirBudgetAreNamedUpToTheSameBound() {
    let activity = RuleActivity()
    let limit = RuleActivity.nameLimit
    for number in 1...limit + 3 {
      let isSaid = activity.noteExhaustion(of: "r\(number)", .steps, count: 2, monotonic: 1)
      #expect(isSaid == (number <= limit))
    }
    #expect(activity.exhaustions.count == limit + 1)
    #expect(activity.exhaustions.last! == (RuleActivity.other, RuleActivity.other, 6))
    // The same rule is not said again at once.
    #expect(!activity.noteExhaustion(of: "r1", .steps, count: 1, monotonic: 2))
  }

  @Test func eachReasonIsSaidForItself() {
    let activity = RuleActivity()
    #expect(activity.noteExhaustion(of: "r", .steps, count: 1, monotonic: 1))
    #expect(activity.noteExhaustion(of: "r", .labels, count: 2, monotonic: 1))
    #expect(!activity.noteExhaustion(of: "r", .labels, count: 3, monotonic: 2))
    let counts = activity.exhaustions.map { "\($0.rule) \($0.reason) \($0.count)" }
    #expect(counts == ["r labels 5", "r steps 1"])
  }
}
