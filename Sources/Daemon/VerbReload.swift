import Foundation
import Intake
import Model

/// `muttd reload`: tells the running daemon of this state directory to read configuration, rules file and
/// store again, and says what came of it.
package struct VerbReload: Sendable {
  /// Seconds after which no answer is waited for any more: ten thousand rules compile in a few.
  private static let patience: Int64 = 60

  private let settings: VerbSettings
  private let force: Bool
  private let waits: Bool

  package init(settings: VerbSettings, force: Bool, waits: Bool) {
    self.settings = settings
    self.force = force
    self.waits = waits
  }

  package func run() throws(DaemonFailure) {
    let directory = try settings.stateDirectory()
    let pid: pid_t
    do throws(DaemonFailure) {
      pid = try VerbReload.daemon(in: directory)
    } catch {
      // Without a daemon that would say what is wrong with the configuration, it is said here.
      _ = try settings.load()
      throw error
    }
    let api = VerbAPI(stateDirectory: directory)
    var before: Int64?
    if waits { before = (try? VerbReload.status(api))?.asked }
    if force { try leaveMarker(in: directory) }
    if kill(pid, SIGHUP) != 0 {
      let number = errno
      if number == EPERM {
        throw DaemonFailure(
          .permission,
          "process \(pid) may not be signalled by this user: run muttd reload as its user or root")
      }
      throw DaemonFailure(.unavailable, VerbReload.notRunning(directory))
    }
    var output = VerbOutput()
    if !waits {
      return output.line(
        "process \(pid) was told to reload\(force ? ", past the guard" : ""): its log and /readyz say what "
          + "it took")
    }
    guard let before else {
      throw DaemonFailure(
        .unavailable,
        "process \(pid) was told to reload; what came of it cannot be learned, it does not answer on "
          + "\(APISocket.places(stateDirectory: directory)[0]): see its log")
    }
    try say(try answer(of: pid, api, beyond: before), pid, &output)
  }

  /// What the daemon said of a reload.
  struct Status: Equatable {
    var asked: Int64
    var answered: Int64
    var result: String?
    var reason: String?
    var rules: Int64

    /// Nil: it is of an older release, which does not say.
    init?(_ object: Any) {
      guard let status = object as? [String: Any], let reload = status["reload"] as? [String: Any],
        let asked = reload["asked"] as? NSNumber, let answered = reload["answered"] as? NSNumber
      else { return nil }
      self.asked = asked.int64Value
      self.answered = answered.int64Value
      result = reload["result"] as? String
      reason = reload["reason"] as? String
      let readiness = status["readiness"] as? [String: Any]
      let rules = readiness?["rules"] as? [String: Any]
      self.rules = (rules?["active"] as? NSNumber)?.int64Value ?? 0
    }
  }

  private static func status(_ api: VerbAPI) throws(DaemonFailure) -> Status? {
    Status(try api.get("/api/v1/status"))
  }

  /// The first answer to a request later than `asked`: the configuration was on disk by then.
  private func answer(of pid: pid_t, _ api: VerbAPI, beyond asked: Int64) throws(DaemonFailure) -> Status {
    let end = SystemClock.monotonic + VerbReload.patience * 1_000_000_000
    var pause = 20
    while SystemClock.monotonic < end {
      DaemonThread.pause(milliseconds: pause)
      pause = min(500, pause * 2)
      let status: Status?
      do throws(DaemonFailure) {
        status = try VerbReload.status(api)
      } catch {
        throw DaemonFailure(
          .unavailable,
          "process \(pid) was told to reload; what came of it cannot be learned: \(error.message)")
      }
      if let status, status.answered > asked { return status }
    }
    throw DaemonFailure(
      .unavailable,
      "process \(pid) was told to reload and is still at it after \(VerbReload.patience) s: its log and "
        + "/readyz will say what it took")
  }

  private func say(_ status: Status, _ pid: pid_t, _ output: inout VerbOutput) throws(DaemonFailure) {
    let reason = status.reason ?? "its log says why"
    switch status.result {
    case "refused":
      throw DaemonFailure(
        .configuration, "process \(pid) did not reload, everything stays as it was: \(reason)")
    case "partly":
      output.line(
        "process \(pid) took the configuration; the rules follow when the store can be read: \(reason)")
    default:
      output.line("process \(pid) reloaded: \(status.rules) rules decide")
      if let warning = status.reason { VerbOutput.remark("warning: \(warning)") }
    }
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
    "no muttd runs on \(directory): start it (systemctl start muttd, muttd run), or name its --config; "
      + "where state_directory was changed, restart it"
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
