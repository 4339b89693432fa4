import Foundation
import Intake

/// Takes whole lines and writes each with one write(2), on a thread of its own.
///
/// Whoever logs never waits for the terminal, pipe or journal behind the descriptor: when that does not
/// take lines, they queue up to `limit` bytes, then further ones are dropped and counted, and the count is
/// said as soon as it can be. A closed pipe drops lines; SIGPIPE goes to the thread that writes, which
/// blocks it, so that neither the process's handlers nor its children are concerned.
final class LogWriter: @unchecked Sendable {
  /// Bytes that wait at most: some 3,000 alert lines, what a short stall of the journal needs.
  static let limit = 1 << 20

  private let descriptor: Int32
  /// Renders the line that says how many were dropped.
  private let droppedLine: @Sendable (Int) -> [UInt8]

  // Everything below is guarded by `condition`.
  private let condition = WaitCondition()
  private var lines: [[UInt8]] = []
  private var waitingBytes = 0
  private var droppedCount = 0
  private var droppedEver: UInt64 = 0
  private var isClosed = false
  private var isStarted = false

  /// `descriptor` stays open and belongs to the caller.
  init(descriptor: Int32, droppedLine: @escaping @Sendable (Int) -> [UInt8]) {
    self.descriptor = descriptor
    self.droppedLine = droppedLine
  }

  /// Queues a line that ends in a line feed; never blocks on the descriptor.
  func write(_ line: [UInt8]) {
    condition.lock()
    defer { condition.unlock() }
    guard !isClosed, waitingBytes + line.count <= LogWriter.limit else {
      noteDropped()
      return
    }
    lines.append(line)
    waitingBytes += line.count
    startIfNeeded()
    condition.broadcast()
  }

  /// Lines since the start that nobody will read: where the descriptor takes none, no line can say so.
  var dropped: UInt64 {
    condition.lock()
    defer { condition.unlock() }
    return droppedEver
  }

  /// Under `condition`.
  private func noteDropped() {
    droppedCount += 1
    droppedEver += 1
  }

  /// Waits, at most `seconds`, while so much waits that lines might soon be dropped. False: it still does.
  func awaitRoom(seconds: Double) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    let deadline = SystemClock.monotonic + Int64(seconds * 1e9)
    while waitingBytes > LogWriter.limit / 2 {
      let left = Double(deadline - SystemClock.monotonic) / 1e9
      if !condition.wait(seconds: left) { return waitingBytes <= LogWriter.limit / 2 }
    }
    return true
  }

  /// Waits until everything is written, at most `seconds`; true when it was.
  @discardableResult
  func drain(seconds: Double) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    let deadline = SystemClock.monotonic + Int64(seconds * 1e9)
    while waitingBytes > 0 {
      let left = Double(deadline - SystemClock.monotonic) / 1e9
      if !condition.wait(seconds: left) { return waitingBytes == 0 }
    }
    return true
  }

  /// Writes what waits, at most for `seconds`, and ends the thread; later lines are dropped.
  func close(seconds: Double) {
    drain(seconds: seconds)
    condition.lock()
    isClosed = true
    condition.broadcast()
    condition.unlock()
  }

  private func startIfNeeded() {
    if isStarted { return }
    isStarted = true
    let thread = Thread { [self] in run() }
    thread.name = "log"
    thread.start()
  }

  private func run() {
    LogWriter.blockSignals()
    while let batch = takeBatch() {
      for line in batch.lines {
        let isWritten = put(line)
        condition.lock()
        waitingBytes -= line.count
        if !isWritten { noteDropped() }
        condition.broadcast()
        condition.unlock()
      }
      if batch.dropped > 0 { _ = put(droppedLine(batch.dropped)) }
    }
  }

  /// Nil when the writer is closed and nothing waits.
  private func takeBatch() -> (lines: [[UInt8]], dropped: Int)? {
    condition.lock()
    defer { condition.unlock() }
    while lines.isEmpty {
      if isClosed { return nil }
      condition.wait()
    }
    defer {
      lines = []
      droppedCount = 0
    }
    return (lines, droppedCount)
  }

  /// False when the descriptor cannot take it.
  private func put(_ line: [UInt8]) -> Bool {
    var rest = line[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe Foundation.write(descriptor, $0.baseAddress, $0.count)
      }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        // Somebody else made the descriptor non-blocking; this thread may wait.
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        unsafe poll(&waiting, 1, 1_000)
        if isClosedNow { return false }
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }

  private var isClosedNow: Bool {
    condition.lock()
    defer { condition.unlock() }
    return isClosed
  }

  private static func blockSignals() {
    var all = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
  }
}
