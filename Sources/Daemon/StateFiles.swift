import Foundation
import Intake
import Model
import Store
import Wire

/// The state directory with `outbox.db`, and the store as seen by its two users, the audit's writer and the
/// reader of rules and hosts: `muttd.db` beside it, or a server.
struct StateFiles {
  let directory: String
  let outbox: Outbox
  let audit: any EventStore
  let catalog: any EventStore
  /// Ids were given up to here by earlier runs, ms since 1970.
  let idCeiling: Int64?
  /// The store is a server: it can be away.
  let server: StoreServer?
  /// Why the server did not take us at start; nil: it did, or there is none.
  let serverProblem: String?
  /// A daemon has worked here, and its outbox is gone: when that was found.
  let outboxLostAt: Timestamp?
  /// Of those who read for the API.
  private let readersPatience = PostgresPatience()
  private let notices: NoticeSink

  init(config: Config, notices: @escaping NoticeSink) throws(DaemonFailure) {
    directory = config.stateDirectory
    self.notices = notices
    try StateFiles.prepare(directory)
    let path = "\(directory)/muttd.db"
    let sync: Durability = config.outbox.sync == .full ? .full : .normal
    // The lock names who had it: a daemon, which left an outbox.
    let wasUsed = StateFiles.holdsText("\(directory)/muttd.lock")
    do throws(StoreError) {
      var opening: HeadStart<Result<SQLiteStore, StoreError>>?
      do throws(StoreError) {
        // The outbox first: it holds the lock that refuses a second daemon. Then the store beside it, as both
        // are read from end to end.
        outbox = try Outbox(path: "\(directory)/outbox.db", sync: sync, notices: notices) {
          if case .embedded = config.store.url { opening = StateFiles.openStore(path, sync, notices) }
        }
      } catch {
        if case .success(let store)? = opening?.value { store.close() }
        throw error
      }
      idCeiling = self.outbox.idCeiling
      switch config.store.url {
      case .embedded:
        server = nil
        serverProblem = nil
        let store = try (opening ?? StateFiles.openStore(path, sync, notices)).value.get()
        audit = store
        let isLost = outbox.isNew ? try store.hasEvents() : false
        outboxLostAt = isLost ? SystemClock.now : nil
        catalog = try SQLiteStore(path: path, mode: .commandLine, migrate: false, notices: notices)
      case .server(let named):
        server = named
        // Its events may be those of other daemons.
        outboxLostAt = outbox.isNew && wasUsed ? SystemClock.now : nil
        let address: PostgresStore.AddressReader = { () throws(StoreError) in try named.address() }
        let writer = PostgresStore(address: address, node: config.node, notices: notices)
        audit = writer
        catalog = PostgresStore(address: address, notices: notices)
        // Who knows the rules of an earlier run decides by them soon; who knows none has nothing to lose.
        let patience = try outbox.hasSnapshot() ? StateFiles.shortPatience : StateFiles.longPatience
        serverProblem = try StateFiles.connect(writer, within: patience, notices)
      }
    } catch {
      throw DaemonFailure(error)
    }
    if outboxLostAt != nil {
      notices(
        Notice(
          .error, "outbox",
          "the outbox was not there; alerts that were owed are lost with it, and a new one was made",
          [
            ("path", .text(outbox.path)),
            ("do", .text("where a copy is left: stop muttd, put it there, start; else: muttd audit events")),
          ]))
    }
  }

  private static func holdsText(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_size > 0
  }

  private static func openStore(
    _ path: String, _ sync: Durability, _ notices: @escaping NoticeSink
  ) -> HeadStart<Result<SQLiteStore, StoreError>> {
    HeadStart("store-open") {
      Result { () throws(StoreError) in
        try SQLiteStore(path: path, mode: .daemon, migrate: true, sync: sync, notices: notices)
      }
    }
  }

  /// A server that is away is waited for by those who need it. One that is there has to be ours: with the
  /// schema this muttd knows, and without another daemon of the same node. Why it is away; nil: it is there.
  private static func connect(
    _ store: PostgresStore, within patience: Int64, _ notices: NoticeSink
  ) throws(StoreError) -> String? {
    let end = SystemClock.monotonic + nodePatience
    while true {
      do throws(StoreError) {
        try store.connect(within: patience)
        return nil
      } catch let error where error.code == .nodeTaken && SystemClock.monotonic < end {
        // The session of a daemon that was just killed may still be there.
        DaemonThread.pause(milliseconds: 250)
      } catch let error where error.code == .nodeTaken || error.code == .schema {
        throw error
      } catch {
        notices(
          Notice(
            .error, "store", "the store cannot be reached; the last good snapshot decides meanwhile",
            [("err", .text(error.message))]))
        return error.message
      }
    }
  }

  /// Nanoseconds: longer than a server needs to find that the machine of an earlier session is gone
  /// (`tcp_keepalives_…` of the session: 25 seconds).
  private static let nodePatience: Int64 = 30_000_000_000
  /// How long a start waits for a server, over all its hosts, nanoseconds: what arrives meanwhile waits in
  /// the sockets.
  private static let shortPatience: Int64 = 2_000_000_000
  private static let longPatience: Int64 = 10_000_000_000

