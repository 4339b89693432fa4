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
    config: Config, tls: TLSKeeper, inherited: InheritedSockets, tokens: TokenKeeper, log: Log,
    notify: Notify, read: @escaping @Sendable () -> Result<Config, ReloadRefusal>
  ) throws(DaemonFailure) {
    let notices = log.sink
    let deadline = StopDeadline()
    let ledger = Ledger()

    // Sockets first: from here on nothing that arrives is lost while the rest is built.
    let admission = Admission(NetworkSet(config.listen.allow))
    let listeners = try Topology.listeners(config, tls.identity, admission, inherited, notices)
    let posts = listeners.posts(from: 0, ledger)

    // The two files, and what an earlier run left in them.
    let files = try StateFiles(config: config, notices: notices)
    self.files = files
    try files.checkFirstRules(config)
    let carried = try files.openBooks(in: ledger, destinations: config.destinations.map(\.name))

    // What is behind the workers: recorder, audit, forwarders, and the sockets by which answers leave.
    let answers = AnswerPost(posts.map { $0.input.source.answerPort }, ledger: ledger)
    let writers = try Writers(
      config: config, files: files, carried: carried, ledger: ledger, answers: answers, deadline: deadline,
      log: log)

    // Rules: compiled off the hot path, swapped whole.
    let current = CurrentConfig(config)
    let snapshots = SnapshotBox()
    let reconfiguration = LateBound<Reconfiguration>()
    let refresh = Refresh(
      config: config, current: current, files: files, writers: writers, snapshots: snapshots, notify: notify,
      notices: notices, reconfigure: { read().flatMap { reconfiguration.bound.prepare($0) } })
    reloader = refresh.reloader

    // The workers: one per socket; SNMPv3 has one engine for all of them. MIB files first: while net-snmp
    // parses, nobody else may use it.
    let settings = try files.workerSettings(config, TrapNames.read(config.snmp.mibs, notices: notices))
    let tap = Tap()
    let context = WorkerContext(
      ledger: ledger, snapshots: snapshots, ids: IDSource(node: config.node, floor: files.idCeiling),
      recorder: writers.recorder, pool: writers.pool, pressure: writers.pressure, activity: writers.activity,
      answers: answers, tap: tap.port, notices: notices, settings: settings, heard: writers.store.put(_:))
    let intake = IntakeService(posts: posts, context: context)

    // The faces, and what the daemon says of its own accord.
    let vitals = Topology.vitals(current, files, ledger, writers, refresh, intake, context.settings)
    self.vitals = vitals
    let voice = try OwnVoice(
      config: config, writers: writers, context: context, vitals: vitals, notices: notices)
    let desk = APIDesk(
      config: current, reader: files.reader(notices), vitals: vitals, tap: tap,
      explainer: APIExplainer(config: current, snapshots: snapshots, settings: context.settings))
    let door = ConsoleDoor(Topology.console(vitals, desk, tokens.doorkeeper, log), notices)
    let parts = Reconfiguration.Parts(
      context: context, intake: intake, handedOver: listeners.handedOver, admission: admission,
      writers: writers, voice: voice, security: settings.security, tls: tls, tokens: tokens, door: door,
      config: current, log: log)
    reconfiguration.bind(Reconfiguration(started: config, parts: parts))

    // In the order of dependence; a stop runs backwards: workers first, the recorder last.
    let reading: [any Service] = [
      EngineKeeper(context: context), ReaderService(reader: desk.reader),
      ConsoleService(door, at: config.http.listen, stateDirectory: vitals.stateDirectory, notices),
      ThreadService(name: "tap", body: { tap.run() }, stop: { tap.close() }),
      Topology.housekeeping(vitals, notify, writers, log), intake,
      StopDeadlineService(deadline: deadline, last: { vitals.lastWords(log) }),
    ]
    services = Topology.writing(writers) + refresh.services + voice.services + reading
    notices(Budget(config: config).notice)
  }

  private static func listeners(
    _ config: Config, _ tls: TLSIdentity?, _ admission: Admission, _ inherited: InheritedSockets,
    _ notices: @escaping NoticeSink
  ) throws(DaemonFailure) -> Listeners {
    do throws(IntakeError) {
      return try Listeners(
        Listeners.Place.all(config.listen), config: config, tls: tls, admission: admission,
        inherited: inherited, notices: notices)
    } catch {
      throw DaemonFailure(error)
    }
  }

  private static func housekeeping(
    _ vitals: Vitals, _ notify: Notify, _ writers: Writers, _ log: Log
  ) -> ThreadService {
    let hands = HandWatch(
      recorder: writers.recorder, destinations: writers.destinations, ledger: vitals.ledger,
      notices: log.sink)
    let oldest = OldestWatch(
      recorder: writers.recorder, watch: writers.destinations.watch, ledger: vitals.ledger,
      health: writers.recorderHealth)
    let hooks = Housekeeping.Hooks(
      ready: { notify.ready() }, watchdog: { notify.watchdog() },
      second: {
        hands.look()
        oldest.look()
        log.flush()
      }, notices: log.sink)
    let housekeeping = Housekeeping(vitals: vitals, hooks: hooks)
    return ThreadService(
      name: "housekeeping", body: { housekeeping.run() }, stop: { housekeeping.stop() })
  }

  private static func console(
    _ vitals: Vitals, _ desk: APIDesk, _ doorkeeper: Doorkeeper, _ log: Log
  ) -> ConsoleSource {
    ConsoleSource(
      metrics: {
        var input = vitals.metrics
        input.httpRefused = doorkeeper.refused
        input.logDropped = log.dropped
        return input
      },
      readiness: { vitals.readiness }, api: { await desk.answer($0, for: $1) }, doorkeeper: doorkeeper,
      clock: { SystemClock.now })
  }

  private static func writing(_ writers: Writers) -> [any Service] {
    [
      ThreadService(
        name: "recorder", body: { writers.recorder.run() }, stop: { writers.recorder.stop() }),
      ThreadService(name: "store", body: { writers.store.run() }, stop: { writers.store.stop() }),
      DeliveryService(writers.destinations), writers.damage,
    ]
  }

  private static func vitals(
    _ config: CurrentConfig, _ files: StateFiles, _ ledger: Ledger, _ writers: Writers, _ refresh: Refresh,
    _ intake: IntakeService, _ settings: SettingsBox
  ) -> Vitals {
    let reloader = refresh.reloader
    writers.recorderHealth.noteLost(at: files.outboxLostAt)
    return Vitals(
      ledger: ledger,
      listeners: { intake.listeners },
      recorder: writers.recorderHealth, store: writers.storeHealth, activity: writers.activity,
      pressure: writers.pressure, policy: { reloader.health },
      deliveryStates: { [watch = writers.destinations.watch] in watch.current },
      outboxBytes: { [outbox = files.outbox] in outbox.usedBytes },
      engines: { settings.current.security?.engineCounts },
      limits: { config.value.outbox }, stateDirectory: files.directory, months: refresh.months,
      rows: refresh.rows?.health,
      storeName: files.server?.shown ?? "muttd.db",
      isStoreInPlace: { [audit = files.audit as? SQLiteStore] in audit?.isInPlace ?? true },
      node: config.value.node)
  }
}
