import Model

/// A URL as messages may show it. Userinfo and query carry secrets by custom, and so do the paths of many
/// chat webhooks: scheme, host and port are what stays.
package enum RedactedURL {
  package static func text(of url: String) -> String {
    guard let scheme = url.exactRange(of: "://") else {
      // `stdout:`; anything else is no URL and may be anything, a token too.
      return url == "stdout:" ? url : "(no URL)"
    }
    let rest = url[scheme.upperBound...]
    let authority = rest.prefix { !"/?#\\".contains($0) }
    let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    let more = authority.endIndex < rest.endIndex && rest != "\(authority)/"
    return "\(url[..<scheme.lowerBound])://\(host)\(more ? "/…" : "")"
  }
}
