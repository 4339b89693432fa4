import Model
import Store
import TestKit
import Testing

@Suite("Unmatched counts in the outbox")
struct OutboxUnmatchedTests {
  private static let now = Timestamp(seconds: 1_795_227_245)

  private static func kind(_ key: UInt64, count: Int = 5) -> UnmatchedKind {
    var kind = UnmatchedKind(key: key, template: key &* 3)
    kind.host = "core\(key)"
    kind.source = .trap
    kind.severity = -1
    kind.peer = IPAddress("2001:db8::1")!
    kind.line = "linkDown é 'x'"
    kind.messageStart = 2
    kind.trapOID = "1.3.6.1.6.3.1.1.5.3"
    kind.sliceLength = 3_600_000_000_000
    kind.add(count, slice: 498_674, at: now)
    kind.add(1, slice: 498_676, at: now)
    kind.state = .waiting
    kind.stateAt = now
    return kind
  }

  private static func text(_ kind: UnmatchedKind) -> String { "\(kind)" }

  @Test("what is kept comes back whole, in another process too")
  func roundTrip() throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/outbox.db"
    let kinds = [Self.kind(1), Self.kind(.max, count: 100_000), Self.kind(7)]
    do {
      let outbox = try Outbox(path: path, sync: .normal, notices: { _ in })
      try outbox.saveUnmatched(kinds, removed: [])
      outbox.close()
    }
    let outbox = try Outbox(path: path, sync: .normal, notices: { _ in })
    let beside = try Outbox(path: path, sync: .normal, access: .commandLine, notices: { _ in })
    for reader in [outbox, beside] {
      let (found, unreadable) = try reader.unmatchedKinds()
      #expect(unreadable == 0)
      #expect(Set(found.map(Self.text)) == Set(kinds.map(Self.text)))
    }
    try outbox.saveUnmatched([Self.kind(1, count: 9)], removed: [7, 12])
    let later = try beside.unmatchedKinds().kinds
    #expect(Set(later.map(\.key)) == [1, .max])
    #expect(later.first { $0.key == 1 }?.total == 10)
  }

  @Test("rows that make no sense are counted and left out")
  func unreadable() throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/outbox.db"
    let outbox = try Outbox(path: path, sync: .normal, notices: { _ in })
    try outbox.saveUnmatched((1...6).map { Self.kind($0) }, removed: [])
    _ = try DatabaseFile(path).run(
      """
      UPDATE unmatched SET slices = x'00' WHERE key = 1; UPDATE unmatched SET source = 99 WHERE key = 2;
      UPDATE unmatched SET slice_length = 0 WHERE key = 3; UPDATE unmatched SET state = -1 WHERE key = 4;
      UPDATE unmatched SET message_start = 9999 WHERE key = 5
      """)
    let (found, unreadable) = try outbox.unmatchedKinds()
    #expect(Set(found.map(\.key)) == [5, 6] && unreadable == 4)
    #expect(found.first { $0.key == 5 }?.message == "")
  }

  @Test("what is ignored stays so, and every change is noticed")
  func ignored() throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/outbox.db"
    let outbox = try Outbox(path: path, sync: .normal, notices: { _ in })
    let hand = try Outbox(path: path, sync: .normal, access: .commandLine, notices: { _ in })
    let one = Outbox.Ignored(
      key: 17, isEverywhere: false, host: "core1", template: "fan <n> failed", since: Self.now, by: "joe",
      reason: "noise")
    var everywhere = one
    everywhere.isEverywhere = true
    everywhere.reason = nil
    let before = try outbox.ignoredVersion()
    try hand.ignore(one)
    try hand.ignore(everywhere)
    try hand.ignore(one)
    #expect(try outbox.ignored() == [one, everywhere] || outbox.ignored() == [everywhere, one])
    let after = try outbox.ignoredVersion()
    #expect(after > before)
    #expect(try hand.unignore(key: 17, isEverywhere: true))
    #expect(try !hand.unignore(key: 18, isEverywhere: false))
    #expect(try outbox.ignored() == [one])
    #expect(try outbox.ignoredVersion() > after)
  }
}
