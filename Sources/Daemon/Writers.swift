import Delivery
import Foundation
import Intake
import Model
import Store

/// Everything behind the workers: the recorder with its outbox, the writer of the audit, the forwarders. Each
/// end knows the other; the wires are bound before anything runs.
struct Writers {
  let pool = BatchPool(limit: BatchPool.standardLimit, largestText: BatchPool.standardText)
  let pressure = Pressure()
  let activity = RuleActivity()
  let recorderHealth = RecorderHealth()
  let storeHealth = StoreHealth()
  let watch: DeliveryWatch
  let recorder: Recorder
  let store: StoreWriter
  let transports: Transports
  let forwarders: [Forwarder]

  /// `carried`: audit rows found in the spool.
  init(
    config: Config, files: StateFiles, carried: Int, ledger: Ledger, answers: AnswerPost,
    deadline: StopDeadline, log: Log
  ) throws(DaemonFailure) {
    let notices = log.sink
    let settings = config.destinations.map(\.settings)
    let lateRecorder = LateBound<Recorder>()
    let lateForwarders = LateBound<[Forwarder]>()
    let store = StoreWriter(
      store: files.audit, carried: carried, recorder: { lateRecorder.bound }, ledger: ledger, pool: pool,
      pressure: pressure, health: storeHealth, notices: notices)
    let recorder = Recorder(
      outbox: files.outbox, idCeiling: files.idCeiling, carried: carried, destinations: settings,
      payload: MuttPayload(node: config.node, agentLocation: ProcessInfo.processInfo.hostName),
      ledger: ledger, pool: pool, health: recorderHealth, pressure: pressure, deadline: deadline,
      sinks: Recorder.Sinks(
        deliveriesCommitted: { for index in $0 { lateForwarders.bound[index].wake() } },
        rowsCommitted: { [activity] batch, key in
          activity.note(batch)
          store.put(batch, spoolKey: key)
        }, marksWaiting: { store.wakeForMarks() },
        acknowledge: { answers.acknowledge($0) },
        alert: { row, batch, names in
          log.alert(
            ruleID: row.ruleID, rule: batch.text(row.ruleName) ?? "",
            line: { AlertLine.notice(row, batch, destinations: names) })
        }, notices: notices))
    lateRecorder.bind(recorder)
    let transports = try Transports(settings)
    let watch = DeliveryWatch(settings.map(\.name))
    let queue = OutboxQueue(recorder: recorder)
    forwarders = settings.enumerated().map { index, destination in
      Forwarder(
        settings: destination, queue: queue, transport: transports[index], clock: { SystemClock.now },
        notices: notices, graceSeconds: 2,
        observe: { latency in ledger.update { $0.toDelivery.observe(nanoseconds: latency) } },
        report: { watch.note($0, of: index) })
    }
    lateForwarders.bind(forwarders)
    self.watch = watch
    self.recorder = recorder
    self.store = store
    self.transports = transports
  }
}
