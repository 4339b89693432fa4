import Delivery
import Model
import Testing

/// Breaker, hold and poison, as sequences; then every sequence of a small world.
@Suite("The gate of one destination")
struct DeliveryGateTests {
  typealias Gate = DeliveryGate
  static let limits = Gate.Limits(failures: 3, openMs: 60_000, close: 2)
  static func time(_ seconds: Int64) -> Timestamp { Samples.start.adding(seconds: seconds) }

  static func subject(_ id: Int64, _ host: String = "h", _ rule: String = "r") -> Gate.Subject {
    Gate.Subject(id: id, host: host, rule: rule)
  }

  /// An attempt that leaves now and ends now: whether it is the poison; nil when none may leave.
  static func attempt(
    _ gate: inout Gate, _ id: Int64, _ end: Gate.End, at seconds: Int64 = 0, host: String = "h",
    rule: String = "r"
  ) -> Bool? {
    switch gate.passage(at: time(seconds)) {
    case .none: return nil
    case .trial(let choice):
      if gate.rank(of: subject(id, host, rule), as: choice) == nil { return nil }
      gate.tries(id, now: time(seconds))
    case .all: break
    }
    return gate.ended(subject(id, host, rule), end, now: time(seconds)) == .poison
  }

  static func opened(by ids: [Int64], isAnswer: Bool = true) -> Gate {
    var gate = Gate(limits)
    for id in ids { #expect(attempt(&gate, id, .failed(isAnswer: isAnswer)) == false) }
    return gate
  }

  @Test("so many failures in a row open it; one success between, and it takes as many again")
  func opens() {
    var gate = Self.opened(by: [1, 2])
    #expect(gate.isClosed)
    #expect(Self.attempt(&gate, 3, .passed) == false)
    for id in [4, 5] as [Int64] { _ = Self.attempt(&gate, id, .failed(isAnswer: false)) }
    #expect(gate.isClosed)
    _ = Self.attempt(&gate, 6, .failed(isAnswer: false))
    #expect(gate.state == .shut(.open, until: Self.time(60)))
    #expect(gate.passage(at: Self.time(59)) == .none)
    #expect(gate.passage(at: Self.time(60)) == .trial(.any))
    #expect(gate.nextTrial == Self.time(60))
  }

  @Test("429 and what we cut do not count; a body that is refused shows a receiver that works")
  func neutral() {
    var gate = Gate(Self.limits)
    for id in 1...50 as ClosedRange<Int64> {
      _ = Self.attempt(&gate, id, id % 2 == 0 ? .throttled : .cut)
    }
    #expect(gate.isClosed)
    for end in [.failed(isAnswer: true), .failed(isAnswer: true), .dead, .failed(isAnswer: true)]
      as [Gate.End]
    {
      _ = Self.attempt(&gate, 9, end)
    }
    #expect(gate.isClosed)
  }

  @Test("one trial at a time; so many in a row close it, a failure starts over")
  func closes() {
    var gate = Self.opened(by: [1, 2, 3])
    gate.tries(4, now: Self.time(60))
    #expect(gate.passage(at: Self.time(60)) == .none)
    #expect(gate.nextTrial == nil)
    _ = gate.ended(Self.subject(4), .passed, now: Self.time(60))
    #expect(gate.state == .closing(successes: 1))
    #expect(Self.attempt(&gate, 5, .failed(isAnswer: true), at: 61) == false)
    #expect(gate.state == .shut(.open, until: Self.time(121)))
    _ = Self.attempt(&gate, 6, .passed, at: 121)
    _ = Self.attempt(&gate, 7, .passed, at: 121)
    #expect(gate.isClosed)
  }

  @Test("attempts that were under way when it opened neither close it nor count")
  func stragglers() {
    var gate = Self.opened(by: [1, 2, 3])
    _ = gate.ended(Self.subject(8), .passed, now: Self.time(1))
    _ = gate.ended(Self.subject(9), .failed(isAnswer: true), now: Self.time(1))
    #expect(gate.state == .shut(.open, until: Self.time(60)))
  }

  @Test("refused: held; another alert goes at once, and where it passes the first is tried once more")
  func poisonThatIsRefused() {
    var gate = Gate(Self.limits)
    #expect(Self.attempt(&gate, 1, .refused) == false)
    #expect(
      gate.state == .shut(.held, until: Self.time(60)) && gate.passage(at: Self.time(0)) == .trial(.other))
    #expect(Self.attempt(&gate, 1, .passed) == nil)
    #expect(Self.attempt(&gate, 2, .passed) == false)
    #expect(gate.isClosed)
    // It is the poison only now, and costs its destination nothing more.
    #expect(Self.attempt(&gate, 1, .refused) == true)
    #expect(gate.isClosed)
  }

