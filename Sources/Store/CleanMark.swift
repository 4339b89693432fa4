import Glibc
import Synchronization

/// Says that a database was closed in order: written beside it at the close, taken at the next open. Such a
/// file need not be read from end to end before it is trusted, which takes most of a start. One that was
/// written to since, or moved, has another time, size or number, and its mark says nothing.
enum CleanMark {
  /// Files that somebody in this process has found damaged since they were opened.
  private static let damaged = Mutex<Set<String>>([])

  private static func file(_ path: String) -> String { path + ".closed" }

  /// Best effort: without it the next open only takes longer. A damaged file gets none.
  static func leave(_ path: String) {
    guard !damaged.withLock({ $0.contains(path) }), let state = state(path), !hasLog(path) else { return }
    let mark = file(path)
    let opened = unsafe open(mark, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, StateFile.mode)
    guard opened >= 0 else { return }
    defer { _ = Glibc.close(opened) }
    StateFile.adopt(opened, mark)
    let bytes = Array(state.utf8)
    let written = unsafe bytes.withUnsafeBytes { unsafe write(opened, $0.baseAddress, $0.count) }
    if written != bytes.count { unsafe _ = unlink(mark) }
  }

  /// What was read of it says that it is damaged: the next open looks at all of it.
  static func refuse(_ path: String) {
    damaged.withLock { _ = $0.insert(path) }
    unsafe _ = unlink(file(path))
  }

  /// True when `path` is as it was closed. The mark is gone afterwards.
  static func take(_ path: String) -> Bool {
    damaged.withLock { _ = $0.remove(path) }
    let mark = file(path)
    let opened = unsafe open(mark, O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else { return false }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(opened, $0.baseAddress, $0.count) }
    _ = Glibc.close(opened)
    // One that cannot be removed would be believed again.
    guard unsafe unlink(mark) == 0, count > 0, !hasLog(path), let state = state(path) else { return false }
    return Array(bytes.prefix(count)) == Array(state.utf8)
  }

  /// Transactions that stand outside the file.
  private static func hasLog(_ path: String) -> Bool { StateFile.size(path + "-wal") > 0 }

  private static func state(_ path: String) -> String? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return "\(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
  }
}
