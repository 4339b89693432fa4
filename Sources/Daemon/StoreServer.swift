package import Store

/// A database server as the configuration names it. `${file:…}` and `${env:…}` are read again at every
/// connect, since a password may have changed meanwhile.
package struct StoreServer: Sendable, Equatable {
  private let written: String
  /// The configuration file, from whose folder relative paths start.
  private let file: String?
  private let environment: [String: String]
  /// For people, without a password.
  package let shown: String

  init(written: String, file: String?, environment: [String: String], shown: String) {
    self.written = written
    self.file = file
    self.environment = environment
    self.shown = shown
  }

  package func address() throws(StoreError) -> PostgresAddress {
    var secrets = ConfigSecrets(environment: environment)
    switch secrets.expand(written, besides: file, isURL: true) {
    case .text(let url, _):
      do throws(StoreError) {
        return try PostgresAddress(url)
      } catch {
        throw StoreError(.unavailable, "store.url \(error.message)")
      }
    case .failure(let message): throw StoreError(.unavailable, "store.url \(message)")
    }
  }

  package static func == (left: StoreServer, right: StoreServer) -> Bool {
    left.written == right.written && left.file == right.file
  }
}
