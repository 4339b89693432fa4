import Delivery
import Model

extension MachineWalkTests {
  /// A queue and a receiver that answer when the walk says so.
  struct World {
    var machine: DeliveryMachine
    /// With a small one the queue holds more than the machine sees; signatures may overtake then.
    let window: Int
    var now: Int64 = 0
    var rows: [Int64: Delivery] = [:]
    var nextID: Int64 = 1
    var underWay: [Int64] = []
    var record: [DeliveryOutcome]?
    /// The limit asked for, and the rows as they were when it was asked.
    var load: (limit: Int, then: [Delivery])?
    var alarm: Timestamp?
    var shifting: Int64?
    /// Waits are to be ended, those that a 429 has asked for among them.
    var hastening: Bool?
    /// Those that stay while what waits goes over.
    var diverting: Set<Int64>?
    var gone: Set<Int64> = []
    /// It has to be asked for; it was given, and is being asked for.
    let needsConsent: Bool
    var consents = false
    var isAsked = false
    var steps = 0
    /// The number of the secret that holds, and of that with which each has left.
    var (terms, leftWith): (Int, [Int64: Int]) = (0, [:])
    var lastID: Int64 = 6
    /// They have left at least once.
    var attempted: Set<Int64> = []
    /// How many came of each.
    var signatures: [String: Int] = [:]
    var deliveredCount: [Int64: Int] = [:]
    /// It has ended, and was told to.
    var isFinished = false
    var isStopped = false
    /// What it has said to do, and whether it was asked since something happened.
    var actions = 0
    var hasSettled = false
    var faults: [String] = []

    /// The second of each signature is a clear, and every second from there.
    let hasClears: Bool

    init(
      window: Int, hasFallback: Bool = false, failures: Int = 5, needsConsent: Bool = false,
      hasClears: Bool = false, rate: Rate? = nil, isEmpty: Bool = false
    ) {
      self.window = window
      self.hasClears = hasClears
      self.needsConsent = needsConsent
      var limits = DeliveryMachineTests.limits(concurrency: 2, window: window)
      limits.hasFallback = hasFallback
      limits.breaker.failures = failures
      limits.needsConsent = needsConsent
      limits.rate = rate
      machine = DeliveryMachine(limits: limits)
      if isEmpty {
        settle()
        _ = make(.answerNew)
        return
      }
      commit(signature: "a")
      commit(signature: "a")
      commit(signature: "b")
      settle()
    }

    mutating func commit(signature: String) {
      let time = DeliveryMachineTests.time(now)
      var row = Samples.delivery(nextID, signature: signature, createdAt: time, nextAttemptAt: time)
      row.isClear = hasClears && signatures[signature, default: 0] % 2 == 1
      signatures[signature, default: 0] += 1
      rows[nextID] = row
      nextID += 1
    }

    /// One that has nothing in common with any other.
    mutating func commitStranger() {
      let id = nextID
      commit(signature: "stranger \(id)")
      rows[id]?.host = "host \(id)"
      rows[id]?.rule = "rule \(id)"
    }

    /// The first that is under way ends so; false: none is.
    mutating func answer(_ end: DeliveryMachine.AttemptEnd) -> Bool {
      guard let id = underWay.first else { return false }
      if case .answered(let status, _, _) = end, StatusTable.meaning(of: status) == .delivered {
        deliveredCount[id, default: 0] += 1
      }
      self.end(id, end)
      settle()
      return true
    }

    mutating func take(_ input: DeliveryMachine.Input) -> Bool {
      switch input {
      case .stop, .cut: isStopped = true
      default: break
      }
      receive(input)
      settle()
      return true
    }

    /// What can happen next.
    enum Move: CaseIterable {
      case answerNew, answerOld, refuseLoad, recorded, refuseRecord, firstOK, lastOK, firstFails, lastCut
      case commit, commitOffered, alarm
      // Only in the random walk.
      case firstRefused, lastFails, lastThrottled, firstDead, reread, renewed, moved, clockBack, shifted
      case hastened, refuseHaste
      // Only with a fallback.
      case diverted, nowhereToGo, wentHome, refuseDiversion
      // Only where consent is needed.
      case consent, refuseConsent, noAnswer

