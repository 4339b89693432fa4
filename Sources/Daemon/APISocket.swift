import Foundation

/// Where commands on this machine reach the daemon. With a runtime directory (`RuntimeDirectory=` of its
/// unit) the socket lies there, so that the daemon's group gets to it, and the state directory, which is open
/// to its owner alone, holds a link to it; without one the socket lies in the state directory.
struct APISocket: Sendable {
  static let name = "api.sock"
  /// Bytes of a path that a socket address holds, unix(7).
  static let longestPath = 107

  /// The socket itself.
  let path: String
  /// What leads to it from the state directory; nil: it lies there.
  private let link: String?

  /// `environment`: `RUNTIME_DIRECTORY`, of which the first counts.
  init(stateDirectory: String, environment: [String: String]) {
    let own = "\(stateDirectory)/\(APISocket.name)"
    let runtime = environment["RUNTIME_DIRECTORY"]?.split(separator: ":").first ?? ""
    path = runtime.hasPrefix("/") ? "\(runtime)/\(APISocket.name)" : own
    link = path == own ? nil : own
  }

  /// Before it is bound: a link of an earlier run would be in the way.
  func clear() {
    let own = link ?? path
    var about = stat()
    guard unsafe lstat(own, &about) == 0 else { return }
    if about.st_mode & S_IFMT == S_IFLNK || link != nil { _ = unsafe unlink(own) }
  }

  /// It is bound. Who may open the database files may ask about them; what cannot be linked is found by its
  /// own path.
  func open() {
    _ = unsafe chmod(path, 0o660)
    if let link { _ = unsafe symlink(path, link) }
  }

  func close() {
    _ = unsafe unlink(path)
    if let link { _ = unsafe unlink(link) }
  }

  /// Where a command looks for the socket of the daemon with this state directory, in this order: systemd
  /// pairs `/run/NAME` with `/var/lib/NAME`.
  static func places(stateDirectory: String) -> [String] {
    let state = "/var/lib/"
    let own = "\(stateDirectory)/\(name)"
    guard stateDirectory.hasPrefix(state), stateDirectory.count > state.count else { return [own] }
    return [own, "/run/\(stateDirectory.dropFirst(state.count))/\(name)"]
  }
}