  @Test("a secret that was renewed kills nobody: what was refused meanwhile passes")
  func renewedSecret() {
    var gate = Gate(Self.limits)
    _ = Self.attempt(&gate, 1, .refused)
    _ = Self.attempt(&gate, 2, .refused)
    #expect(gate.passage(at: Self.time(0)) == .trial(.stranger))
    #expect(Self.attempt(&gate, 3, .refused, at: 10) == nil)
    gate.retryNow(Self.time(10))
    #expect(Self.attempt(&gate, 3, .passed, at: 10) == false)
    for id in [1, 2] as [Int64] { #expect(Self.attempt(&gate, id, .passed, at: 11) == false) }
    // Proved innocent: its next refusal is the destination's again.
    #expect(Self.attempt(&gate, 1, .refused, at: 12) == false)
    #expect(!gate.isClosed)
  }

  @Test("held with no other alert: the same one is the trial, and its success ends the hold")
  func alone() {
    var gate = Gate(Self.limits)
    _ = Self.attempt(&gate, 1, .refused)
    #expect(Self.attempt(&gate, 1, .refused, at: 60) == false)
    #expect(Self.attempt(&gate, 1, .passed, at: 119) == nil)
    #expect(Self.attempt(&gate, 1, .passed, at: 120) == false)
    #expect(gate.isClosed)
  }

  @Test("one alert alone that opened the breaker with answers is the poison if it fails again after another")
  func poisonThatFails() {
    var gate = Self.opened(by: [1, 1, 1])
    #expect(gate.rank(of: Self.subject(1), as: .other) == nil)
    _ = Self.attempt(&gate, 2, .passed, at: 60)
    #expect(Self.attempt(&gate, 1, .failed(isAnswer: true), at: 60) == true)
    #expect(gate.state == .closing(successes: 1))
    _ = Self.attempt(&gate, 3, .passed, at: 60)
    #expect(gate.isClosed)
  }

  @Test("an outage is nobody's poison", arguments: [true, false])
  func outage(isAnswer: Bool) {
    // Several that failed with answers; or one alone that got none.
    var gate = Self.opened(by: isAnswer ? [1, 2, 1] : [1, 1, 1], isAnswer: isAnswer)
    _ = Self.attempt(&gate, 9, .passed, at: 60)
    _ = Self.attempt(&gate, 9, .passed, at: 60)
    #expect(Self.attempt(&gate, 1, .failed(isAnswer: true), at: 61) == false)
  }

  @Test("a trial that fails as well clears the suspect where the two have little in common")
  func bothFail() {
    var gate = Self.opened(by: [1, 1, 1])
    _ = Self.attempt(&gate, 2, .failed(isAnswer: true), at: 60, host: "other", rule: "other")
    _ = Self.attempt(&gate, 3, .passed, at: 120)
    #expect(Self.attempt(&gate, 1, .failed(isAnswer: true), at: 120) == false)
  }

  @Test("a lone suspect, or one kind alone, has its witness at once; an outage of several waits")
  func witnesses() {
    var lone = Self.opened(by: [1, 1, 1])
    #expect(lone.passage(at: Self.time(1)) == .trial(.other))
    // Of the same kind and no better; then only strangers, and each is one less.
    #expect(Self.attempt(&lone, 2, .failed(isAnswer: true), at: 1) == false)
    #expect(Self.attempt(&lone, 3, .passed, at: 2) == nil)
    #expect(Self.attempt(&lone, 4, .passed, at: 2, host: "g") == false)
    #expect(lone.state == .closing(successes: 1))
    #expect(Self.attempt(&lone, 1, .failed(isAnswer: true), at: 3) == true)

    var several = Gate(Self.limits)
    for id in [1, 2, 3] as [Int64] {
      _ = Self.attempt(&several, id, .failed(isAnswer: true), host: "h\(id)", rule: "r\(id)")
    }
    #expect(several.passage(at: Self.time(59)) == .none)
    var silent = Self.opened(by: [1, 1, 1], isAnswer: false)
    #expect(silent.passage(at: Self.time(59)) == .none)
    #expect(Self.attempt(&silent, 2, .failed(isAnswer: false), at: 60) == false)
    #expect(silent.passage(at: Self.time(119)) == .none)
  }

  @Test("trials in vain go round: first who was not tried and is a stranger, then who waits longest")
  func rotation() {
    var gate = Self.opened(by: [1, 2, 3], isAnswer: false)
    func best(_ ids: [Int64], at seconds: Int64) -> Int64? {
      ids.min { left, right in
        func rank(_ id: Int64) -> Int {
          gate.rank(of: Self.subject(id, id == 9 ? "other" : "h"), as: .any) ?? .max
        }
        return rank(left) < rank(right)
      }
    }
    var order: [Int64] = []
    for minute in 1...7 as ClosedRange<Int64> {
      guard let id = best([1, 2, 3, 4, 9], at: minute * 60) else { break }
      order.append(id)
      let host = id == 9 ? "other" : "h"
      _ = Self.attempt(&gate, id, .failed(isAnswer: false), at: minute * 60, host: host)
    }
    #expect(order == [9, 4, 1, 2, 3, 9, 4])
  }

  @Test("what fails again after another has passed is not the destination's failure; twice in a row it is")
  func excused() {
    var gate = Gate(Self.limits)
    let bad = Gate.End.failed(isAnswer: true)
    #expect(gate.ended(Self.subject(1), bad, now: Self.time(0)) == .destination)
    for second in 1...50 as ClosedRange<Int64> {
      #expect(gate.ended(Self.subject(100 + second), .passed, now: Self.time(second)) == .destination)
      #expect(gate.ended(Self.subject(1), bad, now: Self.time(second)) == .alert)
    }
    for _ in 1...3 { #expect(gate.ended(Self.subject(1), bad, now: Self.time(60)) == .destination) }
    #expect(!gate.isClosed)
  }

  @Test("a new refusal does not acquit those of before; a hold without a witness condemns none of them")
  func streamOfRefusals() {
    var gate = Gate(Self.limits)
    _ = Self.attempt(&gate, 1, .refused)
    _ = Self.attempt(&gate, 2, .passed)
    _ = Self.attempt(&gate, 3, .refused)
    // As the trial of the next hold it proves nothing.
    #expect(Self.attempt(&gate, 1, .refused, at: 60) == false)
    #expect(Self.attempt(&gate, 4, .passed, at: 61) == false)
    _ = Self.attempt(&gate, 6, .refused, at: 120)
    _ = Self.attempt(&gate, 7, .passed, at: 120)
    for id in [1, 3, 6] as [Int64] { #expect(Self.attempt(&gate, id, .refused, at: 121) == true) }
    #expect(gate.isClosed)
  }

  @Test("a receiver that asks for time has it: no trial and no witness before")
  func postponed() {
    var gate = Self.opened(by: [1, 1, 1])
    gate.postpone(until: Self.time(300))
    #expect(gate.passage(at: Self.time(299)) == .none)
    #expect(gate.nextTrial == Self.time(300))
    gate.postpone(until: Self.time(10))
    #expect(gate.nextTrial == Self.time(300))
  }

  /// What each of three alerts may meet: all of it, what may tell two apart, and one of another kind.
  static let ends: [(id: Int64, host: String, end: Gate.End)] =
    ([
      .passed, .failed(isAnswer: true), .failed(isAnswer: false), .refused, .throttled, .dead, .cut,
    ] as [Gate.End]).map { (1, "h", $0) }
    + ([.passed, .failed(isAnswer: true), .refused] as [Gate.End]).map { (2, "h", $0) }
    + ([.passed, .failed(isAnswer: true), .refused, .dead] as [Gate.End]).map { (3, "g", $0) }

  /// Three alerts, two of them of one host, in every order, with and without time or a reload between.
  @Test("in every order: it never wedges, and only who failed twice around another's success is the poison")
  func walk() {
    var visited = 0
    Self.visit(Gate(Gate.Limits(failures: 2, openMs: 1_000, close: 2)), 0, [:], [], 4, &visited)
    #expect(visited > 10_000)
  }

  private static func visit(
    _ gate: Gate, _ now: Int64, _ bad: [Int64: Int], _ path: [String], _ depth: Int, _ visited: inout Int
  ) {
    visited += 1
    if case .shut(_, let until) = gate.state, until > time(now) {
      // Nothing is under way here, so time alone must change this.
      guard until <= time(now + 1) else {
        Issue.record("wedged after \(path): \(gate.state)")
        return
      }
      visit(gate, now + 1, bad, path + ["wait"], depth, &visited)
      if depth > 1 {
        var reread = gate
        reread.retryNow(time(now))
        visit(reread, now, bad, path + ["reload"], depth - 1, &visited)
      }
    } else if gate.passage(at: time(now)) == .none {
      Issue.record("wedged after \(path): \(gate.state)")
    }
    guard depth > 0 else { return }
    // Who was refused is judged elsewhere.
    for id in bad.keys.sorted() where depth > 1 {
      var left = gate
      left.giveBack([id])
      visit(left, now, bad.filter { $0.key != id }, path + ["\(id) home"], depth - 1, &visited)
    }
    for (id, host, end) in ends {
      var next = gate
      guard let isPoison = attempt(&next, id, end, at: now, host: host) else { continue }
      var failures = bad
      switch end {
      case .failed(isAnswer: true), .refused: failures[id, default: 0] += 1
      case .passed: failures[id] = 0
      default: break
      }
      let step = path + ["\(id) \(end)"]
      if isPoison, failures[id, default: 0] < 2 { Issue.record("poison too early after \(step)") }
      let others = path.filter { !$0.hasPrefix("\(id)") }
      if isPoison, !others.contains(where: { $0.hasSuffix("passed") || $0.hasSuffix("dead") }) {
        Issue.record("nobody else passed: \(step)")
      }
      if !isPoison { visit(next, now, failures, step, depth - 1, &visited) }
    }
  }
}
