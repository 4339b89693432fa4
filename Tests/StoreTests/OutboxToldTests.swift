import Model
import Store
import TestKit
import Testing

@Suite("What was told, in the outbox")
struct OutboxToldTests {
  private static let now = Timestamp(seconds: 1_795_227_245)

  private static func trouble(_ subject: String, of destination: String = "ops", level: UInt64 = 0)
    -> Outbox.OpenTrouble
  {
    Outbox.OpenTrouble(
      destination: destination, subject: subject, state: "held", reason: "401 é", remedy: "muttd reload",
      severity: 3, level: level, since: now)
  }

  private func open(_ directory: TemporaryDirectory) throws -> Outbox {
    try Outbox(path: directory.file("outbox.db"), sync: .normal, notices: { _ in })
  }

  private func write(_ told: Outbox.Told, to outbox: Outbox) throws {
    var work = Outbox.Work()
    #expect(work.isEmpty)
    work.told = told
    #expect(!work.isEmpty)
    _ = try outbox.write(work)
  }

  @Test("troubles come back after a restart, by who was told, until they are over")
  func troubles() throws {
    let directory = TemporaryDirectory()
    var outbox = try open(directory)
    let all = [Self.trouble("destination/moog"), Self.trouble("dead/moog", level: .max)]
    try write(
      Outbox.Told(troubles: (all + [Self.trouble("store", of: "noc")]).map { .told($0) }), to: outbox)
    outbox.close()
    outbox = try open(directory)
    #expect(try outbox.openTroubles(of: "ops") == all)
    #expect(try outbox.openTroubles(of: "noc") == [Self.trouble("store", of: "noc")])
    let worse = Self.trouble("destination/moog", level: 7)
    try write(
      Outbox.Told(troubles: [.over(destination: "ops", subject: "dead/moog"), .told(worse)]), to: outbox)
    #expect(try outbox.openTroubles(of: "ops") == [worse])
    #expect(try outbox.openTroubles(of: "noc").count == 1)
  }

  @Test("the oldest make room")
  func bounded() throws {
    let directory = TemporaryDirectory()
    let outbox = try open(directory)
    let many = (0..<Outbox.openTroubleLimit + 5).map { Self.trouble("destination/d\($0)") }
    try write(Outbox.Told(troubles: many.map { .told($0) }), to: outbox)
    #expect(try outbox.openTroubles(of: "ops") == Array(many.dropFirst(5)))
  }

  @Test("kinds stand with the alerts that tell of them, and the time of a summary")
  func kinds() throws {
    let directory = TemporaryDirectory()
    let outbox = try open(directory)
    #expect(try outbox.unmatchedSummedAt() == nil)
    var kind = UnmatchedKind(key: 5, template: 7)
    kind.host = "core1"
    kind.sliceLength = 3_600_000_000_000
    kind.add(100, slice: 498_674, at: Self.now)
    (kind.state, kind.stateAt) = (.raised, Self.now)
    try write(Outbox.Told(kinds: [kind], summedAt: Self.now), to: outbox)
    let (kinds, _) = try outbox.unmatchedKinds()
    #expect(kinds.count == 1 && kinds[0].state == .raised && kinds[0].stateAt == Self.now)
    #expect(try outbox.unmatchedSummedAt() == Self.now)
  }

  @Test("what was said later of a subject is what counts")
  func joined() {
    var told = Outbox.Told(
      summedAt: Self.now, troubles: [.told(Self.trouble("a")), .told(Self.trouble("b"))])
    told.append(Outbox.Told(troubles: [.over(destination: "ops", subject: "a")]))
    #expect(told.troubles == [.told(Self.trouble("b")), .over(destination: "ops", subject: "a")])
    #expect(told.summedAt == Self.now)
  }
}
