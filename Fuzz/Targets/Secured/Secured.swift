import Desk
import Intake
import Model
import Policy
import Probe
import Synchronization
import Wire

/// A conversation in SNMPv3: some messages, one after the other, and all of them again.
@c(LLVMFuzzerTestOneInput)
public func secured(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe input(start, count)
  return bounded { check(bytes) }
}

private func check(_ bytes: [UInt8]) -> CInt {
  let orders = Order.read(bytes)
  if orders.isEmpty { return -1 }
  var conversation = Conversation()
  for order in orders { conversation.take(order) }
  conversation.repeatLate()
  return 0
}

/// A daemon's trap port, from the datagram to the batch of rows and answers, with a clock of its own.
struct Receiver: ~Copyable {
  static let engineID: [UInt8] = [0x80, 0, 0x1F, 0x88, 5, 1, 1, 1, 1, 1, 1, 1, 1]
  static let boots: UInt32 = 4
  static let engineLimit = 3

  let security: TrapSecurity
  private let seconds = Counter()
  private var desk: DecisionDesk
  private var sent: Int64 = 0

  /// What became of a datagram.
  struct Result {
    var tally: WorkerTally
    var batch: EventBatch
    var reports: AnswerList
  }

  private final class Counter: Sendable {
    let value = Atomic<Int64>(0)
  }

  /// One rule by OID alone (linkUp), which records, and one by text, which alerts; the rest matches nothing.
  private static let snapshot: Snapshot = {
    var link = Rule(
      name: "link", matchType: .oidPrefix, trapOID: "1.3.6.1.6.3.1.1.5.4", prodHandling: "Log_only",
      devHandling: "Log_only")
    link.id = 1
    var core = Rule(
      name: "core", matchType: .contains, matchString: "core", prodHandling: "Page_and_ticket",
      devHandling: "Log_only")
    core.id = 2
    do throws(PolicyError) {
      return try Snapshot.compile(Catalog(rules: [link, core]), settings: PolicySettings(), generation: 1)
    } catch {
      fatalError("no snapshot: \(error)")
    }
  }()

  init() {
    let counter = seconds
    security = TrapSecurity(
      users: Sender.known, engineLimit: Receiver.engineLimit, engineID: Receiver.engineID,
      boots: Receiver.boots, clock: { counter.value.load(ordering: .relaxed) * 1_000_000_000 })
    var settings = WorkerSettings()
    settings.auditsAll = true
    settings.answersInforms = true
    settings.security = security
    desk = DecisionDesk(settings: settings)
    do throws(PolicyError) { try desk.adopt(Receiver.snapshot) } catch {
      claim(false, "no matcher: \(error)")
    }
  }

  /// Seconds since the start.
  var clock: Int64 { seconds.value.load(ordering: .relaxed) }
  func wait(_ count: Int64) { seconds.value.add(count, ordering: .relaxed) }

  mutating func take(_ bytes: [UInt8]) -> Result {
    sent += 1
    let now = Timestamp(seconds: 1_795_219_200 + clock)
    let about = Datagram(peer: IPAddress(v4: 192, 0, 2, 1), port: 162, arrival: now)
    var tally = WorkerTally()
    desk.trap(bytes.span, about, id: EventID(rawValue: sent), now: now, &tally)
    let reports = desk.reports
    desk.reports.clear()
    return Result(tally: tally, batch: desk.exchangeBatch(EventBatch()), reports: reports)
  }
}

/// The messages of one input, each held against what the reference says of it.
struct Conversation: ~Copyable {
  private var receiver = Receiver()
  private var reference = Reference(users: Sender.known)
  private var heard: [(bytes: [UInt8], isTakenAsOurs: Bool)] = []

  mutating func take(_ order: Order) {
    switch order {
    case .asItIs(let bytes): _ = hear(bytes)
    case .written(let instructions, let content):
      receiver.wait(instructions.wait)
      switch instructions.twist {
      case .users(let isLoss): exchangeUsers(isLoss)
      case .forgotten:
        receiver.security.forgetEngines([instructions.engineID])
        reference.forget(instructions.engineID, clock: receiver.clock)
      default: break
      }
      let sent = instructions.message(content, clock: receiver.clock)
      let plain = hear(sent.bytes)
      if plain.isEmpty || instructions.isTwisted { return }
      // DES pads.
      claim(plain.starts(with: sent.scoped), "sent was \(sent.scoped), what came out is \(plain)")
    }
  }

  private mutating func exchangeUsers(_ isLoss: Bool) {
    var users = reference.users
    if !users.isEmpty {
      let first = users.removeFirst()
      if !isLoss { users.append(first) }
    }
    reference.users = users
    receiver.security.exchange(users)
  }

  /// A message, and the same octets again at once: what was refused is refused for the same reason; a trap
  /// is taken again while it is in time, as RFC 3414 has it, and an inform only acknowledged again. Returns
  /// the ScopedPDU of what was taken.
  private mutating func hear(_ bytes: [UInt8]) -> [UInt8] {
    // All else is the business of the target `trap`.
    guard TrapDecoder().decode(bytes.span, into: &reference.trap) == .secured else { return [] }
    let first = judge(bytes)
    let engines = receiver.security.engineCounts
    let again = judge(bytes)
    let isInform = first.outcome == .inform
    claim(
      again.outcome == (isInform ? .refused(.duplicateInform) : first.outcome),
      "it was \(first.outcome), and is \(again.outcome) when it is sent again")
    claim(receiver.security.engineCounts == engines, "the same message changes the engines twice")
    var isTaken = isInform
    if case .trap = first.outcome { isTaken = true }
    heard.append((bytes, isTaken && first.isProven && first.isOurs))
    return isTaken ? first.plain : []
  }

  /// All of it once more when it is too old, however far it was ahead of our time: what was proved and taken
  /// under our authority is not taken again.
  mutating func repeatLate() {
    receiver.wait(301)
    for (bytes, isTakenAsOurs) in heard {
      let outcome = judge(bytes).outcome
      if !isTakenAsOurs { continue }
      if case .refused(let reason) = outcome, reason != .duplicateInform { continue }
      claim(false, "recorded five minutes ago, it is \(outcome)")
    }
  }

  private mutating func judge(_ bytes: [UInt8]) -> Reference.Judgement {
    let before = receiver.security.engineCounts
    let expected = reference.judge(bytes, clock: receiver.clock)
    let result = receiver.take(bytes)
    Outcome(bytes: bytes, expected: expected, result: result).check(reference.users, &reference.trap)
    checkEngines(expected, before)
    return expected
  }

  private func checkEngines(_ judgement: Reference.Judgement, _ before: (known: Int, evicted: UInt64)) {
    let counts = receiver.security.engineCounts
    claim(counts.known <= Receiver.engineLimit, "\(counts.known) engines are known")
    let moved = receiver.security.takeMovedEngines(.max, wall: Timestamp(seconds: 0))
    if !judgement.isProven || judgement.isOurs {
      claim(counts == before && moved.isEmpty, "an engine enters the table, and has proved nothing")
    }
    claim(
      counts == (reference.engines.count, UInt64(reference.evictions)),
      "\(counts) engines, not \(reference.engines.count) with \(reference.evictions) evictions")
    for record in moved {
      guard let engine = reference.engines.first(where: { $0.id == record.id }) else {
        claim(false, "an engine that nobody heard: \(record.id)")
        continue
      }
      claim(
        record.boots == engine.boots && Int64(record.time) == engine.time,
        "another clock: \(record), \(engine)")
    }
  }
}
