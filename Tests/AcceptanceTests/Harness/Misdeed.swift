import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// What a receiver can do to those who post to it.
enum Misdeed: Sendable {
  case answer(Int, headers: String = "", body: String = "so it is")
  /// Says nothing until the other side has had enough.
  case hang
  case reset
  case close
  /// Promises a body and ends in the middle of it.
  case half
  /// A body of ten million bytes, with this status.
  case large(Int)
  /// A small body that says it is a large one, packed.
  case bomb([UInt8])
  case garbage
  case endlessHeaders
  /// A body that comes a byte at a time and never ends.
  case trickle

  /// The word it is counted under.
  var name: String {
    switch self {
    case .answer(let status, _, _): "\(status)"
    case .large(let status): "large \(status)"
    case .hang: "hang"
    case .reset: "reset"
    case .close: "close"
    case .half: "half"
    case .bomb: "bomb"
    case .garbage: "garbage"
    case .endlessHeaders: "endless headers"
    case .trickle: "trickle"
    }
  }

  /// Nil: there is none, or none that counts.
  var status: Int? {
    switch self {
    case .answer(let status, _, _), .large(let status): status
    case .hang, .reset, .close, .half, .bomb, .garbage, .endlessHeaders, .trickle: nil
    }
  }

  /// Whether whoever posted takes it for delivered: a 2xx counts, whatever becomes of the body behind it.
  var isDelivery: Bool {
    switch self {
    case .answer(let status, _, _), .large(let status): 200..<300 ~= status
    case .bomb, .half, .trickle: true
    case .hang, .reset, .close, .garbage, .endlessHeaders: false
    }
  }

  /// Does it; false: the connection ends.
  func perform(on connection: LoopbackSocket) -> Bool {
    func say(_ text: String) -> Bool { connection.sendAll(Array(text.utf8)) }
    switch self {
    case .answer(let status, let headers, let body):
      // A 204 and a 304 have no body, a 1xx is not the end of an answer.
      let isBare = status == 204 || status == 304 || status < 200
      let length = isBare ? "" : "Content-Length: \(body.utf8.count)\r\n"
      return say("HTTP/1.1 \(status) Said\r\n\(headers)\(length)\r\n\(isBare ? "" : body)") && status >= 200
    case .hang:
      while !connection.receive().isEmpty {}
    case .reset:
      var now = linger(l_onoff: 1, l_linger: 0)
      unsafe setsockopt(
        connection.descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    case .close: break
    case .half: _ = say("HTTP/1.1 200 Said\r\nContent-Length: 1000\r\n\r\nhalf of")
    case .large(let status):
      let size = 10_000_000
      guard say("HTTP/1.1 \(status) Said\r\nContent-Length: \(size)\r\n\r\n") else { return false }
      return connection.sendAll([UInt8](repeating: 0x61, count: size))
    case .bomb(let packed):
      return say("HTTP/1.1 200 Said\r\nContent-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n\r\n")
        && connection.sendAll(packed)
    case .garbage: _ = connection.sendAll((0..<4_096).map { UInt8(truncatingIfNeeded: $0 &* 151) })
    case .endlessHeaders:
      let lines = Array(String(repeating: "X-More: and more\r\n", count: 4_000).utf8)
      guard say("HTTP/1.1 200 Said\r\n") else { return false }
      while connection.sendAll(lines) {}
    case .trickle:
      guard say("HTTP/1.1 200 Said\r\nTransfer-Encoding: chunked\r\n\r\n") else { return false }
      while say("1\r\na\r\n") { Thread.sleep(forTimeInterval: 0.05) }
    }
    return false
  }
}
