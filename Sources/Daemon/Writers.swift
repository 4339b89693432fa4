import Delivery
import Foundation
import Intake
import Model
import Store
import Synchronization

/// Everything behind the workers: the recorder with its outbox, the writer of the audit, the forwarders. Each
/// end knows the other; the wires are bound before anything runs.
struct Writers {
  let pool = BatchPool(limit: BatchPool.standardLimit, largestText: BatchPool.standardText)
  let pressure = Pressure()
  let activity = RuleActivity()
  let recorderHealth = RecorderHealth()
  let storeHealth = StoreHealth()
  /// Of the bounds of the embedded store.
  let auditHealth = AuditHealth()
  let recorder: Recorder
  let store: StoreWriter
  let destinations: Destinations
  let damage = DamageService()
  /// Where the state lies.
  let disk: DiskSpace

  /// - Parameter carried: audit rows found in the spool.
  init(
    config: Config, files: StateFiles, carried: Int, ledger: Ledger, answers: AnswerPost,
    deadline: StopDeadline, log: Log
  ) throws(DaemonFailure) {
    let notices = log.sink
    let plan = Destinations.plan(config)
    let lateRecorder = LateBound<Recorder>()
    let late = LateBound<Destinations>()
    let watch = DeliveryWatch(plan.settings.map(\.name))
    let stuckUntil = SharedTime()
    let disk = DiskSpace(directory: files.directory, reserve: Int64(config.outbox.reserve))
    self.disk = disk
    let store = StoreWriter(
      store: files.audit, carried: carried, recorder: { lateRecorder.bound }, ledger: ledger, pool: pool,
      pressure: pressure, health: storeHealth, batchRows: config.audit.batch,
      patience: config.audit.flush.nanoseconds,
      mayWrite: Writers.mayWrite(isLocal: files.server == nil, disk, auditHealth), notices: notices)
    let recorder = Recorder(
      outbox: files.outbox, idCeiling: files.idCeiling, carried: carried, destinations: plan.settings,
      payloads: plan.payloads, isShut: { watch.isShut($0) },
      takesOne: { watch.takesOne($0) },
      ledger: ledger, pool: pool, health: recorderHealth, pressure: pressure, deadline: deadline,
      disk: disk,
      sinks: Recorder.Sinks(
        deliveriesCommitted: { late.bound.offer($0) },
        rowsCommitted: { [activity] batch, key in
          activity.note(batch)
          store.put(batch, spoolKey: key)
        }, marksWaiting: { store.wakeForMarks() },
        acknowledge: { answers.acknowledge($0) }, forget: { answers.forget($0, of: $1) },
        alert: { row, batch, names in
          log.alert(
            ruleID: row.ruleID, rule: batch.text(row.ruleName) ?? "",
            line: { AlertLine.notice(row, batch, destinations: names) })
        },
        lost: {
          // Lines are dropped when they come faster than they are written, and these must not be. A reader
          // that takes none at all does not hold up the other alerts: for a while nobody waits for it.
          if SystemClock.monotonic > stuckUntil.value.load(ordering: .relaxed),
            !log.awaitRoom(seconds: 0.5)
          {
            stuckUntil.value.store(SystemClock.monotonic + 10_000_000_000, ordering: .relaxed)
          }
          log.writeAlways(AlertLine.lost($0))
        }, damaged: { [damage] in damage.note($0) },
        templateFailed: { watch.noteTemplateFailure(of: $0) }, notices: notices))
    lateRecorder.bind(recorder)
    let queue = OutboxQueue(recorder: recorder)
    let clockBook = Writers.clockBook(files, recorder, notices)
    destinations = try Destinations(config, watch: watch) { destination, place, transport in
      Forwarder(
        settings: destination.settings, queue: queue, transport: transport, clock: { SystemClock.now },
        clockBook: clockBook, notices: notices, graceSeconds: 2,
        observe: { latency, isFirst in
          ledger.update { accounts in
            let index = accounts.destination(destination.name)
            if isFirst {
              accounts.destinations[index].toDelivery.observe(nanoseconds: latency)
            } else {
              accounts.destinations[index].toLateDelivery.observe(nanoseconds: latency)
            }
          }
        },
        report: { watch.note($0, of: place) },
        refresh: { late.bound.renew(destination.name, notices, $0) })
    }
    late.bind(destinations)
    self.recorder = recorder
    self.store = store
  }

  /// A server has a disk of its own.
  private static func mayWrite(
    isLocal: Bool, _ disk: DiskSpace, _ audit: AuditHealth
  ) -> @Sendable () -> Bool {
    { !isLocal || disk.allowsAudit(freeInside: audit.current.room?.free ?? 0) }
  }

  /// What an earlier run knew of the clock, and where this one writes what it finds.
  private static func clockBook(
    _ files: StateFiles, _ recorder: Recorder, _ notices: @escaping NoticeSink
  ) -> ClockBook {
    let leaps = (try? files.outbox.clockLeaps()) ?? ClockLeaps()
    return ClockBook(leaps, clock: { SystemClock.now }, steady: { SystemClock.monotonic }) { leaps in
      recorder.post { outbox in
        do throws(StoreError) {
          try outbox.save(leaps)
        } catch {
          notices(
            Notice(
              .warning, "outbox", "that the clock was set forward is forgotten at the next start",
              [("err", .text(error.message))]))
        }
      }
    }
  }
}

/// CLOCK_MONOTONIC nanoseconds that a closure remembers.
private final class SharedTime: Sendable {
  let value = Atomic<Int64>(0)
}
