import CPostgreSQL
import Model

/// Where a database is and how to log in: a `postgresql://…` URL as libpq understands it. Whatever it
/// leaves out comes from libpq's own environment (`PGHOST`, `PGPASSFILE` …), read at every connect.
package struct PostgresAddress: Sendable, Equatable {
  /// Keyword → value as libpq reads the URL. May hold a password: never shown.
  let words: [String: String]
  /// Without password or options, for people: `postgresql://core-db/mutt`.
  package let shown: String
  /// What must not stand in any message.
  let password: String?

  package static func isAddress(_ text: String) -> Bool {
    text.hasPrefix("postgresql://") || text.hasPrefix("postgres://")
  }

  /// Throws `.constraint` for what libpq cannot read; the text is not repeated, since it may hold a password.
  package init(_ url: String) throws(StoreError) {
    guard PostgresAddress.isAddress(url), let words = PostgresAddress.parse(url) else {
      throw StoreError(
        .constraint,
        "is no address of a database; write it like postgresql://muttd@db.example/mutt, special characters "
          + "as %XX")
    }
    self.words = words
    password = words["password"].flatMap { $0.isEmpty ? nil : $0 }
    shown = PostgresAddress.shown(words)
  }

  private static func shown(_ words: [String: String]) -> String {
    let hosts = (words["host"] ?? words["hostaddr"] ?? "").split(
      separator: ",", omittingEmptySubsequences: false)
    let ports = (words["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
    var places: [String] = []
    for (index, host) in hosts.enumerated() {
      let port = ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : ""
      places.append(host + (port.isEmpty ? "" : ":\(port)"))
    }
    return "postgresql://\(places.joined(separator: ","))/\(words["dbname"] ?? "")"
  }

  /// Keyword → value; nil when it cannot be read.
  private static func parse(_ url: String) -> [String: String]? {
    unsafe PQconninfoParse(url, nil).map { unsafe read($0) }
  }

  /// What libpq takes where the URL is silent: its environment, the service of that, its own defaults.
  static var defaults: [String: String] { unsafe PQconndefaults().map { unsafe read($0) } ?? [:] }

  private static func read(_ list: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
    defer { unsafe PQconninfoFree(list) }
    var words: [String: String] = [:]
    var at = unsafe list
    while let keyword = unsafe at.pointee.keyword {
      if let value = unsafe at.pointee.val {
        unsafe words[String(cString: keyword)] = unsafe String(cString: value)
      }
      unsafe at += 1
    }
    return words
  }

  /// A text of libpq or the server without the password, on one line.
  func cleaned(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    guard let password else { return line }
    return line.replacingExactly(password, with: "…")
  }
}
