import Glibc
import Synchronization

/// The thread that writes lines: waiting for a reader blocks nothing but itself.
final class LineWriter: Sendable {
  typealias Answer = Result<WebhookResponse, DeliveryError>
  typealias Waiter = CheckedContinuation<Answer, Never>

  private struct Line {
    var ticket: UInt64
    var bytes: [UInt8]
    /// When its sender no longer waits for it to begin, CLOCK_MONOTONIC milliseconds.
    var deadline: Int64
    var waiter: Waiter
  }
  private struct State {
    var nextTicket: UInt64 = 0
    var lines: [Line] = []
    /// The line that is being written; its waiter is taken when it is cancelled meanwhile.
    var current: Line?
    /// Tickets given out and not used yet, and those of them that were cancelled.
    var announced: Set<UInt64> = []
    var cancelled: Set<UInt64> = []
    var isStopping = false
    var hasEnded = false
  }

  private let state = Mutex(State())
  private let thread = Mutex<TransportThread?>(nil)
  private let descriptor: Int32
  /// A pipe whose only meaning is "look again": read by the thread, written by the others.
  private let wakeRead: Int32
  private let wakeWrite: Int32

  /// A pipe that poll(2) calls writable takes this much without blocking (pipe(7), PIPE_BUF).
  private static var chunk: Int { 4_096 }
  /// How long a stop waits for room, so that the line under way does not end in its middle.
  private static var lastChanceMs: Int32 { 250 }
  /// How long a stop waits for the thread.
  private static var patienceMs: Int { 1_000 }

  init(descriptor: Int32) throws(DeliveryError) {
    self.descriptor = descriptor
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else {
      throw DeliveryError(.resources, "no descriptors for standard output's writer: raise LimitNOFILE")
    }
    wakeRead = ends[0]
    wakeWrite = ends[1]
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    guard let started = TransportThread({ [self] in run() }) else {
      throw DeliveryError(.resources, "no thread for standard output: raise the limit on tasks (TasksMax)")
    }
    thread.withLock { $0 = started }
  }

  deinit {
    close(wakeRead)
    close(wakeWrite)
  }

  func newTicket() -> UInt64 {
    state.withLock { state in
      state.nextTicket += 1
      state.announced.insert(state.nextTicket)
      return state.nextTicket
    }
  }

  /// A line that has not begun after `timeoutMs` is not written, and its sender hears `timeout`.
  func add(_ ticket: UInt64, _ body: [UInt8], timeoutMs: Int, _ waiter: Waiter) {
    var bytes = body
    bytes.append(UInt8(ascii: "\n"))
    let deadline = LineWriter.now &+ Int64(max(0, timeoutMs))
    let isAccepted = state.withLock { state in
      state.announced.remove(ticket)
      if state.cancelled.remove(ticket) != nil || state.isStopping { return false }
      state.lines.append(Line(ticket: ticket, bytes: bytes, deadline: deadline, waiter: waiter))
      return true
    }
    if isAccepted { wake() } else { waiter.resume(returning: .failure(LineWriter.cut)) }
  }

  func cancel(_ ticket: UInt64) {
    let waiter = state.withLock { state -> Waiter? in
      if let index = state.lines.firstIndex(where: { $0.ticket == ticket }) {
        return state.lines.remove(at: index).waiter
      }
      if let current = state.current, current.ticket == ticket {
        // The line that has begun is written to its end; nobody waits for it any more.
        state.current = nil
        return current.waiter
      }
      if state.announced.contains(ticket) { state.cancelled.insert(ticket) }
      return nil
    }
    waiter?.resume(returning: .failure(LineWriter.cut))
  }

  func shutdown() {
    let waiting = state.withLock { state in
      state.isStopping = true
      defer { state.lines = [] }
      return state.lines
    }
    wake()
    for line in waiting { line.waiter.resume(returning: .failure(LineWriter.cut)) }
    thread.withLock { thread in
      guard let started = thread else { return }
      thread = nil
      // A terminal that was stopped by hand can hold a write for ever; it must not hold the stop as well.
      var patience = LineWriter.patienceMs
      while patience > 0, !state.withLock({ $0.hasEnded }) {
        usleep(1_000)
        patience -= 1
      }
      if patience > 0 { started.join() } else { started.detach() }
    }
    let current = state.withLock { state in
      defer { state.current = nil }
      return state.current
    }
    current?.waiter.resume(returning: .failure(LineWriter.cut))
  }

