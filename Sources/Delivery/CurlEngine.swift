import CCurl
import Glibc
import Synchronization

/// The thread with the multi handle, and the requests on their way to and from it. The one file that calls
/// into CCurl.
@safe final class CurlEngine: @unchecked Sendable {
  typealias Answer = Result<WebhookResponse, DeliveryError>
  typealias Waiter = CheckedContinuation<Answer, Never>

  private struct Waiting {
    var waiter: Waiter
    var url: String
    var timeoutMs: Int
  }
  private enum Command {
    case add(UInt64, CurlRequest)
    case cancel(UInt64)
  }
  private struct State {
    var nextTicket: UInt64 = 0
    var commands: [Command] = []
    var waiting: [UInt64: Waiting] = [:]
    /// Tickets given out and not used yet, and those of them that were cancelled.
    var announced: Set<UInt64> = []
    var cancelled: Set<UInt64> = []
    var isStopping = false
    var isClosed = false
  }

  private let state = Mutex(State())
  private let thread = Mutex<TransportThread?>(nil)
  /// Used by the thread alone, but for the wake-up; freed after the thread has ended.
  private let handle: OpaquePointer

  /// With nothing to do the thread sleeps this long; wake-ups and the network end it at once.
  private static var longestWaitMs: Int32 { 600_000 }

  init(connections: Int) throws(DeliveryError) {
    guard let handle = unsafe webhooks_open(Int32(clamping: max(1, connections))) else {
      throw DeliveryError(.resources, "libcurl could not be set up: out of memory")
    }
    unsafe self.handle = handle
    guard let started = TransportThread({ [self] in run() }) else {
      unsafe webhooks_close(handle)
      throw DeliveryError(.resources, "no thread for webhooks: raise the limit on tasks (TasksMax)")
    }
    thread.withLock { $0 = started }
  }

  func newTicket() -> UInt64 {
    state.withLock { state in
      state.nextTicket += 1
      state.announced.insert(state.nextTicket)
      return state.nextTicket
    }
  }

  func add(_ ticket: UInt64, _ request: CurlRequest, _ waiter: Waiter) {
    let isAccepted = state.withLock { state in
      state.announced.remove(ticket)
      if state.cancelled.remove(ticket) != nil || state.isStopping { return false }
      state.waiting[ticket] = Waiting(waiter: waiter, url: request.url, timeoutMs: request.timeoutMs)
      post(.add(ticket, request), &state)
      return true
    }
    if !isAccepted { waiter.resume(returning: .failure(CurlEngine.cut)) }
  }

  func cancel(_ ticket: UInt64) {
    let waiting = state.withLock { state -> Waiting? in
      guard let waiting = state.waiting.removeValue(forKey: ticket) else {
        if state.announced.contains(ticket) { state.cancelled.insert(ticket) }
        return nil
      }
      post(.cancel(ticket), &state)
      return waiting
    }
    waiting?.waiter.resume(returning: .failure(CurlEngine.cut))
  }

  func shutdown() {
    state.withLock { state in
      state.isStopping = true
      if !state.isClosed { unsafe webhooks_wakeup(handle) }
    }
    // Held while joining, so that a second caller returns after the end too.
    thread.withLock { thread in
      thread?.join()
      thread = nil
    }
  }

  private func post(_ command: Command, _ state: inout State) {
    state.commands.append(command)
    if state.commands.count == 1, !state.isClosed { unsafe webhooks_wakeup(handle) }
  }

  // MARK: The thread

  private func run() {
    var answer = unsafe webhook_answer()
    while true {
      let (commands, isStopping) = state.withLock { state in
        defer { state.commands = [] }
        return (state.commands, state.isStopping)
      }
      if isStopping { break }
      for command in commands { execute(command) }
      let failed = unsafe webhooks_perform(handle)
      while unsafe webhooks_next(handle, &answer) == 1 { unsafe finish(answer) }
      let waited = unsafe webhooks_wait(handle, CurlEngine.longestWaitMs)
      if failed != 0 || waited != 0 {
        // Out of memory or descriptors inside libcurl: give the system time instead of spinning.
        usleep(100_000)
      }
    }
    let left = state.withLock { state in
      state.isClosed = true
      state.commands = []
      defer { state.waiting = [:] }
      return Array(state.waiting.values)
    }
    unsafe webhooks_close(handle)
    for waiting in left { waiting.waiter.resume(returning: .failure(CurlEngine.cut)) }
  }

  private func execute(_ command: Command) {
    switch command {
    case .cancel(let ticket): _ = unsafe webhooks_cancel(handle, ticket)
    case .add(let ticket, let request):
      // Cancelled in the same breath: its cancel has nothing to find then.
      guard state.withLock({ $0.waiting[ticket] != nil }) else { return }
      let code = start(ticket, request)
      if code != 0 { resume(ticket, .failure(CurlEngine.error(code, "", request.url, request.timeoutMs))) }
    }
  }

