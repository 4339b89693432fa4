import Delivery
import Intake
import Model
import Store
import Synchronization
import TestKit
import Testing

@testable import Daemon

/// Workers with sources that hold their senders back, and with sources that do not.
@Suite struct StreamWorkerTests {
  /// Hands out what the test says, a call at a time.
  private final class ScriptSource: DatagramSource {
    let holdsBack: Bool
    /// Datagrams of the n-th call, and of the end.
    private let script: @Sendable (Int) -> Int
    private let rest: Mutex<Int>
    private let counts = Mutex((asked: 0, refused: 0))
    private let text: [UInt8]

    init(
      holdsBack: Bool, rest: Int = 0, size: Int = 8_000, script: @escaping @Sendable (Int) -> Int
    ) {
      self.holdsBack = holdsBack
      self.script = script
      self.rest = Mutex(rest)
      text = Array("<13>1 - core1 app - - - ".utf8) + Array(repeating: UInt8(ascii: "x"), count: size - 24)
    }

    var asked: Int { counts.withLock { $0.asked } }
    var refused: Int { counts.withLock { $0.refused } }

    private func fill(_ slab: inout DatagramSlab, _ count: Int) {
      slab.clear()
      let about = Datagram(peer: IPAddress(v4: 192, 0, 2, 1), port: 514, arrival: SystemClock.now)
      let bytes = text
      for _ in 0..<count { _ = slab.put(bytes.span, about) }
    }

    func receive(into slab: inout DatagramSlab, wait: Int32) throws(IntakeError) {
      let call = counts.withLock { counts in
        counts.asked += 1
        return counts.asked
      }
      let count = script(call)
      if count == 0, wait != 0 { DaemonThread.pause(milliseconds: 1) }
      fill(&slab, count)
    }

    func wake() {}
    func refuse() { counts.withLock { $0.refused += 1 } }
    func finish(into slab: inout DatagramSlab) {
      fill(
        &slab,
        rest.withLock { rest in
          defer { rest = 0 }
          return rest
        })
    }
  }

  /// A recorder that runs when it is told to, and the workers before it.
  private final class Rig: Sendable {
    let ledger = Ledger()
    let recorder: Recorder
    let rows: Counter
    private let context: WorkerContext
    private let recorderThread = DaemonThread(name: "recorder")
    private let workers = Mutex<[(gauge: WorkerGauge, thread: DaemonThread)]>([])

    final class Counter: Sendable {
      private let value = Mutex(0)
      func add(_ count: Int) { value.withLock { $0 += count } }
      var count: Int { value.withLock { $0 } }
    }

    init(_ directory: String) throws {
      let pool = BatchPool(limit: 4, largestText: 1 << 20)
      let rows = Counter()
      self.rows = rows
      recorder = Recorder(
        outbox: try Outbox(path: "\(directory)/outbox.db", sync: .normal) { _ in }, idCeiling: nil,
        carried: 0, destinations: [], payloads: [], ledger: ledger, pool: pool, health: RecorderHealth(),
        pressure: Pressure(), deadline: StopDeadline(),
        sinks: Recorder.Sinks(
          deliveriesCommitted: { _ in }, rowsCommitted: { batch, _ in rows.add(batch.rows.count) },
          marksWaiting: {}, acknowledge: { _ in }, alert: { _, _, _ in }, notices: { _ in }))
      let snapshots = SnapshotBox()
      snapshots.publish(try VerbDesk.compile(Catalog(), Config()))
      var settings = WorkerSettings()
      settings.auditsAll = true
      context = WorkerContext(
        ledger: ledger, snapshots: snapshots, ids: IDSource(node: 0, floor: nil), recorder: recorder,
        pool: pool,
        // Of its own: nothing is shed here, however full the queue is.
        pressure: Pressure(), activity: RuleActivity(), answers: AnswerPost([], ledger: ledger),
        notices: { _ in }, settings: settings)
    }

    @discardableResult
    func start(_ source: ScriptSource, stops: Bool = false) -> WorkerGauge {
      let gauge = WorkerGauge()
      if stops { gauge.stop() }
      let thread = DaemonThread(name: "worker")
      let index = ledger.addListener(name: "test", isDatagram: !source.holdsBack)
      workers.withLock { $0.append((gauge, thread)) }
      thread.start { [context] in
        do throws(IntakeError) {
          let worker = try Worker(
            source: source, kind: .syslog, listener: index, context: context, gauge: gauge)
          worker.run()
        } catch {
          Issue.record("\(error)")
        }
      }
      return gauge
    }

    func startRecorder() { recorderThread.start { [recorder] in recorder.run() } }

    /// As the daemon stops: the workers first.
    func stop() async {
      let workers = workers.withLock { $0 }
      for worker in workers { worker.gauge.stop() }
      for worker in workers { await worker.thread.join() }
      recorder.stop()
      await recorderThread.join()
    }
  }

  private func eventually(_ what: String, _ holds: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while !holds() {
      guard ContinuousClock.now < deadline else {
        Issue.record("not within a minute: \(what)")
        return
      }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// The outbox stands still, and a flood over TCP has filled what it may.
  @Test func datagramsAreTakenWhileStreamsWait() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let rig = try Rig(directory.path)
    let isOver = Mutex(false)
    let flood = ScriptSource(holdsBack: true) { _ in isOver.withLock { $0 } ? 0 : 16 }
    rig.start(flood)
    var seen = -1
    // Asked no more: it waits.
    while seen != flood.asked || seen == 0 {
      seen = flood.asked
      try await Task.sleep(for: .seconds(1))
    }
    let calls = 25
    let datagrams = ScriptSource(holdsBack: false) { $0 <= calls ? 16 : 0 }
    rig.start(datagrams)
    try await eventually("all datagrams are taken") { datagrams.asked > calls + 1 }
    #expect(rig.rows.count == 0)
    isOver.withLock { $0 = true }
    rig.startRecorder()
    await rig.stop()
    let accounts = rig.ledger.snapshot
    #expect(UInt64(rig.rows.count) == accounts.received)
    #expect(accounts.received > UInt64(calls * 16))
  }

  /// What senders were promised is read for longer than two seconds, and what was begun is a message.
  @Test func aStopReadsWhatWasPromised() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let rig = try Rig(directory.path)
    rig.startRecorder()
    let source = ScriptSource(holdsBack: true, rest: 2, size: 80) { call in
      if call > 24 { return 0 }
      DaemonThread.pause(milliseconds: 90)
      return 1
    }
    rig.start(source, stops: true)
    await rig.stop()
    #expect(rig.rows.count == 26)
    #expect(source.refused == 1)
  }

  /// A flood of datagrams has no end.
  @Test func aStopDoesNotReadDatagramsForEver() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let rig = try Rig(directory.path)
    rig.startRecorder()
    let source = ScriptSource(holdsBack: false, size: 80) { _ in
      DaemonThread.pause(milliseconds: 10)
      return 1
    }
    rig.start(source, stops: true)
    await rig.stop()
    #expect(rig.rows.count > 0)
  }
}
