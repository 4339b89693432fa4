import Console
import Intake
import Model
import Store
import Synchronization

/// Takes over what a configuration that was read again says, as far as a running daemon can. All that may
/// fail happens in `prepare` and, once the rules are compiled, in `open`; what comes of that is applied as a
/// whole, or not at all.
final class Reconfiguration: Sendable {
  /// What is exchanged.
  struct Parts: Sendable {
    var context: WorkerContext
    var intake: IntakeService
    /// See `Listeners.handedOver`: of the start, since nothing is handed over later.
    var handedOver: [Listeners.Place: String]
    var admission: Admission
    var writers: Writers
    var voice: OwnVoice
    /// Nil when no user of SNMPv3 has been in the configuration so far.
    var security: TrapSecurity?
    var tls: TLSKeeper
    var tokens: TokenKeeper
    var door: ConsoleDoor
    /// What the API looks into.
    var config: CurrentConfig
    var log: Log
  }

  /// What one reload will change.
  private struct Change: Sendable {
    var config: Config
    var settings: WorkerSettings
    var users: [TrapUser]
    var security: TrapSecurity?
    var destinations: Destinations.Change
    var opened: [Listeners.Place]
    var closed: Set<Listeners.Place>
    var tls: TLSKeeper.Renewal?
    var tokens: TokenTable?
    var voice: OwnVoice.Change
  }

  private struct State {
    /// As it is open now.
    var listen: Config.Listen
    var console: Config.Endpoint?
    var parts: Parts
  }

  /// The one that keys which need a restart are compared with.
  private let started: Config
  private let state: Mutex<State>
  private let notices: NoticeSink

  init(started: Config, parts: Parts) {
    self.started = started
    notices = parts.context.notices
    state = Mutex(State(listen: started.listen, console: started.http.listen, parts: parts))
  }

  /// On the reloader's thread.
  func prepare(_ next: Config) -> Result<ReloadSettings, ReloadRefusal> {
    do throws(ReloadRefusal) {
      let change = try change(to: next)
      var settings = next.reloadSettings
      settings.open = { [self] in open(change) }
      return .success(settings)
    } catch {
      return .failure(error)
    }
  }

  private func change(to next: Config) throws(ReloadRefusal) -> Change {
    let (listen, parts) = state.withLock { ($0.listen, $0.parts) }
    let places = Set(Listeners.Place.all(listen))
    var settings = parts.context.settings.current
    var wanted = next.workerSettings
    var security = parts.security
    do throws(DaemonFailure) {
      try object(to: next, listen, parts.handedOver)
      let users = try next.readyTrapUsers
      if users.isEmpty || next.listen.snmp.isEmpty {
        wanted.security = nil
      } else {
        if security == nil { security = try firstEngine(next, parts.writers.recorder) }
        wanted.security = security
      }
      settings = settings.exchanging(wanted)
      let all = Listeners.Place.all(next.listen)
      let tls = try parts.tls.renewal(next)
      let tokens = try TokenKeeper.read(next)
      let destinations = try parts.writers.destinations.prepare(next)
      let voice = try parts.voice.prepare(next)
      return Change(
        config: next, settings: settings, users: users, security: security, destinations: destinations,
        opened: all.filter { !places.contains($0) }, closed: places.subtracting(all), tls: tls,
        tokens: tokens, voice: voice)
    } catch {
      throw ReloadRefusal(error.message)
    }
  }

  /// Binds what is new, the only thing that somebody outside might notice, and for which nobody reads before
  /// it is applied.
  private func open(_ change: Change) -> ReloadSettings.Opening {
    do throws(DaemonFailure) {
      let (parts, console) = state.withLock { ($0.parts, $0.console) }
      let opened = try listeners(change.opened, change.config, change.tls?.identity, parts)
      let place = change.config.http.listen
      let door = place == console ? nil : try parts.door.prepareBlocking(place)
      return .success { [self] in apply(change, opened, door) }
    } catch {
      return .failure(ReloadRefusal(error.message))
    }
  }

  private func firstEngine(_ next: Config, _ recorder: Recorder) throws(DaemonFailure) -> TrapSecurity {
    do throws(StoreError) {
      return try recorder.performBlocking { outbox throws(StoreError) in
        try StateFiles.startEngine(next, outbox)
      }
    } catch {
      throw DaemonFailure(error)
    }
  }

