import Delivery
import Intake
import Model
import Policy
import Synchronization
import TestKit
import Testing

@testable import Daemon
@testable import Store

/// An inform is acknowledged when the alert and the audit row it became survive whatever comes, and not
/// before: over a real socket, with a worker, the recorder, a real outbox and the store's writer behind it.
@Suite struct InformPromiseTests {
  private static let forwarded = "1.3.6.1.6.3.1.1.5.3"
  private static let recorded = "1.3.6.1.6.3.1.1.5.1"
  private static let unmatched = "1.3.6.1.6.3.1.1.5.2"

  /// All of the daemon that an inform meets.
  private final class Rig: Sendable {
    let path: String
    let ledger = Ledger()
    let store = MemoryStore()
    let outbox: Outbox
    let recorder: Recorder
    private let source: UDPSource
    private let writer: StoreWriter
    private let worker: DaemonThread
    private let others = (recorder: DaemonThread(name: "recorder"), store: DaemonThread(name: "store"))
    private let gauge = WorkerGauge()
    private let isStoreOpen: Flag
    private let lostAlerts: Flag

    final class Flag: Sendable {
      private let state = Atomic<Int>(0)
      var value: Int { state.load(ordering: .relaxed) }
      func set(_ value: Int) { state.store(value, ordering: .relaxed) }
      func add(_ count: Int) { state.add(count, ordering: .relaxed) }
    }

    init(_ directory: TemporaryDirectory, memoryLimit: Int = 1 << 20, reserve: Int64 = 0) throws {
      path = directory.file("outbox.db")
      outbox = try Outbox(path: path, sync: .normal) { _ in }
      let socket = try DatagramSocket(
        listening: ListenAddress(parsing: "127.0.0.1:0"), receiveBuffer: 1 << 20)
      let source = try UDPSource(socket)
      let answers = AnswerPost([source.answerPort], ledger: ledger)
      let (pool, pressure) = (BatchPool(limit: 4, largestText: 1 << 20), Pressure())
      let (late, isOpen, lost) = (LateBound<Recorder>(), Flag(), Flag())
      isOpen.set(1)
      let writer = StoreWriter(
        store: store, carried: 0, recorder: { late.bound }, ledger: ledger, pool: pool, pressure: pressure,
        health: StoreHealth(), mayWrite: { isOpen.value == 1 }, notices: { _ in })
      let moog = DestinationSettings(name: "moog", url: "http://127.0.0.1:9/")
      recorder = Recorder(
        outbox: outbox, idCeiling: nil, carried: 0, destinations: [moog],
        payloads: [Payload(moog, node: 0, agentLocation: "here")], ledger: ledger, pool: pool,
        health: RecorderHealth(), pressure: pressure, deadline: StopDeadline(),
        disk: DiskSpace(directory: directory.path, reserve: reserve), memoryLimit: memoryLimit,
        sinks: Recorder.Sinks(
          deliveriesCommitted: { _ in }, rowsCommitted: { writer.put($0, spoolKey: $1) },
          marksWaiting: {}, acknowledge: { answers.acknowledge($0) },
          forget: { answers.forget($0, of: $1) }, alert: { _, _, _ in }, lost: { _ in lost.add(1) },
          notices: { _ in }))
      late.bind(recorder)
      self.source = source
      self.writer = writer
      (isStoreOpen, lostAlerts) = (isOpen, lost)
      worker = DaemonThread(name: "worker")
      others.recorder.start { [recorder] in recorder.run() }
      others.store.start { writer.run() }
      try startWorker(pool, answers)
    }

