import Foundation
package import Model
import Policy
package import Store

/// Something the daemon itself has to say: an event like any other, from its decision on.
package struct InternalEvent: Sendable {
  /// Stands where the name of a rule does.
  package var name: String
  /// Whom it is about.
  package var host: String
  package var peer = IPAddress.unspecified
  package var handling: String
  /// It leaves as an alert.
  package var forwards = true
  /// Of syslog, 0...7; -1: unknown.
  package var severity: Int8 = -1
  /// It ends what an earlier event of the same signature said.
  package var isClear = false
  package var summary: String
  package var text: String
  /// What receivers fold repeats by.
  package var signature: String
  package var labels: [(name: String, value: String)] = []
  /// Place of the one destination that gets it; nil: every one whose `match` takes it.
  package var target: Int?

  package init(
    name: String, host: String, handling: String, summary: String, text: String, signature: String
  ) {
    self.name = name
    self.host = host
    self.handling = handling
    self.summary = summary
    self.text = text
    self.signature = signature
  }
}

/// Puts events of our own on the way that all events go: an id, the facts of the snapshot that decides, the
/// recorder's transaction, the audit. They are counted as `internal`, and never seen by rules or templates.
package final class InternalEvents: Sendable {
  private let ledger: Ledger
  private let snapshots: SnapshotBox
  private let ids: IDSource
  private let recorder: Recorder
  private let pool: BatchPool

  package init(
    ledger: Ledger, snapshots: SnapshotBox, ids: IDSource, recorder: Recorder, pool: BatchPool
  ) {
    self.ledger = ledger
    self.snapshots = snapshots
    self.ids = ids
    self.recorder = recorder
    self.pool = pool
  }

  /// Hands the events to the recorder; waits while its queue is full, so only for threads that may block.
  /// `told` is written with them. Returns the number of their batch; 0: there are none.
  @discardableResult
  package func raise(
    _ events: [InternalEvent], told: Outbox.Told = Outbox.Told(), now: Timestamp
  ) -> Int64 {
    if events.isEmpty { return 0 }
    var batch = pool.take()
    batch.post = 0
    let first = ids.block(now: now, count: events.count)
    for (index, event) in events.enumerated() {
      append(event, id: EventID(rawValue: first.rawValue + Int64(index)), now: now, to: &batch)
    }
    let count = UInt64(events.count)
    ledger.update { accounts in
      accounts.internalEvents += count
      accounts.matched += count
      accounts.auditPending += count
      accounts.parse[Int(ParseStatus.internal.rawValue)] += count
    }
    return recorder.put(batch, told: told, beat: {})
  }

  private func append(_ event: InternalEvent, id: EventID, now: Timestamp, to batch: inout EventBatch) {
    let standing = snapshots.snapshot?.standing(of: event.host) ?? HostStanding()
    var row = EventRow(id: id, time: now, arrival: now, peer: event.peer)
    func text(_ value: String?) -> ByteRange {
      guard let value else { return .absent }
      let bytes = Array(value.utf8)
      return SafeText.append(bytes.span, ByteRange(0, bytes.count), to: &batch.bytes)
    }
    row.source = .internal
    row.parse = .internal
    row.clock = .arrival
    row.hostFrom = .header
    row.environment = standing.environment
    row.teamFrom = standing.teamFrom
    row.severity = event.severity
    row.severityFrom = event.severity >= 0 ? .syslog : .default
    row.alertSeverity = event.isClear ? 0 : Syslog.alertSeverity(event.severity)
    row.forwards = event.forwards
    row.target = Int16(event.target ?? -1)
    row.host = text(event.host)
    row.message = text(event.text)
    row.raw = row.message
    row.handling = text(event.handling)
    row.team = text(standing.team)
    row.deviceTeam = text(standing.deviceTeam)
    row.ruleName = text(event.name)
    row.signature = text(event.signature)
    row.summary = text(event.summary)
    row.deviceAttributes = text(standing.attributes)
    if !event.labels.isEmpty {
      let start = batch.bytes.count
      for (index, label) in event.labels.enumerated() {
        batch.bytes.append(UInt8(ascii: index == 0 ? "{" : ","))
        JSONText.append(label.name, to: &batch.bytes)
        batch.bytes.append(UInt8(ascii: ":"))
        JSONText.append(label.value, to: &batch.bytes)
      }
      batch.bytes.append(UInt8(ascii: "}"))
      row.labels = ByteRange(start, batch.bytes.count)
    }
    batch.rows.append(row)
  }
}
