import Model
import ServiceLifecycle

/// What the daemon says of its own accord: alerts about what no rule takes. They need what everything else
/// needs, and stop after the workers and before the writers.
struct OwnVoice {
  let services: [any Service]

  init(
    config: Config, writers: Writers, context: WorkerContext, vitals: Vitals, notices: @escaping NoticeSink
  ) {
    let events = InternalEvents(
      ledger: context.ledger, snapshots: context.snapshots, ids: context.ids, recorder: writers.recorder,
      pool: writers.pool)
    let unmatched = UnmatchedWatch(
      settings: config.unmatchedSettings, inbox: context.templates, recorder: writers.recorder,
      events: events, ledger: context.ledger, notices: notices)
    services = [
      ThreadService(name: "unmatched", body: { unmatched.run() }, stop: { unmatched.stop() })
    ]
  }
}
