import Intake
import Model
import Testing

@testable import Daemon

/// Which unmatched events the desk counts by host and template.
@Suite struct TemplateCountTests {
  private let now = Timestamp(seconds: 1_795_219_200)
  /// linkDown with three varbinds.
  private let packet =
    "30818c0201010406733363726574a77f0204606fb8800201000201003071301006082b0601020101030043040083d60c"
    + "3017060a2b06010603010104010006092b0601060301010503300f060a2b060102010202010103020103300f060a2b06"
    + "0102010202010703020101300f060a2b060102010202010803020102301106092b0601060312010300"
    + "4004c0000207"

  private func desk(templates: Int) throws -> DecisionDesk {
    var rule = Rule(
      name: "taken", matchType: .contains, matchString: "taken", prodHandling: "Ignore", devHandling: "Ignore"
    )
    rule.id = 1
    let catalog = Catalog(
      rules: [rule], developmentHosts: ["lab1"], deviceTeams: [], devices: [], version: 1)
    var desk = DecisionDesk(settings: WorkerSettings(), templates: templates)
    try desk.adopt(VerbDesk.compile(catalog, Config()))
    return desk
  }

  /// What one batch of these lines adds to the books.
  private func count(_ lines: [String], _ desk: inout DecisionDesk, at time: Timestamp? = nil) -> WorkerTally
  {
    var tally = WorkerTally()
    let time = time ?? now
    let about = Datagram(peer: IPAddress(v4: 192, 0, 2, 99), port: 514, arrival: time)
    for line in lines {
      let bytes = Array(line.utf8)
      desk.syslog(bytes.span, about, id: EventID(rawValue: 1), now: time, &tally)
    }
    desk.finish(now: time, &tally)
    return tally
  }

  @Test(arguments: [
    ("<12>core1 fan 3 failed", 1), ("<8>core1 fan 3 failed", 1), ("<13>core1 fan 3 failed", 0),
    ("<15>core1 fan 3 failed", 0), ("no PRI at all", 1), ("<999>no PRI either", 1),
    ("<11>Nov 21 00:00:00 lab1 fan 3 failed", 0), ("<11>Nov 21 00:00:00 core1 fan 3 is taken", 0),
  ])
  func whatIsCounted(_ line: String, _ expected: UInt64) throws {
    var desk = try desk(templates: 1_024)
    let tally = count([line], &desk)
    #expect(tally.templates == expected)
    #expect(tally.unmatched == (line.contains("taken") ? 0 : 1))
  }

  @Test func byHostAndTemplate() throws {
    var desk = try desk(templates: 1_024)
    let first = count(
      [
        "<11>Nov 21 00:00:00 core1 fan 3 failed", "<11>Nov 21 00:00:01 CORE1 fan 4 failed",
        "<11>Nov 21 00:00:02 core2 fan 3 failed", "<11>Nov 21 00:00:03 core1 fan 3 is back",
      ], &desk)
    #expect(first.templates == 3)
    #expect(count(["<11>Nov 21 00:00:04 core1 fan 77 failed"], &desk).templates == 0)
    // A level in the books is the sum of what was published.
    let ledger = Ledger()
    let listener = ledger.addListener(name: "one", isDatagram: true)
    var accounts = ledger.snapshot
    accounts.add(first, listener: listener)
    for _ in 0..<32 { accounts.add(count([], &desk, at: now.adding(seconds: 200_000)), listener: listener) }
    #expect(accounts.templates == 0)
    let again = count(["<11>core1 new"], &desk, at: now.adding(seconds: 200_000))
    #expect(again.templates == 1)
  }

  @Test func trapsAreCounted() throws {
    var desk = try desk(templates: 1_024)
    var bytes = try #require(VerbHex.bytes(Array(packet.utf8)))
    let about = Datagram(peer: IPAddress(v4: 192, 0, 2, 99), port: 162, arrival: now)
    var tally = WorkerTally()
    for last: UInt8 in [7, 7, 8] {
      // Twice from one agent, once from another.
      bytes[bytes.count - 1] = last
      desk.trap(bytes.span, about, id: EventID(rawValue: 1), now: now, &tally)
    }
    desk.finish(now: now, &tally)
    #expect(tally.unmatched == 3)
    #expect(tally.templates == 2)
  }

  @Test func evictionsAreCounted() throws {
    var desk = try desk(templates: 4)
    let lines = ["a", "b", "c", "d", "e", "f"].map { "<11>Nov 21 00:00:00 core1 \($0) failed" }
    let tally = count(lines, &desk)
    #expect(tally.templates == 4)
    #expect(tally.templateEvictions == 2)
    #expect(count(lines, &desk).templateEvictions > 0)
  }

  @Test func nothingIsCountedWithoutATable() throws {
    var desk = try desk(templates: 0)
    #expect(count(["<11>core1 fan 3 failed"], &desk).templates == 0)
  }
}
