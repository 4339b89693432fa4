import Foundation
import TestKit
import Testing

@testable import Daemon

/// Whether somebody may have written to the outbox.
@Suite struct OutboxStampTests {
  @Test func aWriteIsSeenOnce() throws {
    let directory = TemporaryDirectory()
    let log = URL(filePath: directory.file("outbox.db-wal"))
    try Data("a".utf8).write(to: log)
    var stamp = OutboxStamp(of: directory.file("outbox.db"))
    let first = stamp.mayHaveGrown(1_000)
    try #require(first)
    let again = stamp.mayHaveGrown(2_000)
    #expect(!again)
    try Data("ab".utf8).write(to: log)
    let written = (stamp.mayHaveGrown(3_000), stamp.mayHaveGrown(4_000))
    #expect(written == (true, false))
    try FileManager.default.removeItem(at: log)
    let gone = (stamp.mayHaveGrown(5_000), stamp.mayHaveGrown(6_000))
    #expect(gone == (true, false))
  }

  /// Two writes within a tick of the clock look like one.
  @Test func itIsLookedAtNowAndThenInAnyCase() {
    let directory = TemporaryDirectory()
    var stamp = OutboxStamp(of: directory.file("outbox.db"))
    let second: Int64 = 1_000_000_000
    let looks = [0, 1, 9, 10, 11, 19, 20].map { stamp.mayHaveGrown(100 * second + $0 * second) }
    #expect(looks == [true, false, false, true, false, false, true])
  }
}
