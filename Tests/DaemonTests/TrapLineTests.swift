import Intake
import Model
import Policy
import Testing
import Wire

@testable import Daemon

/// A desk writes the line of a notification only when somebody looks. What it decides, counts and keeps is
/// what a matcher says that was always given the line.
@Suite struct TrapLineTests {
  private static let now = Timestamp(seconds: 1_795_219_200)

  /// Random rules on OIDs, on text and on both.
  private static func rules(_ writer: inout TrapWriter) -> [Rule] {
    var rules: [Rule] = []
    let patterns = ["uplink", "=1", "/7", "down(2)", "Gi", " ifIndex", "linkUp", "public", "May"]
    let oids = TrapWriter.notifications + ["1.3.6.1.6.3", "1.3.6.1.4.1.9", "1.3.6.1.4.1.9.9.41.2.0", "1.3.7"]
    for id in 1...1 + writer.number(below: 5) {
      let type = writer.one(of: [MatchType.oidPrefix, .oidPrefix, .oidPrefix, .contains, .regex])
      let hasText = type != .oidPrefix || writer.number(below: 3) > 0
      let pattern = writer.one(of: patterns)
      let hasOID = type == .oidPrefix || writer.number(below: 3) > 0
      var rule = Rule(
        name: "r\(id)", matchType: type,
        matchString: hasText ? (type == .regex ? pattern.quoted : pattern) : nil,
        trapOID: hasOID ? writer.one(of: oids) : nil, prodHandling: "Log_only", devHandling: "Ignore")
      rule.id = Int64(id)
      rule.priority = writer.number(below: 3)
      rule.key = writer.one(of: [nil, "{host} {ifIndex}", "{rule} {ifDescr}"])
      rule.summary = writer.one(of: [nil, "port {ifIndex}"])
      if writer.number(below: 6) == 0 { rule.syslogSeverity = 3 }
      rules.append(rule)
    }
    return rules
  }

  /// A row as text.
  private static func said(_ row: EventRow, _ bytes: [UInt8]) -> [String?] {
    let texts = [
      row.ruleName, row.host, row.handling, row.team, row.signature, row.summary, row.labels, row.trapOID,
    ]
    return ["\(row.ruleID)"] + texts.map { bytes.span.text($0) }
  }

  /// What a matcher says of a packet whose line it is given.
  private static func plain(
    _ packet: [UInt8], _ about: Datagram, _ matcher: inout Matcher, _ trap: inout Trap,
    _ kinds: inout [String: Int]
  ) -> [String?]? {
    guard TrapDecoder().decode(packet.span, into: &trap) == .notification else { return nil }
    var event = Event(arrival: now, peer: about.peer)
    trap.fill(&event)
    var line: [UInt8] = []
    event.message = trap.appendText(packet.span, to: &line)
    let decision = matcher.decide(event, datagram: packet.span, text: line.span, trapOID: trap.trapOID)
    var row = EventRow(id: EventID(rawValue: 1), time: now, arrival: now, peer: about.peer)
    var bytes: [UInt8] = []
    var labels = LabelSet()
    trap.appendLabels(packet.span, to: &labels)
    matcher.describe(
      decision, event: event, datagram: packet.span, text: line.span, labels: &labels, row: &row,
      bytes: &bytes)
    guard decision.isMatched else {
      let template = MessageTemplate.text(line.span, lead: MessageTemplate.leadOfTrap(line.span))
      kinds["\(bytes.span.text(row.host) ?? "-") \(template)", default: 0] += 1
      return []
    }
    let start = bytes.count
    bytes.append(oid: trap.trapOID)
    row.trapOID = ByteRange(start, bytes.count)
    return said(row, bytes)
  }

  /// The kinds of a report as people see them.
  private static func kinds(_ report: TemplateReport) -> [String: Int] {
    var kinds: [String: Int] = [:]
    var keys: [String: UInt64] = [:]
    for record in report.records {
      let line = Array(report.bytes[record.line.bounds])
      let template = MessageTemplate.text(line.span, lead: MessageTemplate.leadOfTrap(line.span))
      let kind = "\(report.bytes.span.text(record.host) ?? "-") \(template)"
      kinds[kind, default: 0] += Int(record.count)
      // What is kept and ignored by: the identity of the template, however the desk has told it apart.
      #expect(record.template == MessageTemplate.hash(line.span, lead: MessageTemplate.leadOfTrap(line.span)))
      #expect(keys[kind] == nil || keys[kind] == record.key, "\(kind) has two keys")
      keys[kind] = record.key
    }
    #expect(Set(keys.values).count == keys.count)
    return kinds
  }

  @Test(arguments: 0..<40) func aLineThatNobodyReadsChangesNothing(seed: Int) throws {
    var writer = TrapWriter(seed: UInt64(seed))
    let rules = Self.rules(&writer)
    let catalog = Catalog(rules: rules, developmentHosts: [], deviceTeams: [], devices: [], version: 1)
    let snapshot = try VerbDesk.compile(catalog, Config())
    var matcher = try Matcher(snapshot)
    var desk = DecisionDesk(settings: WorkerSettings(), templates: 1_024)
    try desk.adopt(snapshot)
    var (trap, tally) = (Trap(), WorkerTally())
    let about = Datagram(peer: IPAddress(v4: 192, 0, 2, 9), port: 162, arrival: Self.now)
    var kinds: [String: Int] = [:]
    var rows: [[String?]] = []
    var events = 0
    for _ in 0..<150 {
      let packet = try writer.packet(kinds: 12)
      desk.trap(packet.span, about, id: EventID(rawValue: 1), now: Self.now, &tally)
      guard let row = Self.plain(packet, about, &matcher, &trap, &kinds) else { continue }
      events += 1
      if !row.isEmpty { rows.append(row) }
    }
    #expect(events == 150 && tally.traps == UInt64(events))
    #expect(tally.matched == UInt64(rows.count) && tally.unmatched == UInt64(events - rows.count))
    let batch = desk.exchangeBatch(EventBatch())
    #expect(
      batch.rows.map { Self.said($0, batch.bytes) } == rows, "seed \(seed): \(rules.map(\.matchString))")
    #expect(Self.kinds(desk.exchangeReport(TemplateReport())) == kinds, "seed \(seed)")
  }
}

extension String {
  /// As a regex that asks for just this.
  fileprivate var quoted: String { "\\Q\(self)\\E" }
}