    private func startWorker(_ pool: BatchPool, _ answers: AnswerPost) throws {
      var rules: [Rule] = []
      for (oid, handling) in [(forwarded, "Page_only"), (recorded, "Log_only")] {
        var rule = Rule(
          name: handling, matchType: .oidPrefix, trapOID: oid, prodHandling: handling, devHandling: "Ignore")
        rule.id = Int64(rules.count + 1)
        rule.priority = rules.count
        rules.append(rule)
      }
      let snapshots = SnapshotBox()
      let catalog = Catalog(rules: rules, developmentHosts: [], deviceTeams: [], devices: [], version: 1)
      snapshots.publish(try VerbDesk.compile(catalog, Config()))
      var settings = WorkerSettings()
      settings.answersInforms = true
      let context = WorkerContext(
        ledger: ledger, snapshots: snapshots, ids: IDSource(node: 0, floor: nil), recorder: recorder,
        pool: pool, pressure: Pressure(), activity: RuleActivity(), answers: answers, notices: { _ in },
        settings: settings)
      let index = ledger.addListener(name: "test", isDatagram: true)
      worker.start { [source, gauge] in
        do throws(IntakeError) {
          let worker = try Worker(
            source: source, kind: .trap, listener: index, context: context, gauge: gauge)
          worker.run()
        } catch {
          Issue.record("\(error)")
        }
      }
    }

    var address: ListenAddress { source.address }
    var lost: Int { lostAlerts.value }
    func openStore(_ isOpen: Bool) { isStoreOpen.set(isOpen ? 1 : 0) }
    /// From now on it takes nothing.
    func endStore() async {
      writer.stop()
      await others.store.join()
    }

    func stop() async {
      gauge.stop()
      source.wake()
      await worker.join()
      await endStore()
      recorder.stop()
      await others.recorder.join()
    }
  }

  private func inform(_ oid: String, _ number: Int32) throws -> [UInt8] {
    var writer = try InformWriter(.version2)
    return try writer.inform(requestID: number, ifIndex: 3, trapOID: oid)
  }

  /// Whether an inform that is sent until then is acknowledged within so many milliseconds.
  private func isAnswered(
    _ packet: [UInt8], _ sender: borrowing DatagramSender, within wait: Int32 = 300
  ) throws -> Bool {
    try sender.send(packet)
    return try sender.receive(wait: wait) != nil
  }

  private func expectAnswer(_ packet: [UInt8], _ sender: borrowing DatagramSender) throws {
    for _ in 0..<100 { if try isAnswered(packet, sender) { return } }
    Issue.record("never acknowledged")
  }