  private func wake() {
    var byte: UInt8 = 0
    // A full pipe has been told already.
    _ = unsafe write(wakeWrite, &byte, 1)
  }

  // MARK: The thread

  private func run() {
    while let line = next() {
      let answer = writeAll(line.bytes, beginsBy: line.deadline)
      let current = state.withLock { state in
        defer { state.current = nil }
        return state.current
      }
      current?.waiter.resume(returning: answer)
    }
    state.withLock { $0.hasEnded = true }
  }

  /// The next line to write; waits for one. Nil when it is time to stop.
  private func next() -> Line? {
    while true {
      let (line, isStopping) = state.withLock { state -> (Line?, Bool) in
        if state.isStopping { return (nil, true) }
        if state.lines.isEmpty { return (nil, false) }
        let line = state.lines.removeFirst()
        state.current = line
        return (line, false)
      }
      if isStopping { return nil }
      if let line { return line }
      _ = wait(forRoom: false)
    }
  }

  private func writeAll(_ bytes: [UInt8], beginsBy deadline: Int64) -> Answer {
    var at = 0
    while at < bytes.count {
      // A wake-up alone is no room: writing now would block, and a blocked write hears no stop. A line that
      // has begun gets a moment to be completed.
      let next = min(firstDeadline, at == 0 ? deadline : .max)
      if !wait(forRoom: true, timeoutMs: LineWriter.left(next)) {
        endLate()
        guard state.withLock({ $0.isStopping }) else {
          if at == 0, LineWriter.now >= deadline { return .failure(LineWriter.late) }
          continue
        }
        if !wait(forRoom: true, timeoutMs: LineWriter.lastChanceMs) { return .failure(LineWriter.cut) }
      }
      let count = min(LineWriter.chunk, bytes.count - at)
      let written = unsafe bytes.withUnsafeBytes { memory in
        unsafe write(descriptor, memory.baseAddress.map { unsafe $0 + at }, count)
      }
      if written >= 0 {
        at += written
      } else if errno != EINTR, errno != EAGAIN {
        return .failure(LineWriter.failure(errno))
      }
    }
    return .success(WebhookResponse(status: 200))
  }

  /// Of the lines that wait behind the one at hand; `max`: none does.
  private var firstDeadline: Int64 { state.withLock { $0.lines.map(\.deadline).min() ?? .max } }

  /// Lines whose time is up leave without being written: they are sent again.
  private func endLate() {
    let now = LineWriter.now
    let late = state.withLock { state in
      let late = state.lines.filter { $0.deadline <= now }
      if !late.isEmpty { state.lines.removeAll { $0.deadline <= now } }
      return late
    }
    for line in late { line.waiter.resume(returning: .failure(LineWriter.late)) }
  }

  /// Milliseconds until `deadline`, as poll(2) takes them; -1: without end.
  private static func left(_ deadline: Int64) -> Int32 {
    deadline == .max ? -1 : Int32(clamping: max(0, deadline - now))
  }

  /// CLOCK_MONOTONIC milliseconds.
  private static var now: Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// Waits for room in the descriptor, or only for a wake-up. False when there is no room.
  private func wait(forRoom: Bool, timeoutMs: Int32 = -1) -> Bool {
    var set = [
      pollfd(fd: wakeRead, events: Int16(POLLIN), revents: 0),
      pollfd(fd: forRoom ? descriptor : -1, events: Int16(POLLOUT), revents: 0),
    ]
    while unsafe poll(&set, 2, timeoutMs) < 0, errno == EINTR {}
    if set[0].revents != 0 {
      var sink = [UInt8](repeating: 0, count: 64)
      while unsafe read(wakeRead, &sink, 64) == 64 {}
    }
    return set[1].revents != 0
  }

  private static var cut: DeliveryError {
    DeliveryError(.cancelled, "the line was not written because delivery stops")
  }

  private static var late: DeliveryError {
    DeliveryError(.timeout, "standard output takes nothing: whoever reads it does not get on")
  }

  private static func failure(_ code: Int32) -> DeliveryError {
    let words = unsafe String(cString: strerror(code))
    return DeliveryError(
      code == EPIPE ? .closed : .broken, "standard output: \(words); nobody reads alerts there")
  }
}
