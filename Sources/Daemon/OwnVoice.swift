import Console
import Model
import ServiceLifecycle

/// What the daemon says of its own accord: alerts about what no rule takes and about itself, and that it
/// lives. It needs what everything else needs, and stops after the workers and before the writers.
struct OwnVoice {
  let services: [any Service]

  init(
    config: Config, writers: Writers, context: WorkerContext, vitals: Vitals, notices: @escaping NoticeSink
  ) throws(DaemonFailure) {
    let events = InternalEvents(
      ledger: context.ledger, snapshots: context.snapshots, ids: context.ids, recorder: writers.recorder,
      pool: writers.pool)
    let unmatched = UnmatchedWatch(
      settings: config.unmatchedSettings, inbox: context.templates, recorder: writers.recorder,
      events: events, ledger: context.ledger, notices: notices)
    var services: [any Service] = [
      ThreadService(name: "unmatched", body: { unmatched.run() }, stop: { unmatched.stop() })
    ]
    if let settings = config.selfWatchSettings {
      let watch = SelfWatch(settings: settings, vitals: vitals, events: events)
      services.append(ThreadService(name: "self", body: { watch.run() }, stop: { watch.stop() }))
    }
    if let settings = config.heartbeatSettings {
      services.append(
        try Heartbeat(
          settings, isFit: { vitals.readiness.status != .failed }, ledger: context.ledger, notices: notices))
    }
    self.services = services
  }
}
