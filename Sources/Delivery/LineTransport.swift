/// `stdout:`: one JSON line per alert, each written whole and in the order of the sends. A closed pipe is an
/// error of the attempt, and so is one that takes nothing for as long as an attempt may last: a line that has
/// not begun by then is not written. One that has begun is written to its end, however long that takes.
package final class LineTransport: WebhookTransport {
  private let writer: LineWriter

  /// Writes to file descriptor `descriptor`, which stays open and its owner's.
  package init(descriptor: Int32 = 1) throws(DeliveryError) {
    writer = try LineWriter(descriptor: descriptor)
  }

  deinit { writer.shutdown() }

  package func send(_ request: WebhookRequest) async throws(DeliveryError) -> WebhookResponse {
    let ticket = writer.newTicket()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        writer.add(ticket, request.body, timeoutMs: request.timeoutMs, continuation)
      }
    } onCancel: {
      writer.cancel(ticket)
    }
    return try result.get()
  }

  /// Ends the thread; lines not begun are not written, and their sends fail as `cancelled`.
  package func shutdown() { writer.shutdown() }
}
