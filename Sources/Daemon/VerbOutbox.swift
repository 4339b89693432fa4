import Delivery
import Model
import Store

/// `muttd outbox list|show`: deliveries that are still owed, and dead ones.
package struct VerbOutbox: Sendable {
  package var settings: VerbSettings
  package var json = false

  package init(settings: VerbSettings, json: Bool) {
    self.settings = settings
    self.json = json
  }

  package func list(
    destination: String?, state: String?, host: String?, rule: String?, after: Int64?, limit: Int
  ) throws(DaemonFailure) {
    var filter = OutboxFilter()
    filter.destination = destination
    filter.host = host
    filter.rule = rule
    filter.after = after
    switch state {
    case nil: break
    case "pending": filter.state = .pending
    case "dead": filter.state = .dead
    case .some(let other): throw DaemonFailure(.usage, "--state \"\(other)\" is none of pending, dead")
    }
    guard limit >= 1, limit <= OutboxFilter.maxLimit else {
      throw DaemonFailure(
        .usage, "--limit \(limit) is outside 1...\(OutboxFilter.maxLimit); --after pages through more")
    }
    filter.limit = limit
    let outbox = try VerbStore.openOutbox(try settings.load())
    defer { outbox.close() }
    let asked = filter
    let deliveries = try VerbStore.run { () throws(StoreError) in try outbox.list(asked) }
    let levels = try VerbStore.run { () throws(StoreError) in try outbox.counts() }
    var output = VerbOutput()
    if json {
      for delivery in deliveries { output.json(VerbOutbox.json(delivery, includesBody: false)) }
      return
    }
    var table = VerbTable(
      [
        "id", "event", "destination", "state", "attempts", "next", "status", "host", "rule", "handling",
        "error",
      ],
      rightAligned: [0, 4, 6])
    for delivery in deliveries {
      table.add([
        "\(delivery.id)", "\(delivery.eventID.rawValue)", delivery.destination,
        VerbOutbox.word(delivery.state), "\(delivery.attempts)",
        delivery.state == .dead
          ? "-" : VerbTime.text(Timestamp(milliseconds: delivery.nextAttemptAt.milliseconds)),
        delivery.lastStatus == 0 ? "-" : "\(delivery.lastStatus)", delivery.host, delivery.rule,
        delivery.handling, delivery.lastError.map(VerbAudit.short) ?? "",
      ])
    }
    if table.isEmpty { output.line("no deliveries") } else { table.write(to: &output) }
    for level in levels where destination == nil || level.destination == destination {
      output.line("\(level.destination): \(level.pending) pending, \(level.dead) dead")
    }
    if deliveries.count == limit, let last = deliveries.last { output.line("more: --after \(last.id)") }
  }

  /// A delivery by its id, or all of an event by the event's.
  package func show(_ text: String) throws(DaemonFailure) {
    guard let id = Int64(text) else {
      throw DaemonFailure(
        .usage, "\"\(text)\" is no id: muttd outbox list shows the ids of deliveries and events")
    }
    let outbox = try VerbStore.openOutbox(try settings.load())
    defer { outbox.close() }
    let found = try VerbStore.run { () throws(StoreError) in
      if let delivery = try outbox.delivery(id: id) { return [delivery] }
      return try outbox.deliveries(eventID: EventID(rawValue: id))
    }
    if found.isEmpty {
      throw DaemonFailure(
        .found,
        "no delivery or event \(id) is in the outbox: what was delivered is gone from it (muttd audit events)"
      )
    }
    var output = VerbOutput()
    for delivery in found {
      if json {
        output.json(VerbOutbox.json(delivery, includesBody: true))
      } else {
        VerbOutbox.write(delivery, to: &output)
      }
    }
  }

  private static func write(_ delivery: Delivery, to output: inout VerbOutput) {
    output.line("delivery    \(delivery.id) to \(delivery.destination): \(word(delivery.state))")
    output.line("event       \(delivery.eventID.rawValue)  \(VerbTime.text(delivery.eventTime))")
    output.line("alert       \(delivery.handling) by rule \(delivery.rule) for host \(delivery.host)")
    output.line("signature   \(delivery.signature)")
    output.line("created     \(VerbTime.text(delivery.createdAt))")
    if let from = delivery.cameFrom { output.line("came from   \(from)") }
    output.line("attempts    \(delivery.attempts)")
    if delivery.state == .pending { output.line("next        \(VerbTime.text(delivery.nextAttemptAt))") }
    if delivery.lastStatus != 0 { output.line("last status \(delivery.lastStatus)") }
    if let error = delivery.lastError { output.line("last error  \(error)") }
    output.line("body        \(String(decoding: delivery.body, as: UTF8.self))")
  }

  private static func word(_ state: Delivery.State) -> String { state == .dead ? "dead" : "pending" }

  static func json(_ delivery: Delivery, includesBody: Bool) -> VerbJSON {
    var object = VerbJSON()
    object.add("id", number: delivery.id)
    object.add("event_id", "\(delivery.eventID.rawValue)")
    object.add("event_timestamp", time: delivery.eventTime)
    object.add("destination", delivery.destination)
    object.add("state", word(delivery.state))
    object.add("host", delivery.host)
    object.add("rule", delivery.rule)
    object.add("handling", delivery.handling)
    object.add("signature", delivery.signature)
    object.add("created_at", time: delivery.createdAt)
    object.add("attempts", number: delivery.attempts)
    object.add("next_attempt_at", time: delivery.state == .dead ? nil : delivery.nextAttemptAt)
    object.add("last_status", number: delivery.lastStatus == 0 ? nil : delivery.lastStatus)
    object.add("last_error", delivery.lastError)
    object.add("came_from", delivery.cameFrom)
    if includesBody {
      // What a template writes may be any text.
      let body = String(decoding: delivery.body, as: UTF8.self)
      if JSONCheck.problem(delivery.body) == nil {
        object.add("body", json: body)
      } else {
        object.add("body", body)
      }
    }
    return object
  }
}
