import Console
import Delivery
import Intake
import Model
import Policy

/// `/api/v1/status`: what `/readyz` says, and how fast what is going on.
extension Vitals {
  /// Rules that are named, those that have won most.
  private static let ruleLimit = 20

  var statusJSON: [UInt8] {
    let accounts = self.accounts()
    var object = VerbJSON()
    var readiness: [UInt8] = []
    self.readiness.appendJSON(to: &readiness)
    object.add("readiness", json: String(decoding: readiness.dropLast(), as: UTF8.self))
    object.add("time", time: Timestamp(milliseconds: SystemClock.now.milliseconds))
    object.add("reload", object: Vitals.json(policy().reload))
    object.add("rates", object: ratesJSON)
    object.add("accounts", object: Vitals.json(accounts.line))
    object.add(
      "discarded",
      object: Vitals.json(
        DiscardReason.allCases.map { ("\($0.name)", accounts.discarded[$0.rawValue]) }))
    let bound = Set(listeners.map(\.index))
    object.add(
      "listeners",
      objects: accounts.listeners.enumerated().map { Vitals.json($1, isListening: bound.contains($0)) })
    object.add("queues", object: queuesJSON)
    object.add("destinations", objects: destinationsJSON(accounts))
    let matches = activity.matches.sorted { ($1.count, $0.rule) < ($0.count, $1.rule) }
    object.add(
      "rules",
      objects: matches.prefix(Vitals.ruleLimit).map { match in
        var object = VerbJSON()
        object.add("name", match.rule)
        object.add("matches", number: Int64(clamping: match.count))
        return object
      })
    return object.closed
  }

  private var ratesJSON: VerbJSON {
    let (seconds, rates) = rates.current
    var object = VerbJSON()
    object.add("over_s", number: seconds)
    for (name, rate) in zip(RateMeter.names, rates) { object.add(name, number: rate) }
    return object
  }

  private static func json(_ counts: [(String, UInt64)]) -> VerbJSON {
    var object = VerbJSON()
    for (name, count) in counts { object.add(name, number: Int64(clamping: count)) }
    return object
  }

  private static func json(_ reload: ReloadRecord) -> VerbJSON {
    var object = VerbJSON()
    object.add("asked", number: Int64(clamping: reload.asked))
    object.add("answered", number: Int64(clamping: reload.answered))
    object.add("result", reload.result?.rawValue)
    object.add("at", time: reload.at)
    object.add("reason", reload.reason)
    return object
  }

  private static func json(_ listener: Accounts.Listener, isListening: Bool) -> VerbJSON {
    var object = VerbJSON()
    object.add("name", listener.name)
    object.add("listening", flag: isListening)
    object.add("datagrams", number: listener.isDatagram ? Int64(clamping: listener.datagrams) : nil)
    object.add("frames", number: listener.isDatagram ? nil : Int64(clamping: listener.frames))
    object.add("kernel_dropped", number: Int64(clamping: listener.kernelDropped))
    object.add(
      "connections_open", number: listener.isDatagram ? nil : Int64(clamping: listener.connections.open))
    return object
  }

  /// How full what lies between the workers and the files is, percent, and from which syslog severity on
  /// rows of unmatched events are shed for it.
  private var queuesJSON: VerbJSON {
    var object = VerbJSON()
    object.add("recorder_percent", number: pressure.fill(.recorder))
    object.add("store_percent", number: pressure.fill(.store))
    let shedsFrom = Int(pressure.shedsFrom)
    object.add("sheds_from_severity", number: shedsFrom > 7 ? nil : shedsFrom)
    return object
  }

  private func destinationsJSON(_ accounts: Accounts) -> [VerbJSON] {
    deliveryStates().map { state in
      let counts = accounts.destinations.first { $0.name == state.name }
      var object = VerbJSON()
      object.add("name", state.name)
      object.add("state", "\(state.condition.kind)")
      object.add("since", time: state.condition.since)
      object.add("reason", state.condition.reason)
      object.add("pending", number: Int64(clamping: counts?.pending ?? 0))
      object.add("dead", number: Int64(clamping: counts?.dead ?? 0))
      object.add("delivered", number: Int64(clamping: counts?.delivered ?? 0))
      return object
    }
  }
}
