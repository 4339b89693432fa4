import Delivery
import Model
import Testing

/// Breaker, hold and poison, as sequences; then every sequence of a small world.
@Suite("The gate of one destination")
struct DeliveryGateTests {
  typealias Gate = DeliveryGate
  static let limits = Gate.Limits(failures: 3, openMs: 60_000, close: 2)
  static func time(_ seconds: Int64) -> Timestamp { Samples.start.adding(seconds: seconds) }

  /// An attempt that leaves now and ends now; nil when none may leave.
  static func attempt(_ gate: inout Gate, _ id: Int64, _ end: Gate.End, at seconds: Int64 = 0) -> Bool? {
    switch gate.passage(at: time(seconds)) {
    case .none: return nil
    case .trial(let onlyOthers):
      if onlyOthers, gate.avoids(id) { return nil }
      gate.tries(id)
    case .all: break
    }
    return gate.ended(id, end, now: time(seconds))
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
    #expect(gate.state == .shut(.open, until: Self.time(60), seeksWitness: false))
    #expect(gate.passage(at: Self.time(59)) == .none)
    #expect(gate.passage(at: Self.time(60)) == .trial(onlyOthers: false))
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
    gate.tries(4)
    #expect(gate.passage(at: Self.time(60)) == .none)
    #expect(gate.nextTrial == nil)
    _ = gate.ended(4, .passed, now: Self.time(60))
    #expect(gate.state == .closing(successes: 1))
    #expect(Self.attempt(&gate, 5, .failed(isAnswer: true), at: 61) == false)
    #expect(gate.state == .shut(.open, until: Self.time(121), seeksWitness: false))
    _ = Self.attempt(&gate, 6, .passed, at: 121)
    _ = Self.attempt(&gate, 7, .passed, at: 121)
    #expect(gate.isClosed)
  }

  @Test("attempts that were under way when it opened neither close it nor count")
  func stragglers() {
    var gate = Self.opened(by: [1, 2, 3])
    _ = gate.ended(8, .passed, now: Self.time(1))
    _ = gate.ended(9, .failed(isAnswer: true), now: Self.time(1))
    #expect(gate.state == .shut(.open, until: Self.time(60), seeksWitness: false))
  }

  @Test("refused: held; another alert goes at once, and where it passes the first is tried once more")
  func poisonThatIsRefused() {
    var gate = Gate(Self.limits)
    #expect(Self.attempt(&gate, 1, .refused) == false)
    #expect(gate.state == .shut(.held, until: Self.time(60), seeksWitness: true))
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
    #expect(gate.state == .shut(.held, until: Self.time(60), seeksWitness: false))
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
    #expect(gate.avoids(1) && !gate.avoids(2))
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

  @Test("a trial that fails as well clears the suspect: it is the destination")
  func bothFail() {
    var gate = Self.opened(by: [1, 1, 1])
    _ = Self.attempt(&gate, 2, .failed(isAnswer: true), at: 60)
    _ = Self.attempt(&gate, 3, .passed, at: 120)
    #expect(Self.attempt(&gate, 1, .failed(isAnswer: true), at: 120) == false)
  }

  static let ends: [Gate.End] = [
    .passed, .failed(isAnswer: true), .failed(isAnswer: false), .refused, .throttled, .dead, .cut,
  ]

  /// Two alerts, every end, every order, with and without time between, seven deep.
  @Test("in every order: it never wedges, and only who failed twice around another's success is the poison")
  func walk() {
    var visited = 0
    Self.visit(Gate(Gate.Limits(failures: 2, openMs: 1_000, close: 2)), 0, [:], [], 6, &visited)
    #expect(visited > 10_000)
  }

  private static func visit(
    _ gate: Gate, _ now: Int64, _ bad: [Int64: Int], _ path: [String], _ depth: Int, _ visited: inout Int
  ) {
    visited += 1
    if case .none = gate.passage(at: time(now)) {
      // Nothing is under way here, so the gate must name the time that changes this.
      guard let next = gate.nextTrial, next > time(now), next <= time(now + 1) else {
        Issue.record("wedged after \(path): \(gate.state)")
        return
      }
      return visit(gate, now + 1, bad, path + ["wait"], depth, &visited)
    }
    guard depth > 0 else { return }
    for id in [1, 2] as [Int64] {
      for end in ends {
        var next = gate
        guard let isPoison = attempt(&next, id, end, at: now) else { continue }
        var failures = bad
        switch end {
        case .failed(isAnswer: true), .refused: failures[id, default: 0] += 1
        case .passed: failures[id] = 0
        default: break
        }
        let step = path + ["\(id) \(end)"]
        if isPoison, failures[id, default: 0] < 2 { Issue.record("poison too early after \(step)") }
        if isPoison, !path.contains("\(3 - id) passed"), !path.contains("\(3 - id) dead") {
          Issue.record("nobody else passed: \(step)")
        }
        if !isPoison { visit(next, now, failures, step, depth - 1, &visited) }
      }
    }
  }
}
