/// Why an alert could not be handed over, or a transport not be used.
package struct DeliveryError: Error, Sendable, Equatable {
  /// Closed: becomes a metric label.
  package enum Code: String, Sendable, CaseIterable {
    /// The request cannot be sent as it is: a URL or a header that is none, a certificate or a proxy that
    /// cannot be used.
    case invalid
    case resolve, connect, tls, timeout
    /// The connection ended, or what came was no HTTP answer, before the answer's head was complete.
    case broken
    /// Standard output is closed.
    case closed
    /// The attempt was given up by us: stop, or the transport was shut down.
    case cancelled
    /// The process has no memory, descriptor or thread for it.
    case resources
  }

  package var code: Code
  /// A sentence for people: what was being done, what happened, what to do. URLs in it are redacted.
  package var message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }
}

extension DeliveryError: CustomStringConvertible {
  package var description: String { message }
}