  /// Neither disk nor memory takes the alert: it is lost, and its sender goes on trying until there is one
  /// that is not.
  @Test(.timeLimit(.minutes(2))) func aLostAlertIsNotAcknowledgedAndComesAgain() async throws {
    let directory = TemporaryDirectory()
    let rig = try Rig(directory, memoryLimit: 0)
    let sender = try DatagramSender(to: rig.address)
    let packet = try inform(Self.forwarded, 1)
    let other = try SQLiteConnection(path: rig.path, access: .write)
    try other.execute("BEGIN IMMEDIATE", "locking it")
    while rig.lost == 0 { #expect(try !isAnswered(packet, sender)) }
    for _ in 0..<3 { #expect(try !isAnswered(packet, sender)) }
    try other.execute("ROLLBACK", "letting it go")
    try expectAnswer(packet, sender)
    #expect(try rig.outbox.counts().first?.pending == 1)
    #expect(try isAnswered(packet, sender, within: 10_000))
    let accounts = rig.ledger.snapshot
    // As many events as were lost, and the one that stands.
    #expect(accounts.matched == UInt64(rig.lost + 1))
    #expect(accounts.destinations[0].lost == UInt64(rig.lost) && accounts.destinations[0].pending == 1)
    #expect(try rig.outbox.counts().first?.pending == 1)
    await rig.stop()
  }

  /// The alert is tried from memory: nothing is lost and nothing is doubled, but nothing is promised either
  /// until it stands in the outbox.
  @Test(.timeLimit(.minutes(2))) func anAlertInMemoryIsAcknowledgedWhenItIsWritten() async throws {
    let directory = TemporaryDirectory()
    let rig = try Rig(directory)
    let sender = try DatagramSender(to: rig.address)
    let packet = try inform(Self.forwarded, 1)
    let other = try SQLiteConnection(path: rig.path, access: .write)
    try other.execute("BEGIN IMMEDIATE", "locking it")
    for _ in 0..<8 { #expect(try !isAnswered(packet, sender)) }
    try other.execute("ROLLBACK", "letting it go")
    try expectAnswer(packet, sender)
    #expect(try rig.outbox.counts().first?.pending == 1)
    #expect(rig.ledger.snapshot.matched == 1)
    #expect(rig.lost == 0)
    await rig.stop()
  }

  /// The disk is so full that the spool may not grow: rows are the store's to keep.
  @Test(.timeLimit(.minutes(2))) func aRowThatIsNotSpooledIsAcknowledgedWhenTheStoreHasIt() async throws {
    let directory = TemporaryDirectory()
    let rig = try Rig(directory, reserve: .max)
    rig.openStore(false)
    let sender = try DatagramSender(to: rig.address)
    let recorded = try inform(Self.recorded, 1)
    let forwarded = try inform(Self.forwarded, 2)
    for packet in [recorded, forwarded, recorded, forwarded] {
      #expect(try !isAnswered(packet, sender))
    }
    // Nothing of this one is to be kept.
    #expect(try isAnswered(try inform(Self.unmatched, 3), sender, within: 10_000))
    #expect(try rig.outbox.counts().first?.pending == 1)
    #expect(rig.outbox.spoolCount == 0)
    #expect(rig.store.appends == 0)
    rig.openStore(true)
    // Both of them, without being asked again.
    for _ in 0..<2 { #expect(try sender.receive(wait: 20_000) != nil) }
    #expect(rig.store.written.count == 2)
    for packet in [recorded, forwarded] { #expect(try isAnswered(packet, sender, within: 10_000)) }
    #expect(rig.ledger.snapshot.matched == 2)
    await rig.stop()
  }

  /// Nor can the store keep them: what is lost there is not acknowledged either.
  @Test(.timeLimit(.minutes(2))) func aLostRowIsNotAcknowledged() async throws {
    let directory = TemporaryDirectory()
    let rig = try Rig(directory, reserve: .max)
    await rig.endStore()
    let sender = try DatagramSender(to: rig.address)
    let packet = try inform(Self.recorded, 1)
    for _ in 0..<5 { #expect(try !isAnswered(packet, sender)) }
    let accounts = rig.ledger.snapshot
    // Each time it was taken for new, but for one that came before the worker heard of the loss.
    #expect(accounts.matched >= 2)
    #expect(accounts.auditShed == accounts.matched)
    await rig.stop()
  }

  // MARK: - The book

  @Test func whatIsMissingIsToldApart() {
    var book = InformBook()
    #expect(book.isEmpty)
    book.hold(1, alert: true, row: true, now: 0)
    book.hold(2, alert: false, row: true, now: 0)
    book.hold(3, alert: true, row: false, now: 0)
    book.lose(4, now: 0)
    for inform in 1...4 as ClosedRange<UInt64> { #expect(!book.isSettled(inform, now: 1)) }
    #expect(book.isSettled(5, now: 1))
    let stored = (1...5 as ClosedRange<UInt64>).map { book.rowIsStored($0) }
    #expect(stored == [false, true, false, false, false])
    #expect(book.isSettled(2, now: 1))
    book.alertsAreWritten()
    let settled = (1...4 as ClosedRange<UInt64>).map { book.isSettled($0, now: 1) }
    #expect(settled == [true, true, true, false])
    book.begin(4)
    #expect(book.isSettled(4, now: 1) && book.isEmpty)
  }

  /// Beyond its bound it knows nothing, and nothing is acknowledged that it might have known.
  @Test func aFullBookLetsNothingPass() {
    var book = InformBook(limit: 10)
    for inform in 0..<11 as Range<UInt64> { book.lose(inform, now: 0) }
    #expect(!book.isSettled(10, now: 1) && !book.isSettled(77, now: 1))
    book.sweep(now: InformTable.memory)
    #expect(book.isEmpty && book.isSettled(10, now: InformTable.memory))
  }
}
