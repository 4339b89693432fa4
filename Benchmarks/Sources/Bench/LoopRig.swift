import Daemon
import Delivery
import Glibc
import Model
import Policy
import Store
import Synchronization

/// What stands behind a worker, on files in a directory that goes with it. The recorder has no thread: it
/// takes what the worker handed over when it is told, so that its work can be counted by itself.
final class LoopRig {
  let context: WorkerContext
  private let recorder: Recorder
  private let outbox: Outbox
  private let directory: String
  /// What the recorder passed on to the store.
  private let passed = Passed()

  private final class Passed: Sendable {
    let batches = Mutex<[EventBatch]>([])
  }

  init(_ snapshot: Snapshot, auditsAll: Bool) throws {
    let directory = try LoopRig.makeDirectory()
    let ledger = Ledger()
    let pool = BatchPool(limit: BatchPool.standardLimit, largestText: BatchPool.standardText)
    let pressure = Pressure()
    // On its way out a batch is kept here, so that each of the two commits is counted alone.
    let passed = passed
    let outbox = try Outbox(path: directory + "/outbox.db", sync: .normal) { LoopRig.say($0) }
    let destination = DestinationSettings(name: "receiver", url: "https://192.0.2.1/")
    let recorder = Recorder(
      outbox: outbox, idCeiling: nil, carried: 0, destinations: [destination],
      payloads: [Payload(destination, node: 0, agentLocation: "collector")], ledger: ledger, pool: pool,
      health: RecorderHealth(), pressure: pressure, deadline: StopDeadline(),
      sinks: Recorder.Sinks(
        deliveriesCommitted: { _ in },
        rowsCommitted: { batch, _ in passed.batches.withLock { $0.append(batch) } },
        marksWaiting: {}, acknowledge: { _ in }, alert: { _, _, _ in }, notices: { LoopRig.say($0) }))
    let snapshots = SnapshotBox()
    snapshots.publish(snapshot)
    var settings = WorkerSettings()
    settings.auditsAll = auditsAll
    // By number of rows alone: by age, a batch would be as long as the machine is slow.
    settings.flush = 3_600_000_000_000
    settings.tellsTemplatesAfter = 3_600_000_000_000
    settings.tellsDevicesAfter = 3_600_000_000_000
    context = WorkerContext(
      ledger: ledger, snapshots: snapshots, ids: IDSource(node: 0, floor: nil), recorder: recorder,
      pool: pool, pressure: pressure, activity: RuleActivity(), answers: AnswerPost([], ledger: ledger),
      notices: { LoopRig.say($0) }, settings: settings)
    self.recorder = recorder
    self.outbox = outbox
    self.directory = directory
  }

  deinit {
    outbox.close()
    for name in ["outbox.db", "muttd.db"] {
      for suffix in ["", "-wal", "-shm"] { unsafe _ = unlink("\(directory)/\(name)\(suffix)") }
    }
    unsafe _ = unlink(directory + "/muttd.lock")
    unsafe _ = rmdir(directory)
  }

  /// Writes what the worker left: to the outbox, counted as `name`, then to the store, counted as `store`.
  /// An empty name is not counted. The store gets one batch before, so that its statements are prepared.
  func commit(_ name: String, store storeName: String, _ meter: Meter) throws {
    recorder.stop()
    let rows = Int(context.ledger.snapshot.auditPending)
    if name.isEmpty {
      recorder.run()
    } else {
      meter.measureOnce(name, events: rows) { recorder.run() }
    }
    if storeName.isEmpty { return }
    let store = try SQLiteStore(path: directory + "/muttd.db", mode: .daemon, migrate: true) {
      LoopRig.say($0)
    }
    defer { store.close() }
    try fill(store)
    let batches = passed.batches.withLock { $0 }
    guard batches.count > 1 else { throw BenchFailure("\(storeName): \(batches.count) batches are too few") }
    for batch in batches.prefix(1) {
      _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    }
    let events = batches.dropFirst(1).reduce(0) { $0 + $1.rows.count }
    try meter.measureOnce(storeName, events: events) {
      for batch in batches.dropFirst(1) {
        _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
      }
    }
  }

  /// The rules that rows point at, as their references demand.
  private func fill(_ store: SQLiteStore) throws {
    guard let snapshot = context.snapshots.snapshot else { return }
    var catalog = Catalog()
    catalog.rules = snapshot.rules
    _ = try store.replaceCatalog(with: catalog, by: EditActor(name: "bench"))
  }

  private static func makeDirectory() throws -> String {
    let base = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/muttd-bench-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer {
      unsafe $0.baseAddress.map { unsafe mkdtemp($0) != nil } ?? false
    }
    if !made { throw BenchFailure("no directory can be made in \(base)") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func say(_ notice: Notice) {
    Meter.say("\(notice.component): \(notice.message) \(notice.fields.map { "\($0.0)=\($0.1)" })")
  }
}
