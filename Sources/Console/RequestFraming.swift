import Model
import NIOCore
import NIOHTTP1

/// Lets through only heads that cannot be read in two ways (RFC 9112): a proxy in front that finds the end of
/// a request elsewhere than we do would take what one client sends for another's, and one that finds another
/// host in it lets in whom it should not. The parser refuses most of them; this refuses what it leaves to us.
/// A refused one is answered as the parser's are, by a bare 400, and ends the connection.
///
/// Only used on its channel's event loop, right behind the parser.
final class RequestFraming: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart

  /// Puts it into the pipeline of a connection. `refuses` is called with every request that is refused.
  static func add(
    to pipeline: ChannelPipeline.SynchronousOperations, refuses: @escaping @Sendable () -> Void
  ) throws {
    let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
    let gate = InboundGate()
    try pipeline.addHandler(gate, position: .before(parser))
    try pipeline.addHandler(RequestFraming(gate, refuses), position: .after(parser))
  }

  /// Behind the answers to all requests before it.
  static func askForBody(_ pipeline: ChannelPipeline.SynchronousOperations) throws {
    let head = HTTPResponseHead(version: .http1_1, status: .continue)
    let context = try pipeline.context(handlerType: RequestFraming.self)
    context.writeAndFlush(NIOAny(HTTPServerResponsePart.head(head)), promise: nil)
  }

  private let gate: InboundGate
  private let refuses: @Sendable () -> Void
  /// Nothing comes after the request that is read now.
  private var isLast = false

  private init(_ gate: InboundGate, _ refuses: @escaping @Sendable () -> Void) {
    self.gate = gate
    self.refuses = refuses
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if gate.isShut { return }
    switch unwrapInboundIn(data) {
    case .head(var head):
      guard RequestFraming.settle(&head) else {
        return errorCaught(context: context, error: HTTPParserError.unknown)
      }
      isLast = head.headers["connection"] == ["close"]
      context.fireChannelRead(wrapInboundOut(.head(head)))
    case .body: context.fireChannelRead(data)
    case .end:
      if isLast { gate.shut() }
      context.fireChannelRead(data)
    }
  }

  /// The parser's errors come here too, and are the end of what is read.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Who breaks off has not been refused.
    if let error = error as? HTTPParserError, error != .invalidEOFState, !gate.isShut { refuses() }
    gate.shut()
    context.fireErrorCaught(error)
  }

  /// Whether `head` can be read in one way only. What it says in another form is then said in the usual one:
  /// a target that is a URL, and that the connection ends with this request.
  static func settle(_ head: inout HTTPRequestHead) -> Bool {
    guard hasOneFraming(head), hasOneHost(head), settleTarget(&head) else { return false }
    // HTTP/1.0 has no interim answers, and whoever speaks it waits for none (RFC 9110 §10.1.1).
    if head.version != .http1_1 { head.headers.remove(name: "expect") }
    // The parser reads nothing behind a request for another protocol, which we do not speak: what comes there
    // would be kept in memory for ever.
    if !head.isKeepAlive || head.headers.contains(name: "upgrade") {
      head.headers.replaceOrAdd(name: "connection", value: "close")
    }
    return true
  }

  /// §6.1: the last coding may be another one to somebody else, an HTTP/1.0 server in between knows none, and
  /// we know only one.
  private static func hasOneFraming(_ head: HTTPRequestHead) -> Bool {
    let codings = head.headers["transfer-encoding"]
    if codings.isEmpty { return head.headers["content-length"].count <= 1 }
    return head.version == .http1_1 && codings.count == 1 && codings[0].lowercased() == "chunked"
      && !head.headers.contains(name: "content-length")
  }

  /// §3.2: of HTTP/1.1 there is one Host field, and it is what the standard says.
  private static func hasOneHost(_ head: HTTPRequestHead) -> Bool {
    let hosts = head.headers["host"]
    return hosts.count <= 1 && (hosts.count == 1 || head.version != .http1_1) && hosts.allSatisfy(isAuthority)
  }

  /// §3.2.1 to §3.2.4: a path, a URL whose host is meant whatever the Host field says, or `*` for OPTIONS.
  /// There is nobody here to connect to.
  private static func settleTarget(_ head: inout HTTPRequestHead) -> Bool {
    if head.method == .CONNECT { return false }
    if head.uri.utf8.first == UInt8(ascii: "/") { return true }
    if head.uri == "*" { return head.method == .OPTIONS }
    let scheme = "http://"
    guard head.uri.prefix(scheme.utf8.count).lowercased() == scheme else { return false }
    let rest = head.uri.dropFirst(scheme.utf8.count)
    let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !host.isEmpty, isAuthority(String(host)) else { return false }
    let path = rest.dropFirst(host.count)
    head.uri = path.utf8.first == UInt8(ascii: "/") ? String(path) : "/\(path)"
    head.headers.replaceOrAdd(name: "host", value: String(host))
    return true
  }

  /// A host, or none, and maybe a port (RFC 3986 §3.2.2, §3.2.3), without a user's name.
  static func isAuthority(_ text: String) -> Bool {
    var rest = text.utf8[...]
    if rest.first == UInt8(ascii: "[") {
      guard let end = rest.firstIndex(of: UInt8(ascii: "]")), rest[..<end].dropFirst().allSatisfy(isOfLiteral)
      else { return false }
      rest = rest[end...].dropFirst()
    } else {
      rest = rest.drop { isOfName($0) }
    }
    return rest.isEmpty || rest.first == UInt8(ascii: ":") && rest.dropFirst().allSatisfy(isDigit)
  }

  private static func isOfLiteral(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ":") || byte == UInt8(ascii: "%") || isOfName(byte)
  }

  private static func isOfName(_ byte: UInt8) -> Bool {
    isDigit(byte) || lowered(byte) &- UInt8(ascii: "a") < 26 || "-._~!$&'()*+,;=%".utf8.contains(byte)
  }
}

@available(*, unavailable)
extension RequestFraming: Sendable {}

/// In front of the parser: once it is shut, nothing more of the connection is read. What its client sends
/// stays in the kernel, which holds it back.
private final class InboundGate: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private(set) var isShut = false

  func shut() { isShut = true }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // What was under way already.
    if !isShut { context.fireChannelRead(data) }
  }

  func read(context: ChannelHandlerContext) {
    if !isShut { context.read() }
  }
}

@available(*, unavailable)
extension InboundGate: Sendable {}
