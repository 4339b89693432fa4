package import Delivery
import Synchronization

/// A receiver in memory: keeps every request and answers as its script says.
package final class RecordingTransport: WebhookTransport {
  package enum Reply: Sendable {
    case status(Int, retryAfterSeconds: Int? = nil, body: [UInt8] = [])
    case failure(DeliveryError)
    /// No answer until `release()` gives one (a 200) or the task is cancelled.
    case hang
  }

  private struct State {
    var requests: [WebhookRequest] = []
    var underWay = 0
    var mostUnderWay = 0
    var hanging: [Int: CheckedContinuation<Bool, Never>] = [:]
    var cancelled: Set<Int> = []
  }

  private let state = Mutex(State())
  private let reply: @Sendable (WebhookRequest, Int) -> Reply

  /// `reply` sees the request and its number, from 0 in the order of arrival.
  package init(_ reply: @escaping @Sendable (WebhookRequest, Int) -> Reply = { _, _ in .status(200) }) {
    self.reply = reply
  }

  package var requests: [WebhookRequest] { state.withLock { $0.requests } }
  package var underWay: Int { state.withLock { $0.underWay } }
  package var mostUnderWay: Int { state.withLock { $0.mostUnderWay } }

  package func send(_ request: WebhookRequest) async throws(DeliveryError) -> WebhookResponse {
    let number = state.withLock { state in
      state.requests.append(request)
      state.underWay += 1
      state.mostUnderWay = max(state.mostUnderWay, state.underWay)
      return state.requests.count - 1
    }
    defer { state.withLock { $0.underWay -= 1 } }
    switch reply(request, number) {
    case .status(let status, let retryAfter, let body):
      return WebhookResponse(status: status, retryAfterSeconds: retryAfter, bodyStart: body)
    case .failure(let error):
      throw error
    case .hang:
      guard await isReleased(number) else { throw DeliveryError(.cancelled, "the attempt was cut") }
      return WebhookResponse(status: 200)
    }
  }

  /// Answers everything that hangs now.
  package func release() {
    let hanging = state.withLock { state in
      let hanging = Array(state.hanging.values)
      state.hanging.removeAll()
      return hanging
    }
    for continuation in hanging { continuation.resume(returning: true) }
  }

  private func isReleased(_ number: Int) async -> Bool {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isCancelled = state.withLock { state in
          if state.cancelled.remove(number) != nil { return true }
          state.hanging[number] = continuation
          return false
        }
        if isCancelled { continuation.resume(returning: false) }
      }
    } onCancel: {
      let continuation = state.withLock { state -> CheckedContinuation<Bool, Never>? in
        if let found = state.hanging.removeValue(forKey: number) { return found }
        state.cancelled.insert(number)
        return nil
      }
      continuation?.resume(returning: false)
    }
  }
}
