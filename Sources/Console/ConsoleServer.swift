import HTTPTypes
import HummingbirdCore
import Logging
package import Model
import NIOCore
import NIOExtras
import NIOPosix

/// The HTTP face: probes, metrics, the API. Few clients, small answers, everything bounded.
package struct ConsoleServer: Sendable {
  /// Where it listens.
  package enum Place: Sendable, Equatable {
    /// An address, and a port of which 0 takes any free one.
    case port(host: String, Int)
    /// A socket in the file system, for whoever may open it: what is there already is removed.
    case socket(path: String)
  }

  /// Connections at once; more wait in the kernel's queue. Probes, scrapers and people.
  private static var connectionLimit: Int { 256 }
  /// What they hold at the most, beside what has a place in the `ConsoleRoom`: some 64 KiB each until it has
  /// asked for something, answers that were written and not taken, and a short one that waits behind them.
  package static var memory: Int {
    connectionLimit * ((64 << 10) + unread.high + 3 * ConsoleRoom.short)
  }
  /// Bytes that were written and not taken, between which a connection may be written to.
  private static var unread: ChannelOptions.Types.WriteBufferWaterMark {
    ChannelOptions.Types.WriteBufferWaterMark(low: 16 << 10, high: 32 << 10)
  }
  /// Of them, those that are free for who asks at once: above the rest the silent ones go.
  private static var reserve: Int { 16 }
  /// Bytes of all header fields of a request.
  private static var headerLimit: Int { 16_384 }

  private let place: Place
  private let source: ConsoleSource
  private let notices: NoticeSink
  private let limits: ConnectionGuard.Limits

  package init(_ place: Place, source: ConsoleSource, notices: @escaping NoticeSink) {
    self.init(place, source: source, limits: ConnectionGuard.Limits(), notices: notices)
  }

  /// `limits`: shorter ones for tests.
  init(
    _ place: Place, source: ConsoleSource, limits: ConnectionGuard.Limits, notices: @escaping NoticeSink
  ) {
    self.place = place
    self.source = source
    self.limits = limits
    self.notices = notices
  }

  /// Binds; who connects waits in the kernel until the listener runs.
  /// - Parameter other: a listener of ours that is still open. Its address may be one of those that this one
  ///   takes in, at the same port, as 127.0.0.1 is of 0.0.0.0.
  package func bind(beside other: ConsoleListener? = nil) async throws(ConsoleError) -> ConsoleListener {
    let logger = Logger(label: "console") { [notices] _ in ConsoleLogBridge(notices) }
    let shared = other.flatMap { $0.port > 0 && $0.port == port ? $0 : nil }
    do {
      try await shared?.share(true)
      let listener = try await listen(logger, sharesPort: shared != nil)
      if let shared {
        // From here on nobody else gets there beside us.
        try await shared.share(false)
        try await listener.share(false)
      }
      return listener
    } catch {
      do { try await shared?.share(false) } catch { logger.warning("SO_REUSEPORT: \(error)") }
      throw explain(error)
    }
  }

  private func listen(_ logger: Logger, sharesPort: Bool) async throws -> ConsoleListener {
    let quiescing = ServerQuiescingHelper(group: MultiThreadedEventLoopGroup.singleton)
    let connections = connections(logger)
    var bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: Int32(ConsoleServer.connectionLimit))
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      // More would be let in than there are places.
      .serverChannelOption(.maxMessagesPerRead, value: 1)
      // Nobody is let in before somebody is there to answer.
      .serverChannelOption(.autoRead, value: false)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let limit = MaximumAvailableConnections(ConsoleServer.connectionLimit, logger: logger)
          try channel.pipeline.syncOperations.addHandler(AvailableConnectionsChannelHandler(delegate: limit))
          try channel.pipeline.syncOperations.addHandler(quiescing.makeServerChannelHandler(channel: channel))
        }
      }
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.writeBufferWaterMark, value: ConsoleServer.unread)
    if sharesPort { bootstrap = bootstrap.serverChannelOption(.socketOption(.sharedPort), value: 1) }
    let socket =
      switch place {
      case .port(let host, let port):
        try await bootstrap.bind(to: SocketAddress(ipAddress: host, port: port)) { channel in
          setUp(channel, connections, logger)
        }
      case .socket(let path):
        try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true) { channel in
          setUp(channel, connections, logger)
        }
      }
    return ConsoleListener(socket, connections, quiescing, logger)
  }

  /// A connection has come.
  private func setUp(
    _ channel: any Channel, _ connections: HTTP1Channel, _ logger: Logger
  ) -> EventLoopFuture<HTTP1Channel.Value> {
    connections.setup(channel: channel, logger: logger).flatMapThrowing { [source] value in
      try RequestFraming.add(to: channel.pipeline.syncOperations) { source.doorkeeper.count(.malformed) }
      return value
    }
  }

  /// What is done on one connection.
  private func connections(_ logger: Logger) -> HTTP1Channel {
    let silent = SilentConnections(
      limit: ConsoleServer.connectionLimit - ConsoleServer.reserve, limits, notices: notices)
    return HTTP1Channel(
      responder: {
        [answers = ConsoleAnswers(source: source, isSocket: isSocket), clock = source.clock]
        request, writer, channel in
        var response = await answers.answer(request, from: ConsoleServer.peer(of: channel), over: channel)
        response.headers[.date] = clock().httpDate
        if request.headers[.connection] == "close" { response.headers[.connection] = "close" }
        do {
          try await writer.write(response: response.head, body: response.body)
          try await ConsoleServer.catchUp(channel)
        } catch {
          // One of the parser would be answered once more.
          throw ConsoleError(code: .failed, action: "answering", reason: "\(error)")
        }
      },
      configuration: HTTP1Channel.Configuration(
        additionalChannelHandlers: [ConnectionGuard(limits, silent)],
        idleTimeout: limits.idle,
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: ConsoleServer.headerLimit, maxHeaderListSize: ConsoleServer.headerLimit,
          maxHeaderFieldCount: 100)))
  }

  /// Returns when the connection's event loop has seen what was written: whether more may be written is known
  /// from then on, and who writes all the same waits.
  static func catchUp(_ channel: any Channel) async throws {
    try await channel.eventLoop.submit {}.get()
  }

  /// Who waits before he sends the body is told to go on (RFC 9110 §10.1.1). A client that has gone hears
  /// nothing.
  static func askForBody(_ channel: any Channel) async {
    try? await channel.eventLoop.submit { try RequestFraming.askForBody(channel.pipeline.syncOperations) }
      .get()
  }

  /// Unspecified when the connection is gone already, and on a socket that has no addresses.
  private static func peer(of channel: any Channel) -> IPAddress {
    // A link-local address carries its interface: fe80::1%eth0.
    let text = channel.remoteAddress?.ipAddress?.prefix { $0 != "%" }
    return text.flatMap { IPAddress(String($0)) } ?? .unspecified
  }

  private var isSocket: Bool {
    if case .socket = place { return true }
    return false
  }

  private var port: Int? {
    if case .port(_, let port) = place { return port }
    return nil
  }

  private var shownPlace: String {
    switch place {
    case .port(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .socket(let path): path
    }
  }

  private func explain(_ error: any Error) -> ConsoleError {
    let action = "listening on \(shownPlace)"
    guard let failure = error as? IOError else {
      return ConsoleError(code: .failed, action: action, reason: "\(error)")
    }
    switch failure.errnoCode {
    case SystemErrors.addressInUse:
      return ConsoleError(
        code: .portTaken, action: action,
        reason: "another process listens there; stop it or give http.listen another port")
    case SystemErrors.accessDenied:
      return ConsoleError(
        code: .notPermitted, action: action,
        reason: "ports below 1024 need CAP_NET_BIND_SERVICE; give http.listen a higher port")
    case SystemErrors.addressNotAvailable:
      return ConsoleError(
        code: .noSuchAddress, action: action,
        reason: "no interface of this machine has that address; change http.listen")
    default: return ConsoleError(code: .failed, action: action, reason: "\(failure)")
    }
  }
}
