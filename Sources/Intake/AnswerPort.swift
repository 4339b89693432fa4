internal import CLinux
package import Model

/// Sends datagrams from a bound socket, so that answers come from the port that was asked, and from the
/// address where the socket has several; from any thread.
package final class AnswerPort: Sendable {
  private let descriptor: Int32
  private let isIPv4: Bool

  package init(_ socket: borrowing DatagramSocket) throws(IntakeError) {
    let copy = mutt_duplicate(socket.descriptor)
    guard copy >= 0 else {
      throw IntakeError(
        .system, call: "dup", number: -copy, message: "no descriptor left: \(errnoText(-copy))")
    }
    descriptor = copy
    isIPv4 = socket.address.isIPv4
  }

  deinit { mutt_close(descriptor) }

  /// Sends what is in the list, without waiting. How many the kernel took; the others are lost, as datagrams
  /// may be, and whoever waits for one asks again.
  package func send(_ answers: borrowing AnswerList) -> Int {
    var sent = 0
    let bytes = answers.bytes.span
    for index in answers.entries.indices {
      let entry = answers.entries[index]
      let datagram = bytes.extracting(entry.datagram.bounds)
      let path = mutt_path(
        local_high: entry.path.local.high, local_low: entry.path.local.low, interface: entry.path.interface)
      let result = unsafe datagram.withUnsafeBufferPointer {
        unsafe mutt_udp_answer(
          descriptor, isIPv4 ? 4 : 6, entry.peer.high, entry.peer.low, entry.port, path, $0.baseAddress,
          $0.count)
      }
      if result >= 0 { sent += 1 }
    }
    return sent
  }
}
