import Model

/// What went wrong with a request, as RFC 9457 has it: `application/problem+json`, with the house's `do`
/// beside the standard members.
package struct Problem: Error, Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    case badParameter = "bad-parameter"
    case badBody = "bad-body"
    case unauthorized
    case forbidden
    case notFound = "not-found"
    case methodNotAllowed = "method-not-allowed"
    case tooLarge = "too-large"
    case mediaType = "media-type"
    case misdirected
    case notExplainable = "not-explainable"
    case tooManyRequests = "too-many-requests"
    case unavailable

    package var status: Int {
      switch self {
      case .badParameter, .badBody: 400
      case .unauthorized: 401
      case .forbidden: 403
      case .notFound: 404
      case .methodNotAllowed: 405
      case .tooLarge: 413
      case .mediaType: 415
      case .misdirected: 421
      case .notExplainable: 422
      case .tooManyRequests: 429
      case .unavailable: 503
      }
    }

    /// The same for every occurrence.
    var title: StaticString {
      switch self {
      case .badParameter: "A parameter cannot be taken"
      case .badBody: "The body cannot be read"
      case .unauthorized: "A token is needed"
      case .forbidden: "The token's role does not suffice"
      case .notFound: "There is no such thing"
      case .methodNotAllowed: "The method is not for this path"
      case .tooLarge: "The body is too large"
      case .mediaType: "The body is of a type that is not read"
      case .misdirected: "The request was meant for another host"
      case .notExplainable: "This cannot be explained"
      case .tooManyRequests: "Too many failures"
      case .unavailable: "The answer cannot be had now"
      }
    }
  }

  package static let contentType = "application/problem+json"

  package var kind: Kind
  /// What happened, to what; for people.
  package var detail: String
  /// What to do now.
  package var remedy: String
  /// Seconds after which another try may help.
  package var retryAfter: Int?
  /// Methods that the path knows, for `Allow`.
  package var allowed: String?
  /// What it is counted as, besides.
  package private(set) var refusal: Doorkeeper.Refusal?

  package init(_ kind: Kind, _ detail: String, do remedy: String, retryAfter: Int? = nil) {
    self.kind = kind
    self.detail = detail
    self.remedy = remedy
    self.retryAfter = retryAfter
  }

  /// There is none left of what is shared: another try may find some.
  package static func busy(_ detail: String, do remedy: String, retryAfter: Int) -> Problem {
    var problem = Problem(.unavailable, detail, do: remedy, retryAfter: retryAfter)
    problem.refusal = .busy
    return problem
  }

  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(ascii: "{\"type\":\"urn:muttd:problem:")
    bytes.append(text: kind.rawValue)
    bytes.append(ascii: "\",\"title\":")
    JSONText.append("\(kind.title)", to: &bytes)
    bytes.append(ascii: ",\"status\":")
    bytes.append(decimal: Int64(kind.status))
    bytes.append(ascii: ",\"detail\":")
    JSONText.append(detail, to: &bytes)
    bytes.append(ascii: ",\"do\":")
    JSONText.append(remedy, to: &bytes)
    bytes.append(ascii: "}\n")
    return bytes
  }

  /// Text of others in a sentence of ours: of bounded length, without what could break a line.
  static func quoted(_ text: String) -> String {
    var safe = ""
    SafeText.appendForTerminal(String(text.prefix(60)), to: &safe)
    return "\"\(safe)\(text.count > 60 ? "…" : "")\""
  }
}
