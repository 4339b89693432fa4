import Intake
import Model
import Store

/// `muttd outbox replay|purge`: what to do about dead letters.
package struct VerbOutboxChange: Sendable {
  package var settings: VerbSettings
  package var json = false
  package var isPurge: Bool
  /// Ids of deliveries or events; empty: what the filter says.
  package var ids: [String] = []
  package var destination: String?
  package var state: String?
  package var host: String?
  package var rule: String?
  package var status: Int?
  /// A length of time: only what was created longer ago.
  package var olderThan: String?
  package var all = false
  package var dryRun = false
  package var reason = VerbReason(text: nil)

  package init(settings: VerbSettings, json: Bool, isPurge: Bool) {
    self.settings = settings
    self.json = json
    self.isPurge = isPurge
  }

  package func run() throws(DaemonFailure) {
    if isPurge, !dryRun { try reason.require(for: "outbox purge") }
    let (filter, numbers) = try chosen()
    let config = try settings.load()
    let outbox = try VerbStore.openOutbox(config)
    defer { outbox.close() }
    let change: Outbox.HandChange = isPurge ? .purge : filter.state == .pending ? .hasten : .replay
    let now = SystemClock.now
    var work: [Outbox.HandWork] = []
    for id in numbers {
      work += try VerbStore.run { () throws(StoreError) in
        try outbox.preview(change, filter, id: id, now: now)
      }
    }
    if work.isEmpty { throw VerbOutboxChange.nothing(change) }
    if !isPurge { try refuseUnconfigured(work, config) }
    if dryRun { return report(work) }
    // What was done is noted, not what is meant: the daemon may have been quicker with some of it, an error
    // may end it half-way, and a store that is away must not keep an alert from anybody.
    var done: [Outbox.HandWork] = []
    var failure: DaemonFailure?
    do throws(StoreError) {
      for id in numbers { try outbox.change(change, filter, id: id, now: now, done: &done) }
    } catch {
      failure = DaemonFailure(verb: error)
    }
    report(done)
    if !done.isEmpty {
      do throws(DaemonFailure) {
        try audit(done, config)
      } catch {
        let missing = "the outbox was changed, but the audit of changes has no entry of it: \(error.message)"
        throw DaemonFailure(
          failure?.exit ?? error.exit, failure.map { "\($0.message)\n\(missing)" } ?? missing)
      }
    }
    if let failure { throw failure.halfWay(after: done.reduce(0) { $0 + $1.count }, isPurge: isPurge) }
  }

  /// Nothing would send them: as dead ones they are kept and listed, as pending ones they only wait.
  private func refuseUnconfigured(_ work: [Outbox.HandWork], _ config: Config) throws(DaemonFailure) {
    let known = Set(config.destinations.map(\.name))
    var names: [String] = []
    for one in work where !known.contains(one.destination) && !names.contains(one.destination) {
      names.append(one.destination)
    }
    guard let first = names.first else { return }
    let count = work.filter { names.contains($0.destination) }.reduce(0) { $0 + $1.count }
    throw DaemonFailure(
      .found,
      "\(names.joined(separator: ", ")): not in the configuration; nothing would send the \(count) of this "
        + "choice, and nothing was changed. Put \(first) back under destinations, then: muttd reload; or "
        + "choose others by --destination")
  }

  private static func nothing(_ change: Outbox.HandChange) -> DaemonFailure {
    switch change {
    case .purge: DaemonFailure(.found, "no delivery of this choice is in the outbox: muttd outbox list")
    case .replay:
      DaemonFailure(
        .found,
        "no dead delivery of this choice is in the outbox: muttd outbox list; --state pending sends now what "
          + "waits for a retry")
    case .hasten:
      DaemonFailure(
        .found,
        "no pending delivery of this choice waits for a retry: muttd outbox list, muttd destinations list")
    }
  }

  /// The filter, and the ids to go through; one nil means all that the filter takes.
  private func chosen() throws(DaemonFailure) -> (OutboxFilter, [Int64?]) {
    var filter = OutboxFilter()
    filter.destination = destination
    filter.host = host
    filter.rule = rule
    filter.status = status
    filter.state = isPurge ? .dead : nil
    switch state {
    case nil, "dead": break
    case "pending": filter.state = .pending
    case .some(let other): throw DaemonFailure(.usage, "--state \"\(other)\" is none of dead, pending")
    }
    if let olderThan {
      guard let age = ConfigUnits.duration(olderThan) else {
        throw DaemonFailure(.usage, "--older-than \"\(olderThan)\" is no length of time; write it like 2h")
      }
      filter.before = Timestamp(nanoseconds: SystemClock.now.nanoseconds - age.nanoseconds)
    }
    var numbers: [Int64?] = []
    for text in ids {
      guard let id = Int64(text) else {
        throw DaemonFailure(
          .usage, "\"\(text)\" is no id: muttd outbox list shows the ids of deliveries and events")
      }
      numbers.append(id)
    }
    if numbers.isEmpty {
      let isFiltered =
        destination != nil || host != nil || rule != nil || status != nil || olderThan != nil
      guard isFiltered || all else {
        throw DaemonFailure(.usage, "name deliveries, a filter, or --all; --dry-run shows what would happen")
      }
      numbers = [nil]
    }
    return (filter, numbers)
  }

  private func audit(_ work: [Outbox.HandWork], _ config: Config) throws(DaemonFailure) {
    let store = try VerbStore.openForChange(config)
    defer { store.close() }
    let words =
      ids
      + [destination.map { "destination \($0)" }, host.map { "host \($0)" }, rule.map { "rule \($0)" }]
      .compactMap { $0 }
      + [status.map { "status \($0)" }, olderThan.map { "older than \($0)" }, state.map { "state \($0)" }]
      .compactMap { $0 }
    let choice = words.isEmpty ? "all" : words.joined(separator: ", ")
    let counts = work.map { (destination: $0.destination, count: $0.count) }
    let actor = VerbStore.actor(reason: reason)
    try VerbStore.run { () throws(StoreError) in
      try store.noteOutboxChange(
        isPurge: isPurge, choice: String(choice.prefix(1_000)), counts: counts, by: actor)
    }
  }

  private func report(_ work: [Outbox.HandWork]) {
    var output = VerbOutput()
    var names: [String] = []
    for one in work where !names.contains(one.destination) { names.append(one.destination) }
    for name in names {
      let count = work.filter { $0.destination == name }.reduce(0) { $0 + $1.count }
      if json {
        var object = VerbJSON()
        object.add("destination", name)
        object.add(isPurge ? "purged" : "replayed", number: count)
        object.add("dry_run", flag: dryRun)
        output.json(object)
      } else {
        let verb = dryRun ? "would be \(isPurge ? "purged" : "replayed")" : isPurge ? "purged" : "replayed"
        output.line("\(name): \(count) \(verb)")
      }
    }
  }
}

extension DaemonFailure {
  fileprivate func halfWay(after count: Int, isPurge: Bool) -> DaemonFailure {
    if count == 0 { return self }
    let done = "\(count) deliveries were \(isPurge ? "purged" : "replayed") before that"
    return DaemonFailure(
      exit, "\(message)\n\(done), and the audit of changes has them; the others are as they were")
  }
}

extension Outbox.HandWork {
  fileprivate var count: Int { replayed + hastened + purgedPending + purgedDead }
}
