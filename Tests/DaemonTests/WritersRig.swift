import Daemon
import Delivery
import Intake
import Model
import Synchronization
import TestKit
import Testing

@testable import Store

extension WritersTests {
  /// The two threads behind the workers, without workers, destinations and clock.
  final class Rig: Sendable {
    let ledger = Ledger()
    let store: MemoryStore
    let outbox: Outbox
    let recorder: Recorder
    let writer: StoreWriter
    private let recorderThread = DaemonThread(name: "recorder")
    private let writerThread = DaemonThread(name: "store")

    init(
      _ directory: String, store: MemoryStore = MemoryStore(), batchRows: Int = 1_000, patience: Int64 = 0
    ) throws {
      self.store = store
      let outbox = try Outbox(path: "\(directory)/outbox.db", sync: .normal) { _ in }
      self.outbox = outbox
      let pool = BatchPool(limit: 4, largestText: 1 << 20)
      let pressure = Pressure()
      let carried = outbox.spoolCount
      ledger.update {
        $0.carried = UInt64(carried)
        $0.auditPending = UInt64(carried)
      }
      let box = LateRecorder()
      let writer = StoreWriter(
        store: store, carried: carried, recorder: { box.recorder }, ledger: ledger, pool: pool,
        pressure: pressure, health: StoreHealth(), batchRows: batchRows, patience: patience,
        notices: { _ in })
      recorder = Recorder(
        outbox: outbox, idCeiling: outbox.idCeiling, carried: carried, destinations: [],
        payloads: [], ledger: ledger, pool: pool,
        health: RecorderHealth(), pressure: pressure, deadline: StopDeadline(),
        sinks: Recorder.Sinks(
          deliveriesCommitted: { _ in }, rowsCommitted: { writer.put($0, spoolKey: $1) },
          marksWaiting: { writer.wakeForMarks() }, acknowledge: { _ in }, alert: { _, _, _ in },
          notices: { _ in }))
      self.writer = writer
      box.bind(recorder)
    }

    func start() {
      startRecorder()
      startWriter()
    }

    func startRecorder() { recorderThread.start { [recorder] in recorder.run() } }
    func startWriter() { writerThread.start { [writer] in writer.run() } }

    func put(_ batch: EventBatch) {
      let matched = UInt64(batch.matchedCount)
      let rows = UInt64(batch.rows.count)
      ledger.update {
        $0.internalEvents += rows
        $0.matched += matched
        $0.unmatched += rows - matched
        $0.auditPending += rows
      }
      recorder.put(batch, beat: {})
    }

    /// Whether the outbox takes what is written; it is read either way.
    func setWritable(_ isWritable: Bool) throws {
      try outbox.use { session throws(StoreError) in
        try session.connection.execute(
          "PRAGMA query_only = \(isWritable ? "OFF" : "ON")", "setting up the test")
      }
    }

    /// As the daemon stops: the writer drains the recorder, then the recorder ends.
    func stop() async -> Accounts {
      writer.stop()
      await writerThread.join()
      recorder.stop()
      await recorderThread.join()
      return ledger.snapshot
    }
  }

  /// The recorder, known after the writer that needs it.
  private final class LateRecorder: Sendable {
    private let held = Mutex<Recorder?>(nil)
    func bind(_ recorder: Recorder) { held.withLock { $0 = recorder } }
    var recorder: Recorder { held.withLock { $0 }! }
  }
}