  private func listeners(
    _ places: [Listeners.Place], _ next: Config, _ tls: TLSIdentity?, _ parts: Parts
  ) throws(DaemonFailure) -> Listeners {
    let (admission, intake) = (parts.admission, parts.intake)
    var config = next
    // What the workers that run go by, until a restart.
    config.listen.workers = started.listen.workers
    config.listen.receiveBuffer = started.listen.receiveBuffer
    config.listen.tcp = started.listen.tcp
    config.syslog.maxMessage = started.syslog.maxMessage
    let end = SystemClock.monotonic + Reconfiguration.drain
    while true {
      do throws(IntakeError) {
        return try Listeners(places, config: config, tls: tls, admission: admission, notices: notices)
      } catch {
        // A place that was taken out a moment ago is still being read.
        guard error.code == .address, intake.isClosing, SystemClock.monotonic < end else {
          throw DaemonFailure(error)
        }
        DaemonThread.pause(milliseconds: 50)
      }
    }
  }

  /// Longest that a closed listener may take to decide what has arrived, nanoseconds.
  private static let drain: Int64 = 3_000_000_000

  /// What a running daemon cannot become.
  private func object(
    to next: Config, _ running: Config.Listen, _ handedOver: [Listeners.Place: String]
  ) throws(DaemonFailure) {
    let staying = Set(Listeners.Place.all(running)).intersection(Listeners.Place.all(next.listen))
    for place in Listeners.Place.all(running) where !staying.contains(place) {
      guard let holder = handedOver[place] else { continue }
      throw DaemonFailure(
        .configuration,
        "listen: \(place.endpoint.transport.rawValue) \(place.endpoint) is a socket of \(holder), where it "
          + "stays open and would fill up unread: "
          + "take it out of \(holder) too (systemctl edit), then restart both (systemctl restart)")
    }
    for place in staying where running.leavesIPv4(place.endpoint) != next.listen.leavesIPv4(place.endpoint) {
      throw DaemonFailure(
        .configuration,
        "listen: \(place.endpoint) stays open as it is, and whether IPv4 is for it or for a listener of its "
          + "own is settled when it is opened: restart (systemctl restart muttd)")
    }
  }

  /// Bodies are made when an alert is committed, so what waits goes out as it is.
  private func warn(_ changes: [Destinations.Reformatted], _ ledger: Ledger) {
    for change in changes {
      let pending = ledger.update { $0.destinations[$0.destination(change.name)].pending }
      if pending > 0 { notices(Destinations.formatNotice(change, pending: pending)) }
    }
  }

  private func apply(_ change: Change, _ opened: Listeners, _ door: ConsoleDoor.Change?) {
    let parts = state.withLock { state in
      state.listen = change.config.listen
      state.console = change.config.http.listen
      state.parts.security = change.security
      if let tls = change.tls { state.parts.tls.take(tls, notices) }
      return state.parts
    }
    // Before others get there; whoever shows none is let in over loopback only.
    parts.tokens.take(change.tokens)
    if let door { parts.door.take(door) }
    change.security?.exchange(change.users)
    parts.admission.replace(change.settings.allow)
    parts.context.settings.publish(change.settings)
    parts.log.take(change.config.log)
    parts.writers.disk.reserve = Int64(change.config.outbox.reserve)
    parts.writers.store.exchange(patience: change.config.audit.flush.nanoseconds)
    warn(parts.writers.destinations.reformatted(by: change.destinations), parts.context.ledger)
    parts.writers.destinations.apply(change.destinations) { parts.writers.recorder.exchange($0) }
    parts.voice.apply(change.voice, parts.writers.destinations)
    for orphan in enter(change.config.destinations.map(\.name), parts.context.ledger) {
      notices(Destinations.orphanNotice(orphan.name, pending: orphan.pending))
    }
    parts.intake.open(opened.posts(from: parts.intake.nextNumber, parts.context.ledger))
    parts.intake.close(change.closed)
    parts.config.publish(change.config)
    warn(change.config.keysThatNeedRestart(since: started))
  }

  /// Books for all of `names`; what others are owed.
  private func enter(_ names: [String], _ ledger: Ledger) -> [(name: String, pending: UInt64)] {
    ledger.update { accounts in
      for name in names { _ = accounts.destination(name) }
      return accounts.destinations.filter { $0.pending > 0 && !names.contains($0.name) }
        .map { ($0.name, $0.pending) }
    }
  }

  private func warn(_ frozen: [String]) {
    if frozen.isEmpty { return }
    notices(
      Notice(
        .warning, "daemon", "these changed keys take effect at the next start (systemctl restart muttd)",
        [("keys", .list(frozen))]))
  }
}
