import Console
import Model
import Testing

@testable import Daemon

/// What is said of a file of tokens before nobody is let in any more, and then.
@Suite struct TokenKeeperTests {
  private static let now = Timestamp(rfc3339: "2026-11-21T12:00:00Z") ?? .absent

  private func problem(_ ends: String...) throws -> String? {
    let lines = ends.enumerated().map { "t\($0) viewer \(SHA256.hex("secret\($0)")) \($1)\n" }
    return TokenKeeper.problem(try TokenTable(lines.joined()), now: Self.now)
  }

  @Test func tokensThatHaveAllExpired() throws {
    let said = try #require(try problem("2026-01-31", "2026-11-21T12:00:00Z"))
    #expect(said.hasPrefix("every token has expired, the last at 2026-11-21T12:00:00Z, and nobody is let in"))
    #expect(said.contains("muttd token NAME --append"))
  }

  @Test func theLastEndIsSaidInTime() throws {
    let said = try #require(try problem("2026-01-31", "2026-11-28T11:59:59Z"))
    #expect(said.hasPrefix("the last token that holds expires at 2026-11-28T11:59:59Z: "))
    #expect(try problem("2026-01-31", "2026-11-28T12:00:00Z") == nil)
    // Somebody is let in for ever.
    #expect(try problem("2026-01-31", "") == nil)
  }
}
