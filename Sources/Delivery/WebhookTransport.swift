/// One request to a receiver.
package struct WebhookRequest: Sendable {
  package enum Method: Sendable {
    case post
    /// Asks whether alerts may be sent; its body is not.
    case options
  }

  package var method = Method.post
  package var url: String
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]
  /// For the whole exchange; 1 or more.
  package var timeoutMs: Int
  package var tls = TLS()
  /// A URL; nil: straight to the receiver.
  package var proxy: String?

  /// Files in PEM, by path; nil: the system's store, and no certificate of ours.
  package struct TLS: Sendable, Equatable {
    package var ca: String?
    package var certificate: String?
    package var key: String?

    package init(ca: String? = nil, certificate: String? = nil, key: String? = nil) {
      self.ca = ca
      self.certificate = certificate
      self.key = key
    }
  }

  package init(url: String, headers: [(name: String, value: String)], body: [UInt8], timeoutMs: Int) {
    self.url = url
    self.headers = headers
    self.body = body
    self.timeoutMs = timeoutMs
  }
}

/// What the receiver answered. The status decides; the body is only for people.
package struct WebhookResponse: Sendable, Equatable {
  /// 200...999.
  package var status: Int
  /// `Retry-After`, also when it was sent as a date; nil when there was none.
  package var retryAfterSeconds: Int?
  /// The first bytes of the answer, `bodyLimit` at most, as they came: hostile.
  package var bodyStart: [UInt8]
  /// `Content-Type` says that it is a page for people.
  package var isHTML = false
  /// `WebHook-Allowed-Origin` and `WebHook-Allowed-Rate`, as they came, cut where they are long: hostile.
  /// Nil: there was none.
  package var allowedOrigin: String?
  package var allowedRate: String?

  /// Bytes of an answer that are kept: enough for an error page's sentence.
  package static var bodyLimit: Int { 4_096 }
  /// Bytes of a header that are kept.
  package static var headerLimit: Int { 255 }
  /// Bytes of an answer that are read before the connection is closed on it. Up to here the rest is read and
  /// dropped, because a connection can be used again only after a complete answer.
  package static var readLimit: Int { 65_536 }

  package init(status: Int, retryAfterSeconds: Int? = nil, bodyStart: [UInt8] = []) {
    self.status = status
    self.retryAfterSeconds = retryAfterSeconds
    self.bodyStart = bodyStart
  }
}

/// Carries one request to a receiver. Bounded in time by the request's timeout; ends soon after its task is
/// cancelled. An error means that no answer was had.
package protocol WebhookTransport: Sendable {
  func send(_ request: WebhookRequest) async throws(DeliveryError) -> WebhookResponse
}
