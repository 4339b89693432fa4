import Glibc
import Model
import Store
import Synchronization
import TestKit
import Testing

/// A file that was closed in order is not read from end to end at the next open; any other is.
@Suite struct CleanMarkTests {
  private func mark(_ path: String) -> Bool { unsafe access(path + ".closed", F_OK) == 0 }

  /// How many notices opening the store makes: two when it was found damaged and salvaged.
  private func noticesOfOpening(_ path: String, closes: Bool = true) throws -> Int {
    let said = Mutex(0)
    let store = try SQLiteStore(path: path, mode: .daemon, migrate: true) { _ in said.withLock { $0 += 1 } }
    #expect(!mark(path), "while it is open nothing says that it is closed")
    if closes { store.close() }
    return said.withLock { $0 }
  }

  /// Damages a page in the middle; with `keepsTime` so that nobody sees when.
  private func damage(_ path: String, keepsTime: Bool) throws {
    var before = stat()
    try #require(unsafe stat(path, &before) == 0)
    let file = try DatabaseFile(path)
    try file.flip(at: try file.size / 4_096 / 2 * 4_096, count: 4_096)
    if keepsTime {
      var times = (timespec(), timespec())
      times.0 = before.st_atim
      times.1 = before.st_mtim
      let result = unsafe withUnsafePointer(to: &times) {
        unsafe $0.withMemoryRebound(to: timespec.self, capacity: 2) {
          unsafe utimensat(AT_FDCWD, path, $0, 0)
        }
      }
      try #require(result == 0)
    }
  }

  @Test func aClosedStoreIsTrustedOnce() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("muttd.db")
    #expect(try noticesOfOpening(path) == 0)
    #expect(mark(path))
    try damage(path, keepsTime: true)
    // Not looked at: nobody has written to it.
    #expect(try noticesOfOpening(path) == 0)
    // The mark is of the close before; without it all of the file is looked at.
    #expect(mark(path))
    try #require(unsafe unlink(path + ".closed") == 0)
    #expect(try noticesOfOpening(path) == 2)
  }

  @Test func whoeverWroteToItSinceIsNoticed() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("muttd.db")
    _ = try noticesOfOpening(path)
    usleep(20_000)
    try damage(path, keepsTime: false)
    #expect(try noticesOfOpening(path) == 2)
  }

  @Test func transactionsBesideTheFileAreNoticed() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("muttd.db")
    _ = try noticesOfOpening(path)
    try damage(path, keepsTime: true)
    try DatabaseFile.write([UInt8](repeating: 7, count: 100), to: path + "-wal")
    #expect(try noticesOfOpening(path) == 2)
  }

  @Test func theOutboxToo() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("outbox.db")
    let outbox = try Outbox(path: path, sync: .normal, notices: { _ in })
    #expect(!mark(path))
    outbox.close()
    #expect(mark(path))
    let other = try Outbox(path: path, sync: .normal, access: .commandLine, notices: { _ in })
    other.close()
    #expect(mark(path), "who only looks leaves it")
    let again = try Outbox(path: path, sync: .normal, notices: { _ in })
    #expect(!mark(path))
    again.close()
    outbox.close()
    #expect(mark(path))
  }
}
