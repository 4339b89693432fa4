import Foundation
package import Glibc

/// Starts programs that get nothing of what is open here: a socket of another test would stay open for as
/// long as the program runs, whoever closes it.
package enum Program {
  package struct Failure: Error, CustomStringConvertible {
    package var description: String
  }

  /// What stands for a standard stream.
  package enum Stream {
    /// `/dev/null`.
    case nothing
    /// Appended to, made if it is not there.
    case file(String)
    case descriptor(Int32)
  }

  /// `posix_spawn_file_actions_addclosefrom_np` of glibc 2.34, which its module does not show.
  private typealias CloseFrom =
    @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
  private static let closeFrom = unsafe unsafeBitCast(
    dlsym(nil, "posix_spawn_file_actions_addclosefrom_np"), to: CloseFrom?.self)

  /// `posix_spawn_file_actions_addchdir_np` likewise.
  private typealias ChangeDirectory =
    @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, UnsafePointer<CChar>) -> Int32
  private static let changeDirectory = unsafe unsafeBitCast(
    dlsym(nil, "posix_spawn_file_actions_addchdir_np"), to: ChangeDirectory?.self)

  /// Starts `words`, of which the first is looked up in PATH, in a process group of its own; in another
  /// directory than ours if one is given.
  package static func start(
    _ words: [String], in directory: String? = nil, environment: [String: String] = [:],
    input: Stream = .nothing, output: Stream,
    errors: Stream
  ) throws(Failure) -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (number, stream) in [(Int32(0), input), (1, output), (2, errors)] {
      switch stream {
      case .nothing: unsafe posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
      case .file(let path):
        let flags = O_WRONLY | O_CREAT | O_APPEND
        unsafe posix_spawn_file_actions_addopen(&actions, number, path, flags, 0o644)
      case .descriptor(let descriptor):
        unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, number)
      }
    }
    guard let closeFrom = unsafe closeFrom, unsafe closeFrom(&actions, 3) == 0 else {
      throw Failure(description: "cannot start \(words[0]): no posix_spawn_file_actions_addclosefrom_np")
    }
    if let directory {
      guard let move = unsafe changeDirectory, unsafe move(&actions, directory) == 0 else {
        throw Failure(description: "cannot start \(words[0]): no posix_spawn_file_actions_addchdir_np")
      }
    }

    // A test runner may ignore or block signals; the program starts as from a shell.
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
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    let settings = unsafe variables.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    defer { unsafe (arguments + settings).forEach { unsafe free($0) } }
    let failure = unsafe posix_spawnp(&pid, words[0], &actions, &attributes, arguments, settings)
    guard failure == 0 else {
      throw Failure(description: "cannot start \(words.joined(separator: " ")): error \(failure)")
    }
    return pid
  }

  /// Runs a command of the shell to its end, as `run` does.
  package static func shell(_ command: String) throws(Failure) -> (status: Int32, output: String) {
    try run(["sh", "-c", command])
  }

  /// Runs `words` to their end: the exit code, 128 and more for a signal, and all that was said, without line
  /// ends at the end.
  package static func run(_ words: [String]) throws(Failure) -> (status: Int32, output: String) {
    let pipe = PrivatePipe()
    defer { close(pipe.reading) }
    let pid: pid_t
    do {
      defer { close(pipe.writing) }
      pid = try start(words, output: .descriptor(pipe.writing), errors: .descriptor(pipe.writing))
    }
    var said: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe read(pipe.reading, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      said += chunk[..<count]
    }
    while said.last == 10 { said.removeLast() }
    return (wait(for: pid), String(decoding: said, as: UTF8.self))
  }

  /// The exit code of a process of ours that nobody else waits for; 128 and more for a signal.
  static func wait(for pid: pid_t) -> Int32 {
    var status: Int32 = 0
    var found: pid_t
    repeat { found = unsafe waitpid(pid, &status, 0) } while found < 0 && errno == EINTR
    precondition(found == pid, "process \(pid) was waited for by somebody else")
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }
}
