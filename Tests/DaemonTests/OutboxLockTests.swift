import Delivery
import Foundation
import Intake
import Model
import Synchronization
import TestKit
import Testing

@testable import Daemon
@testable import Store

/// Another program holds `outbox.db` with an open transaction: alerts go by memory, and none is lost unsaid.
@Suite struct OutboxLockTests {
  /// What the recorder said and gave away.
  private struct Heard {
    var notices: [Notice] = []
    var committed = 0
    var lost: [Delivery] = []
  }

  private final class Rig: Sendable {
    let ledger = Ledger()
    let health = RecorderHealth()
    let recorder: Recorder
    let deadline = StopDeadline()
    private let heard = HeardBox()
    private let thread = DaemonThread(name: "recorder")

    init(_ path: String) throws {
      let box = heard
      let moog = DestinationSettings(name: "moog", url: "http://127.0.0.1:9/")
      recorder = Recorder(
        outbox: try Outbox(path: path, sync: .normal) { _ in }, idCeiling: nil, carried: 0,
        destinations: [moog], payloads: [Payload(moog, node: 0, agentLocation: "here")], ledger: ledger,
        pool: BatchPool(limit: 4, largestText: 1 << 20), health: health, pressure: Pressure(),
        deadline: deadline,
        sinks: Recorder.Sinks(
          deliveriesCommitted: { _ in box.change { $0.committed += 1 } }, rowsCommitted: { _, _ in },
          marksWaiting: {}, acknowledge: { _ in }, alert: { _, _, _ in },
          lost: { delivery in box.change { $0.lost.append(delivery) } },
          notices: { notice in box.change { $0.notices.append(notice) } }))
    }

    var now: Heard { heard.value }

    func start() { thread.start { [recorder] in recorder.run() } }

    func put(_ factory: inout EventFactory) {
      var batch = EventBatch()
      factory.add(to: &batch, rule: (7, "link-down"))
      recorder.put(batch, beat: {})
    }

    func stop() async {
      deadline.begin()
      recorder.stop()
      await thread.join()
    }
  }

  private final class HeardBox: Sendable {
    private let state = Mutex(Heard())
    var value: Heard { state.withLock { $0 } }
    func change(_ body: (inout Heard) -> Void) { state.withLock { body(&$0) } }
  }

  private func wait(until holds: () async throws -> Bool) async throws {
    while try await !holds() { try await Task.sleep(for: .milliseconds(5)) }
  }

  private static let locked = "outbox.db is locked by another program; alerts are tried from memory"

  @Test(.timeLimit(.minutes(2)))
  func alertsGoByMemoryUntilTheFileIsLetGo() async throws {
    let directory = TemporaryDirectory()
    let rig = try Rig(directory.file("outbox.db"))
    var factory = EventFactory()
    rig.start()
    let other = try SQLiteConnection(path: directory.file("outbox.db"), access: .write)
    try other.execute("BEGIN IMMEDIATE", "locking it")
    rig.put(&factory)
    try await wait { rig.now.committed == 1 }
    // The next do not wait for the lock: a second in all, where each would have waited one.
    for _ in 0..<20 {
      rig.put(&factory)
      try await Task.sleep(for: .milliseconds(50))
    }
    try await wait { rig.now.committed > 1 && rig.ledger.snapshot.destinations[0].created == 21 }
    #expect(rig.health.failure?.code == .busy)
    let due = try await rig.recorder.due(
      destination: "moog", now: SystemClock.now, limit: 100, bytes: .max, staleBefore: .absent)
    #expect(due.count == 21 && due.allSatisfy { $0.id < 0 })
    #expect(rig.now.notices.count { $0.message.hasPrefix(Self.locked) } == 1)

    try other.execute("ROLLBACK", "letting go")
    try await wait { rig.now.notices.contains { $0.message.hasPrefix("the outbox can be written again") } }
    let stored = try await rig.recorder.perform { outbox throws(StoreError) in
      try outbox.list(OutboxFilter())
    }
    #expect(stored.map(\.eventID) == due.map(\.eventID).sorted())
    #expect(rig.health.failure == nil)
    #expect(rig.now.notices.count == 2 && rig.now.lost.isEmpty)
    await rig.stop()
  }

  /// A raise stands in the file and waits for its retry; its clear comes while the file takes nothing.
  @Test(.timeLimit(.minutes(2)))
  func aClearInMemoryWaitsForItsRaiseInTheFile() async throws {
    let directory = TemporaryDirectory()
    let rig = try Rig(directory.file("outbox.db"))
    var factory = EventFactory()
    rig.start()
    func put(severity: Int8) {
      var batch = EventBatch()
      factory.add(to: &batch, rule: (7, "link-down"))
      batch.rows[0].signature = batch.add("core1::link")
      batch.rows[0].alertSeverity = severity
      rig.recorder.put(batch, beat: {})
    }
    put(severity: 4)
    try await wait { try await due(rig).count == 1 }
    let raise = try await due(rig)[0]
    try await retry(raise, rig)
    let other = try SQLiteConnection(path: directory.file("outbox.db"), access: .write)
    try other.execute("BEGIN IMMEDIATE", "locking it")
    put(severity: 0)
    try await wait { rig.ledger.snapshot.destinations[0].created == 2 }
    #expect(try await due(rig).isEmpty, "it would end nothing")
    // The raise has arrived, which cannot be written either.
    try await rig.recorder.record(
      [DeliveryOutcome(id: raise.id, verdict: .delivered(marks: true), status: 200, error: nil)],
      destination: "moog")
    let clear = try #require(try await due(rig).first)
    #expect(clear.isClear && clear.id < 0 && clear.signature == raise.signature)
    try other.execute("ROLLBACK", "letting go")
    await rig.stop()
  }

