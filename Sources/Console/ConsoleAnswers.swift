import HTTPTypes
import HummingbirdCore
import Model
import NIOCore

/// What is answered to a request: probes and metrics here, the API by whoever has the data.
struct ConsoleAnswers: Sendable {
  /// Bytes of a posted body: more than the longest message there can be.
  static let bodyLimit = 128 << 10

  /// Headers by which proxies say whom they bring.
  private static let forwarding = ["forwarded", "x-forwarded-for", "x-real-ip", "via"].compactMap {
    HTTPField.Name($0)
  }

  let source: ConsoleSource
  /// Requests come over the socket for this machine: no address, and the right to be here.
  let isSocket: Bool
  /// Of the room for what may be long.
  private var share: ConsoleRoom.Share { isSocket ? .socket : .network }

  func answer(_ request: Request, from peer: IPAddress, over channel: any Channel) async -> Response {
    let visitor = Doorkeeper.Visitor(
      peer: isSocket ? nil : peer, authorization: request.headers[values: .authorization],
      host: request.head.authority,
      isForwarded: ConsoleAnswers.forwarding.contains { request.headers.contains($0) })
    var response: Response
    do throws(Problem) {
      response = try await answer(request, visitor, channel)
    } catch {
      if let refusal = error.refusal { source.doorkeeper.count(refusal) }
      response = ConsoleAnswers.response(error)
    }
    return request.method == .head ? response.createHeadResponse() : response
  }

  private func answer(
    _ request: Request, _ visitor: Doorkeeper.Visitor, _ channel: any Channel
  ) async throws(Problem) -> Response {
    let path = request.uri.path
    if path.hasPrefix(APIRoute.prefix) {
      return try await api(path.dropFirst(APIRoute.prefix.utf8.count), request, visitor, channel)
    }
    guard ["/healthz", "/readyz", "/metrics"].contains(path) else {
      throw Problem(
        .notFound, "there is no \(Problem.quoted(path))",
        do: "there is /healthz, /readyz, /metrics, and /api/v1/openapi.yaml says what else")
    }
    try ConsoleAnswers.check(request.method, of: ["GET"])
    switch path {
    case "/healthz":
      return ConsoleAnswers.response(200, "text/plain; charset=utf-8", Array("ok\n".utf8))
    case "/metrics":
      if let problem = source.doorkeeper.refuseMetrics(visitor) { throw problem }
      return try response(
        200, MetricsText.contentType, MetricsText.render(source.metrics()), .watching, channel)
    default: return try readyz(visitor, channel)
    }
  }

  /// Whoever balances load sees the status; what is wrong is for those who are let in.
  private func readyz(
    _ visitor: Doorkeeper.Visitor, _ channel: any Channel
  ) throws(Problem) -> Response {
    let readiness = source.readiness()
    var body: [UInt8] = []
    if source.doorkeeper.tellsProblems(to: visitor) {
      readiness.appendJSON(to: &body)
    } else {
      body.append(ascii: "{\"status\":\"")
      body.append(text: readiness.status.rawValue)
      body.append(ascii: "\"}\n")
    }
    return try response(readiness.httpStatus, "application/json", body, .watching, channel)
  }

  private func api(
    _ path: Substring, _ request: Request, _ visitor: Doorkeeper.Visitor, _ channel: any Channel
  ) async throws(Problem) -> Response {
    guard let route = try APIRoute.find(path) else {
      throw Problem(
        .notFound, "there is no \(Problem.quoted(APIRoute.prefix + path))",
        do: "/api/v1/openapi.yaml says what there is")
    }
    try ConsoleAnswers.check(request.method, of: route.methods.map(\.name))
    let role = route.methods.first { $0.name == request.method.rawValue }?.role ?? .viewer
    if !route.isPublic, let problem = source.doorkeeper.refuse(visitor, as: role) { throw problem }
    let asked: APIRequest
    // Of the body, until it is answered.
    var place: ConsoleRoom.Place?
    if route.readsBody, request.method == .post {
      let size = try ConsoleAnswers.bodySize(request)
      if let coding = request.headers[.contentEncoding], coding.lowercased() != "identity" {
        throw Problem(
          .mediaType, "the body is coded as \(Problem.quoted(coding))",
          do: "send it without a Content-Encoding")
      }
      if size > ConsoleRoom.short { place = try source.room.place(for: size, share) }
      if request.headers[.expect]?.lowercased() == "100-continue" { await ConsoleServer.askForBody(channel) }
      asked = try APIRoute.explain(
        await ConsoleAnswers.body(of: request), type: request.headers[.contentType], request.uri.query)
    } else {
      asked = try route.request(request.uri.query)
    }
    defer { withExtendedLifetime(place) {} }
    let caller = isSocket ? APICaller.user(await SocketUser.number(of: channel)) : .network
    switch await source.api(asked, caller) {
    case .json(let bytes): return try response(200, "application/json", bytes, share, channel)
    case .document(let type, let bytes): return try response(200, type, bytes, share, channel)
    case .stream(let type, let stream): return ConsoleAnswers.response(type, stream)
    case .problem(let problem): throw problem
    }
  }