  /// What the API reads with: files of its own, opened when they are needed, so that no page ever holds up a
  /// writer.
  func reader(_ notices: @escaping NoticeSink) -> APIReader {
    let path = "\(directory)/muttd.db"
    let outbox = "\(directory)/outbox.db"
    return APIReader(
      openStore: { [server, patience = readersPatience] () throws(StoreError) in
        if let server {
          return PostgresStore(
            address: { () throws(StoreError) in try server.address() }, patience: patience, notices: notices)
        }
        return try SQLiteStore(
          path: path, mode: .readOnly, migrate: false, patience: APIReader.patience, notices: notices)
      },
      openOutbox: { () throws(StoreError) in
        try Outbox(path: outbox, sync: .normal, access: .commandLine, notices: notices)
      },
      endPatience: { [patience = readersPatience] in patience.end(in: 0) })
  }

  static func prepare(_ directory: String) throws(DaemonFailure) {
    let files = FileManager.default
    var isDirectory: ObjCBool = false
    if unsafe files.fileExists(atPath: directory, isDirectory: &isDirectory) {
      guard isDirectory.boolValue else {
        throw DaemonFailure(.io, "state_directory \(directory) is a file: name a directory")
      }
    } else {
      do {
        try files.createDirectory(
          atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o750])
      } catch {
        throw DaemonFailure(
          .io, "state_directory \(directory) does not exist and cannot be made: \(error.localizedDescription)"
        )
      }
    }
    guard unsafe access(directory, W_OK | X_OK) == 0 else {
      throw DaemonFailure(
        .io,
        "state_directory \(directory) cannot be written by this user: chown it to the daemon's user, "
          + "or name another")
    }
  }

  /// A rules file that cannot be read ends a start only where nothing else could decide. A daemon that knows
  /// the rules of an earlier start goes on with them and says so in the log and in `/readyz`: whoever is on
  /// call is better served by yesterday's rules than by none.
  func checkFirstRules(_ config: Config) throws(DaemonFailure) {
    guard let file = config.rules.file else { return }
    // A server that is away says nothing about the file.
    if serverProblem != nil { return }
    do throws(StoreError) {
      if try catalog.hasRules() { return }
    } catch _ where server != nil {
      return
    } catch {
      throw DaemonFailure(error)
    }
    let (rules, problems) = RulesFile.load(file)
    if rules == nil {
      throw DaemonFailure(.configuration, problems.map { "\($0)" }.joined(separator: "\n"))
    }
  }

  /// The receiver of SNMPv3, with one more start in its books; nil without users.
  private func startEngine(_ config: Config) throws(DaemonFailure) -> TrapSecurity? {
    if config.snmp.users.isEmpty || config.listen.snmp.isEmpty { return nil }
    let users = try config.readyTrapUsers
    do throws(StoreError) {
      return try StateFiles.startEngine(config, outbox, users)
    } catch {
      throw DaemonFailure(error)
    }
  }

  /// One more start of the engine goes into its books.
  static func startEngine(
    _ config: Config, _ outbox: Outbox, _ users: [TrapUser] = []
  ) throws(StoreError) -> TrapSecurity {
    let (seed, boots) = try outbox.startEngine()
    return TrapSecurity(
      users: users, engineLimit: config.snmp.engines, engineID: TrapSecurity.engineID(seed: seed),
      boots: boots, known: try outbox.engines(limit: config.snmp.engines))
  }

  /// What the workers of this daemon go by: informs are acknowledged, and SNMPv3 has its engine.
  func workerSettings(_ config: Config, _ names: ObjectNames) throws(DaemonFailure) -> WorkerSettings {
    var settings = config.workerSettings
    settings.names = names
    settings.answersInforms = true
    settings.security = try startEngine(config)
    return settings
  }

  func close() {
    catalog.close()
    audit.close()
    outbox.close()
  }

  /// Opens the books with what an earlier run left: deliveries that are still owed or dead, and audit rows
  /// in the spool. Returns the number of the latter.
  func openBooks(in ledger: Ledger, destinations: [String]) throws(DaemonFailure) -> Int {
    do throws(StoreError) {
      let counts = try outbox.counts()
      let carried = outbox.spoolCount
      try catchUpWithClock(counts.map(\.destination))
      ledger.update { accounts in
        for name in destinations { _ = accounts.destination(name) }
        for count in counts {
          let index = accounts.destination(count.destination)
          accounts.destinations[index].created = UInt64(count.pending + count.dead)
          accounts.destinations[index].pending = UInt64(count.pending)
          accounts.destinations[index].dead = UInt64(count.dead)
        }
        accounts.carried = UInt64(carried)
        accounts.auditPending = UInt64(carried)
      }
      for count in counts where count.pending > 0 && !destinations.contains(count.destination) {
        notices(Destinations.orphanNotice(count.destination, pending: UInt64(count.pending)))
      }
      return carried
    } catch {
      throw DaemonFailure(error)
    }
  }

  /// A clock that was set back while nobody looked: what waits for its next attempt would wait as much
  /// longer. Ids go on from where they were, so this may be found at later starts again; all it does then is
  /// to try early.
  private func catchUpWithClock(_ destinations: [String]) throws(StoreError) {
    guard let idCeiling else { return }
    let now = SystemClock.now
    let step = (idCeiling - Recorder.ceilingLead - now.milliseconds) * 1_000_000
    if step < 1_000_000_000 { return }
    for name in destinations {
      var place: Outbox.ShiftPlace?
      repeat {
        place = try outbox.shift(destination: name, back: step, now: now, from: place)
      } while place != nil
    }
  }
}
