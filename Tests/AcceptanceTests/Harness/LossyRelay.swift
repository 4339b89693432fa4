import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A way between one sender and the daemon on which the first acknowledgements get lost.
final class LossyRelay: Sendable {
  private let front: LoopbackSocket
  private let back: LoopbackSocket
  private let toLose: Mutex<Int>

  /// Where the sender sends to.
  var port: Int { front.port }
  /// Acknowledgements that are still to be lost.
  var left: Int { toLose.withLock { $0 } }

  init(to port: Int, losing count: Int) throws {
    front = try LoopbackSocket(.datagram)
    try front.bind()
    back = try LoopbackSocket(.datagram)
    try back.connect(port: port)
    toLose = Mutex(count)
    Thread { [front, back] in
      // Everything comes from one socket, so that answers need no address.
      guard LossyRelay.connectToSender(front) else { return }
      while true {
        let asked = front.receive()
        if asked.isEmpty { return }
        back.send(asked)
      }
    }.start()
    Thread { [weak self, front, back] in
      while true {
        let answer = back.receive()
        if answer.isEmpty { return }
        if LossyRelay.isAcknowledgement(answer), self?.loses() == true { continue }
        front.send(answer)
      }
    }.start()
  }

  /// Ends the threads.
  func stop() {
    for socket in [front, back] { shutdown(socket.descriptor, Int32(SHUT_RDWR)) }
  }

  private func loses() -> Bool {
    toLose.withLock { left in
      if left == 0 { return false }
      left -= 1
      return true
    }
  }

  private static func connectToSender(_ socket: LoopbackSocket) -> Bool {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        let count = unsafe recvfrom(socket.descriptor, nil, 0, Int32(MSG_PEEK), $0, &length)
        guard count >= 0 else { return false }
        return unsafe Glibc.connect(socket.descriptor, $0, length) == 0
      }
    }
  }

  /// A Response of SNMPv3 and no Report: encrypted, as no Report is, or without a counter of usmStats.
  private static func isAcknowledgement(_ answer: [UInt8]) -> Bool {
    // msgFlags, and behind them the security model.
    let flags = answer.indices.first {
      $0 + 6 <= answer.count && answer[$0] == 0x04 && answer[$0 + 1] == 1
        && answer[($0 + 3)...].starts(with: [0x02, 1, 3])
    }
    if let flags, answer[flags + 2] & 2 != 0 { return true }
    let statistics: [UInt8] = [0x2b, 6, 1, 6, 3, 15, 1, 1]
    return !answer.indices.contains { answer[$0...].starts(with: statistics) }
  }
}
