import Console
import Delivery
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
  let files: StateFiles
  let reloader: Reloader

  init(
    config: Config, tls: TLSIdentity?, inherited: InheritedSockets, doorkeeper: Doorkeeper, log: Log,
    notify: Notify,
    reconfigure: @escaping @Sendable () -> Result<ReloadSettings, ReloadRefusal>,
    reread: @escaping @Sendable () -> [String: DestinationSettings]?
  ) throws(DaemonFailure) {
    let notices = log.sink
    let deadline = StopDeadline()
    let ledger = Ledger()

    // Sockets first: from here on nothing that arrives is lost while the rest is built.
    let listeners = try Listeners(
      config: config, tls: tls, inherited: inherited, ledger: ledger, notices: notices)

    // The two files, and what an earlier run left in them.
    let files = try StateFiles(config: config, notices: notices)
    self.files = files
    try files.checkFirstRules(config)
    let carried = try files.openBooks(in: ledger, destinations: config.destinations.map(\.name))

    // What is behind the workers: recorder, audit, forwarders, and the sockets by which answers leave.
    let answers = AnswerPost(listeners.bound.map { $0.input.source.answerPort }, ledger: ledger)
    let writers = try Writers(
      config: config, files: files, carried: carried, ledger: ledger, answers: answers, deadline: deadline,
      log: log, reread: reread)

    // Rules: compiled off the hot path, swapped whole.
    let snapshots = SnapshotBox()
    let refresh = Refresh(
      config: config, files: files, writers: writers, snapshots: snapshots, notify: notify, notices: notices,
      reconfigure: { writers.reread(after: reconfigure()) })
    reloader = refresh.reloader

    // The workers: one per socket; SNMPv3 has one engine for all of them. MIB files first: while net-snmp
    // parses, nobody else may use it.
    let settings = try files.workerSettings(config, TrapNames.read(config.snmp.mibs, notices: notices))
    let context = WorkerContext(
      ledger: ledger, snapshots: snapshots, ids: IDSource(node: config.node, floor: files.idCeiling),
      recorder: writers.recorder, pool: writers.pool, pressure: writers.pressure,
      activity: writers.activity, answers: answers, notices: notices, settings: settings)
    let posts = listeners.bound.map(\.post)

    // The faces, and what the daemon says of its own accord.
    let watched = zip(listeners.bound, posts).map { ($0, $1) }
    let vitals = Topology.vitals(config, files, ledger, writers, refresh, watched, settings.security)
    self.vitals = vitals
    let voice = try OwnVoice(
      config: config, writers: writers, context: context, vitals: vitals, notices: notices)
    let desk = APIDesk(
      config: config, reader: files.reader(notices), vitals: vitals,
      explainer: APIExplainer(config: config, snapshots: snapshots, settings: settings))
    let housekeeping = Housekeeping(
      vitals: vitals,
      hooks: Housekeeping.Hooks(
        ready: { notify.ready() }, watchdog: { notify.watchdog() }, notices: notices))

    // In the order of dependence; a stop runs backwards: workers first, the recorder last.
    let reading: [any Service] = [
      ReaderService(reader: desk.reader), ConsoleService(config.http, vitals, desk, doorkeeper, notices),
      housekeeping,
      IntakeService(posts: posts, context: context),
      StopDeadlineService(deadline: deadline, last: { vitals.lastWords(log) }),
    ]
    services = Topology.writing(writers, ledger, notices) + refresh.services + voice.services + reading
    notices(Budget(config: config).notice)
  }

  private static func writing(
    _ writers: Writers, _ ledger: Ledger, _ notices: @escaping NoticeSink
  ) -> [any Service] {
    [
      ThreadService(
        name: "recorder", body: { writers.recorder.run() }, stop: { writers.recorder.stop() }),
      ThreadService(name: "store", body: { writers.store.run() }, stop: { writers.store.stop() }),
      DeliveryService(
        forwarders: writers.forwarders, takeHandWork: { await writers.takeHandWork(ledger, notices) },
        finish: { writers.transports.shutdown() }),
    ]
  }

  private static func vitals(
    _ config: Config, _ files: StateFiles, _ ledger: Ledger, _ writers: Writers, _ refresh: Refresh,
    _ posts: [(Listeners.Bound, IntakeService.Post)], _ security: TrapSecurity?
  ) -> Vitals {
    let reloader = refresh.reloader
    return Vitals(
      ledger: ledger,
      listeners: posts.map { bound, post in
        Vitals.Listener(index: bound.index, input: bound.input, gauge: post.gauge)
      },
      recorder: writers.recorderHealth, store: writers.storeHealth, activity: writers.activity,
      pressure: writers.pressure, policy: { reloader.health },
      deliveryStates: { [watch = writers.watch] in watch.current },
      outboxBytes: { [outbox = files.outbox] in outbox.usedBytes }, engines: { security?.engineCounts },
      limits: config.outbox, stateDirectory: files.directory, months: refresh.months,
      storeName: files.server?.shown ?? "muttd.db", node: config.node)
  }
}
