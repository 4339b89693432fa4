import Foundation
import Model

/// `muttd reload`: tells the running daemon of this state directory to read configuration, rules file and
/// store again.
package struct VerbReload: Sendable {
  private let settings: VerbSettings
  private let force: Bool

  package init(settings: VerbSettings, force: Bool) {
    self.settings = settings
    self.force = force
  }

  package func run() throws(DaemonFailure) {
    let config = try settings.load()
    let pid = try VerbReload.daemon(in: config.stateDirectory)
    if force { try leaveMarker(in: config.stateDirectory) }
    if kill(pid, SIGHUP) != 0 {
      let number = errno
      if number == EPERM {
        throw DaemonFailure(
          .permission,
          "process \(pid) may not be signalled by this user: run muttd reload as its user or root")
      }
      throw DaemonFailure(.unavailable, VerbReload.notRunning(config.stateDirectory))
    }
    var output = VerbOutput()
    output.line(
      "process \(pid) reloads\(force ? ", past the guard" : ""): its log and /readyz say what it took")
  }

  /// The process that holds the lock of the state directory. The number in the file alone proves nothing: it
  /// stays behind when a daemon is killed.
  static func daemon(in directory: String) throws(DaemonFailure) -> pid_t {
    let path = "\(directory)/muttd.lock"
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    if file < 0 {
      let number = errno
      if number == EACCES {
        throw DaemonFailure(
          .permission, "\(path) may not be read by this user: run this as the daemon's user or root")
      }
      throw DaemonFailure(.unavailable, notRunning(directory))
    }
    defer { close(file) }
    if flock(file, LOCK_SH | LOCK_NB) == 0 { throw DaemonFailure(.unavailable, notRunning(directory)) }
    var text = [UInt8](repeating: 0, count: 20)
    let count = unsafe read(file, &text, text.count)
    let digits = text.prefix(max(0, count)).prefix(while: isDigit)
    guard let pid = pid_t(String(decoding: digits, as: UTF8.self)), pid > 1 else {
      throw DaemonFailure(
        .unavailable, "\(path) is held, but names no process: try again, or systemctl reload muttd")
    }
    return pid
  }

  private static func notRunning(_ directory: String) -> String {
    "no muttd runs on \(directory): start it (systemctl start muttd, muttd run), or name its --config"
  }

  /// Owned like the directory, so that the daemon can remove it; made anew, so that no link is followed.
  private func leaveMarker(in directory: String) throws(DaemonFailure) {
    let path = "\(directory)/\(SignalService.forceMarker)"
    _ = unsafe unlink(path)
    let file = unsafe open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o640)
    guard file >= 0 else {
      let number = errno
      throw DaemonFailure(
        number == EACCES || number == EPERM ? .permission : .io,
        "\(path) cannot be made: \(unsafe String(cString: strerror(number)))")
    }
    VerbStore.give(file, toOwnerOf: directory)
    close(file)
  }
}
