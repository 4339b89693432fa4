import Foundation
import Intake
import Model
import Synchronization
import Testing

/// A connection that stays open until it hangs up or its bench goes.
final class StreamClient {
  private var sender: StreamSender?

  init(_ address: ListenAddress) throws { sender = try StreamSender(to: address) }

  func send(_ bytes: [UInt8]) throws { try sender?.send(bytes) }
  func hangUp() { sender = nil }
}

/// A source with its slab, and what it said.
final class StreamBench {
  let source: StreamSource
  var slab: DatagramSlab
  private var clients: [StreamClient] = []
  private final class Box: Sendable { let notices = Mutex<[Notice]>([]) }
  private let box: Box

  init(
    _ address: String = "127.0.0.1:0", slots: Int = 64,
    _ change: (inout StreamSettings) throws -> Void = { _ in }
  ) throws {
    var settings = StreamSettings()
    settings.kept = 256
    settings.maxFrame = 512
    try change(&settings)
    let box = Box()
    self.box = box
    source = try StreamSource(
      StreamSocket(listening: ListenAddress(parsing: address)), name: "test", settings: settings,
      notices: { notice in box.notices.withLock { $0.append(notice) } })
    slab = try DatagramSlab(slots: slots, slotSize: 256)
  }

  var notices: [String] { box.notices.withLock { $0.map(\.message) } }
  var counts: ConnectionCounts { source.meter.counts }

  func connect() throws -> StreamClient {
    let client = try StreamClient(source.address)
    clients.append(client)
    return client
  }

  /// One turn; what it brought.
  func turn(wait: Int32 = 0) throws -> [String] {
    try source.receive(into: &slab, wait: wait)
    return (0..<slab.count).map { unsafe String(decoding: slab.bytes($0), as: UTF8.self) }
  }

  /// Turns until `isDone`; everything that came.
  func turns(_ what: String, until isDone: ([String]) -> Bool) throws -> [String] {
    var found: [String] = []
    let deadline = SystemClock.monotonic + 60_000_000_000
    while !isDone(found) {
      found += try turn(wait: 20)
      if SystemClock.monotonic > deadline {
        Issue.record("\(what): not within a minute; there is \(found)")
        return found
      }
    }
    return found
  }
}

/// A client on a thread of its own, for what has to go on while the test reads. Not a task: the test's own
/// thread blocks, and with as many tests as cores no task would be run.
final class StreamSending: Sendable {
  private let outcome = Mutex<Result<Void, IntakeError>?>(nil)

  init(_ body: @escaping @Sendable () throws(IntakeError) -> Void) {
    let thread = Thread { [self] in
      let result: Result<Void, IntakeError>
      do throws(IntakeError) {
        try body()
        result = .success(())
      } catch {
        result = .failure(error)
      }
      outcome.withLock { $0 = result }
    }
    thread.start()
  }

  var isDone: Bool { outcome.withLock { $0 != nil } }
  var error: IntakeError? {
    outcome.withLock { if case .failure(let error)? = $0 { error } else { nil } }
  }
}
