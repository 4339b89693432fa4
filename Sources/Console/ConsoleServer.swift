import Hummingbird
import HummingbirdCore
import Logging
package import Model
import NIOCore

/// The HTTP face: probes, metrics, the API. Few clients, small answers, everything bounded.
package struct ConsoleServer: Sendable {
  /// Where it listens.
  package enum Place: Sendable, Equatable {
    /// Port 0 takes any free one.
    case port(host: String, Int)
    /// A socket in the file system, for whoever may open it: what is there already is removed.
    case socket(path: String)
  }

  /// Connections at once; more wait in the kernel's queue. Probes, scrapers and people; what a connection
  /// holds is some 64 KiB at the most until it has asked for something.
  private static var connectionLimit: Int { 256 }
  /// Of them, those that are free for who asks at once: above the rest the silent ones go.
  private static var reserve: Int { 16 }
  /// Bytes of all header fields of a request.
  private static var headerLimit: Int { 16_384 }
  /// Seconds after which a connection without a request is closed.
  private static var idleSeconds: Int64 { 30 }

  private let place: Place
  private let source: ConsoleSource
  private let notices: NoticeSink
  private let limits: ConnectionGuard.Limits
  private let onBound: @Sendable (Int) -> Void

  /// `onBound` is told the port as soon as connections are accepted; 0 for a socket.
  package init(
    _ place: Place, source: ConsoleSource, notices: @escaping NoticeSink,
    onBound: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    self.init(place, source: source, limits: ConnectionGuard.Limits(), notices: notices, onBound: onBound)
  }

  /// `limits`: shorter ones for tests.
  init(
    _ place: Place, source: ConsoleSource, limits: ConnectionGuard.Limits, notices: @escaping NoticeSink,
    onBound: @escaping @Sendable (Int) -> Void
  ) {
    self.place = place
    self.source = source
    self.limits = limits
    self.notices = notices
    self.onBound = onBound
  }

  /// Serves until the task is cancelled or its service group shuts down.
  package func run() async throws(ConsoleError) {
    let logger = Logger(label: "console") { [notices] _ in ConsoleLogBridge(notices) }
    let answers = ConsoleAnswers(source: source, isSocket: isSocket)
    let silent = SilentConnections(
      limit: ConsoleServer.connectionLimit - ConsoleServer.reserve, notices: notices)
    let application = Application(
      responder: CallbackResponder<ConsoleContext> { request, context in
        await answers.answer(request, context)
      },
      server: .http1(
        configuration: HTTP1Channel.Configuration(
          additionalChannelHandlers: [ConnectionGuard(limits, silent)],
          idleTimeout: .seconds(ConsoleServer.idleSeconds),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: ConsoleServer.headerLimit, maxHeaderListSize: ConsoleServer.headerLimit,
            maxHeaderFieldCount: 100))),
      configuration: ApplicationConfiguration(
        address: address, serverName: nil, backlog: ConsoleServer.connectionLimit,
        availableConnectionsDelegate: .maximum(ConsoleServer.connectionLimit, logger: logger)),
      onServerRunning: { [onBound] channel in onBound(channel.localAddress?.port ?? 0) },
      logger: logger)
    do {
      try await application.run()
    } catch is CancellationError {
      return
    } catch {
      throw explain(error)
    }
  }

  private var isSocket: Bool {
    if case .socket = place { return true }
    return false
  }

  private var address: BindAddress {
    switch place {
    case .port(let host, let port): .hostname(host, port: port)
    case .socket(let path): .unixDomainSocket(path: path)
    }
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
