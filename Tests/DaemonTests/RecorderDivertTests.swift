import Delivery
import Intake
import Model
import Synchronization
import TestKit
import Testing

@testable import Daemon
@testable import Store

/// What waits for a destination that is shut goes over, each question a bounded piece of it.
@Suite(.timeLimit(.minutes(5))) struct RecorderDivertTests {
  private static let now = EventFactory.start.adding(seconds: 60)

  /// What a test says about the world.
  private final class Stage: Sendable {
    let isFirstShut = Atomic<Bool>(false)
    let seeksFirst = Atomic<Bool>(false)
    let said = Mutex<[Notice]>([])
  }

  /// A recorder with two destinations, of which the first may be shut.
  private final class Rig: Sendable {
    let stage = Stage()
    let ledger = Ledger()
    let outbox: Outbox
    let recorder: Recorder
    private let directory = TemporaryDirectory()
    private let thread = DaemonThread(name: "recorder")
    private let factory = Mutex(EventFactory())

    init(hasFallback: Bool = true) throws {
      outbox = try Outbox(path: directory.file("outbox.db"), sync: .normal) { _ in }
      let plan = Rig.plan(hasFallback: hasFallback)
      recorder = Recorder(
        outbox: outbox, idCeiling: nil, carried: 0, destinations: plan.settings, payloads: plan.payloads,
        isShut: { [stage] in $0 == 0 && stage.isFirstShut.load(ordering: .relaxed) },
        takesOne: { [stage] in $0 == 0 && stage.seeksFirst.load(ordering: .relaxed) }, ledger: ledger,
        pool: BatchPool(limit: 4, largestText: 1 << 20), health: RecorderHealth(), pressure: Pressure(),
        deadline: StopDeadline(),
        sinks: Recorder.Sinks(
          deliveriesCommitted: { _ in }, rowsCommitted: { _, _ in }, marksWaiting: {}, acknowledge: { _ in },
          alert: { _, _, _ in }, notices: { [stage] notice in stage.said.withLock { $0.append(notice) } }))
      thread.start { [recorder] in recorder.run() }
    }

    static func plan(hasFallback: Bool) -> RoutePlan {
      var first = DestinationSettings(name: "first", url: "http://127.0.0.1:9/")
      let second = DestinationSettings(name: "second", url: "http://127.0.0.1:9/")
      if hasFallback { first.fallback = second.name }
      let settings = [first, second]
      return RoutePlan(
        settings: settings, payloads: settings.map { Payload($0, node: 0, agentLocation: "here") },
        removed: [])
    }

    func shutFirst(_ isShut: Bool = true) { stage.isFirstShut.store(isShut, ordering: .relaxed) }

    /// Returns when they are committed.
    func put(_ count: Int) async throws {
      let before = ledger.snapshot.routed
      var left = count
      while left > 0 {
        var batch = EventBatch()
        factory.withLock { factory in
          for _ in 0..<min(left, 500) {
            let id = factory.add(to: &batch, rule: (7, "link-down"), handling: "Ticket_only")
            let row = batch.rows.count - 1
            batch.rows[row].signature = batch.add("s\(id.rawValue)")
          }
        }
        left -= batch.rows.count
        recorder.put(batch, beat: {})
      }
      while ledger.snapshot.routed < before + UInt64(count) { try await recorder.perform { _ in } }
    }

    /// One alert, committed.
    func put(_ signature: String, severity: Int8) async throws {
      let batch = factory.withLock { $0.alert(signature, severity: severity) }
      try await recorder.commit(batch, ledger)
    }

    func divert(continues: Bool = false) async throws -> Diverted {
      try await recorder.divert(
        destination: "first", except: [], continues: continues, now: RecorderDivertTests.now)
    }

    func pending(_ name: String) -> UInt64 {
      ledger.snapshot.destinations.first { $0.name == name }?.pending ?? 0
    }

    func setWritable(_ isWritable: Bool) throws {
      try outbox.use { session throws(StoreError) in
        try session.connection.execute(
          "PRAGMA query_only = \(isWritable ? "OFF" : "ON")", "setting up the test")
      }
    }

    func stop() async {
      recorder.stop()
      await thread.join()
    }
  }

  /// However much waits: in between the forwarder has its turn, and a trial may leave.
  @Test func oneQuestionEndsAtItsBound() async throws {
    let rig = try Rig()
    let bound = Recorder.diversionSlice * Recorder.diversionSlices
    try await rig.put(bound + 300)
    rig.shutFirst()
    let cut = try await rig.divert()
    #expect(cut == Diverted(target: "second", moved: bound, isCut: true))
    #expect(rig.ledger.snapshot.destinations.first { $0.name == "first" }?.diversionsCut == 1)
    #expect(rig.pending("first") == 300 && rig.pending("second") == UInt64(bound))
    // What comes meanwhile stands behind the rest and goes with it.
    try await rig.put(50)
    let rest = try await rig.divert(continues: true)
    #expect(rest == Diverted(target: "second", moved: 350))
    #expect(rig.pending("first") == 0 && rig.ledger.snapshot.imbalances == [])
    // That was more than one look. Another tells that nothing waits, and who comes goes straight there.
    try await rig.put(1)
    #expect(rig.pending("first") == 1)
    #expect(try await rig.divert() == Diverted(target: "second", moved: 1))
    try await rig.put(1)
    #expect(rig.pending("first") == 0 && rig.pending("second") == UInt64(bound + 352))
    await rig.stop()
  }

  /// More than one question looks at may not go: those behind them still do, and each is counted once.
  @Test func whoStaysKeepsNobody() async throws {
    let rig = try Rig(hasFallback: false)
    let bound = Recorder.diversionSlice * Recorder.diversionSlices
    // The second has these anyway.
    try await rig.put(bound + 10)
    rig.recorder.exchange(Rig.plan(hasFallback: true))
    try await rig.put(5)
    rig.shutFirst()
    let cut = try await rig.divert()
    #expect(cut == Diverted(target: "second", stayed: bound, isCut: true))
    #expect(try await rig.divert(continues: true) == Diverted(target: "second", moved: 5, stayed: bound + 10))
    // Not continued, it begins at the front.
    #expect(try await rig.divert() == Diverted(target: "second", stayed: bound, isCut: true))
    await rig.stop()
  }

  /// The second got the alert as its own before it became the fallback, and has delivered it.
  @Test func aLaterFallbackDoesNotGetWhatItHad() async throws {
    let rig = try Rig(hasFallback: false)
    try await rig.put(1)
    let had = try rig.outbox.due(destination: "second", now: Self.now, limit: 10, staleBefore: .absent)
    let outcome = DeliveryOutcome(
      id: try #require(had.first).id, verdict: .delivered(marks: true), status: 200, error: nil)
    try await rig.recorder.record([outcome], destination: "second")
    rig.recorder.exchange(Rig.plan(hasFallback: true))
    rig.shutFirst()
    #expect(try await rig.divert() == Diverted(target: "second", stayed: 1))
    #expect(rig.pending("first") == 1 && rig.pending("second") == 0)
    // What comes now goes to the fallback once.
    try await rig.put(1)
    #expect(rig.pending("first") == 1 && rig.pending("second") == 1)
    await rig.stop()
  }

  /// The fallback refuses what the first had made over to it, or what came while the first was shut: that
  /// goes back when the first has taken others.
  @Test(arguments: [true, false]) func whatBothRefuseIsJudgedByTheFirst(waited: Bool) async throws {
    let rig = try Rig()
    if waited { try await rig.put("poison", severity: 4) }
    rig.shutFirst()
    #expect(try await rig.divert().moved == (waited ? 1 : 0))
    if !waited { try await rig.put("poison", severity: 4) }
    func due(_ name: String) throws -> [Delivery] {
      try rig.outbox.due(destination: name, now: Self.now, limit: 9, staleBefore: .absent)
    }
    func end(_ name: String, _ id: Int64, _ verdict: DeliveryOutcome.Verdict, _ status: Int) async throws {
      let outcome = DeliveryOutcome(id: id, verdict: verdict, status: status, error: nil)
      try await rig.recorder.record([outcome], destination: name)
    }
    let poison = try #require(try due("second").first).id
    try await end("second", poison, .retry(at: Self.now), 403)
    func back() async throws -> Diverted {
      try await rig.recorder.divert(destination: "second", except: [], continues: false, now: Self.now)
    }
    // The first is shut; then nobody knows whether it works.
    #expect(try await back() == Diverted())
    rig.shutFirst(false)
    #expect(try await back() == Diverted())
    try await rig.put("good", severity: 4)
    try await end("first", try #require(try due("first").first).id, .delivered(marks: true), 200)
    // One that seeks its next trial has not passed since, and who goes there does not come back.
    rig.stage.seeksFirst.store(true, ordering: .relaxed)
    #expect(try await back() == Diverted())
    rig.stage.seeksFirst.store(false, ordering: .relaxed)
    #expect(try await back() == Diverted(target: "first", moved: 1, home: [poison]))
    #expect(rig.pending("first") == 1 && rig.pending("second") == 0)
    #expect(try due("first").map(\.id) == [poison])
    #expect(try await back() == Diverted())
    #expect(rig.ledger.snapshot.imbalances == [])
    await rig.stop()
  }

  /// A disk that takes no change: said at once and then once a minute, and tried on.
  @Test func aDiskThatRefusesIsNotSaidEverySecond() async throws {
    let rig = try Rig()
    try await rig.put(3)
    rig.shutFirst()
    try rig.setWritable(false)
    for _ in 0..<61 { #expect(try await rig.divert() == Diverted(target: "second", stayed: 1)) }
    let attempts = rig.stage.said.withLock { said in
      said.filter { $0.level == .error }.map { $0.fields.first { $0.0 == "attempt" }?.1 }
    }
    #expect(attempts == [.number(1), .number(61)])
    try rig.setWritable(true)
    #expect(try await rig.divert() == Diverted(target: "second", moved: 3))
    await rig.stop()
  }

  /// A fallback that took a raise gets its clear, though the first takes alerts again: once.
  @Test func aClearFollowsItsRaise() async throws {
    let rig = try Rig()
    try await rig.put("waits", severity: 4)
    rig.shutFirst()
    #expect(try await rig.divert().moved == 1)
    try await rig.put("goes there at once", severity: 4)
    #expect(rig.pending("first") == 0 && rig.pending("second") == 2)
    rig.shutFirst(false)
    try await rig.put("never went there", severity: 0)
    #expect(rig.pending("first") == 1 && rig.pending("second") == 2)
    for signature in ["waits", "goes there at once"] { try await rig.put(signature, severity: 0) }
    #expect(rig.pending("first") == 3 && rig.pending("second") == 4)
    #expect(try rig.outbox.standIns() == [])
    // The next raise and its clear are nobody else's.
    for severity: Int8 in [4, 0] { try await rig.put("waits", severity: severity) }
    #expect(rig.pending("first") == 5 && rig.pending("second") == 4)
    // Neither has the clear twice: it does not go over to who has it.
    rig.shutFirst()
    #expect(try await rig.divert() == Diverted(target: "second", moved: 3, stayed: 2))
    #expect(rig.ledger.snapshot.imbalances == [])
    await rig.stop()
  }

  /// A clear that stands behind its raise goes over with it, and not ahead of it.
  @Test func aClearDoesNotOvertakeARaiseThatIsAboutToGoOver() async throws {
    let rig = try Rig()
    rig.shutFirst()
    #expect(try await rig.divert() == Diverted(target: "second"))
    try await rig.put("link", severity: 4)
    #expect(rig.pending("second") == 1)
    rig.shutFirst(false)
    try await rig.put("link", severity: 4)
    rig.shutFirst()
    try await rig.put("link", severity: 0)
    #expect(rig.pending("first") == 2 && rig.pending("second") == 1)
    #expect(try await rig.divert() == Diverted(target: "second", moved: 2))
    #expect(try rig.outbox.standIns() == [])
    await rig.stop()
  }

  /// Also when the raise went over in memory, because the file took nothing.
  @Test func aClearFollowsARaiseThatStoodInMemory() async throws {
    let rig = try Rig()
    try rig.setWritable(false)
    try await rig.put("link", severity: 4)
    rig.shutFirst()
    #expect(try await rig.divert().moved == 1)
    try rig.setWritable(true)
    rig.shutFirst(false)
    while try rig.outbox.standIns().isEmpty { try await rig.recorder.perform { _ in } }
    try await rig.put("link", severity: 0)
    #expect(rig.pending("first") == 1 && rig.pending("second") == 2)
    await rig.stop()
  }

  /// There is room again, and what stands in memory moves to the file, which takes a few turns: who comes
  /// meanwhile stands there already, and does not go over before them.
  @Test func nobodyOvertakesWhatComesFromMemory() async throws {
    let rig = try Rig()
    func events(_ name: String) throws -> [EventID] {
      try rig.outbox.due(destination: name, now: Self.now, limit: 20_000, staleBefore: .absent).map(\.eventID)
    }
    try rig.setWritable(false)
    try await rig.put(12_000)
    rig.shutFirst()
    try rig.setWritable(true)
    while try rig.outbox.nextDue(destination: "first", after: .absent) == nil {
      try await rig.recorder.perform { _ in }
    }
    try await rig.put(10)
    var moved = 0
    while moved < 12_010 {
      moved += try await rig.divert(continues: true).moved
      let (there, here) = (try events("second"), try events("first"))
      #expect(there.count == moved)
      if let last = there.last, let first = here.first { #expect(last < first) }
    }
    #expect(rig.pending("first") == 0 && rig.ledger.snapshot.imbalances == [])
    await rig.stop()
  }

  /// While the file takes nothing, what stands in memory goes over all the same.
  @Test func whatStandsInMemoryGoesWithoutTheDisk() async throws {
    let rig = try Rig()
    try await rig.put(3)
    try rig.setWritable(false)
    try await rig.put(300)
    rig.shutFirst()
    #expect(try await rig.divert() == Diverted(target: "second", moved: 300, stayed: 1))
    #expect(rig.pending("second") == 300)
    try rig.setWritable(true)
    var last = Diverted()
    while last.moved == 0 { last = try await rig.divert() }
    #expect(last == Diverted(target: "second", moved: 3))
    #expect(rig.ledger.snapshot.imbalances == [])
    await rig.stop()
  }
}

extension EventFactory {
  /// One alert and nothing else.
  mutating func alert(_ signature: String, severity: Int8) -> EventBatch {
    var batch = EventBatch()
    add(to: &batch, rule: (7, "link"), handling: "Ticket_only")
    batch.rows[0].signature = batch.add(signature)
    batch.rows[0].alertSeverity = severity
    return batch
  }
}

extension Recorder {
  /// Returns when one of `batch` is routed and committed.
  func commit(_ batch: EventBatch, _ ledger: Ledger) async throws {
    let before = ledger.snapshot.routed
    put(batch, beat: {})
    while ledger.snapshot.routed == before { try await perform { _ in } }
  }
}
