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
      let usual = row.target >= 0 ? [Int(row.target)] : router.routes(for: row, in: batch)
      var targets = router.detoured(
        usual, isShut: isShut, isDrained: { diversions.drained.contains($0) })
      follow(row, batch, usual, &targets)
      if targets.isEmpty {
        routing.unrouted += 1
        // One of our own goes to whom it is for, or nobody: no route is missing.
        if row.target < 0 { unrouted.note(row, batch, now: SystemClock.now) }
      } else {
        routing.routed += 1
      }
      var bodies = Bodies()
      for target in targets {
        let body = bodies.body(payloads[target], row, batch)
        var delivery = delivery(row, batch, to: destinations[target].name, body: body)
        let home = home(of: target, usual, targets)
        delivery.detour = detour(target, from: home, among: targets, row, batch, &bodies)
        work.deliveries.append(delivery)
        routing.targets.append(target)
        diversions.drained.remove(target)
      }
      for fault in bodies.faults { say(fault, row, batch) }
      routing.alerts.append((index, position, targets))
    }
  }

  private func say(_ fault: Bodies.Fault, _ row: EventRow, _ batch: EventBatch) {
    sinks.templateFailed(fault.destination)
    sinks.notices(
      Notice(
        .error, "delivery", "a template made no JSON of an alert; that body is in the format mutt instead",
        [
          ("destination", .text(fault.destination)), ("event_id", .text(String(row.id.rawValue))),
          ("rule", .text(batch.text(row.ruleName) ?? "")), ("error", .text(fault.problem)),
          ("do", .text("correct the template, then: muttd reload")),
        ]))
  }

  /// The bodies of one alert, each written once.
  private struct Bodies {
    struct Fault {
      var destination: String
      var problem: String
    }

    var written: [(writer: Payload, body: [UInt8])] = []
    /// What templates made no JSON of.
    var faults: [Fault] = []

    mutating func body(_ writer: Payload, _ row: EventRow, _ batch: EventBatch) -> [UInt8] {
      let known = written.first { $0.writer.receiver == writer.receiver || $0.writer.isAlike(writer) }
      if let known { return known.body }
      let made = writer.written(row, batch.bytes.span)
      if let problem = made.fault { faults.append(Fault(destination: writer.receiver, problem: problem)) }
      written.append((writer, made.body))
      return made.body
    }
  }

  /// For whom `target` stands in; nil: for nobody, or for several, of whom each would miss it.
  private func home(of target: Int, _ usual: [Int], _ targets: [Int]) -> Int? {
    if usual.contains(target) { return nil }
    let absent = usual.filter { !targets.contains($0) && router.chain(of: $0).contains(target) }
    return absent.count == 1 ? absent[0] : nil
  }

  /// What a delivery to `target` needs for going over to those that take over, or will, and back `home`,
  /// which is shut; nil: nothing.
  private func detour(
    _ target: Int, from home: Int?, among targets: [Int], _ row: EventRow, _ batch: EventBatch,
    _ bodies: inout Bodies
  ) -> Detour? {
    var chain = router.chain(of: target)
    if chain.isEmpty, home == nil, targets.count == 1 { return nil }
    var detour = Detour()
    if let home {
      detour.home = destinations[home].name
      if !chain.contains(home) { chain.append(home) }
    }
    // All of them: one that takes over for nobody today may do so when this alert still waits.
    for place in targets where place != target { detour.bar(destinations[place].name) }
    let own = payloads[target]
    if chain.contains(where: { !own.isAlike(payloads[$0]) }) {
      detour.bodies = [Detour.Body(names: [destinations[target].name], bytes: nil)]
      var writers = [own]
      for place in chain {
        let (name, writer) = (destinations[place].name, payloads[place])
        if let index = writers.firstIndex(where: { $0.isAlike(writer) }) {
          detour.bodies[index].names.append(name)
        } else {
          writers.append(writer)
          detour.bodies.append(Detour.Body(names: [name], bytes: bodies.body(writer, row, batch)))
        }
      }
    }
    return detour == Detour() ? nil : detour
  }

  private func delivery(_ row: EventRow, _ batch: EventBatch, to name: String, body: [UInt8]) -> Delivery {
    let handling = batch.text(row.handling) ?? ""
    var delivery = Delivery(
      eventID: row.id, eventTime: row.time, destination: name, host: batch.text(row.host) ?? "",
      rule: batch.text(row.ruleName) ?? "", handling: handling, signature: batch.text(row.signature) ?? "",
      body: body, createdAt: row.arrival)
    // An arrival by a clock that has been set back since must not wait for that time to come again.
    delivery.nextAttemptAt = min(delivery.createdAt, SystemClock.now)
    delivery.isClear = row.alertSeverity == 0
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
