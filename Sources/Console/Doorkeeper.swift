package import Model
import Synchronization

/// Who is let in to the API. Behind a tokens file: whoever shows a token of it, in time and of the role.
/// Without one: whoever reaches the loopback address by its own name. Over the socket of the state directory:
/// whoever may open that file.
package final class Doorkeeper: Sendable {
  /// Label values of `mutt_http_refused_total`.
  package enum Refusal: Int, Sendable, CaseIterable {
    case noToken, badToken, expiredToken, role, tooManyFailures, host
    /// The parser, or what looks after it, could not make one request of it (`RequestFraming`).
    case malformed
    /// Others have all places of the tap, the readers or the room for answers that may be had.
    case busy

    package var name: StaticString {
      switch self {
      case .noToken: "no_token"
      case .badToken: "bad_token"
      case .expiredToken: "expired_token"
      case .role: "role"
      case .tooManyFailures: "too_many_failures"
      case .host: "host"
      case .malformed: "malformed"
      case .busy: "busy"
      }
    }
  }

  /// What a request says about who makes it.
  package struct Visitor: Sendable {
    /// Nil: over the socket of the state directory.
    package var peer: IPAddress?
    /// The `Authorization` header; several are none of ours.
    package var authorization: [String]
    /// The `Host` header.
    package var host: String?
    /// A header says that a proxy brought it: the peer is the proxy.
    package var isForwarded: Bool

    package init(
      peer: IPAddress?, authorization: [String] = [], host: String? = nil, isForwarded: Bool = false
    ) {
      self.peer = peer
      self.authorization = authorization
      self.host = host
      self.isForwarded = isForwarded
    }
  }

  private struct State {
    var tokens: TokenTable?
    var failures = FailureTable()
    var refused: [8 of UInt64] = .init(repeating: 0)
  }

  private let state: Mutex<State>
  private let clock: @Sendable () -> Timestamp
  private let monotonic: @Sendable () -> Int64
  private let notices: NoticeSink

  /// - Parameters:
  ///   - tokens: nil lets in everyone who comes over loopback.
  ///   - clock: by which tokens end.
  ///   - monotonic: nanoseconds by which failures are forgiven, whatever is done to the clock.
  package init(
    tokens: TokenTable? = nil, clock: @escaping @Sendable () -> Timestamp,
    monotonic: @escaping @Sendable () -> Int64, notices: @escaping NoticeSink
  ) {
    state = Mutex(State(tokens: tokens))
    self.clock = clock
    self.monotonic = monotonic
    self.notices = notices
  }

  /// From now on these decide.
  package func replace(_ tokens: TokenTable?) { state.withLock { $0.tokens = tokens } }

  /// Somebody was not let in for a reason that is not the doorkeeper's.
  func count(_ refusal: Refusal) { state.withLock { $0.refused[refusal.rawValue] += 1 } }

  package var refused: [(reason: String, count: UInt64)] {
    let counts = state.withLock { $0.refused }
    return Refusal.allCases.map { ("\($0.name)", counts[$0.rawValue]) }
  }

  /// Why this visitor may not see the metrics. Whoever is on this machine may without a token: not a page in
  /// somebody's browser that reaches loopback under a name of its own, and not whom a proxy brings, unless
  /// everybody on loopback is let in anyway.
  package func refuseMetrics(_ visitor: Visitor) -> Problem? {
    isNear(visitor) ? nil : refuse(visitor, as: .viewer)
  }

  /// Whether `/readyz` tells this visitor what is wrong. Who balances load asks from anywhere, without a
  /// token, and is no failure.
  package func tellsProblems(to visitor: Visitor) -> Bool {
    if isNear(visitor) { return true }
    let hasTokens = state.withLock { $0.tokens != nil }
    if hasTokens { return !visitor.authorization.isEmpty && refuse(visitor, as: .viewer) == nil }
    return visitor.peer.map { Doorkeeper.open(visitor, $0).0 == nil } ?? true
  }

  private func isNear(_ visitor: Visitor) -> Bool {
    guard let peer = visitor.peer else { return true }
    return peer.isLoopback && !visitor.isForwarded && visitor.host.map(Doorkeeper.isLoopbackName) ?? true
  }

  /// Why this visitor is not let in to what `role` may do; nil: come in.
  package func refuse(_ visitor: Visitor, as role: Role) -> Problem? {
    guard let peer = visitor.peer else { return nil }
    let (now, monotonic) = (clock(), monotonic())
    let (refusal, problem, name) = state.withLock { state in
      let verdict = Doorkeeper.judge(visitor, peer, role, now, monotonic, &state)
      if let refusal = verdict.0 { state.refused[refusal.rawValue] += 1 }
      return verdict
    }
    if let refusal, refusal != .noToken {
      notices(
        Notice(
          .warning, "console", "a request was refused",
          [
            ("source_ip", .text("\(peer)")), ("reason", .text("\(refusal.name)")),
            ("token", name.map { .text($0) } ?? .null),
          ]))
    }
    return problem
  }

  private static func judge(
    _ visitor: Visitor, _ peer: IPAddress, _ role: Role, _ now: Timestamp, _ monotonic: Int64,
    _ state: inout State
  ) -> (Refusal?, Problem?, String?) {
    if state.tokens == nil { return open(visitor, peer) }
    guard let shown = visitor.authorization.first else {
      return (
        .noToken,
        Problem(
          .unauthorized, "this path wants a token",
          do: "send Authorization: Bearer TOKEN; muttd token NAME makes one"), nil
      )
    }
    let token = visitor.authorization.count == 1 ? bearer(shown).flatMap { state.tokens?.find($0) } : nil
    // A right one is let in whatever others behind the same address do: it cannot have been guessed.
    guard let token, token.expires.isAbsent || now < token.expires else {
      return judge(wrong: token, of: peer, monotonic, &state)
    }
    if token.role < role {
      return (
        .role,
        Problem(
          .forbidden, "this wants the role \(role.rawValue), \(token.name) is \(token.role.rawValue)",
          do: "show a token of that role; muttd token NAME makes one"),
        token.name
      )
    }
    return (nil, nil, token.name)
  }

  /// One that is not in the file, or whose time is over.
  private static func judge(
    wrong token: AccessToken?, of peer: IPAddress, _ monotonic: Int64, _ state: inout State
  ) -> (Refusal?, Problem?, String?) {
    if let wait = state.failures.wait(of: peer, now: monotonic) {
      return (
        .tooManyFailures,
        Problem(
          .tooManyRequests, "\(peer) has shown wrong tokens too often", do: "wait, then show the right one",
          retryAfter: wait), nil
      )
    }
    state.failures.note(peer, now: monotonic)
    if let token {
      return (
        .expiredToken,
        Problem(
          .unauthorized, "the token \(token.name) ended at \(token.expires.rfc3339(digits: 0))",
          do: "muttd token \(token.name) makes a new one"), token.name
      )
    }
    return (
      .badToken,
      Problem(
        .unauthorized, "the token is none of http.tokens",
        do: "show another, or add its line to the file and: muttd reload"), nil
    )
  }

  /// A page in somebody's browser may reach loopback too, under a name of its own that was made to point
  /// there: only who asks for loopback by its name or address is let in without a token.
  private static func open(_ visitor: Visitor, _ peer: IPAddress) -> (Refusal?, Problem?, String?) {
    guard peer.isLoopback else {
      return (
        .noToken,
        Problem(.unauthorized, "only loopback is let in without tokens", do: "set http.tokens"), nil
      )
    }
    if let host = visitor.host, !isLoopbackName(host) {
      return (
        .host,
        Problem(
          .misdirected, "the Host header says \(Problem.quoted(host))",
          do: "ask for 127.0.0.1, [::1] or localhost; other names want http.tokens"), nil
      )
    }
    return (nil, nil, nil)
  }

  /// `localhost:9162`, `127.0.0.1`, `[::1]:9162`.
  static func isLoopbackName(_ host: String) -> Bool {
    var name = host[...]
    if name.first == "[" {
      guard let end = name.firstIndex(of: "]"), name[end...].dropFirst().first ?? ":" == ":" else {
        return false
      }
      name = name[name.index(after: name.startIndex)..<end]
    } else if let colon = name.firstIndex(of: ":") {
      name = name[..<colon]
    }
    return name.lowercased() == "localhost" || IPAddress(String(name))?.isLoopback == true
  }

  /// The token of `Bearer TOKEN` (RFC 6750 §2.1); the scheme without regard to case.
  static func bearer(_ header: String) -> String? {
    let words = header.split(separator: " ", omittingEmptySubsequences: true)
    guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
    return String(words[1])
  }
}
