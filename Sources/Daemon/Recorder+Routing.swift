import Delivery
import Intake
import Model
import Store

/// Which alerts a turn owes to whom.
extension Recorder {
  /// What one turn routed, for the books.
  struct Routing {
    var routed: UInt64 = 0
    var unrouted: UInt64 = 0
    var created: [Delivery] = []
    /// Of each of `created`, the index of its destination.
    var targets: [Int] = []
    /// The turn stands in the outbox; its rows do.
    var isCommitted = true
    var isSpooled = true
    /// Of `created`, those that were lost.
    var lost: [Delivery] = []
    /// What became of attempts at alerts that stand in memory.
    var counts: [Outbox.WorkResult.Count] = []
    /// Forwarded rows by batch and position, with their destinations.
    var alerts: [(batch: Int, row: Int, targets: [Int])] = []
  }

  func route(
    _ batch: EventBatch, _ index: Int, into work: inout Outbox.Work, _ routing: inout Routing
  ) {
    for (position, row) in batch.rows.enumerated() where row.forwards {
      let targets = router.detoured(
        row.target >= 0 ? [Int(row.target)] : router.routes(for: row, in: batch), isShut: isShut)
      if targets.isEmpty { routing.unrouted += 1 } else { routing.routed += 1 }
      var bodies: [(writer: Payload, body: [UInt8])] = []
      for target in targets {
        let writer = payloads[target]
        let body =
          bodies.first { $0.writer.isAlike(writer) }?.body ?? writer.body(of: row, batch.bytes.span)
        bodies.append((writer, body))
        work.deliveries.append(delivery(row, batch, to: destinations[target].name, body: body))
        routing.targets.append(target)
      }
      routing.alerts.append((index, position, targets))
    }
  }

  private func delivery(_ row: EventRow, _ batch: EventBatch, to name: String, body: [UInt8]) -> Delivery {
    let handling = batch.text(row.handling) ?? ""
    var delivery = Delivery(
      eventID: row.id, eventTime: row.time, destination: name, host: batch.text(row.host) ?? "",
      rule: batch.text(row.ruleName) ?? "", handling: handling, signature: batch.text(row.signature) ?? "",
      body: body, createdAt: row.arrival)
    // An arrival by a clock that has been set back since must not wait for that time to come again.
    delivery.nextAttemptAt = min(delivery.createdAt, SystemClock.now)
    delivery.rank = handling.lowercased().contains("page") ? 0 : 1
    return delivery
  }

  /// What forwarders may begin with at once, without a question that would wait for the next commit.
  func committed(_ routing: Routing, _ result: Outbox.WorkResult) -> [Int: [Delivery]] {
    var lists: [Int: [Delivery]] = [:]
    // One that was there already may have ended, and what waits in memory comes before: the outbox knows.
    let isAsIs = routing.isCommitted && memory.isEmpty && result.knownDeliveries == 0
    for (index, target) in routing.targets.enumerated() {
      if isAsIs, index < result.deliveryIDs.count {
        var delivery = routing.created[index]
        delivery.id = result.deliveryIDs[index]
        lists[target, default: []].append(delivery)
      } else {
        lists[target] = []
      }
    }
    return lists
  }
}
