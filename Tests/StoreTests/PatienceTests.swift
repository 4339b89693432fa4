import Model
import TestKit
import Testing

@testable import Store

/// Reads that end in time.
@Suite struct PatienceTests {
  @Test func aReaderWithoutPatienceIsStoppedAndGoesOn() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("muttd.db")
    let store = try SQLiteStore(path: path, mode: .daemon, migrate: true, notices: { _ in })
    var factory = EventFactory()
    var batch = EventBatch()
    for _ in 0..<3_000 { factory.add(to: &batch, rule: nil) }
    _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    var query = AuditQuery()
    query.text = "nowhere"
    let hasty = try SQLiteStore(
      path: path, mode: .readOnly, migrate: false, patience: 0, notices: { _ in })
    #expect(throws: StoreError.self) { try hasty.auditEvents(query) }
    let patient = try SQLiteStore(
      path: path, mode: .readOnly, migrate: false, patience: 600_000_000_000, notices: { _ in })
    #expect(try patient.auditEvents(query).events.isEmpty)
    query.text = "number 17"
    #expect(try patient.auditEvents(query).events.count > 1)
  }
}
