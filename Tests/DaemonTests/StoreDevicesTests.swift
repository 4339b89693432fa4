import Delivery
import Model
import Policy
import Store
import Synchronization
import TestKit
import Testing

@testable import Daemon

/// The store's writer notes when devices were heard: once a minute, at a stop, and never at the cost of rows.
@Suite struct StoreDevicesTests {
  private final class Rig: Sendable {
    let ledger = Ledger()
    let store = MemoryStore()
    let notices = Notices()
    let writer: StoreWriter
    private let recorder: Recorder
    private let recorderThread = DaemonThread(name: "recorder")
    private let writerThread = DaemonThread(name: "store")
    private let names: DeviceNames

    init(_ directory: String, devices: [String]) throws {
      _ = try store.apply(
        devices.map { .setDevice(Device(hostname: $0, addresses: [])) }, by: EditActor(name: "test"))
      names = try Snapshot.compile(store.loadCatalog(), settings: PolicySettings(), generation: 1).deviceNames
      let pool = BatchPool(limit: 4, largestText: 1 << 20)
      let pressure = Pressure()
      let recorder = Recorder(
        outbox: try Outbox(path: "\(directory)/outbox.db", sync: .normal) { _ in }, idCeiling: nil,
        carried: 0, destinations: [], payloads: [], ledger: ledger, pool: pool, health: RecorderHealth(),
        pressure: pressure, deadline: StopDeadline(),
        sinks: Recorder.Sinks(
          deliveriesCommitted: { _ in }, rowsCommitted: { _, _ in }, marksWaiting: {},
          acknowledge: { _ in }, alert: { _, _, _ in }, notices: { _ in }))
      self.recorder = recorder
      writer = StoreWriter(
        store: store, carried: 0, recorder: { recorder }, ledger: ledger, pool: pool, pressure: pressure,
        health: StoreHealth(), devicesInterval: StoreDevicesTests.century,
        notices: { [notices] in notices.add($0) })
    }

    func start() {
      recorderThread.start { [recorder] in recorder.run() }
      writerThread.start { [writer] in writer.run() }
    }

    func stop() async {
      writer.stop()
      await writerThread.join()
      recorder.stop()
      await recorderThread.join()
    }

    /// As a worker tells: the device at this place, heard so many seconds after the start.
    func hear(_ device: Int32, _ seconds: Int64) -> Bool {
      var heard = HeardDevices()
      heard.adopt(names)
      heard.note(device, at: StoreDevicesTests.time(seconds))
      return writer.put(heard)
    }

    /// Rows that come after what was told: when they are there, the writer has had its turns.
    func writeRows(_ factory: inout EventFactory) async throws {
      for _ in 0..<20 {
        var batch = EventBatch()
        factory.add(to: &batch, rule: nil)
        ledger.update { $0.auditPending += 1 }
        writer.put(batch, spoolKey: nil)
        try await StoreDevicesTests.eventually("the rows are written") { ledger.snapshot.auditPending == 0 }
      }
    }

    var noted: [[String]] {
      store.heard.map { page in
        page.map { "\($0.hostname) \($0.last.since(StoreDevicesTests.time(0)) / 1_000_000_000)" }
      }
    }
  }

  private final class Notices: Sendable {
    private let all = Mutex<[String]>([])
    func add(_ notice: Notice) { all.withLock { $0.append("\(notice.level) \(notice.message)") } }
    var lines: [String] { all.withLock { $0 } }
  }

  /// Nanoseconds that no test lasts.
  private static let century: Int64 = 3_155_760_000_000_000_000

  private static func time(_ seconds: Int64) -> Timestamp { EventFactory.start.adding(seconds: seconds) }

  private static func eventually(_ what: String, _ holds: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while !holds() {
      guard ContinuousClock.now < deadline else {
        Issue.record("not within a minute: \(what)")
        return
      }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  @Test func theyAreNotedAtOnceAndThenOnceAMinuteAndAtTheStop() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let rig = try Rig(directory.path, devices: ["a", "b", "c"])
    let version = try rig.store.catalogVersion()
    #expect(rig.hear(1, 1) && rig.hear(0, 3) && rig.hear(1, 2))
    rig.start()
    try await Self.eventually("the first are noted") { rig.noted == [["a 3", "b 2"]] }
    #expect(rig.hear(2, 70) && rig.hear(1, 71))
    var factory = EventFactory()
    try await rig.writeRows(&factory)
    #expect(rig.noted.count == 1)
    await rig.stop()
    #expect(rig.noted == [["a 3", "b 2"], ["b 71", "c 70"]])
    #expect(try rig.store.catalogVersion() == version)
    #expect(try rig.store.configChanges(ChangeQuery()).changes.count == 3)
  }

  @Test func aStoreThatRefusesThemTakesRowsAllTheSame() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let rig = try Rig(directory.path, devices: ["a", "b"])
    rig.store.fail([StoreError(.permission, "not yours")])
    #expect(rig.hear(0, 1))
    rig.start()
    try await Self.eventually("it is refused") { rig.ledger.snapshot.heardFailures == 1 }
    var factory = EventFactory()
    try await rig.writeRows(&factory)
    #expect(rig.store.written.count == 20)
    #expect(rig.hear(1, 2))
    await rig.stop()
    // What was refused is not lost.
    #expect(rig.noted == [["a 1", "b 2"]])
    #expect(rig.notices.lines.count { $0.contains("does not take when devices were heard") } == 1)
    #expect(rig.notices.lines.count { $0.contains("notes again") } == 1)
  }

  /// A stop tries once, and is not held up.
  @Test func aStopTriesOnce() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let rig = try Rig(directory.path, devices: ["a"])
    rig.store.fail([StoreError(.permission, "not yours"), StoreError(.permission, "not yours")])
    rig.store.setBusy(["a"])
    #expect(rig.hear(0, 1))
    rig.start()
    try await Self.eventually("it is refused") { rig.ledger.snapshot.heardFailures == 1 }
    await rig.stop()
    #expect(rig.ledger.snapshot.heardFailures == 2)
    #expect(rig.noted.isEmpty)
  }

  @Test func whoIsBeingChangedIsNotedLater() async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let rig = try Rig(directory.path, devices: ["a", "b"])
    rig.store.setBusy(["b"])
    #expect(rig.hear(0, 1) && rig.hear(1, 1))
    rig.start()
    try await Self.eventually("both are tried") { rig.noted.count == 1 }
    await rig.stop()
    #expect(rig.noted == [["a 1", "b 1"], ["b 1"]])
  }

  /// A writer that does not come round is given so much and no more; the worker keeps the rest.
  @Test func whatWaitsIsBounded() throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let rig = try Rig(directory.path, devices: ["a"])
    var taken = 0
    while taken < 10_000, rig.hear(0, 1) { taken += 1 }
    #expect(taken == 1_024)
  }
}