  private static let tooLarge = Problem(
    .tooLarge, "the body has more than \(bodyLimit) bytes", do: "send one message; none is longer")

  /// What a body has at most; one in chunks does not say.
  private static func bodySize(_ request: Request) throws(Problem) -> Int {
    guard let length = request.headers[.contentLength].flatMap({ Int($0) }) else { return bodyLimit }
    if length > bodyLimit { throw tooLarge }
    return length
  }

  private static func body(of request: Request) async throws(Problem) -> [UInt8] {
    var bytes: [UInt8] = []
    do {
      for try await part in request.body {
        if bytes.count + part.readableBytes > bodyLimit { throw tooLarge }
        bytes.append(contentsOf: part.readableBytesView)
      }
    } catch let problem as Problem {
      throw problem
    } catch {
      throw Problem(.badBody, "the body broke off: \(error)", do: "send it again, whole")
    }
    return bytes
  }

  private static func check(_ method: HTTPRequest.Method, of known: [String]) throws(Problem) {
    let all = known.flatMap { $0 == "GET" ? ["GET", "HEAD"] : [$0] }
    if all.contains(method.rawValue) { return }
    var problem = Problem(
      .methodNotAllowed, "\(Problem.quoted(method.rawValue)) is not for this path",
      do: "use \(known.joined(separator: " or "))")
    problem.allowed = all.joined(separator: ", ")
    throw problem
  }

  private static func response(_ status: Int, _ type: String, _ body: [UInt8]) -> Response {
    Response(
      status: .init(code: status), headers: headers(type),
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }

  /// One that may be long has a place until the client has taken it, part by part: what is written behind the
  /// event loop's back does not wait for anybody.
  private func response(
    _ status: Int, _ type: String, _ body: [UInt8], _ share: ConsoleRoom.Share, _ channel: any Channel
  ) throws(Problem) -> Response {
    let size = ConsoleRoom.short
    if body.count <= size { return ConsoleAnswers.response(status, type, body) }
    let place = try source.room.place(for: body.count, share)
    return Response(
      status: .init(code: status), headers: ConsoleAnswers.headers(type),
      body: ResponseBody(contentLength: body.count) { writer in
        for start in stride(from: 0, to: body.count, by: size) {
          try await writer.write(ByteBuffer(bytes: body[start..<min(start + size, body.count)]))
          try await ConsoleServer.catchUp(channel)
        }
        try await writer.finish(nil)
        withExtendedLifetime(place) {}
      })
  }

  /// As it comes; a client that has gone ends it with the next part.
  private static func response(_ type: String, _ stream: APIStream) -> Response {
    Response(
      status: .ok, headers: headers(type),
      body: ResponseBody { writer in
        while let part = await stream.next() { try await writer.write(ByteBuffer(bytes: part)) }
        try await writer.finish(nil)
      })
  }

  private static func headers(_ type: String) -> HTTPFields {
    var headers: HTTPFields = [.contentType: type, .cacheControl: "no-store"]
    // What devices say is data, whatever it looks like to a browser.
    headers[.xContentTypeOptions] = "nosniff"
    headers[.contentSecurityPolicy] = "default-src 'none'"
    return headers
  }

  static func response(_ problem: Problem) -> Response {
    var response = response(problem.kind.status, Problem.contentType, problem.bytes)
    if problem.kind == .unauthorized {
      response.headers[.wwwAuthenticate] = "Bearer realm=\"muttd\""
    }
    if let wait = problem.retryAfter { response.headers[.retryAfter] = "\(wait)" }
    if let allowed = problem.allowed { response.headers[.allow] = allowed }
    return response
  }
}
