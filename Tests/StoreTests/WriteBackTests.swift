import Glibc
import Model
import Store
import TestKit
import Testing

/// The disk begins with the log of the store as soon as rows are in it, not half a minute later when the
/// kernel would by itself.
@Suite struct WriteBackTests {
  /// How many pages of a file wait to be written, as the kernel counts them (cachestat(2), Linux 6.5); nil:
  /// it does not tell.
  private static func dirtyPages(_ path: String) throws -> Int? {
    let script = """
      import ctypes, os
      file = os.open('\(path)', os.O_RDONLY)
      all, found = (ctypes.c_uint64 * 2)(0, 0), (ctypes.c_uint64 * 5)()
      print(found[1] if ctypes.CDLL(None).syscall(451, file, all, found, 0) == 0 else 'unknown')
      """
    let (_, output) = try Program.shell("python3 -c \"\(script)\"")
    return Int(output.split(separator: "\n").last.map(String.init) ?? "")
  }

  private static func write(_ path: String, sync: Bool) {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    let bytes = [UInt8](repeating: 7, count: 65_536)
    _ = unsafe Glibc.write(file, bytes, bytes.count)
    if sync { fsync(file) }
    close(file)
  }

  /// The kernel tells, and the file system of temporary files lies on a disk.
  private static func isObservable() -> Bool {
    let directory = TemporaryDirectory()
    let path = directory.file("probe")
    write(path, sync: false)
    guard let before = try? dirtyPages(path), before > 0 else { return false }
    write(path, sync: true)
    return (try? dirtyPages(path)) == 0
  }

  /// What somebody else has written to the disk by a sync of everything proves nothing; then once more.
  @Test(.enabled("only where the kernel tells what waits to be written") { isObservable() })
  func whatIsAppendedGoesToTheDisk() async throws {
    for _ in 0..<5 {
      let directory = TemporaryDirectory()
      let (log, other) = (directory.file("muttd.db-wal"), directory.file("other"))
      let store = try SQLiteStore(
        path: directory.file("muttd.db"), mode: .daemon, migrate: true, notices: { _ in })
      Self.write(other, sync: false)
      var factory = EventFactory()
      var batch = EventBatch()
      for number in 0..<200 { factory.add(to: &batch, host: "host\(number)", raw: "a line", rule: nil) }
      #expect(try store.append(batch, matchedOnly: false, afterDoubt: false).written == 200)
      var left = try Self.dirtyPages(log)
      let late = ContinuousClock.now + .seconds(20)
      while left != 0, ContinuousClock.now < late {
        try await Task.sleep(for: .milliseconds(100))
        left = try Self.dirtyPages(log)
      }
      let others = try Self.dirtyPages(other)
      store.close()
      try #require(left == 0, "the log waits for the kernel: \(left ?? -1) pages")
      if let others, others > 0 { return }
    }
    Issue.record("all files were written as soon as the log was: nothing is shown")
  }
}
