internal import CLinux

/// Where a worker's datagrams come from, a batch at a time: a socket, a recording, a test's script.
/// Used by one thread, except `wake`.
package protocol DatagramSource: AnyObject, Sendable {
  /// Fills `slab` with what is there, waiting at most `wait` milliseconds (-1: until something comes or
  /// somebody wakes us). An empty slab is no error.
  func receive(into slab: inout DatagramSlab, wait: Int32) throws(IntakeError)

  /// Ends a wait from another thread.
  func wake()

  /// Sends answers to who sent the datagrams; nil where nobody waits for one.
  var answerPort: AnswerPort? { get }

  /// Whether senders wait while nobody receives: what is not taken is late then, and not lost.
  var holdsBack: Bool { get }

  /// Nobody new is let in from now on; what is there is still received.
  func refuse()

  /// The end, when nothing is received any more: fills `slab` with messages that were begun. Called until it
  /// stays empty.
  func finish(into slab: inout DatagramSlab)
}

/// Datagrams come whole, who sends them does not wait, and most want no answer.
extension DatagramSource {
  package var answerPort: AnswerPort? { nil }
  package var holdsBack: Bool { false }
  package func refuse() {}
  package func finish(into slab: inout DatagramSlab) { slab.clear() }
}

/// The daemon's source: a bound UDP socket and an eventfd that ends its wait.
package final class UDPSource: DatagramSource {
  private let socket: DatagramSocket
  private let wakeDescriptor: Int32
  package let meter: SocketMeter
  package let answerPort: AnswerPort?
  package let address: ListenAddress
  package let grantedBuffer: Int

  package init(_ socket: consuming DatagramSocket) throws(IntakeError) {
    let wake = mutt_wake_create()
    guard wake >= 0 else {
      throw IntakeError(
        .system, call: "eventfd", number: -wake, message: "no descriptor left: \(errnoText(-wake))")
    }
    wakeDescriptor = wake
    meter = try SocketMeter(socket)
    answerPort = try AnswerPort(socket)
    address = socket.address
    grantedBuffer = socket.grantedBuffer
    self.socket = socket
  }

  deinit { mutt_close(wakeDescriptor) }

  package func receive(into slab: inout DatagramSlab, wait: Int32) throws(IntakeError) {
    // Under load the queue is never empty: one system call a batch, no poll. Otherwise it mostly is.
    if wait == 0 || slab.rest() {
      try slab.receive(from: socket.descriptor)
      if slab.count > 0 || wait == 0 { return }
    } else {
      slab.clear()
    }
    let ready = mutt_wait(socket.descriptor, wakeDescriptor, wait)
    if ready < 0 {
      throw IntakeError(
        .system, call: "poll", number: -ready, message: "waiting failed: \(errnoText(-ready))")
    }
    if ready & 1 != 0 { try slab.receive(from: socket.descriptor) }
  }

  package func wake() { mutt_wake_signal(wakeDescriptor) }
}