      static let exhaustive: [Move] = [
        .answerNew, .answerOld, .refuseLoad, .recorded, .refuseRecord, .firstOK, .lastOK, .firstFails,
        .lastCut, .commit, .commitOffered, .alarm,
      ]
      static let withConsent: [Move] =
        [.answerNew, .recorded, .firstOK, .firstFails, .firstRefused, .commitOffered, .alarm, .reread]
        + [.hastened, .consent, .refuseConsent, .noAnswer, .diverted]
      static let withSecrets: [Move] =
        [.answerNew, .answerOld, .recorded, .firstOK, .firstRefused, .commitOffered, .alarm, .reread]
        + [.renewed, .moved, .hastened]
      static let withFallback: [Move] =
        exhaustive + [.firstRefused, .diverted, .nowhereToGo, .wentHome, .refuseDiversion]
    }

    var due: [Delivery] {
      let now = DeliveryMachineTests.time(now)
      return rows.values.filter { $0.state == .pending && $0.nextAttemptAt <= now && !isKeptBack($0) }
        .sorted { $0.id < $1.id }
    }

    /// As the queue does it.
    private func isKeptBack(_ row: Delivery) -> Bool {
      row.isClear && !isFollowed(row) && earlier(than: row).contains { $0.attempts > 0 }
    }

    private func isFollowed(_ clear: Delivery) -> Bool {
      rows.values.contains {
        !$0.isClear && $0.signature == clear.signature && $0.id > clear.id && $0.state == .pending
      }
    }

    /// Those of its signature that have not ended.
    private func earlier(than row: Delivery) -> [Delivery] {
      rows.values.filter { $0.state == .pending && $0.signature == row.signature && $0.id < row.id }
    }

    /// False when the move is not possible now.
    mutating func make(_ move: Move) -> Bool {
      switch move {
      case .answerNew:
        guard load != nil else { return false }
        answer(due)
      case .answerOld:
        guard let load, load.then != due else { return false }
        answer(load.then)
      case .refuseLoad:
        guard load != nil else { return false }
        load = nil
        receive(.loadFailed)
      case .recorded:
        guard let outcomes = record else { return false }
        record = nil
        apply(outcomes)
        receive(.recorded)
      case .refuseRecord:
        guard record != nil else { return false }
        record = nil
        receive(.recordFailed)
      case .firstOK, .lastOK:
        let isFirst = move == .firstOK
        guard underWay.count > (isFirst ? 0 : 1), let id = isFirst ? underWay.first : underWay.last
        else { return false }
        deliveredCount[id, default: 0] += 1
        end(id, DeliveryMachineTests.ok)
      case .firstFails:
        guard let id = underWay.first else { return false }
        end(id, .failed(error: "x"))
      case .lastCut:
        guard let id = underWay.last else { return false }
        end(id, .cut)
      case .commit:
        guard nextID < lastID else { return false }
        commit(signature: nextID % 3 == 0 ? "b" : "a")
        receive(.woken)
      case .commitOffered:
        guard nextID < lastID else { return false }
        commit(signature: nextID % 3 == 0 ? "b" : "a")
        guard let new = rows[nextID - 1] else { return false }
        receive(.committed([new]))
      case .alarm:
        guard let alarm else { return false }
        now = max(now, alarm.since(DeliveryMachineTests.start) / 1_000_000)
        self.alarm = nil
        receive(.timePassed)
      default:
        guard makeRare(move) else { return false }
      }
      settle()
      return true
    }

