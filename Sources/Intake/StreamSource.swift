internal import CLinux
package import Model
internal import Synchronization

/// What a stream listener allows its clients.
package struct StreamSettings: Sendable {
  /// Connections at a time, 1...65536.
  package var connections = 1_000
  /// A connection on which nothing came for so long is closed, nanoseconds.
  package var idle: Int64 = 600_000_000_000
  /// A message, a header or a handshake that was begun must be finished within this, nanoseconds. Thirty
  /// seconds outlast the repeats of TCP on a bad line (some six of them), and bound how long a client can
  /// hold a place without sending anything that is whole.
  package var patience: Int64 = 30_000_000_000
  /// Bytes of a message that are kept.
  package var kept = 8_192
  /// Bytes of a frame above which it is counted as oversized.
  package var maxFrame = 65_536
  /// Whose connections begin with a PROXY header.
  package var proxies = NetworkSet()
  /// What TLS clients are shown; nil: the connections are plain.
  package var tls: TLSIdentity?
  /// Whether a sender is let in; asked before anything of it is read, for a proxy about those behind it.
  /// Nil: everyone is.
  package var admits: (@Sendable (IPAddress) -> Bool)?

  package init() {}
}

/// Reads a stream listener's counts from any thread.
package final class StreamMeter: Sendable {
  private let latest = Mutex(ConnectionCounts())

  package var counts: ConnectionCounts { latest.withLock { $0 } }
  func publish(_ counts: ConnectionCounts) { latest.withLock { $0 = counts } }
}

/// A TCP listener and all of its connections behind the seam of a datagram socket: every frame is handed out
/// like a datagram. When nobody calls `receive`, nothing is read, and the senders wait: that is the
/// backpressure.
package final class StreamSource: DatagramSource, @unchecked Sendable {
  // Only the worker's thread touches it: `receive` is the one way in.
  private var loop: StreamLoop
  private let wakeDescriptor: Int32
  package let meter = StreamMeter()
  package let address: ListenAddress

  /// - Parameter name: the listener's name in notices.
  package init(
    _ socket: consuming StreamSocket, name: String, settings: StreamSettings, notices: @escaping NoticeSink
  ) throws(IntakeError) {
    let wake = mutt_wake_create()
    guard wake >= 0 else {
      throw IntakeError(
        .system, call: "eventfd", number: -wake, message: "no descriptor left: \(errnoText(-wake))")
    }
    wakeDescriptor = wake
    address = socket.address
    loop = try StreamLoop(
      socket, wake: wake, settings: settings, report: StreamReport(listener: name, notices: notices))
  }

  deinit { mutt_close(wakeDescriptor) }

  package func receive(into slab: inout DatagramSlab, wait: Int32) throws(IntakeError) {
    try loop.receive(into: &slab, wait: wait)
    if loop.hasNews { meter.publish(loop.takeCounts()) }
  }

  package func wake() { mutt_wake_signal(wakeDescriptor) }

  package var holdsBack: Bool { true }

  package func refuse() {
    loop.refuse()
    meter.publish(loop.takeCounts())
  }

  package func finish(into slab: inout DatagramSlab) {
    loop.finish(into: &slab)
    if loop.hasNews { meter.publish(loop.takeCounts()) }
  }
}

/// What a stream listener has to say to people. Never about single events: repeats of one kind are folded by
/// whoever writes them down.
struct StreamReport {
  let listener: String
  let notices: NoticeSink

  private func say(_ message: String, _ peer: IPAddress, _ port: UInt16, _ fields: [(String, Notice.Value)]) {
    notices(
      Notice(
        .warning, "intake", message,
        [("listener", .text(listener)), ("peer", .text("\(peer)")), ("peer_port", .number(Int64(port)))]
          + fields))
  }

  func refused(_ reason: RefusalReason, _ peer: IPAddress, _ port: UInt16) {
    let what =
      switch reason {
      case .limit: "a connection was refused: as many as listen.tcp.connections allows are open"
      case .address: "a connection was refused: the address is not let in"
      case .proxyHeader:
        "a connection was refused: networks in listen.tcp.proxy_protocol must begin with a PROXY header"
      }
    say(what, peer, port, [("reason", .text("\(reason.name)"))])
  }

  func closed(_ reason: ClosingReason, _ peer: IPAddress, _ port: UInt16) {
    let what =
      switch reason {
      case .slow: "a connection was closed: what it began to send was not finished in time"
      case .framing: "a connection was closed: it counts octets, and a count is missing, 0 or too long"
      case .error: "a connection broke"
      case .unread: "a connection was closed at the stop with bytes that nobody read: the time was over"
      // The everyday ends are counted, not told.
      case .peer, .idle, .handshake, .stop: ""
      }
    if !what.isEmpty { say(what, peer, port, [("reason", .text("\(reason.name)"))]) }
  }

  func handshakeFailed(_ fault: HandshakeFault, _ text: String, _ peer: IPAddress, _ port: UInt16) {
    say(
      "a TLS handshake failed", peer, port,
      [("reason", .text("\(fault.name)")), ("err", .text(text))])
  }

  func oversized(_ peer: IPAddress, _ port: UInt16) {
    say("a frame is longer than listen.tcp.max_frame: its end was passed over", peer, port, [])
  }

  func acceptFailed(_ number: Int32) {
    notices(
      Notice(
        .error, "intake",
        "no connection can be accepted: free descriptors or memory are missing (LimitNOFILE); trying again "
          + "in a second",
        [("listener", .text(listener)), ("errno", .number(Int64(number)))]))
  }
}
