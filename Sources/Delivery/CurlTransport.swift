import CCurl
import Glibc
import Synchronization

/// HTTP and HTTPS over libcurl: one thread moves all requests, connections are kept and used again,
/// redirects are not followed, certificates are verified against the system's store.
package final class CurlTransport: WebhookTransport {
  private let engine: CurlEngine

  /// `connections`: most open connections, over all receivers; at least the sum of the concurrencies of the
  /// destinations that share this transport, otherwise a slow one delays the others.
  package init(connections: Int = 256) throws(DeliveryError) {
    engine = try CurlEngine(connections: connections)
  }

  deinit { engine.shutdown() }

  package func send(_ request: WebhookRequest) async throws(DeliveryError) -> WebhookResponse {
    let prepared = try CurlRequest(request)
    let ticket = engine.newTicket()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        engine.add(ticket, prepared, continuation)
      }
    } onCancel: {
      engine.cancel(ticket)
    }
    return try result.get()
  }

  /// Cuts what is under way (`cancelled`), closes all connections and waits for the thread. Later sends
  /// fail. May be called more than once.
  package func shutdown() { engine.shutdown() }
}

/// A request in libcurl's terms, checked.
struct CurlRequest: Sendable {
  var url: String
  /// Whole lines, NUL-terminated.
  var headers: [[CChar]]
  var body: [UInt8]
  var timeoutMs: Int
  var asks: Bool
  /// CA, certificate, key, proxy; NUL-terminated, empty where there is none.
  var route: [[CChar]]

  init(_ request: WebhookRequest) throws(DeliveryError) {
    url = request.url
    body = request.body
    timeoutMs = max(1, request.timeoutMs)
    asks = request.method == .options
    route = [request.tls.ca, request.tls.certificate, request.tls.key, request.proxy].map {
      Array(($0 ?? "").utf8CString)
    }
    headers = []
    let place = RedactedURL.text(of: url)
    if !url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) {
      throw DeliveryError(.invalid, "\(place): the URL holds a space or a control character; correct it")
    }
    // Without it libcurl asks for permission before large bodies, and waits for it.
    headers.append(Array("Expect:".utf8CString))
    for header in request.headers {
      guard CurlRequest.isName(header.name), CurlRequest.isValue(header.value) else {
        throw DeliveryError(
          .invalid,
          "\(place): the header '\(header.name)' cannot be sent: its name or value holds characters "
            + "that HTTP does not allow; correct it under destinations")
      }
      // A name with a colon and nothing would tell libcurl to leave the header out.
      let line = header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)"
      headers.append(Array(line.utf8CString))
    }
  }

  /// RFC 9110 §5.6.2, token.
  private static func isName(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }

  /// RFC 9110 §5.5: no control characters but tab.
  private static func isValue(_ value: String) -> Bool {
    value.utf8.allSatisfy { $0 == 9 || ($0 >= 0x20 && $0 != 0x7F) }
  }
}
