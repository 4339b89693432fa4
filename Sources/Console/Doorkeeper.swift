package import Model
import Synchronization

/// Who is let in to the API. Behind a tokens file: whoever shows a token of it, in time and of the role.
/// Without one: whoever reaches the loopback address by its own name. Over the socket of the state directory:
/// whoever may open that file.
package final class Doorkeeper: Sendable {
  /// Label values of `mutt_http_refused_total`.
  package enum Refusal: Int, Sendable, CaseIterable {
    case noToken, badToken, expiredToken, role, tooManyFailures, host

    package var name: StaticString {
      switch self {
      case .noToken: "no_token"
      case .badToken: "bad_token"
      case .expiredToken: "expired_token"
      case .role: "role"
      case .tooManyFailures: "too_many_failures"
      case .host: "host"
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

    package init(peer: IPAddress?, authorization: [String] = [], host: String? = nil) {
      self.peer = peer
      self.authorization = authorization
      self.host = host
    }
  }

  private struct State {
    var tokens: TokenTable?
    var failures = FailureTable()
    var refused: [6 of UInt64] = .init(repeating: 0)
  }

  private let state: Mutex<State>
  private let clock: @Sendable () -> Timestamp
  private let notices: NoticeSink

  /// `tokens`: nil lets in everyone who comes over loopback.
  package init(
    tokens: TokenTable? = nil, clock: @escaping @Sendable () -> Timestamp, notices: @escaping NoticeSink
  ) {
    state = Mutex(State(tokens: tokens))
    self.clock = clock
    self.notices = notices
  }

  /// From now on these decide.
  package func replace(_ tokens: TokenTable?) { state.withLock { $0.tokens = tokens } }

  package var refused: [(reason: String, count: UInt64)] {
    let counts = state.withLock { $0.refused }
    return Refusal.allCases.map { ("\($0.name)", counts[$0.rawValue]) }
  }

  /// Why this visitor is not let in to what `role` may do; nil: come in.
  package func refuse(_ visitor: Visitor, as role: Role) -> Problem? {
    guard let peer = visitor.peer else { return nil }
    let now = clock()
    let (refusal, problem, name) = state.withLock { state in
      let verdict = Doorkeeper.judge(visitor, peer, role, now, &state)
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
    _ visitor: Visitor, _ peer: IPAddress, _ role: Role, _ now: Timestamp, _ state: inout State
  ) -> (Refusal?, Problem?, String?) {
    guard let tokens = state.tokens else { return open(visitor, peer) }
    guard let shown = visitor.authorization.first else {
      return (
        .noToken,
        Problem(
          .unauthorized, "this path wants a token",
          do: "send Authorization: Bearer TOKEN; muttd token NAME makes one"), nil
      )
    }
    if let wait = state.failures.wait(of: peer, now: now) {
      return (
        .tooManyFailures,
        Problem(
          .tooManyRequests, "\(peer) has shown wrong tokens too often", do: "wait, then show the right one",
          retryAfter: wait), nil
      )
    }
    guard visitor.authorization.count == 1, let text = bearer(shown), let token = tokens.find(text) else {
      state.failures.note(peer, now: now)
      return (
        .badToken,
        Problem(
          .unauthorized, "the token is none of http.tokens",
          do: "show another, or add its line to the file and: muttd reload"), nil
      )
    }
    if !token.expires.isAbsent, now >= token.expires {
      state.failures.note(peer, now: now)
      return (
        .expiredToken,
        Problem(
          .unauthorized, "the token \(token.name) ended at \(token.expires.rfc3339(digits: 0))",
          do: "muttd token \(token.name) makes a new one"), token.name
      )
    }
    if token.role < role {
      return (
        .role,
        Problem(.forbidden, "this wants the role \(role.rawValue), \(token.name) is \(token.role.rawValue)"),
        token.name
      )
    }
    return (nil, nil, token.name)
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
      guard let end = name.firstIndex(of: "]") else { return false }
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