    private mutating func makeRare(_ move: Move) -> Bool {
      switch move {
      case .firstRefused, .lastFails, .lastThrottled, .firstDead:
        guard let id = move == .firstRefused || move == .firstDead ? underWay.first : underWay.last
        else { return false }
        switch move {
        case .firstRefused:
          consents = false
          end(id, DeliveryMachineTests.bad(403))
        case .lastFails: end(id, DeliveryMachineTests.bad(500))
        case .firstDead: end(id, DeliveryMachineTests.bad(422))
        default: end(id, DeliveryMachineTests.bad(429, retryAfter: 2))
        }
      case .diverted, .nowhereToGo, .wentHome, .refuseDiversion:
        guard let except = diverting else { return false }
        diverting = nil
        switch move {
        case .diverted: receive(.diverted(divert(except)))
        case .nowhereToGo: receive(.diverted(Diverted()))
        case .wentHome: receive(.diverted(sendHome(except)))
        default: receive(.divertFailed)
        }
      case .consent, .refuseConsent, .noAnswer:
        guard isAsked else { return false }
        isAsked = false
        switch move {
        case .consent:
          consents = true
          receive(.asked(.given(perMinute: 6_000), random: 0.5))
        case .refuseConsent: receive(.asked(.refused(status: 200, reason: "no"), random: 0.5))
        default:
          receive(
            .asked(.unanswered(status: 503, retryAfterSeconds: nil, error: "down"), random: 0.5))
        }
      case .reread, .renewed, .moved:
        consents = false
        terms += 1
        let change: DeliveryMachine.TermsChange =
          move == .reread ? .none : move == .renewed ? .secrets : .address
        receive(.reread(terms: terms, change))
      case .hastened, .refuseHaste:
        guard let isThrottled = hastening else { return false }
        hastening = nil
        let time = DeliveryMachineTests.time(now)
        for (id, row) in rows where move == .hastened && row.nextAttemptAt > time {
          if isThrottled || row.lastStatus != 429 { rows[id]?.nextAttemptAt = time }
        }
        receive(.hastened(move == .hastened))
      case .clockBack:
        guard steps < 3 else { return false }
        steps += 1
        now -= 3_600_000
        receive(.timePassed)
      case .shifted:
        guard let back = shifting else { return false }
        shifting = nil
        let start = DeliveryMachineTests.time(now)
        for (id, row) in rows where row.nextAttemptAt > start {
          rows[id]?.nextAttemptAt = Timestamp(nanoseconds: row.nextAttemptAt.nanoseconds - back)
        }
        receive(.woken)
      default: return false
      }
      return true
    }

    private mutating func divert(_ except: Set<Int64>) -> Diverted {
      var result = Diverted(target: "b")
      let busy = Set(except.compactMap { rows[$0]?.signature })
      for (id, row) in rows where row.state == .pending && !except.contains(id) {
        if busy.contains(row.signature) {
          result.heldBack += 1
          continue
        }
        rows[id] = nil
        gone.insert(id)
        result.moved += 1
      }
      return result
    }

    /// Those that were refused here.
    private mutating func sendHome(_ except: Set<Int64>) -> Diverted {
      var result = Diverted(target: "b")
      for (id, row) in rows where row.state == .pending && row.lastStatus == 403 && !except.contains(id) {
        rows[id] = nil
        gone.insert(id)
        result.home.insert(id)
      }
      result.moved = result.home.count
      return result
    }

    private mutating func answer(_ rows: [Delivery]) {
      guard let load else { return }
      self.load = nil
      let part = Array(rows.prefix(load.limit))
      let now = DeliveryMachineTests.time(now)
      let next = self.rows.values.filter { $0.state == .pending && $0.nextAttemptAt > now }
        .map(\.nextAttemptAt).min()
      receive(.loaded(part, next: part.count < load.limit ? next : nil))
    }

    private mutating func end(_ id: Int64, _ end: DeliveryMachine.AttemptEnd) {
      underWay.removeAll { $0 == id }
      receive(.ended(id: id, end, terms: leftWith[id] ?? 0, random: 0.5))
    }

    private mutating func apply(_ outcomes: [DeliveryOutcome]) {
      for outcome in outcomes {
        switch outcome.verdict {
        case .delivered: rows[outcome.id] = nil
        case .dead: rows[outcome.id]?.state = .dead
        case .retry(let at):
          rows[outcome.id]?.attempts += 1
          rows[outcome.id]?.nextAttemptAt = at
        }
        rows[outcome.id]?.lastStatus = outcome.status
      }
    }

    mutating func receive(_ input: DeliveryMachine.Input) {
      hasSettled = false
      machine.receive(input, now: DeliveryMachineTests.time(now))
    }

