import Delivery
import Intake
import Model
import Store
import Synchronization
import TestKit
import Testing

@testable import Daemon

/// What stands at a fallback that is shut goes back to where it was routed to: to that one alone, and once.
@Suite(.timeLimit(.minutes(2))) struct RecorderHomeTests {
  private static let now = EventFactory.start.adding(seconds: 60)

  private final class Shut: Sendable {
    let places = Mutex<Set<Int>>([])
  }

  /// A recorder whose destinations take every alert, but for `c`, which only stands in.
  private final class Rig: Sendable {
    let outbox: Outbox
    private let shut = Shut()
    private let ledger = Ledger()
    private let recorder: Recorder
    private let directory = TemporaryDirectory()
    private let thread = DaemonThread(name: "recorder")
    private let factory = Mutex(EventFactory())

    init(_ fallbacks: KeyValuePairs<String, String?>) throws {
      outbox = try Outbox(path: directory.file("outbox.db"), sync: .normal) { _ in }
      let settings = fallbacks.map { name, fallback in
        var one = DestinationSettings(name: name, url: "http://127.0.0.1:9/")
        one.fallback = fallback
        if name != "c" { one.match.handling = ["Ticket_only"] }
        return one
      }
      recorder = Recorder(
        outbox: outbox, idCeiling: nil, carried: 0, destinations: settings,
        payloads: settings.map { Payload($0, node: 0, agentLocation: "here") },
        isShut: { [shut] place in shut.places.withLock { $0.contains(place) } }, ledger: ledger,
        pool: BatchPool(limit: 4, largestText: 1 << 20), health: RecorderHealth(), pressure: Pressure(),
        deadline: StopDeadline(),
        sinks: Recorder.Sinks(
          deliveriesCommitted: { _ in }, rowsCommitted: { _, _ in }, marksWaiting: {}, acknowledge: { _ in },
          alert: { _, _, _ in }, notices: { _ in }))
      thread.start { [recorder] in recorder.run() }
    }

    /// Nobody else is; what waits for them has gone over.
    func shut(_ places: Set<Int>, _ names: String...) async throws {
      shut.places.withLock { $0 = places }
      for name in names { _ = try await divert(name) }
    }

    /// One alert, committed.
    func put(_ signature: String, severity: Int8 = 4) async throws {
      let batch = factory.withLock { $0.alert(signature, severity: severity) }
      try await recorder.commit(batch, ledger)
    }

    func divert(_ name: String) async throws -> Diverted {
      try await recorder.divert(destination: name, except: [], continues: false, now: RecorderHomeTests.now)
    }

    func signatures(_ name: String) throws -> [String] { try due(name).map(\.signature) }

    /// All that waits there; what it was.
    @discardableResult func end(
      _ name: String, _ verdict: DeliveryOutcome.Verdict = .delivered(marks: true), status: Int = 200
    ) async throws -> [String] {
      let all = try due(name)
      let outcomes = all.map { DeliveryOutcome(id: $0.id, verdict: verdict, status: status, error: nil) }
      try await recorder.record(outcomes, destination: name)
      return all.map(\.signature)
    }

    func refuse(_ name: String) async throws {
      try await end(name, .retry(at: RecorderHomeTests.now), status: 403)
    }

    private func due(_ name: String) throws -> [Delivery] {
      try outbox.due(destination: name, now: RecorderHomeTests.now, limit: 9, staleBefore: .absent)
    }

    func stop() async {
      #expect(ledger.snapshot.imbalances == [])
      recorder.stop()
      await thread.join()
    }
  }

  @Test func ofTwoThatShareAFallbackTheOneThatMissesIt() async throws {
    let rig = try Rig(["a": "c", "b": "c", "c": nil])
    try await rig.shut([1], "b")
    try await rig.put("x")
    #expect(try await rig.end("a") == ["x"])
    try await rig.refuse("c")
    // The other has it anyway.
    #expect(try await rig.divert("c").moved == 0)
    try await rig.shut([])
    try await rig.put("y")
    try await rig.end("b")
    #expect(try await rig.divert("c").target == "b")
    #expect(try rig.signatures("b") == ["x"])
    #expect(try rig.signatures("a") == ["y"])
    await rig.stop()
  }

  /// One alert stands for both: whoever took it back would take it from the other.
  @Test func whatStandsForTwoStays() async throws {
    let rig = try Rig(["a": "c", "b": "c", "c": nil])
    try await rig.shut([0, 1], "a", "b")
    try await rig.put("x")
    try await rig.refuse("c")
    try await rig.shut([1])
    try await rig.put("y")
    try await rig.end("a")
    #expect(try await rig.divert("c").moved == 0)
    #expect(try rig.signatures("c").contains("x"))
    await rig.stop()
  }

  @Test func whoHasItByAnotherWayDoesNotGetItTwice() async throws {
    let rig = try Rig(["a": "c", "b": "a", "c": nil])
    try await rig.shut([0], "a")
    try await rig.put("x")
    #expect(try rig.signatures("c") == ["x"])
    // The one at b goes over to the first.
    try await rig.shut([1], "b")
    #expect(try await rig.end("a") == ["x"])
    try await rig.refuse("c")
    #expect(try await rig.divert("c").moved == 0)
    await rig.stop()
  }

  /// Both are out of reach when its clear comes, which waits at the first and is delivered there: the raise
  /// does not come behind it and page for ever.
  @Test func whatWasClearedDoesNotGoBack() async throws {
    let rig = try Rig(["a": "c", "c": nil])
    try await rig.shut([0], "a")
    try await rig.put("flap")
    try await rig.put("other")
    try await rig.shut([0, 1])
    try await rig.put("flap", severity: 0)
    try await rig.shut([1])
    #expect(try await rig.end("a") == ["flap"])
    #expect(try await rig.divert("c").moved == 1)
    #expect(try rig.signatures("a") == ["other"])
    #expect(try rig.signatures("c") == ["flap"])
    await rig.stop()
  }

  /// The fallback is out of reach, has answered nothing, and has not been asked yet: the first works.
  @Test func whatWaitsGoesBackUntried() async throws {
    let rig = try Rig(["a": "c", "c": nil])
    try await rig.shut([0], "a")
    for signature in ["x", "y", "z"] { try await rig.put(signature) }
    try await rig.end("c", .retry(at: Self.now), status: 0)
    try await rig.put("w")
    try await rig.shut([1])
    #expect(try await rig.divert("c").moved == 0, "the first has not shown that it works")
    try await rig.put("v")
    #expect(try await rig.end("a") == ["v"])
    #expect(try await rig.divert("c").moved == 4)
    #expect(try rig.signatures("a") == ["x", "y", "z", "w"])
    #expect(try rig.signatures("c") == [])
    await rig.stop()
  }
}
