import Console
import Model
import ServiceLifecycle

/// What the daemon says of its own accord: alerts about what no rule takes and about itself, and that it
/// lives. It needs what everything else needs, and stops after the workers and before the writers.
struct OwnVoice: Sendable {
  let services: [any Service]

  private let unmatched: UnmatchedWatch
  private let watch: SelfWatch
  private let heartbeat: Heartbeat

  /// What one reload will change.
  struct Change: Sendable {
    fileprivate var config: Config
    fileprivate var line: Heartbeat.Line?
  }

  init(
    config: Config, writers: Writers, context: WorkerContext, vitals: Vitals, notices: @escaping NoticeSink
  ) throws(DaemonFailure) {
    let events = InternalEvents(
      ledger: context.ledger, snapshots: context.snapshots, ids: context.ids, recorder: writers.recorder,
      pool: writers.pool)
    let unmatched = UnmatchedWatch(
      settings: config.unmatchedSettings, inbox: context.templates, recorder: writers.recorder,
      events: events, ledger: context.ledger, notices: notices)
    let watch = SelfWatch(
      settings: config.selfWatchSettings { writers.destinations.place(of: $0) }, vitals: vitals,
      events: events, recorder: writers.recorder, notices: notices)
    heartbeat = try Heartbeat(
      config.heartbeatSettings,
      objection: { [destinations = writers.destinations.watch] in
        Heartbeat.objection(vitals.readiness.status, destinations, listeners: watch.listeners)
      }, ledger: context.ledger, notices: notices)
    services = [
      ThreadService(name: "unmatched", body: { unmatched.run() }, stop: { unmatched.stop() }),
      ThreadService(name: "self", body: { watch.run() }, stop: { watch.stop() }), heartbeat,
    ]
    self.unmatched = unmatched
    self.watch = watch
  }

  /// Everything a reload needs that may fail.
  func prepare(_ next: Config) throws(DaemonFailure) -> Change {
    Change(config: next, line: try heartbeat.prepare(next.heartbeatSettings))
  }

  /// Takes it over, when `destinations` are those of the change already.
  func apply(_ change: Change, _ destinations: Destinations) {
    unmatched.exchange(change.config.unmatchedSettings)
    watch.exchange(change.config.selfWatchSettings { destinations.place(of: $0) })
    heartbeat.exchange(change.line)
  }
}
