import Foundation
import Intake
import Model

/// The demo's web hook: takes alerts over HTTP on a port of loopback, dies, and comes back on the same port.
final class VerbDemoHook: @unchecked Sendable {
  /// Another address of loopback than everybody's connections have, so that nobody takes the port meanwhile.
  private static let host = IPAddress(v4: 127, 0, 0, 2)
  /// Bytes of a request: many times what the demo's alerts have.
  private static let requestLimit = 1 << 20
  /// Milliseconds between two looks at whether it is to die.
  private static let lookEvery: Int32 = 20
  /// Seconds to wait for the port, or for the rest of a request.
  private static let patience = 10

  private let onAlert: @Sendable ([UInt8]) -> Void
  private let condition = WaitCondition()
  // Guarded by `condition`.
  private var address = ListenAddress(address: VerbDemoHook.host, port: 0)
  private var isWanted = false
  private var isOpen = false
  private var failure: IntakeError?

  /// `onAlert` is given the body of every request, on a thread of the hook's own, before it is answered.
  init(onAlert: @escaping @Sendable ([UInt8]) -> Void) { self.onAlert = onAlert }

  var url: String {
    condition.lock()
    defer { condition.unlock() }
    return "http://\(address)/alerts"
  }

  /// Returns once it listens: on any free port the first time, on the same one after that.
  func open() throws(DaemonFailure) {
    condition.lock()
    defer { condition.unlock() }
    isWanted = true
    failure = nil
    Thread { self.serve() }.start()
    while !isOpen, failure == nil { condition.wait() }
    if let failure { throw DaemonFailure(.unavailable, failure.message) }
  }

  /// Returns once whoever connects is refused.
  func close() {
    condition.lock()
    defer { condition.unlock() }
    isWanted = false
    while isOpen { condition.wait() }
  }

  private func serve() {
    do throws(IntakeError) {
      let socket = try listen()
      note {
        $0.address = socket.address; $0.isOpen = true
      }
      while isStillWanted { answerNext(socket.descriptor) }
    } catch {
      note { $0.failure = error }
    }
    note { $0.isOpen = false }
  }

  private func listen() throws(IntakeError) -> StreamSocket {
    let end = SystemClock.monotonic + Int64(VerbDemoHook.patience) * 1_000_000_000
    while true {
      do throws(IntakeError) {
        return try StreamSocket(listening: currentAddress)
      } catch {
        guard error.code == .portTaken, SystemClock.monotonic < end else { throw error }
        DaemonThread.pause(milliseconds: Int(VerbDemoHook.lookEvery))
      }
    }
  }

  private var currentAddress: ListenAddress {
    condition.lock()
    defer { condition.unlock() }
    return address
  }

  private var isStillWanted: Bool {
    condition.lock()
    defer { condition.unlock() }
    return isWanted
  }

  private func note(_ change: (VerbDemoHook) -> Void) {
    condition.lock()
    change(self)
    condition.broadcast()
    condition.unlock()
  }

  /// One request on a connection of its own, if somebody connects before the next look.
  private func answerNext(_ listener: Int32) {
    var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&waiting, 1, VerbDemoHook.lookEvery) > 0 else { return }
    let client = accept(listener, nil, nil)
    guard client >= 0 else { return }
    defer { Foundation.close(client) }
    var patience = timeval(tv_sec: VerbDemoHook.patience, tv_usec: 0)
    unsafe _ = setsockopt(
      client, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    guard let body = VerbDemoHook.body(from: client) else { return }
    onAlert(body)
    let answer = Array("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".utf8)
    unsafe _ = send(client, answer, answer.count, Int32(MSG_NOSIGNAL))
  }

  /// Nil when the request ends before its `Content-Length` is there.
  private static func body(from client: Int32) -> [UInt8]? {
    var request: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16_384)
    while request.count < requestLimit {
      if let head = request.firstRange(of: Array("\r\n\r\n".utf8)) {
        let fields = String(decoding: request[..<head.lowerBound], as: UTF8.self).lowercased()
          .components(separatedBy: "\r\n")
        let length = fields.compactMap { $0.split(separator: "content-length: ").last.flatMap { Int($0) } }
        guard let length = length.first else { return nil }
        if request.count >= head.upperBound + length {
          return Array(request[head.upperBound..<head.upperBound + length])
        }
      }
      let count = unsafe recv(client, &chunk, chunk.count, 0)
      guard count > 0 else { return nil }
      request += chunk[..<count]
    }
    return nil
  }
}
