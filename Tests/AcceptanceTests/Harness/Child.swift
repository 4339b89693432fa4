import Foundation
import Synchronization
import TestKit

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
    let words = ["setpriv", "--pdeathsig", "KILL", "--", command] + arguments
    pid = try await Nursery.shared.spawn(
      words, in: directory, environment: environment, outputFile: outputFile, errorFile: errorFile)
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
    try await eventually("\(name) (\(pid)) ends", within: limit, from: .milliseconds(3)) { self.poll() }
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
    _ words: [String], in directory: String, environment: [String: String], outputFile: String,
    errorFile: String
  ) async throws -> pid_t {
    try await withCheckedThrowingContinuation { continuation in
      let job: Job = {
        continuation.resume(
          with: Result {
            try Program.start(
              words, in: directory, environment: environment, output: .file(outputFile),
              errors: .file(errorFile))
          })
      }
      jobs.withLock { $0.append(job) }
      bell.signal()
    }
  }
}