    mutating func settle() {
      for action in machine.decide(now: DeliveryMachineTests.time(now)) {
        actions += 1
        take(action)
      }
      hasSettled = true
      let firsts = underWay.compactMap { rows[$0] }.filter { $0.attempts == 0 }
      if window >= 8, lastID == 6, firsts.filter({ $0.signature == "a" }).count > 1 {
        faults.append("two of a signature at once")
      }
      if underWay.count > 2 { faults.append("\(underWay.count) under way") }
      if underWay.contains(where: { rows[$0]?.state == .dead }) { faults.append("a dead one under way") }
    }

    private mutating func take(_ action: DeliveryMachine.Action) {
      switch action {
      case .attempt(let ids):
        if needsConsent, !consents { faults.append("\(ids) without consent") }
        for id in ids {
          if underWay.contains(id) { faults.append("\(id) twice at once") }
          if deliveredCount[id] != nil { faults.append("\(id) again after its 2xx") }
          if machine[id: id] == nil { faults.append("\(id) unknown") }
          if gone.contains(id) { faults.append("\(id) went over") }
          if diverting != nil { faults.append("\(id) leaves while others go over") }
          // What has ended and is not recorded yet is no longer in the way.
          let ended = Set((record ?? []).filter { !$0.isRetry }.map(\.id)).union(deliveredCount.keys)
          if window >= 8, lastID == 6, let row = rows[id], row.isClear, !isFollowed(row),
            earlier(than: row).contains(where: { !ended.contains($0.id) })
          {
            faults.append("\(id) is a clear and before its raise")
          }
          if window >= 8, lastID == 6, let row = rows[id], !row.isClear,
            earlier(than: row).contains(where: {
              $0.isClear && !attempted.contains($0.id) && !ended.contains($0.id)
            })
          {
            faults.append("\(id) is a raise and before an earlier clear")
          }
          underWay.append(id)
          leftWith[id] = terms
          attempted.insert(id)
        }
      case .record(let outcomes):
        if record != nil { faults.append("two records at once") }
        record = outcomes
      case .load(let limit, _):
        if load != nil { faults.append("two loads at once") }
        load = (limit, due)
      case .sleep(let until): alarm = until
      case .changed: break
      case .ask:
        if isAsked { faults.append("asked twice at once") }
        isAsked = true
        consents = false
      case .divert(let except, _):
        if diverting != nil { faults.append("two diversions at once") }
        if load != nil { faults.append("a diversion during a load") }
        if !Set(underWay).isSubset(of: except) { faults.append("one under way goes over") }
        if let record, !Set(record.map(\.id)).isSubset(of: except) {
          faults.append("one that has ended goes over")
        }
        diverting = except
      case .hasten(let isThrottled, _):
        if hastening != nil { faults.append("waits ended twice at once") }
        hastening = isThrottled
      case .shift(let back): shifting = (shifting ?? 0) + back
      case .finished: isFinished = true
      }
    }

    /// Lets everything succeed; nothing may be left.
    mutating func drain() {
      let until = now + 30 * 60_000
      for _ in 0..<2_000 where faults.isEmpty && now < until {
        let kind: [Move] = [
          .shifted, .hastened, .recorded, .diverted, .consent, .firstOK, .answerNew, .alarm,
        ]
        guard kind.contains(where: { make($0) }) else { break }
      }
      let left = rows.values.filter { $0.state == .pending }.map(\.id)
      if !left.isEmpty { faults.append("stalled with \(left.sorted()): \(machine.condition)") }
      if deliveredCount.values.contains(where: { $0 != 1 }) { faults.append("delivered \(deliveredCount)") }
    }

    /// Stops it; it must come to an end whatever is under way.
    mutating func stop() {
      receive(.stop)
      settle()
      receive(.cut)
      settle()
      for _ in 0..<20 where !isFinished {
        if !make(.lastCut), !make(.recorded), !make(.diverted) { break }
      }
      if !isFinished { faults.append("does not stop") }
    }
  }
}

extension DeliveryOutcome {
  fileprivate var isRetry: Bool {
    if case .retry = verdict { true } else { false }
  }
}
