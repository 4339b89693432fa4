import Delivery
import Foundation
import Model
import Synchronization

/// Where alerts go: the destinations of the configuration with their forwarders. Each has a place in a list
/// that only grows, so that a place means the same destination for good, whatever a reload adds or takes out.
final class Destinations: Sendable {
  private struct Entry {
    var config: Config.Destination
    var lane: DeliveryLane
    /// It is no longer in the configuration, and its lane ends; what it is owed waits in the outbox.
    var isRemoved = false
  }

  /// What one reload will change.
  struct Change: Sendable {
    fileprivate var destinations: [(config: Config.Destination, transport: any WebhookTransport)] = []
  }

  /// Most forwarders that wait to be started: a reload more than that has to wait for the service.
  private static let startLimit = 4_096

  let watch: DeliveryWatch
  /// Forwarders to be started, in order.
  let starts: AsyncStream<DeliveryLane>
  private let entries: Mutex<[Entry]>
  private let starter: AsyncStream<DeliveryLane>.Continuation
  private let transports: Transports
  private let make: @Sendable (Config.Destination, Int, any WebhookTransport) -> Forwarder
  private let node: Int
  private let location: String

  /// - Parameter make: a forwarder for a destination at this place.
  init(
    _ config: Config, watch: DeliveryWatch,
    make: @escaping @Sendable (Config.Destination, Int, any WebhookTransport) -> Forwarder
  ) throws(DaemonFailure) {
    self.watch = watch
    self.make = make
    node = config.node
    location = ProcessInfo.processInfo.hostName
    transports = Transports()
    (starts, starter) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Destinations.startLimit))
    var entries: [Entry] = []
    for (place, destination) in config.destinations.enumerated() {
      let lane = DeliveryLane(make(destination, place, try transports.transport(for: destination.settings)))
      starter.yield(lane)
      entries.append(Entry(config: destination, lane: lane))
    }
    self.entries = Mutex(entries)
  }

  static func plan(_ config: Config) -> RoutePlan {
    plan(config.destinations, removed: [], config.node, ProcessInfo.processInfo.hostName)
  }

  private static func plan(
    _ destinations: [Config.Destination], removed: Set<Int>, _ node: Int, _ location: String
  ) -> RoutePlan {
    let settings = destinations.map(\.settings)
    return RoutePlan(
      settings: settings, payloads: settings.map { Payload($0, node: node, agentLocation: location) },
      removed: removed)
  }

  /// New deliveries stand in the outbox; see `Forwarder.offer`.
  func offer(_ new: [Int: [Delivery]]) {
    let lanes = entries.withLock { entries in
      new.filter { !entries[$0.key].isRemoved }.map { ($1, entries[$0].lane) }
    }
    for (deliveries, lane) in lanes { lane.forwarder.offer(deliveries) }
  }

  /// Where a destination of the configuration stands; nil when there is none of this name.
  func place(of name: String) -> Int? {
    entries.withLock { $0.firstIndex { $0.config.name == name && !$0.isRemoved } }
  }

  /// What waits for this destination was changed by hand.
  func wake(_ name: String) {
    entries.withLock { $0.first { $0.config.name == name && !$0.isRemoved }?.lane }?.forwarder.wake()
  }

  /// Tells `use` a destination as it was accepted, with its secrets as they stand now; nil when they cannot
  /// be read, which is said: the old ones stay. On a thread of its own: a file may lie where nobody answers.
  func renew(
    _ name: String, _ notices: @escaping NoticeSink, _ use: @escaping @Sendable (DestinationSettings?) -> Void
  ) {
    let accepted = entries.withLock { $0.first { $0.config.name == name && !$0.isRemoved }?.config }
    guard let accepted else { return use(nil) }
    DaemonThread(name: "secrets").start { use(Destinations.renewed(accepted, notices)) }
  }

  private static func renewed(_ accepted: Config.Destination, _ notices: NoticeSink) -> DestinationSettings? {
    let (renewed, problems) = accepted.words.readAgain(for: accepted)
    if let renewed { return renewed.settings }
    notices(
      Notice(
        .warning, "delivery", "a 401, and the secrets cannot be read again; the old ones stay",
        [
          ("destination", .text(accepted.name)),
          ("err", .text(problems.map { "\($0)" }.joined(separator: "; "))),
        ]))
    return nil
  }

  /// Who is owed something and is not there, at a start or after a reload.
  static func orphanNotice(_ name: String, pending: UInt64) -> Notice {
    Notice(
      .error, "delivery", "deliveries wait for a destination that is not in the configuration",
      [("destination", .text(name)), ("pending", .number(Int64(clamping: pending)))])
  }

  /// What waits was written for what the destination was before.
  static func formatNotice(_ change: Reformatted, pending: UInt64) -> Notice {
    Notice(
      .warning, "delivery",
      "deliveries wait that were written in an earlier format; their receiver may refuse them",
      [
        ("destination", .text(change.name)), ("from", .text(change.from)), ("to", .text(change.to)),
        ("pending", .number(Int64(clamping: pending))),
      ])
  }

  // MARK: Reload

  struct Reformatted: Equatable {
    var name: String
    var from: String
    var to: String
  }

  /// The destinations whose bodies or their type a reload will change.
  func reformatted(by change: Change) -> [Reformatted] {
    entries.withLock { entries in
      change.destinations.compactMap { next, _ in
        guard let old = entries.first(where: { $0.config.name == next.name })?.config else { return nil }
        let (from, to) = (old.bodies, next.bodies)
        return from == to ? nil : Reformatted(name: next.name, from: from, to: to)
      }
    }
  }

  /// Everything a reload needs that may fail.
  func prepare(_ next: Config) throws(DaemonFailure) -> Change {
    var change = Change()
    for destination in next.destinations {
      change.destinations.append((destination, try transports.transport(for: destination.settings)))
    }
    return change
  }

  /// Takes it over: what is new or has changed gets a forwarder of its own, which ends the earlier one and
  /// begins when that has; what is gone ends in its own time. `exchange` is told how alerts are routed from
  /// now on.
  func apply(_ change: Change, exchange: (RoutePlan) -> Void) {
    var (stopped, started): ([DeliveryLane], [DeliveryLane]) = ([], [])
    var reread: [(DeliveryLane, DestinationSettings)] = []
    var succeeded: [(DeliveryLane, DestinationSettings, wasShut: Bool)] = []
    let plan = entries.withLock { entries in
      let names = Set(change.destinations.map(\.config.name))
      for place in entries.indices
      where !entries[place].isRemoved && !names.contains(entries[place].config.name) {
        stopped.append(entries[place].lane)
        entries[place].isRemoved = true
      }
      for (destination, transport) in change.destinations {
        let known = entries.firstIndex { $0.config.name == destination.name }
        if let known, !entries[known].isRemoved {
          if entries[known].config.fixed == destination.fixed {
            reread.append((entries[known].lane, destination.settings))
            entries[known].config = destination
            continue
          }
          stopped.append(entries[known].lane)
        }
        let former = known.map { (settings: entries[$0].config.settings, wasShut: watch.isShut($0)) }
        let lane = enter(destination, transport, at: known, &entries)
        started.append(lane)
        if let former { succeeded.append((lane, former.settings, former.wasShut)) }
      }
      let removed = Set(entries.indices.filter { entries[$0].isRemoved })
      watch.replace(entries.map(\.config.name), without: removed)
      return Destinations.plan(entries.map(\.config), removed: removed, node, location)
    }
    exchange(plan)
    for lane in stopped { lane.forwarder.stopInTime() }
    for (lane, former, wasShut) in succeeded { lane.forwarder.takeOver(from: former, wasShut: wasShut) }
    // Only now: their places are known to everybody.
    for lane in started { starter.yield(lane) }
    for (lane, settings) in reread { lane.forwarder.reread(settings) }
  }

  private func enter(
    _ destination: Config.Destination, _ transport: any WebhookTransport, at known: Int?,
    _ entries: inout [Entry]
  ) -> DeliveryLane {
    let place = known ?? entries.count
    // What the one before it said about the destination is of another configuration.
    let lane = DeliveryLane(
      make(destination, place, transport), after: known.map { entries[$0].lane },
      begins: { [watch] in watch.note(DestinationCondition(), of: place) })
    let entry = Entry(config: destination, lane: lane)
    if let known { entries[known] = entry } else { entries.append(entry) }
    return lane
  }

  /// The last forwarder has ended.
  func shutdown() { transports.shutdown() }
}
