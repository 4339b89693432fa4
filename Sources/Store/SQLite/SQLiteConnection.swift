import CSQLite
import Glibc

/// When the statements of a connection have to end; used by one thread at a time.
final class StatementDeadline {
  /// CLOCK_MONOTONIC nanoseconds.
  private var at = Int64.max

  func set(in nanoseconds: Int64) { at = StatementDeadline.now &+ nanoseconds }

  fileprivate var isOver: Bool { StatementDeadline.now > at }

  private static var now: Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

/// One connection to one database file; used by one thread at a time. Closes when the last reference to it
/// and its statements is gone.
@safe
final class SQLiteConnection {
  enum Access {
    case create, write, read
  }

  let path: String
  private let handle: OpaquePointer
  private var deadline: StatementDeadline?
  /// Bounds what one connection keeps of its file in memory.
  static let cacheKiB = 2_048
  /// Another process holds a lock for the length of one transaction, which is milliseconds.
  static let busyMilliseconds: Int32 = 2_000

  /// Opens `path`; `write` and `read` want it to exist. New files get mode 0640 and the directory's owner.
  init(path: String, access: Access) throws(StoreError) {
    if access == .create { try StateFile.create(path) }
    SQLiteConnection.boundMemory()
    self.path = path
    var opened: OpaquePointer?
    // NOMUTEX: callers are serialised one level up, and a lock per bound column costs as much as the bind.
    let flags =
      (access == .read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX
      | SQLITE_OPEN_EXRESCODE
    let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
    guard code == SQLITE_OK, let opened = unsafe opened else {
      let number = unsafe opened.map { unsafe sqlite3_system_errno($0) } ?? 0
      let text = unsafe String(cString: sqlite3_errstr(code))
      unsafe sqlite3_close_v2(opened)
      throw StoreError.sqlite(code, errno: number, text: text, doing: "opening it", path: path)
    }
    unsafe handle = opened
    unsafe sqlite3_busy_timeout(opened, SQLiteConnection.busyMilliseconds)
    // No statement may damage the file's structure.
    unsafe _ = mutt_sqlite3_db_config_int(opened, SQLITE_DBCONFIG_DEFENSIVE, 1)
    try execute("PRAGMA cache_size = -\(SQLiteConnection.cacheKiB)", "setting the cache size")
  }

  deinit {
    // Statements that still live keep the connection open until they go (close_v2).
    unsafe sqlite3_close_v2(handle)
  }

  /// All connections of the process together: six of them with their caches fit, and nothing can run away.
  private static func boundMemory() {
    _ = sqlite3_soft_heap_limit64(16 << 20)
  }

  /// From now on statements end with an error once the clock (CLOCK_MONOTONIC) has passed `deadline.at`;
  /// looked at every few thousand steps of SQLite's machine, which are well below a millisecond. `deadline`
  /// has to outlive the connection's statements: the connection keeps it.
  func obey(_ deadline: StatementDeadline) {
    self.deadline = deadline
    let context = unsafe Unmanaged.passUnretained(deadline).toOpaque()
    unsafe sqlite3_progress_handler(
      handle, 5_000,
      { context in
        guard let context = unsafe context else { return 0 }
        return unsafe Unmanaged<StatementDeadline>.fromOpaque(context).takeUnretainedValue().isOver ? 1 : 0
      }, context)
  }

  /// How long a statement waits for another process that holds a lock.
  func waitForOthers(milliseconds: Int32) { unsafe _ = sqlite3_busy_timeout(handle, milliseconds) }

  /// Moves what the write-ahead log holds into the file, as far as nobody reads what was there before.
  func foldBack() throws(StoreError) {
    let code = unsafe sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
    if code != SQLITE_OK { throw failure(code, "folding the log back") }
  }

  /// Moves all of the write-ahead log into the file and gives its room back to the disk; not while somebody
  /// reads what was there before.
  func cutLog() throws(StoreError) {
    waitForOthers(milliseconds: 0)
    defer { waitForOthers(milliseconds: SQLiteConnection.busyMilliseconds) }
    let code = unsafe sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
    if code != SQLITE_OK, code & 0xFF != SQLITE_BUSY { throw failure(code, "folding the log back") }
  }

  /// Keeps the write-ahead log as it is when the connection closes: the evidence of a damaged file.
  func keepLog() {
    unsafe _ = mutt_sqlite3_db_config_int(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
  }

  /// Runs one or more statements that give no rows that matter.
  func execute(_ sql: String, _ doing: String) throws(StoreError) {
    let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
    if code != SQLITE_OK { throw failure(code, doing) }
  }

  /// `doing` completes "muttd.db: … failed" in errors of this statement.
  func prepare(_ sql: String, _ doing: String) throws(StoreError) -> SQLiteStatement {
    var statement: OpaquePointer?
    let code = unsafe sqlite3_prepare_v3(
      handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard code == SQLITE_OK, let statement = unsafe statement else { throw failure(code, doing) }
    return unsafe SQLiteStatement(statement, on: self, doing: doing)
  }

  /// Runs `body` between BEGIN IMMEDIATE and COMMIT; an error rolls everything back. When COMMIT itself
  /// fails nobody can say whether the rows will be found after a crash.
  func transaction<T>(_ doing: String, _ body: () throws(StoreError) -> T) throws(StoreError) -> T {
    try execute("BEGIN IMMEDIATE", doing)
    do throws(StoreError) {
      let value = try body()
      try execute("COMMIT", doing)
      return value
    } catch {
      rollback()
      throw error
    }
  }

  /// Runs `body` in one consistent view of the file.
  func reading<T>(_ doing: String, _ body: () throws(StoreError) -> T) throws(StoreError) -> T {
    try execute("BEGIN", doing)
    // A read transaction has nothing that could be lost by ending it this way.
    defer { rollback() }
    return try body()
  }

  /// Ends a transaction; some errors have ended it already, which is no error here.
  func rollback() {
    if unsafe sqlite3_get_autocommit(handle) == 0 {
      unsafe _ = sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
    }
  }

  /// Rows that the last INSERT, UPDATE or DELETE changed itself, without its triggers.
  var changes: Int { Int(unsafe sqlite3_changes64(handle)) }

  var lastInsertID: Int64 { unsafe sqlite3_last_insert_rowid(handle) }

  /// The first column of the first row, 0 when there is none.
  func number(_ sql: String, _ doing: String) throws(StoreError) -> Int64 {
    let statement = try prepare(sql, doing)
    return try statement.step() ? statement.int64(0) : 0
  }

  /// The first column of each row.
  func texts(_ sql: String, _ doing: String) throws(StoreError) -> [String] {
    let statement = try prepare(sql, doing)
    var found: [String] = []
    while try statement.step() { found.append(statement.text(0) ?? "") }
    return found
  }

  func failure(_ code: Int32, _ doing: String) -> StoreError {
    let text = unsafe String(cString: sqlite3_errmsg(handle))
    return .sqlite(code, errno: systemError(code), text: text, doing: doing, path: path)
  }

  /// The last errno is only meaningful for errors that come from the operating system.
  private func systemError(_ code: Int32) -> Int32 {
    switch code & 0xFF {
    case SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_FULL: unsafe sqlite3_system_errno(handle)
    default: 0
    }
  }
}
