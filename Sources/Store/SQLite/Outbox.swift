package import Model
import Synchronization

/// `outbox.db`: what must not get lost before it has reached its destination. Deliveries, the spool of audit
/// rows, delivered marks, the ceiling of event ids, the last good snapshot. Blocking; callers are serialised.
package final class Outbox: Sendable {
  package enum Access: Sendable {
    /// The one daemon of the state directory: holds the lock, makes and salvages the file.
    case daemon
    /// Beside a daemon or without one: reads, and changes single deliveries by hand. The file must be there.
    case commandLine
  }

  /// What the open file needs; only touched with the gate held.
  final class Session {
    let connection: SQLiteConnection
    var lock: StateLock?
    let notices: NoticeSink
    var spooledRows = 0
    var marksWaiting = 0
    var idCeiling: Int64?
    var buffer: [UInt8] = []
    private var prepared: [String: SQLiteStatement] = [:]

    init(_ connection: SQLiteConnection, lock: StateLock?, notices: @escaping NoticeSink) {
      self.connection = connection
      self.lock = lock
      self.notices = notices
    }

    /// A statement that is prepared at its first use and kept. For fixed texts only.
    func statement(_ sql: String, _ doing: String) throws(StoreError) -> SQLiteStatement {
      if let statement = prepared[sql] { return statement }
      let statement = try connection.prepare(sql, doing)
      prepared[sql] = statement
      return statement
    }

    /// Reads what is kept in memory beside the file.
    func recall() throws(StoreError) {
      idCeiling = try number(.idCeiling)
      spooledRows = Int(
        try connection.number("SELECT coalesce(sum(count), 0) FROM spool", "counting the spool"))
      marksWaiting = Int(try connection.number("SELECT count(*) FROM marks", "counting marks"))
    }
  }

  package let path: String
  /// The daemon found no file where it lies, and made one.
  package let isNew: Bool
  private let access: Access
  let sync: Durability
  let session: Mutex<Session?>
  /// Nil once it is closed.
  let home: Mutex<Home?>
  private let used = Atomic<Int64>(0)

  /// Opens or makes the file. A damaged one is salvaged row by row into a fresh one and kept aside; `.locked`
  /// when another daemon works on the directory. `locked` is called as soon as none can: the file is read
  /// from end to end then, and others may be meanwhile.
  package init(
    path: String, sync: Durability, access: Access = .daemon, notices: @escaping NoticeSink,
    locked: () -> Void = {}
  ) throws(StoreError) {
    self.path = path
    self.access = access
    self.sync = sync
    let lock = access == .daemon ? try StateLock(directory: StateFile.parent(of: path)) : nil
    locked()
    if access == .daemon { try Outbox.salvageIfDamaged(path, notices) }
    isNew = access == .daemon && !StateFile.exists(path)
    if access == .daemon { try Outbox.removeCutCopy(of: path) }
    let connection = try SQLiteConnection(path: path, access: access == .daemon ? .create : .write)
    // Who only looks folds back no log that a kill has left: whether it is whole a start looks, and says.
    if access == .commandLine, StateFile.size(path + "-wal") > 0 { connection.keepLog() }
    try Outbox.setUp(connection, sync)
    if access == .daemon {
      try OutboxSchema.create(connection)
      // Whoever opens the books now counts what is there.
      try connection.execute("DELETE FROM by_hand", "setting up")
    } else if try connection.number("PRAGMA user_version", "reading its version") != OutboxSchema.version {
      throw StoreError(
        .schema, "\(path) is no outbox of this version. Start muttd once, or use its version.", path: path)
    }
    let session = Session(connection, lock: lock, notices: notices)
    try session.recall()
    if access == .daemon { connection.waitForOthers(milliseconds: Outbox.usualWait) }
    let bytes = session.usedBytes
    self.session = Mutex(session)
    home = Mutex(Home(of: path))
    noteSize(bytes)
  }

  static func setUp(_ connection: SQLiteConnection, _ sync: Durability) throws(StoreError) {
    try connection.execute("PRAGMA journal_mode = WAL", "switching to write-ahead logging")
    // The log is folded back every 32 MiB, while the alerts at hand wait for the disk: once in seconds under
    // a flood, most of its pages being the same few. It is not cut afterwards: one that is cut and grows
    // again costs each commit a commit of the file system's journal, and the wait for what others write.
    try connection.execute(
      """
      PRAGMA synchronous = \(sync == .full ? "FULL" : "NORMAL");
      PRAGMA wal_autocheckpoint = 8192; PRAGMA journal_size_limit = 67108864
      """, "setting up")
  }

  /// Moves what is in the log into the file; where nothing is, that costs nothing.
  package func foldBack() throws(StoreError) {
    try use { session throws(StoreError) in try session.connection.foldBack() }
  }

  /// Later calls throw `.unavailable`; the lock is given back.
  package func close() {
    // Closing takes the log away.
    let wasInPlace = home.withLock { home in
      defer { home = nil }
      return home?.isWhole ?? false
    }
    let wasOpen = session.withLock { session in
      defer { session = nil }
      return session != nil
    }
    if wasOpen, access == .daemon, wasInPlace { CleanMark.leave(path) }
  }

  /// Before something is changed by hand where no daemon runs: it would be written over what stands behind
  /// the damage.
  func saveDamagedLog() {
    let log = DamagedLog.outbox(path)
    // A daemon that runs has looked at it at its start, and goes on writing it.
    guard access == .commandLine, (try? log.isThere) == true,
      let lock = try? StateLock(directory: StateFile.parent(of: path)),
      let notices = session.withLock({ $0?.notices })
    else { return }
    log.save(notices)
    withExtendedLifetime(lock) {}
  }

  /// How long a statement of the daemon waits for another program that holds the file, milliseconds: alerts
  /// wait with it.
  package static let usualWait: Int32 = 1_000

  /// The same from now on.
  package func waitForOthers(milliseconds: Int32) {
    session.withLock { $0?.connection.waitForOthers(milliseconds: milliseconds) }
  }

  func use<T: Sendable>(_ body: (Session) throws(StoreError) -> T) throws(StoreError) -> T {
    do throws(StoreError) {
      return try session.withLock { (session) throws(StoreError) -> T in
        guard let session else {
          throw StoreError(.unavailable, "\(path) was closed. Open the outbox again.", path: path)
        }
        return try body(session)
      }
    } catch {
      if error.code == .corrupt { CleanMark.refuse(path) }
      throw error
    }
  }

  /// Bytes of the file that hold something, as of the last transaction. A file that was once large stays so;
  /// what has left it makes room for what comes.
  package var usedBytes: Int64 { used.load(ordering: .relaxed) }

  func noteSize(_ bytes: Int64?) {
    if let bytes { used.store(bytes, ordering: .relaxed) }
  }

  /// Rows that wait for the store; 0 once closed.
  package var spoolCount: Int { session.withLock { $0?.spooledRows ?? 0 } }

  /// Milliseconds since 1970 up to which event ids may have been given; nil in a fresh file and once closed.
  package var idCeiling: Int64? { session.withLock { $0?.idCeiling } }

  /// One more start of our SNMP engine, committed before anybody hears of it: the random part of its id and
  /// its snmpEngineBoots, 1..<2^31 - 1 (RFC 3414 §2.2.2). An engine that has come to the end of them gets a
  /// new id, as one does whose file was lost.
  package func startEngine() throws(StoreError) -> (seed: Int64, boots: UInt32) {
    try use { session throws(StoreError) in
      try session.connection.transaction("starting the SNMP engine") { () throws(StoreError) in
        let (seed, boots) = (try session.number(.engineSeed), try session.number(.engineBoots) ?? 0)
        if let seed, boots > 0, boots < Int64(Int32.max) - 2 {
          try session.set(.engineBoots, boots + 1)
          return (seed, UInt32(boots + 1))
        }
        let fresh = Int64.random(in: .min ... .max)
        try session.set(.engineSeed, fresh)
        try session.set(.engineBoots, 1)
        return (fresh, 1)
      }
    }
  }

  private static func salvageIfDamaged(_ path: String, _ notices: NoticeSink) throws(StoreError) {
    try Salvage.resume(path)
    guard StateFile.exists(path) else { return }
    if StateFile.size(path) == 0 {
      // Made and never filled by a start that was cut off, or cut to nothing since.
      return notices(
        Notice(
          .warning, "outbox", "the outbox is an empty file; if it ever held alerts, they are gone",
          [("path", .text(path))]))
    }
    if CleanMark.take(path) { return }
    DamagedLog.outbox(path).save(notices)
    guard let damage = try damage(path) else { return }
    notices(
      Notice(
        .error, "outbox", "the outbox is damaged; what can be read is taken into a fresh file",
        [("path", .text(path)), ("reason", .text(damage))]))
    let salvage = Salvage(path: path) { new throws(StoreError) in
      try OutboxSchema.create(new)
    } finish: { _ throws(StoreError) in
    }
    notices(try salvage.run(now: .wallClock).notice("outbox", path))
  }

  private static func damage(_ path: String) throws(StoreError) -> String? {
    do throws(StoreError) {
      let connection = try SQLiteConnection(path: path, access: .write)
      connection.keepLog()
      let check = try connection.prepare("PRAGMA quick_check(1)", "checking it")
      let verdict = try check.step() ? check.text(0) ?? "" : ""
      return verdict == "ok" ? nil : verdict
    } catch  where error.code == .corrupt {
      return error.message
    }
  }
}

extension Outbox.Session {
  /// nil when it cannot be told.
  var usedBytes: Int64? {
    guard let pages = try? pragma("page_count"), let free = try? pragma("freelist_count"),
      let size = try? pragma("page_size")
    else { return nil }
    return (pages - free) * size
  }

  private func pragma(_ name: String) throws(StoreError) -> Int64 {
    let row = try statement("PRAGMA \(name)", "looking at its size")
    defer { row.reset() }
    return try row.step() ? row.int64(0) : 0
  }

  func number(_ name: OutboxSchema.Number) throws(StoreError) -> Int64? {
    let row = try statement("SELECT value FROM numbers WHERE id = ?1", "reading a number")
    defer { row.reset() }
    row.bind(name.rawValue, 1)
    return try row.step() ? row.int64(0) : nil
  }

  func set(_ name: OutboxSchema.Number, _ value: Int64) throws(StoreError) {
    let row = try statement("INSERT OR REPLACE INTO numbers (id, value) VALUES (?1, ?2)", "writing a number")
    row.bind(name.rawValue, 1)
    row.bind(value, 2)
    try row.run()
  }
}
