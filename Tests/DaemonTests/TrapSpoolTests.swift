import Intake
import Model
import Policy
import Store
import TestKit
import Testing

@testable import Daemon

/// The spool keeps of a trap what its other texts can be told from. What comes back is what the worker made,
/// byte by byte.
@Suite struct TrapSpoolTests {
  private static let now = Timestamp(seconds: 1_795_219_200)

  /// Rows of random notifications by rules without text, with named groups and with labels in their key.
  private func batch(seed: Int) throws -> EventBatch {
    var writer = TrapWriter(seed: UInt64(seed))
    var rules: [Rule] = []
    for (id, oid) in ["1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.4", "1.3"].enumerated() {
      var rule = Rule(
        name: "r\(id)", matchType: id == 1 ? .regex : .oidPrefix,
        matchString: id == 1 ? "(?<word>\\w+)=(?<ifDescr>\\S*)" : nil, trapOID: oid, prodHandling: "Log_only",
        devHandling: "Ignore")
      rule.id = Int64(id + 1)
      rule.priority = id
      rules.append(rule)
    }
    let catalog = Catalog(rules: rules, developmentHosts: [], deviceTeams: [], devices: [], version: 1)
    var desk = DecisionDesk(settings: WorkerSettings())
    try desk.adopt(VerbDesk.compile(catalog, Config()))
    var tally = WorkerTally()
    let about = Datagram(peer: IPAddress(v4: 192, 0, 2, 9), port: 162, arrival: Self.now)
    for number in 0..<200 {
      let packet = try writer.packet(kinds: 40, from: 40 * seed)
      desk.trap(packet.span, about, id: EventID(rawValue: Int64(number + 1)), now: Self.now, &tally)
    }
    let batch = desk.exchangeBatch(EventBatch())
    #expect(batch.rows.count == 200 && batch.matchedCount == 200)
    return batch
  }

  private func said(_ batch: EventBatch) -> [[String?]] {
    batch.rows.map { row in [row.raw, row.labels, row.snmp, row.host].map { batch.text($0) } }
  }

  @Test(arguments: 0..<10) func whatIsLeftOutComesBack(seed: Int) throws {
    let directory = TemporaryDirectory()
    let outbox = try Outbox(path: directory.file("outbox.db"), sync: .normal, notices: { _ in })
    let batch = try batch(seed: seed)
    #expect(batch.rows.contains { $0.labelsRepeat } && batch.rows.contains { !$0.labelsRepeat })
    var work = Outbox.Work()
    work.batches = [batch]
    _ = try outbox.write(work)
    let spooled = try outbox.spooled(after: nil, limit: 1_000)
    #expect(spooled.unreadable == 0 && said(spooled.batch) == said(batch))
    // A row that the store refuses is kept in the same form.
    var refused = Outbox.Work()
    refused.setAside = batch.rows.indices.map { Outbox.SetAside(batch: batch, row: $0, reason: "") }
    _ = try outbox.write(refused)
    let aside = try outbox.aside(limit: 1_000)
    #expect(aside.flatMap { said($0.batch) } == said(batch))
  }
}