  /// A destination is mended meanwhile: what can be reached waits no longer, the rest is asked for again.
  @Test(.timeLimit(.minutes(2)))
  func waitsEndAsFarAsTheyCan() async throws {
    let directory = TemporaryDirectory()
    let rig = try Rig(directory.file("outbox.db"))
    var factory = EventFactory()
    rig.start()
    rig.put(&factory)
    rig.put(&factory)
    try await wait { try await due(rig).count == 2 }
    let stored = try await due(rig)
    try await retry(stored[0], rig)
    let other = try SQLiteConnection(path: directory.file("outbox.db"), access: .write)
    try other.execute("BEGIN IMMEDIATE", "locking it")
    try await retry(stored[1], rig)
    #expect(try await due(rig).isEmpty)
    func hasten(isAgain: Bool) async throws -> Bool {
      try await rig.recorder.hasten(
        destination: "moog", throttled: false, isAgain: isAgain, now: SystemClock.now)
    }
    #expect(try await hasten(isAgain: false) == false)
    #expect(try await due(rig).map(\.id) == [stored[1].id])
    try other.execute("ROLLBACK", "letting go")
    try await wait { try await hasten(isAgain: true) }
    #expect(try await due(rig).map(\.id) == stored.map(\.id))
    await rig.stop()
  }

  private func due(_ rig: Rig) async throws -> [Delivery] {
    try await rig.recorder.due(
      destination: "moog", now: SystemClock.now, limit: 9, bytes: .max, staleBefore: .absent)
  }

  /// It has failed, and waits for an hour.
  private func retry(_ delivery: Delivery, _ rig: Rig) async throws {
    let later = SystemClock.now.adding(seconds: 3_600)
    try await rig.recorder.record(
      [DeliveryOutcome(id: delivery.id, verdict: .retry(at: later), status: 503, error: "no")],
      destination: "moog")
  }

  /// Only a row was to be written, which went to the store: that the file is free again is seen all the same.
  @Test(.timeLimit(.minutes(2)))
  func theEndIsSeenWhenNothingWaits() async throws {
    let directory = TemporaryDirectory()
    let rig = try Rig(directory.file("outbox.db"))
    var factory = EventFactory()
    rig.start()
    rig.put(&factory)
    try await wait { rig.now.committed == 1 }
    let other = try SQLiteConnection(path: directory.file("outbox.db"), access: .write)
    try other.execute("BEGIN IMMEDIATE", "locking it")
    var batch = EventBatch()
    factory.add(to: &batch, rule: (7, "link-down"))
    batch.rows[0].forwards = false
    rig.recorder.put(batch, beat: {})
    try await wait { rig.now.notices.count == 1 }
    try other.execute("ROLLBACK", "letting go")
    try await wait { rig.now.notices.count == 2 && rig.health.failure == nil }
    await rig.stop()
  }

  @Test(.timeLimit(.minutes(2)))
  func aStopSaysWhatIsLost() async throws {
    let directory = TemporaryDirectory()
    let rig = try Rig(directory.file("outbox.db"))
    var factory = EventFactory()
    rig.start()
    let other = try SQLiteConnection(path: directory.file("outbox.db"), access: .write)
    try other.execute("BEGIN IMMEDIATE", "locking it")
    // The last is put when the recorder has begun to stop, as the workers' last batches are.
    rig.put(&factory)
    try await wait { rig.now.committed == 1 }
    rig.put(&factory)
    await rig.stop()
    #expect(rig.now.lost.count == 2)
    #expect(rig.now.lost.allSatisfy { !$0.body.isEmpty })
    let moog = rig.ledger.snapshot.destinations[0]
    #expect(moog.created == 2 && moog.lost == 2 && moog.pending == 0)
    try other.execute("ROLLBACK", "letting go")
  }

  /// What was committed does not stay in the log for hours where few alerts come.
  @Test(.timeLimit(.minutes(2)))
  func aCalmOutboxIsFoldedBack() async throws {
    let directory = TemporaryDirectory()
    let rig = try Rig(directory.file("outbox.db"))
    rig.recorder.calm.interval = 100_000_000
    var factory = EventFactory()
    rig.start()
    rig.put(&factory)
    var copies = 0
    try await wait {
      copies += 1
      let copy = directory.file("copy\(copies).db")
      try FileManager.default.copyItem(atPath: directory.file("outbox.db"), toPath: copy)
      // While the log is folded back the copy is neither one nor the other, and before the tables stand in
      // the file there is nothing to be asked.
      guard let file = try? SQLiteConnection(path: copy, access: .write) else { return false }
      return (try? file.number("SELECT count(*) FROM deliveries", "counting")) == 1
    }
    await rig.stop()
  }

  /// Who lets go during the stop loses nothing.
  @Test(.timeLimit(.minutes(2)))
  func aStopWaitsForWhoLetsGo() async throws {
    let directory = TemporaryDirectory()
    let rig = try Rig(directory.file("outbox.db"))
    var factory = EventFactory()
    rig.start()
    // One thread after the other.
    nonisolated(unsafe) let other = try SQLiteConnection(path: directory.file("outbox.db"), access: .write)
    try unsafe other.execute("BEGIN IMMEDIATE", "locking it")
    rig.put(&factory)
    try await wait { rig.now.committed == 1 }
    rig.recorder.stop()
    // Not by the pool, which may be late.
    try await offPool {
      Thread.sleep(forTimeInterval: 0.5)
      try unsafe other.execute("ROLLBACK", "letting go")
    }
    await rig.stop()
    #expect(rig.now.lost.isEmpty)
    #expect(try unsafe other.number("SELECT count(*) FROM deliveries", "counting") == 1)
  }
}
