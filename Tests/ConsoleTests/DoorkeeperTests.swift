import Model
import Synchronization
import Testing

@testable import Console

@Suite struct DoorkeeperTests {
  private static let hash = SHA256.hex("secret")
  private static let start = Timestamp(rfc3339: "2026-11-21T12:00:00Z") ?? .absent

  /// A clock that a test sets.
  private final class Clock: Sendable {
    let now = Mutex(DoorkeeperTests.start)
    let monotonic = Mutex<Int64>(5_000_000_000)
    func advance(seconds: Int64) {
      now.withLock { $0 = $0.adding(seconds: seconds) }
      monotonic.withLock { $0 += seconds * 1_000_000_000 }
    }
  }

  private func keeper(_ file: String?, _ clock: Clock = Clock()) throws -> Doorkeeper {
    Doorkeeper(
      tokens: try file.map { try TokenTable($0) }, clock: { clock.now.withLock { $0 } },
      monotonic: { clock.monotonic.withLock { $0 } }, notices: { _ in })
  }

  private func visitor(_ peer: String, _ token: String? = nil, host: String? = nil) -> Doorkeeper.Visitor {
    Doorkeeper.Visitor(
      peer: IPAddress(peer), authorization: token.map { ["Bearer \($0)"] } ?? [], host: host)
  }

  @Test func aFileEndsWithTheLastOfItsTokens() throws {
    let other = SHA256.hex("other")
    let two = "a viewer \(Self.hash) 2026-12-31\nb viewer \(other) 2027-01-31\n"
    #expect(try TokenTable(two).end == Timestamp(rfc3339: "2027-01-31"))
    #expect(try TokenTable("a viewer \(Self.hash) 2026-12-31\nb viewer \(other)\n").end == nil)
  }

  @Test func aFileIsReadLineByLine() throws {
    let table = try TokenTable(
      "# people\r\n\nalice viewer \(Self.hash)\t# on call\n\(Self.hash.count) operator "
        + "\(SHA256.hex("other").uppercased()) 2027-01-31\n")
    #expect(table.tokens.map(\.name) == ["alice", "64"])
    #expect(table.tokens.map(\.role) == [.viewer, .operator])
    #expect(table.tokens[0].expires.isAbsent)
    #expect(table.tokens[1].expires == Timestamp(rfc3339: "2027-01-31"))
    #expect(try TokenTable(table.tokens.map(\.line).joined(separator: "\n")) == table)
    #expect(try TokenTable(table.tokens.map(\.line).joined(separator: "\r\n") + "\r\n") == table)
    #expect(table.find("secret")?.name == "alice")
    #expect(table.find("other")?.name == "64")
    for wrong in ["", "Secret", "secret ", Self.hash, String(repeating: "x", count: 10_000)] {
      #expect(table.find(wrong) == nil)
    }
  }

  @Test(arguments: [
    ("", 0), ("# nothing\n", 0), ("alice viewer", 1), ("alice viewer \(hash) 2027-01-31 more", 1),
    ("\nal/ice viewer \(hash)", 2), ("alice root \(hash)", 1), ("alice viewer \(hash.dropLast())", 1),
    ("alice viewer \(hash.dropLast())g", 1), ("alice viewer \(hash) soon", 1),
    ("a viewer \(hash)\nb viewer \(hash)", 2), ("a viewer \(hash)\na viewer \(SHA256.hex("x"))", 2),
  ])
  func aBadFileNamesItsLineAndNothingOfIt(file: String, line: Int) {
    let problem = #expect(throws: TokenFileProblem.self) { try TokenTable(file) }
    #expect(problem?.line == line)
    #expect(problem?.reason.contains(DoorkeeperTests.hash) == false)
  }

  @Test func withoutTokensOnlyLoopbackByItsNameIsLetIn() throws {
    let keeper = try keeper(nil)
    for host in [nil, "localhost", "LOCALHOST:9162", "127.0.0.1:9162", "[::1]", "[::1]:80", "127.9.9.9"] {
      #expect(keeper.refuse(visitor("127.0.0.1", host: host), as: .viewer) == nil)
    }
    for host in ["evil.example", "evil.example:9162", "192.0.2.1", "localhost.evil.example", "", "[", "::1"] {
      #expect(keeper.refuse(visitor("127.0.0.1", host: host), as: .viewer)?.kind == .misdirected, "\(host)")
    }
    #expect(keeper.refuse(visitor("192.0.2.9", host: "localhost"), as: .viewer)?.kind == .unauthorized)
  }

  @Test func theSocketOfTheStateDirectoryIsGuardedByItsMode() throws {
    let keeper = try keeper("a viewer \(Self.hash)")
    #expect(keeper.refuse(Doorkeeper.Visitor(peer: nil), as: .operator) == nil)
  }

