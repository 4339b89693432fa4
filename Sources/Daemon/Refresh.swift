import Intake
import Model
import ServiceLifecycle
import Store

/// What keeps the rules fresh: the reloader, and where the store is a server, the watch that tells of edits
/// there; beside them, who keeps the audit within its bounds: a server's months, or the rows of a file.
struct Refresh {
  let reloader: Reloader
  /// Of a server's months.
  let months: MonthHealth?
  private let watch: ChangeWatch?
  private let keeper: MonthKeeper?
  /// Of the embedded store.
  let rows: AuditKeeper?
  private let catalog: any EventStore

  init(
    config: Config, current: CurrentConfig, files: StateFiles, writers: Writers, snapshots: SnapshotBox,
    notify: Notify,
    notices: @escaping NoticeSink,
    reconfigure: @escaping @Sendable () -> Result<ReloadSettings, ReloadRefusal>
  ) {
    catalog = files.catalog
    let reloader = Reloader(
      store: files.catalog, settings: config.reloadSettings, snapshots: snapshots,
      cache: SnapshotCache.outbox(through: writers.recorder, notices: notices), notices: notices,
      announce: { begins in begins ? notify.reloading() : notify.ready() },
      // A server tells of changes; the file beside us is asked, which costs next to nothing.
      polls: files.server == nil, startsWithoutStore: files.serverProblem != nil,
      borrowed: writers.store.borrowed, reconfigure: reconfigure)
    self.reloader = reloader
    if let problem = files.serverProblem { writers.storeHealth.linkDown(problem, at: SystemClock.now) }
    let months = files.server.map { _ in MonthHealth() }
    self.months = months
    keeper = files.server.flatMap { server in
      months.map {
        MonthKeeper(server: server, settings: { current.value.audit }, health: $0, notices: notices)
      }
    }
    rows = (files.audit as? SQLiteStore).map { store in
      AuditKeeper(
        store: store, settings: { current.value.audit },
        place: AuditKeeper.Place(
          disk: { [directory = files.directory] in DiskSpace.extent(at: directory) },
          reserve: { [disk = writers.disk] in disk.reserve }, notes: .outbox(through: writers.recorder)),
        health: writers.auditHealth, notices: notices)
    }
    watch = files.server.map { server in
      ChangeWatch(
        server: server, health: writers.storeHealth, announce: { reloader.changed() }, notices: notices)
    }
  }

  var services: [any Service] {
    let thread = DaemonThread(name: "reloader")
    var services: [any Service] = [
      ThreadService(
        thread, body: { [reloader] in reloader.run() },
        stop: { [reloader, catalog] in
          // One that comes while it compiles does not await it.
          reloader.stop { thread.leave() }
          // A server that does not answer holds up no stop.
          catalog.endPatience(in: 1_000_000_000)
        })
    ]
    if let watch {
      services.append(ThreadService(name: "watch", body: { watch.run() }, stop: { watch.stop() }))
    }
    if let keeper {
      services.append(ThreadService(name: "months", body: { keeper.run() }, stop: { keeper.stop() }))
    }
    if let rows {
      services.append(ThreadService(name: "rows", body: { rows.run() }, stop: { rows.stop() }))
    }
    return services
  }
}
