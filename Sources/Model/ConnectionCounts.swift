/// Why a connection was turned away before it could say anything. Label values of
/// `mutt_connections_refused_total`.
package enum RefusalReason: Int, Sendable, CaseIterable {
  /// `listen.tcp.connections` are open already.
  case limit
  /// The address is not let in.
  case address
  /// A proxy that has to name the sender did not, or not as it should.
  case proxyHeader

  package var name: StaticString {
    switch self {
    case .limit: "limit"
    case .address: "address"
    case .proxyHeader: "proxy_header"
    }
  }
}

/// How a connection ended. Label values of `mutt_connections_closed_total`.
package enum ClosingReason: Int, Sendable, CaseIterable {
  /// The sender closed it.
  case peer
  /// The connection broke.
  case error
  /// Nothing came for `listen.tcp.idle`.
  case idle
  /// A message, a header or a handshake was begun and not finished in time.
  case slow
  /// What should have been a length was none (RFC 6587 §3.4.1).
  case framing
  /// The TLS handshake failed.
  case handshake
  /// The daemon stopped; what had come was read.
  case stop
  /// The daemon stopped before all that had come was read.
  case unread

  package var name: StaticString {
    switch self {
    case .peer: "peer"
    case .error: "error"
    case .idle: "idle"
    case .slow: "slow"
    case .framing: "framing"
    case .handshake: "handshake"
    case .stop: "stop"
    case .unread: "unread"
    }
  }
}

/// Why a TLS handshake failed. Label values of `mutt_tls_handshake_failures_total`.
package enum HandshakeFault: Int, Sendable, CaseIterable {
  /// The client had to show a certificate and has none.
  case noCertificate
  /// The client's certificate was not signed by `listen.tls.client_ca`, or its time is over.
  case badCertificate
  /// The client does not accept our certificate, or what we offer.
  case rejected
  /// No version or cipher in common: below TLS 1.2.
  case version
  /// What came is no TLS.
  case notTLS
  /// The client went away in the middle.
  case closed
  case other

  package var name: StaticString {
    switch self {
    case .noCertificate: "no_certificate"
    case .badCertificate: "bad_certificate"
    case .rejected: "rejected"
    case .version: "version"
    case .notTLS: "not_tls"
    case .closed: "closed"
    case .other: "other"
    }
  }
}

/// What became of the connections of one stream listener. Every connection that was accepted is open, or was
/// refused or closed for one reason: `accepted = open + refused + closed`.
package struct ConnectionCounts: BitwiseCopyable, Sendable {
  package var accepted: UInt64 = 0
  package var open: UInt64 = 0
  package var refused: [3 of UInt64] = .init(repeating: 0)
  package var closed: [8 of UInt64] = .init(repeating: 0)
  package var handshakeFaults: [7 of UInt64] = .init(repeating: 0)
  /// Frames longer than `listen.tcp.max_frame`, whose rest was passed over.
  package var oversized: UInt64 = 0
  /// Times no connection could be accepted for want of descriptors or memory.
  package var acceptFailures: UInt64 = 0

  package init() {}

  package mutating func refuse(_ reason: RefusalReason) { refused[reason.rawValue] += 1 }
  package mutating func close(_ reason: ClosingReason) { closed[reason.rawValue] += 1 }
}
