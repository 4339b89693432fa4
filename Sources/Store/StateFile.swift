import Glibc

/// Files of the state directory: mode 0640, and owned by whoever owns the directory, so that a command run
/// by root leaves nothing behind that the daemon cannot open.
enum StateFile {
  static let mode: mode_t = 0o640

  /// Makes an empty file where there is none. SQLite gives its companions the same mode and owner.
  static func create(_ path: String) throws(StoreError) {
    let file = unsafe open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode)
    if file < 0 {
      if errno == EEXIST { return }
      throw failure("creating it", path)
    }
    adopt(file, path)
    _ = Glibc.close(file)
  }

  /// Sets mode and owner of a file just made. Best effort: it is ours in any case, and usable.
  static func adopt(_ file: Int32, _ path: String) {
    _ = fchmod(file, mode)
    guard geteuid() == 0 else { return }
    var directory = stat()
    if unsafe stat(parent(of: path), &directory) == 0 {
      _ = fchown(file, directory.st_uid, directory.st_gid)
    }
  }

  /// The directory of a path, `.` for a bare name.
  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// Which file stands under a name, whatever it holds.
  struct Identity: Sendable, Equatable {
    fileprivate var device: dev_t
    fileprivate var number: ino_t
  }

  /// Nil: none that could be asked.
  static func identity(_ path: String) -> Identity? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return Identity(device: status.st_dev, number: status.st_ino)
  }

  static func identity(of descriptor: Int32) -> Identity? {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    return Identity(device: status.st_dev, number: status.st_ino)
  }

  /// Bytes of a file, 0 when it is not there.
  static func size(_ path: String) -> Int64 {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? Int64(status.st_size) : 0
  }

  static func rename(_ from: String, to: String) throws(StoreError) {
    if unsafe Glibc.rename(from, to) != 0 { throw failure("renaming it to \(to)", from) }
  }

  /// Removes a file; one that is not there is fine.
  static func remove(_ path: String) throws(StoreError) {
    if unsafe unlink(path) != 0, errno != ENOENT { throw failure("removing it", path) }
  }

  /// Makes renames in the directory of `path` survive a power cut.
  static func syncDirectory(of path: String) throws(StoreError) {
    let directory = unsafe open(parent(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if directory < 0 { throw failure("opening its directory", path) }
    defer { _ = Glibc.close(directory) }
    if fsync(directory) != 0 { throw failure("writing its directory", path) }
  }

  /// Bytes that this user may still write where `directory` lies.
  static func free(_ directory: String) throws(StoreError) -> Int64 {
    var status = statvfs()
    guard unsafe statvfs(directory, &status) == 0 else { throw failure("opening its directory", directory) }
    return Int64(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
  }

  /// The error of the call that just failed, by errno.
  static func failure(_ doing: String, _ path: String) -> StoreError {
    let number = errno
    let code: StoreError.Code =
      switch number {
      case EACCES, EPERM: .permission
      case EROFS: .readOnly
      case ENOSPC, EDQUOT: .full
      case ENOENT, ENOTDIR: .unavailable
      default: .io
      }
    let text = unsafe String(cString: strerror(number))
    return StoreError(code, "\(path): \(doing) failed: \(text). \(code.advice)", path: path)
  }
}

/// Held by the one daemon that works on a state directory; gone with the process, however it ends.
final class StateLock {
  private let file: Int32

  static func path(in directory: String) -> String { directory + "/muttd.lock" }

  /// Takes `muttd.lock` in `directory`; `.locked` when another process has it.
  init(directory: String) throws(StoreError) {
    let path = StateLock.path(in: directory)
    let opened = unsafe open(path, O_CREAT | O_RDWR | O_CLOEXEC, StateFile.mode)
    if opened < 0 { throw StateFile.failure("opening it", path) }
    if flock(opened, LOCK_EX | LOCK_NB) != 0 {
      let error = StateLock.refusal(opened, path)
      _ = Glibc.close(opened)
      throw error
    }
    StateFile.adopt(opened, path)
    file = opened
    // Who holds the lock is for people to read; the lock itself is the flock.
    let owner = Array("\(getpid())\n".utf8)
    _ = ftruncate(opened, 0)
    _ = unsafe owner.withUnsafeBytes { unsafe pwrite(opened, $0.baseAddress, $0.count, 0) }
  }

  deinit {
    // Let go of by name: a process that is just being started holds a copy of the descriptor until it runs
    // its program, and with it a lock that is only closed here.
    _ = flock(file, LOCK_UN)
    _ = Glibc.close(file)
  }

  /// The lock by which others are kept out of `directory`: this one as long as it stands there; where it was
  /// removed, a new one. `.locked` when another daemon was quicker: what stands there then is its own.
  func standing(in directory: String) throws(StoreError) -> StateLock {
    if let own = StateFile.identity(of: file), own == StateFile.identity(StateLock.path(in: directory)) {
      return self
    }
    return try StateLock(directory: directory)
  }

  private static func refusal(_ file: Int32, _ path: String) -> StoreError {
    if errno != EWOULDBLOCK { return StateFile.failure("locking it", path) }
    var text = [UInt8](repeating: 0, count: 20)
    let count = unsafe text.withUnsafeMutableBytes { unsafe pread(file, $0.baseAddress, $0.count, 0) }
    let digits = text.prefix(max(0, count)).prefix { $0 >= 0x30 && $0 <= 0x39 }
    let owner = digits.isEmpty ? "another process" : "process \(String(decoding: digits, as: UTF8.self))"
    return StoreError(
      .locked,
      "\(path): \(owner) already runs on this state directory. Stop it, or give this one its own "
        + "state_directory.", path: path)
  }
}
