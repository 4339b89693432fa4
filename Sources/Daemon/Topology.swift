import Console
import Delivery
import Foundation
import Intake
import Model
import Policy
import ServiceLifecycle
import Store

/// Builds the daemon, top to bottom: sockets, files, writers, forwarders, reloader, faces, workers. Reads as
/// the architecture; everything that can fail at start fails here, with its exit code.
struct Topology {
  let services: [any Service]
  let vitals: Vitals
  let reloader: Reloader
  let console: ConsoleServer

  init(
    config: Config, log: Log, notify: Notify,
    reconfigure: @escaping @Sendable () -> Result<ReloadSettings, ReloadRefusal>
  ) throws(DaemonFailure) {
    let notices = log.sink
    let ledger = Ledger()

    // Sockets first: from here on nothing that arrives is lost while the rest is built.
    let listeners = try Listeners(config: config, ledger: ledger, notices: notices)

    // The two files, and what an earlier run left in them.
    let files = try StateFiles(config: config, notices: notices)
    let carried = try files.openBooks(in: ledger, destinations: config.destinations.map(\.name))

    // The writers. Each end knows the other; the wires are bound before anything runs.
    let pool = BatchPool(limit: BatchPool.standardLimit, largestText: BatchPool.standardText)
    let pressure = Pressure()
    let recorderHealth = RecorderHealth()
    let storeHealth = StoreHealth()
    let lateRecorder = LateBound<Recorder>()
    let writer = StoreWriter(
      store: files.audit, carried: carried, recorder: { lateRecorder.bound }, ledger: ledger, pool: pool,
      pressure: pressure, health: storeHealth, notices: notices)
    let settings = config.destinations.map(\.settings)
    let lateForwarders = LateBound<[Forwarder]>()
    let recorder = Recorder(
      outbox: files.outbox, idCeiling: files.idCeiling, destinations: settings,
      payload: MuttPayload(node: config.node, agentLocation: ProcessInfo.processInfo.hostName),
      ledger: ledger, pool: pool, health: recorderHealth,
      sinks: Recorder.Sinks(
        deliveriesCommitted: { for index in $0 { lateForwarders.bound[index].wake() } },
        rowsCommitted: { writer.put($0, spoolKey: $1) }, marksWaiting: { writer.wakeForMarks() },
        alert: { row, batch, names in
          log.alert(
            ruleID: row.ruleID, rule: batch.text(row.ruleName) ?? "",
            line: { AlertLine.notice(row, batch, destinations: names) })
        }, notices: notices))
    lateRecorder.bind(recorder)

    // Delivery: one forwarder per destination over the recorder's queue.
    let transports = try Transports(settings)
    let watch = DeliveryWatch(settings.map(\.name))
    let forwarders = settings.enumerated().map { index, destination in
      Forwarder(
        settings: destination, queue: OutboxQueue(recorder: recorder, watch: watch),
        transport: transports[index],
        clock: { SystemClock.now }, notices: notices, graceSeconds: 3,
        observe: { latency in ledger.update { $0.toDelivery.observe(nanoseconds: latency) } })
    }
    lateForwarders.bind(forwarders)

    // Rules: compiled off the hot path, swapped whole.
    let snapshots = SnapshotBox()
    reloader = Reloader(
      store: files.catalog, settings: config.reloadSettings, snapshots: snapshots,
      cache: SnapshotCache.outbox(through: recorder, notices: notices), notices: notices,
      announce: { begins in begins ? notify.reloading() : notify.ready() }, reconfigure: reconfigure)

    // The workers: one per socket.
    let context = WorkerContext(
      ledger: ledger, snapshots: snapshots, ids: IDSource(node: config.node, floor: files.idCeiling),
      recorder: recorder, pool: pool, pressure: pressure, notices: notices, settings: config.workerSettings)
    let posts = listeners.bound.map {
      IntakeService.Post(
        name: $0.name, source: $0.source, gauge: WorkerGauge(), kind: $0.kind, listener: $0.index)
    }

    // The faces.
    let vitals = Vitals(
      ledger: ledger,
      listeners: zip(listeners.bound, posts).map { bound, post in
        Vitals.Listener(index: bound.index, source: bound.source, gauge: post.gauge)
      },
      recorder: recorderHealth, store: storeHealth, policy: { [reloader] in reloader.health },
      deliveryStates: { watch.current },
      stateDirectory: files.directory, node: config.node)
    self.vitals = vitals
    console = ConsoleServer(
      host: "\(config.http.listen.address)", port: Int(config.http.listen.port), source: vitals.consoleSource,
      notices: notices,
      onBound: { port in
        notices(Notice(.info, "console", "listening", [("port", .number(Int64(port)))]))
      })
    let housekeeping = Housekeeping(
      vitals: vitals,
      hooks: Housekeeping.Hooks(
        ready: { notify.ready() }, watchdog: { notify.watchdog() }, notices: notices))

    // In the order of dependence; a stop runs backwards: workers first, the recorder last.
    services = [
      ThreadService(name: "recorder", body: { recorder.run() }, stop: { recorder.stop() }),
      ThreadService(name: "store", body: { writer.run() }, stop: { writer.stop() }),
      DeliveryService(forwarders: forwarders, finish: { transports.shutdown() }),
      ThreadService(
        name: "reloader", body: { [reloader] in reloader.run() }, stop: { [reloader] in reloader.stop() }),
      ConsoleService(server: console),
      housekeeping,
      IntakeService(posts: posts, context: context),
    ]
    notices(Budget(config: config).notice)
  }
}
