import Hummingbird
import HummingbirdCore
import Logging
package import Model
import NIOCore

/// The HTTP face: `/healthz`, `/readyz`, `/metrics`. Few clients, small answers, everything bounded.
package struct ConsoleServer: Sendable {
  /// Connections at once; more wait in the kernel's queue. Probes, a scraper or two, and people.
  private static var connectionLimit: Int { 64 }
  /// Bytes of all header fields of a request.
  private static var headerLimit: Int { 16_384 }
  /// Seconds after which a silent connection is closed, so that 64 idle ones cannot lock others out for long.
  private static var idleSeconds: Int64 { 30 }

  private let host: String
  private let port: Int
  private let source: ConsoleSource
  private let notices: NoticeSink
  private let onBound: @Sendable (Int) -> Void

  /// `port` 0 takes any free one; `onBound` is told which as soon as connections are accepted.
  package init(
    host: String, port: Int, source: ConsoleSource, notices: @escaping NoticeSink,
    onBound: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    self.host = host
    self.port = port
    self.source = source
    self.notices = notices
    self.onBound = onBound
  }

  /// Serves until the task is cancelled or its service group shuts down.
  package func run() async throws(ConsoleError) {
    let logger = Logger(label: "console") { [notices] _ in ConsoleLogBridge(notices) }
    let application = Application(
      responder: CallbackResponder<BasicRequestContext> { [source] request, _ in
        ConsoleServer.answer(request, source)
      },
      server: .http1(
        configuration: HTTP1Channel.Configuration(
          idleTimeout: .seconds(ConsoleServer.idleSeconds),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: ConsoleServer.headerLimit, maxHeaderListSize: ConsoleServer.headerLimit,
            maxHeaderFieldCount: 100))),
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: port), serverName: nil, backlog: ConsoleServer.connectionLimit,
        availableConnectionsDelegate: .maximum(ConsoleServer.connectionLimit, logger: logger)),
      onServerRunning: { [onBound, port] channel in onBound(channel.localAddress?.port ?? port) },
      logger: logger)
    do {
      try await application.run()
    } catch is CancellationError {
      return
    } catch {
      throw explain(error)
    }
  }

  private static func answer(_ request: Request, _ source: ConsoleSource) -> Response {
    let path = request.uri.path
    guard ["/healthz", "/readyz", "/metrics"].contains(path) else {
      return text(.notFound, "there is /healthz, /readyz and /metrics\n")
    }
    guard request.method == .get || request.method == .head else {
      var response = text(.methodNotAllowed, "use GET\n")
      response.headers[.allow] = "GET, HEAD"
      return response
    }
    var response: Response
    switch path {
    case "/healthz": response = text(.ok, "ok\n")
    case "/metrics":
      let body = MetricsText.render(source.metrics())
      response = ConsoleServer.response(.ok, MetricsText.contentType, body)
    default:
      let readiness = source.readiness()
      var body: [UInt8] = []
      readiness.appendJSON(to: &body)
      response = ConsoleServer.response(.init(code: readiness.httpStatus), "application/json", body)
    }
    return request.method == .head ? response.createHeadResponse() : response
  }

  private static func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
    response(status, "text/plain; charset=utf-8", Array(text.utf8))
  }

  private static func response(_ status: HTTPResponse.Status, _ type: String, _ body: [UInt8]) -> Response {
    Response(
      status: status, headers: [.contentType: type, .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }

  private func explain(_ error: any Error) -> ConsoleError {
    let place = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    let action = "listening on \(place)"
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