  @Test func aTokenOpensUntilItsEndAndUpToItsRole() throws {
    let clock = Clock()
    let keeper = try keeper("a viewer \(Self.hash) 2026-11-21T12:01:00Z", clock)
    let visitor = visitor("192.0.2.1", "secret", host: "anything")
    #expect(keeper.refuse(visitor, as: .viewer) == nil)
    #expect(keeper.refuse(visitor, as: .operator)?.kind == .forbidden)
    #expect(keeper.refuse(self.visitor("127.0.0.1"), as: .viewer)?.kind == .unauthorized)
    clock.advance(seconds: 60)
    let ended = keeper.refuse(visitor, as: .viewer)
    #expect(ended?.kind == .unauthorized)
    #expect(ended?.detail.contains("2026-11-21T12:01:00Z") == true)
    #expect(
      keeper.refused.filter { $0.count > 0 }.map { "\($0.reason) \($0.count)" } == [
        "no_token 1", "expired_token 1", "role 1",
      ])
    keeper.replace(try TokenTable("a operator \(Self.hash)"))
    #expect(keeper.refuse(visitor, as: .operator) == nil)
  }

  @Test(arguments: [
    "secret", "Basic secret", "Bearer", "Bearer  ", "Bearer secret secret", "bearer\tsecret", "Bearersecret",
  ])
  func onlyBearerIsUnderstood(header: String) throws {
    let keeper = try keeper("a viewer \(Self.hash)")
    let visitor = Doorkeeper.Visitor(peer: IPAddress("192.0.2.1"), authorization: [header])
    #expect(keeper.refuse(visitor, as: .viewer)?.kind == .unauthorized)
    let twice = Doorkeeper.Visitor(
      peer: IPAddress("192.0.2.1"), authorization: ["Bearer secret", "Bearer secret"])
    #expect(keeper.refuse(twice, as: .viewer)?.kind == .unauthorized)
    #expect(keeper.refuse(self.visitor("192.0.2.1", "secret"), as: .viewer) == nil)
  }

  @Test func whoGuessesIsNotHeardForAWhile() throws {
    let clock = Clock()
    let keeper = try keeper("a viewer \(Self.hash)", clock)
    for _ in 0..<FailureTable.burst {
      #expect(keeper.refuse(visitor("192.0.2.1", "wrong"), as: .viewer)?.kind == .unauthorized)
    }
    let refused = keeper.refuse(visitor("192.0.2.1", "wrong"), as: .viewer)
    #expect(refused?.kind == .tooManyRequests)
    #expect(refused?.retryAfter == 6)
    // Neither others pay for it, nor who shows a right one from the same place.
    #expect(keeper.refuse(visitor("192.0.2.2", "secret"), as: .viewer) == nil)
    #expect(keeper.refuse(visitor("192.0.2.1", "secret"), as: .viewer) == nil)
    // Whoever sets the clock shortens and lengthens nothing.
    clock.now.withLock { $0 = $0.adding(seconds: 3_600) }
    #expect(keeper.refuse(visitor("192.0.2.1", "wrong"), as: .viewer)?.retryAfter == 6)
    clock.now.withLock { $0 = $0.adding(seconds: -7_200) }
    #expect(keeper.refuse(visitor("192.0.2.1", "wrong"), as: .viewer)?.retryAfter == 6)
    clock.advance(seconds: 6)
    #expect(keeper.refuse(visitor("192.0.2.1", "wrong"), as: .viewer)?.kind == .unauthorized)
    #expect(keeper.refuse(visitor("192.0.2.1", "wrong"), as: .viewer)?.kind == .tooManyRequests)
  }

  @Test func whoIsNearIsOnThisMachine() throws {
    let keeper = try keeper("a viewer \(Self.hash)")
    let open = try self.keeper(nil)
    for (peer, host, isForwarded, isNear) in [
      ("127.0.0.1", "localhost", false, true), ("::1", "[::1]:9162", false, true),
      ("127.0.0.1", "evil.example", false, false), ("127.0.0.1", "localhost", true, false),
      ("192.0.2.1", "localhost", false, false),
    ] {
      var visitor = visitor(peer, host: host)
      visitor.isForwarded = isForwarded
      #expect((keeper.refuseMetrics(visitor) == nil) == isNear, "\(peer) \(host)")
      #expect(keeper.tellsProblems(to: visitor) == isNear)
      // Without tokens whoever comes from loopback by its name is let in.
      #expect((open.refuseMetrics(visitor) == nil) == (isNear || isForwarded))
      #expect(open.tellsProblems(to: visitor) == (isNear || isForwarded))
      visitor.authorization = ["Bearer secret"]
      #expect(keeper.refuseMetrics(visitor) == nil && keeper.tellsProblems(to: visitor))
    }
    // Who balances load is told the status alone, and that is no refusal.
    let before = keeper.refused.map(\.count)
    #expect(!keeper.tellsProblems(to: visitor("192.0.2.1", host: "lb.example")))
    #expect(keeper.refused.map(\.count) == before)
  }

  @Test func failuresAreKeptInBoundedRoom() {
    var table = FailureTable()
    let now: Int64 = 1
    for index in 0..<UInt32(5_000) { table.note(IPAddress(v4: index), now: now) }
    #expect(table.count == FailureTable.capacity)
    // An IPv6 host has 2^64 addresses: they are one peer.
    var network = FailureTable()
    for index in 0..<UInt64(50) { network.note(IPAddress(high: 0x2001_0DB8 << 32, low: index), now: now) }
    #expect(network.count == 1)
    #expect(network.wait(of: IPAddress(high: 0x2001_0DB8 << 32, low: 99), now: now) == 6)
    // Failures of long ago are forgiven, however many there were.
    #expect(
      network.wait(of: IPAddress(high: 0x2001_0DB8 << 32, low: 99), now: now + 60_000_000_000) == nil)
  }
}
