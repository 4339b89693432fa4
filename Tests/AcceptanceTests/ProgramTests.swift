import Foundation
import TestKit
import Testing

/// What the tests start gets nothing of what they have open.
@Suite struct ProgramTests {
  @Test func aProgramHasThreeStreamsAndNothingElse() throws {
    let sockets = try (0..<20).map { _ in try LoopbackSocket(.stream) }
    // The fourth is the folder that `ls` reads.
    let (status, open) = try Program.shell("ls /proc/self/fd")
    #expect(status == 0)
    #expect(open.split(separator: "\n") == ["0", "1", "2", "3"])
    #expect(sockets.count == 20)
  }

  @Test func itsEndIsToldApart() throws {
    #expect(try Program.shell("echo out; echo err >&2; exit 3") == (3, "out\nerr"))
    #expect(try Program.shell("kill -9 $$").status == 128 + 9)
  }
}
