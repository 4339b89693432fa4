import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// How a child process ended.
enum Ending: Equatable, CustomStringConvertible {
  case code(Int32)
  case signal(Int32)

  init(waitStatus: Int32) {
    let signal = waitStatus & 0x7f
    self = signal == 0 ? .code((waitStatus >> 8) & 0xff) : .signal(signal)
  }

  var description: String {
    switch self {
    case .code(let code): "exit \(code)"
    case .signal(let number): "signal \(number)"
    }
  }
}

/// One child process with its output in files, so that no pipe can fill up and stop it.
///
/// The kernel kills it when the test process ends, however that ends: nothing is left behind.
final class Child: Sendable {
  let pid: pid_t
  let name: String
  let outputFile: String
  let errorFile: String
  private let ending = Mutex<Ending?>(nil)

  /// Starts `command` (looked up in PATH) with `arguments`.
  init(
    _ command: String, _ arguments: [String], in directory: String, environment: [String: String] = [:],
    outputFile: String, errorFile: String
  ) async throws {
    name = command
    self.outputFile = outputFile
    self.errorFile = errorFile
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let words =
      ["setpriv", "--pdeathsig", "KILL", "--", "env", "--chdir=" + directory, command] + arguments
    pid = try await Nursery.shared.spawn(
      words, environment: variables.map { "\($0.key)=\($0.value)" }, outputFile: outputFile,
      errorFile: errorFile)
  }

  var output: String { text(of: outputFile) }
  var errors: String { text(of: errorFile) }

  /// nil while it runs.
  func poll() -> Ending? {
    ending.withLock { ending in
      if let ending { return ending }
      var status: Int32 = 0
      if unsafe waitpid(pid, &status, WNOHANG) == pid { ending = Ending(waitStatus: status) }
      return ending
    }
  }

  /// Sends a signal unless the process has ended; a reaped process id is never signalled.
  func signal(_ number: Int32) {
    guard poll() == nil else { return }
    _ = kill(pid, number)
  }

  /// The way it ended; throws when it still runs after `limit`.
  @discardableResult
  func wait(within limit: Duration = .seconds(30)) async throws -> Ending {
    try await eventually("\(name) (\(pid)) ends", within: limit, every: .milliseconds(3)) { self.poll() }
  }

  /// Ends it at once and collects it.
  func destroy() async {
    signal(SIGKILL)
    while poll() == nil { try? await Task.sleep(for: .milliseconds(2)) }
  }
}

/// The bytes of a file as text, invalid UTF-8 replaced; empty when it is not there.
func text(of file: String) -> String {
  guard let data = FileManager.default.contents(atPath: file) else { return "" }
  return String(decoding: data, as: UTF8.self)
}

/// The one thread that starts children: `PR_SET_PDEATHSIG` speaks of the thread that forked, so that thread
/// has to live as long as the test process does.
private final class Nursery: Sendable {
  static let shared = Nursery()

  private typealias Job = @Sendable () -> Void
  private let jobs = Mutex<[Job]>([])
  private let bell = DispatchSemaphore(value: 0)

  private init() {
    let thread = Thread { [self] in
      while true {
        bell.wait()
        let job = jobs.withLock { $0.removeFirst() }
        job()
      }
    }
    thread.start()
  }

  func spawn(
    _ words: [String], environment: [String], outputFile: String, errorFile: String
  ) async throws -> pid_t {
    try await withCheckedThrowingContinuation { continuation in
      let job: Job = {
        continuation.resume(
          with: Result {
            try Nursery.fork(
              words, environment: environment, outputFile: outputFile, errorFile: errorFile)
          })
      }
      jobs.withLock { $0.append(job) }
      bell.signal()
    }
  }

  private static func fork(
    _ words: [String], environment: [String], outputFile: String, errorFile: String
  ) throws -> pid_t {
    // A socket of another test would stay open for as long as the child runs.
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
      if let descriptor = Int32(name), descriptor > 2 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_APPEND
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, outputFile, flags, 0o644)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, errorFile, flags, 0o644)

    // A test runner may ignore or block signals; the child starts as from a shell.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    let wishes = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
    unsafe posix_spawnattr_setflags(&attributes, Int16(wishes))

    var pid: pid_t = 0
    let arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    let variables = unsafe environment.map { unsafe strdup($0) } + [nil]
    defer { unsafe (arguments + variables).forEach { unsafe free($0) } }
    let failure = unsafe posix_spawnp(&pid, words[0], &actions, &attributes, arguments, variables)
    guard failure == 0 else {
      throw HarnessError("cannot start \(words.joined(separator: " ")): error \(failure)")
    }
    return pid
  }
}
