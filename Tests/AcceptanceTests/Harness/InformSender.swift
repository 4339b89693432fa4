import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Sends numbered informs, each once, and keeps which were acknowledged: what is, is committed.
final class InformSender: Sendable {
  private let socket: LoopbackSocket
  private let numbers = Mutex<Set<Int>>([])

  var acknowledged: Set<Int> { numbers.withLock { $0 } }

  init(port: Int) throws {
    socket = try LoopbackSocket(.datagram)
    try socket.bind()
    try socket.connect(port: port)
    Thread { [weak self, socket] in
      while true {
        let answer = socket.receive()
        // Nobody listens at the moment: the kernel says so here as well.
        if answer.isEmpty {
          if self == nil { return }
          Thread.sleep(forTimeInterval: 0.01)
          continue
        }
        guard let number = InformSender.number(of: answer) else { continue }
        self?.numbers.withLock { _ = $0.insert(number) }
      }
    }.start()
  }

  /// Ends the reading thread.
  func stop() { shutdown(socket.descriptor, Int32(SHUT_RDWR)) }

  /// Request ids lie above this, so that all have four bytes.
  private static let base = 1 << 24

  func send(_ number: Int, words: String) {
    let request = InformSender.base + number
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: request >> (24 - 8 * $0)) }
    let description: [UInt8] = [0x2b, 6, 1, 2, 1, 2, 2, 1, 2, 1]
    let varbinds = [
      BER.sequence([BER.oid(BER.upTimeName), BER.value(0x43, [7])]),
      BER.sequence([BER.oid(BER.trapOIDName), BER.oid(BER.linkDown)]),
      BER.sequence([BER.oid(description), BER.text("n=\(number) \(words)")]),
    ]
    let pdu = BER.sequence(
      [BER.value(0x02, bytes), BER.integer(0), BER.integer(0), BER.sequence(varbinds)], tag: 0xa6)
    socket.send(BER.sequence([BER.integer(1), BER.text("public"), pdu]))
  }

  /// The request id of a response, which is the number.
  private static func number(of answer: [UInt8]) -> Int? {
    guard let start = answer.firstIndex(of: 0xa2) else { return nil }
    let rest = answer[start...].dropFirst()
    guard let length = rest.first else { return nil }
    // The length of the PDU takes one byte, or says how many more.
    let value = rest.dropFirst(length < 0x80 ? 1 : 1 + Int(length & 0x7f))
    guard value.first == 0x02, value.dropFirst().first == 4 else { return nil }
    return value.dropFirst(2).prefix(4).reduce(0) { $0 << 8 | Int($1) } - base
  }
}
