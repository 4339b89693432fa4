import Intake
import Model
import Policy
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

  private func desk(
    templates: Int, _ settings: WorkerSettings = WorkerSettings()
  ) throws -> DecisionDesk {
    var rule = Rule(
      name: "taken", matchType: .contains, matchString: "taken", prodHandling: "Ignore", devHandling: "Ignore"
    )
    rule.id = 1
    let catalog = Catalog(
      rules: [rule], developmentHosts: ["lab1"], deviceTeams: [], devices: [], version: 1)
    var desk = DecisionDesk(settings: settings, templates: templates)
    try desk.adopt(VerbDesk.compile(catalog, Config()))
    return desk
  }

  /// What the desk has to tell of these lines: how many came of each kind.
  private func count(_ lines: [String], _ desk: inout DecisionDesk) -> TemplateReport {
    var tally = WorkerTally()
    let about = Datagram(peer: IPAddress(v4: 192, 0, 2, 99), port: 514, arrival: now)
    for line in lines {
      let bytes = Array(line.utf8)
      desk.syslog(bytes.span, about, id: EventID(rawValue: 1), now: now, &tally)
    }
    #expect(tally.matched + tally.unmatched == UInt64(lines.count))
    return desk.exchangeReport(TemplateReport())
  }

  @Test(arguments: [
    ("<12>core1 fan 3 failed", 1), ("<8>core1 fan 3 failed", 1), ("<13>core1 fan 3 failed", 0),
    ("<15>core1 fan 3 failed", 0), ("no PRI at all", 1), ("<999>no PRI either", 1),
    ("<11>Nov 21 00:00:00 lab1 fan 3 failed", 0), ("<11>Nov 21 00:00:00 core1 fan 3 is taken", 0),
  ])
  func whatIsCounted(_ line: String, _ expected: Int) throws {
    var desk = try desk(templates: 1_024)
    #expect(count([line], &desk).records.count == expected)
  }

  @Test func theSeverityIsAsked() throws {
    var settings = WorkerSettings()
    settings.unmatchedSeverity = 2
    var desk = try desk(templates: 1_024, settings)
    let lines = (0..<8).map { "<\(8 + $0)>core1 fan failed" } + ["no PRI at all"]
    #expect(count(lines, &desk).records.map(\.count) == [3])
  }

  @Test func byHostAndTemplate() throws {
    var desk = try desk(templates: 1_024)
    let report = count(
      [
        "<11>Nov 21 00:00:00 core1 fan 3 failed", "<11>Nov 21 00:00:01 CORE1 fan 4 failed",
        "<11>Nov 21 00:00:02 core2 fan 3 failed", "<11>Nov 21 00:00:03 core1 fan 3 is back",
      ], &desk)
    #expect(report.records.map(\.count) == [2, 1, 1])
    let record = report.records[0]
    let bytes = report.bytes.span
    #expect(bytes.text(record.host) == "core1")
    #expect(bytes.text(record.line) == "<11>Nov 21 00:00:00 core1 fan 3 failed")
    let message = ByteRange(record.line.start + record.messageStart, record.line.end)
    #expect(bytes.text(message) == "fan 3 failed")
    #expect(record.severity == 3 && record.source == .syslog)
    #expect(report.records[1].template == record.template && report.records[2].template != record.template)
  }

  @Test func aLongLineIsCut() throws {
    var desk = try desk(templates: 1_024)
    let report = count(["<11>Nov 21 00:00:00 core1 " + String(repeating: "ab ", count: 2_000)], &desk)
    #expect(Int(report.records[0].line.count) == UnmatchedKind.lineLimit)
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
    #expect(tally.unmatched == 3)
    let report = desk.exchangeReport(TemplateReport())
    #expect(report.records.map(\.count) == [2, 1])
    let text = report.bytes.span
    #expect(text.text(report.records[0].trapOID) == "1.3.6.1.6.3.1.1.5.3")
    #expect(text.text(report.records[0].line)?.hasPrefix("linkDown ") == true)
    #expect(text.text(report.records[0].host) == "192.0.2.7")
    // The community stands in the packet alone.
    #expect(!String(decoding: report.bytes, as: UTF8.self).contains("g3cret"))
  }

  @Test func nothingIsCountedWithoutATally() throws {
    var desk = try desk(templates: 0)
    #expect(count(["<11>core1 fan 3 failed"], &desk).records.isEmpty)
    #expect(desk.templates.isOn == false)
  }

  /// Reports that nobody reads are counted, not kept.
  @Test func theInboxIsBounded() throws {
    var desk = try desk(templates: 1_024)
    let inbox = TemplateInbox()
    for _ in 0..<TemplateInbox.limit + 3 {
      inbox.put(count(["<11>core1 fan 3 failed", "<11>core1 fan 4 failed"], &desk), lost: 1)
    }
    let (reports, lost, isLast) = inbox.wait(seconds: 0)
    #expect(reports.count == TemplateInbox.limit && !isLast)
    #expect(lost == UInt64(TemplateInbox.limit + 3) + 3 * 2)
    inbox.stop()
    #expect(inbox.wait(seconds: 60).isLast)
  }

  /// Thousands of kinds that never rest are not written without end.
  @Test(arguments: [
    (spent: 0.001, rest: 2.0), (spent: 0.2, rest: 2), (spent: 0.5, rest: 4.5), (spent: 5, rest: 45),
    (spent: 100, rest: 60),
  ])
  func afterAPassOverTheCountsComesARest(spent: Double, rest: Double) {
    var pass = UnmatchedWatch.Pass(nextAt: 0)
    pass.isUnderWay = true
    pass.spent = Int64(spent * 1e9)
    pass.end(at: 1_000_000_000)
    #expect(!pass.isUnderWay && pass.nextAt == 1_000_000_000 + Int64(rest * 1e9))
  }
}
