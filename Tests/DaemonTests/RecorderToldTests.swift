import Model
import Store
import Synchronization
import TestKit
import Testing

@testable import Daemon

/// What is said of our own accord is kept with the alert that says it.
@Suite(.timeLimit(.minutes(2))) struct RecorderToldTests {
  private static func kind(_ key: UInt64) -> UnmatchedKind {
    var kind = UnmatchedKind(key: key, template: key)
    kind.sliceLength = 3_600_000_000_000
    kind.add(100, slice: 498_674, at: EventFactory.start)
    (kind.state, kind.stateAt) = (.raised, EventFactory.start)
    return kind
  }

  @Test func itStandsWhereItsBatchStandsAndNotBefore() async throws {
    let directory = TemporaryDirectory()
    let outbox = try Outbox(path: directory.file("outbox.db"), sync: .normal) { _ in }
    let recorder = Recorder(
      outbox: outbox, idCeiling: nil, carried: 0, destinations: [], payloads: [], ledger: Ledger(),
      pool: BatchPool(limit: 4, largestText: 1 << 20), health: RecorderHealth(), pressure: Pressure(),
      deadline: StopDeadline(),
      sinks: Recorder.Sinks(
        deliveriesCommitted: { _ in }, rowsCommitted: { _, _ in }, marksWaiting: {}, acknowledge: { _ in },
        alert: { _, _, _ in }, notices: { _ in }))
    var factory = EventFactory()
    var numbers: [Int64] = []
    // More than one turn takes.
    for number in 1...UInt64(40) {
      var batch = EventBatch()
      factory.add(to: &batch, rule: (7, "link-down"))
      let kinds = number % 10 == 0 ? [Self.kind(number)] : []
      numbers.append(recorder.put(batch, told: Outbox.Told(kinds: kinds), beat: {}))
    }
    #expect(numbers == Array(1...40) && recorder.isSettled(0) && !recorder.isSettled(1))
    // Requests do not wait for batches that were put before them.
    let seen = Mutex<[(rows: Int, kinds: Set<UInt64>, isSettled: Bool)]>([])
    recorder.post { outbox in
      let kinds = (try? outbox.unmatchedKinds().kinds.map(\.key)) ?? []
      seen.withLock { $0.append((outbox.spoolCount, Set(kinds), recorder.isSettled(40))) }
    }
    let thread = DaemonThread(name: "recorder")
    thread.start { recorder.run() }
    recorder.stop()
    await thread.join()
    let first = try #require(seen.withLock { $0.first })
    #expect(first.rows < 40 && !first.isSettled)
    #expect(first.kinds == Set([10, 20, 30, 40].filter { $0 <= UInt64(first.rows) }))
    #expect(Set(try outbox.unmatchedKinds().kinds.map(\.key)) == [10, 20, 30, 40])
    #expect(recorder.isSettled(40) && !recorder.isSettled(41))
  }
}