  private func start(_ ticket: UInt64, _ request: CurlRequest) -> Int32 {
    // One block of memory for all lines, and pointers into it.
    var offsets: [Int] = []
    var lines: [CChar] = []
    for line in request.headers + request.route {
      offsets.append(lines.count)
      lines.append(contentsOf: line)
    }
    let count = request.headers.count
    return unsafe lines.withUnsafeBufferPointer { memory in
      var pointers: [UnsafePointer<CChar>?] = unsafe []
      for offset in offsets { unsafe pointers.append(memory.baseAddress?.advanced(by: offset)) }
      return unsafe request.body.withUnsafeBufferPointer { body in
        unsafe pointers.withUnsafeBufferPointer { pointers in
          var route = unsafe webhook_route(
            ca: pointers[count], certificate: pointers[count + 1], key: pointers[count + 2],
            proxy: pointers[count + 3])
          return unsafe webhooks_add(
            handle, ticket, request.url, pointers.baseAddress, count, body.baseAddress, body.count,
            Int64(request.timeoutMs), request.asks ? 1 : 0, &route)
        }
      }
    }
  }

  private func finish(_ answer: webhook_answer) {
    let ticket = unsafe answer.ticket
    let failure = unsafe answer.failure
    guard failure == Int32(WEBHOOK_ANSWERED.rawValue) else {
      let words = unsafe String(cString: answer.error)
      let waiting = state.withLock { $0.waiting[ticket].map { ($0.url, $0.timeoutMs) } }
      guard let (url, timeoutMs) = waiting else { return }
      let status = unsafe Int(answer.status)
      return resume(ticket, .failure(CurlEngine.error(failure, words, url, timeoutMs, proxyStatus: status)))
    }
    let retryAfter = unsafe answer.retry_after
    let body = unsafe Array(UnsafeBufferPointer(start: answer.body, count: answer.body_count))
    var response = WebhookResponse(
      status: unsafe Int(answer.status), retryAfterSeconds: retryAfter < 0 ? nil : Int(retryAfter),
      bodyStart: body)
    response.isHTML = unsafe answer.is_html == 1
    response.allowedOrigin = unsafe answer.origin.map { unsafe String(cString: $0) }
    response.allowedRate = unsafe answer.rate.map { unsafe String(cString: $0) }
    resume(ticket, .success(response))
  }

  private func resume(_ ticket: UInt64, _ answer: Answer) {
    let waiting = state.withLock { $0.waiting.removeValue(forKey: ticket) }
    waiting?.waiter.resume(returning: answer)
  }

  private static var cut: DeliveryError {
    DeliveryError(.cancelled, "the attempt was cut because delivery stops")
  }

  private static func error(
    _ code: Int32, _ words: String, _ url: String, _ timeoutMs: Int, proxyStatus: Int = 0
  ) -> DeliveryError {
    let place = RedactedURL.text(of: url)
    switch UInt32(code) {
    case WEBHOOK_INVALID.rawValue:
      return DeliveryError(.invalid, "\(place): not a URL of http or https; correct it under destinations")
    case WEBHOOK_CERTIFICATE.rawValue:
      return DeliveryError(
        .invalid, "\(place): a certificate or key cannot be used: \(words); correct tls under destinations")
    case WEBHOOK_PROXY.rawValue:
      // As an answer of the receiver with this status: what is refused is for an operator to change.
      let isRefused = [.hold, .dead].contains(StatusTable.meaning(of: proxyStatus))
      return DeliveryError(
        isRefused ? .invalid : .connect,
        "\(place): the proxy answers \(proxyStatus)" + (isRefused ? "; correct proxy under destinations" : "")
      )
    case WEBHOOK_RESOLVE.rawValue:
      return DeliveryError(.resolve, "\(place): the name cannot be resolved; check it and the resolver")
    case WEBHOOK_CONNECT.rawValue:
      return DeliveryError(.connect, "\(place): cannot connect: \(words)")
    case WEBHOOK_TLS.rawValue:
      return DeliveryError(.tls, "\(place): no trusted TLS connection: \(words)")
    case WEBHOOK_TIMEOUT.rawValue:
      return DeliveryError(.timeout, "\(place): no answer within \(timeoutMs) ms")
    case WEBHOOK_RESOURCES.rawValue:
      return DeliveryError(.resources, "\(place): no memory or descriptors for the request")
    default:
      return DeliveryError(.broken, "\(place): the connection ended without an answer: \(words)")
    }
  }
}
