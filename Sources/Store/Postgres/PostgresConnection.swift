import CPostgreSQL
import Glibc

/// One session with a server, used by one thread at a time. Calls block, but never longer than their time
/// limit: the server gives up by itself first, and where it is silent, so do we.
@safe
final class PostgresConnection {
  struct Limits {
    /// What a connect may take over all hosts, nanoseconds. `connect_timeout` in the URL counts per address.
    var connect: Int64 = 10_000_000_000
    /// What the server allows a statement, and a wait for a lock; 0: no limit.
    var statementMilliseconds = 10_000
    var lockMilliseconds = 5_000
    /// What we wait for an answer, nanoseconds.
    var answer: Int64 = 15_000_000_000
  }

  let address: PostgresAddress
  private let handle: OpaquePointer
  private let patience: PostgresPatience
  private let limits: Limits
  /// The session is over: make another.
  private(set) var isBroken = false
  /// It was we who gave up: the server did not answer in time.
  private(set) var isSilent = false

  init(_ address: PostgresAddress, limits: Limits = Limits(), patience: PostgresPatience = PostgresPatience())
    throws(StoreError)
  {
    self.address = address
    self.limits = limits
    self.patience = patience
    let opened = try unsafe PostgresDial(address, within: limits.connect, patience: patience).connect()
    unsafe handle = opened
    // Notices would go to standard error, in the middle of the log.
    unsafe PQsetNoticeReceiver(opened, { _, _ in }, nil)
    unsafe _ = PQsetnonblocking(opened, 1)
    try setUp()
  }

  deinit { unsafe PQfinish(handle) }

  /// The server too is to notice that we are gone without a word: until it does, its session keeps our node.
  private func setUp() throws(StoreError) {
    let sql = """
      SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET search_path = public;
      SET idle_in_transaction_session_timeout = 60000;
      SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
      SET tcp_user_timeout = 15000;
      \(timeouts)
      """
    try execute(sql, "setting up the session")
    // A statement whose client is gone ends too; not every system that runs a server can tell.
    _ = try attempt("SET client_connection_check_interval = 5000", [], "setting up the session")
  }

  /// The time limits on the server, but for those that the address sets in its `options`.
  private var timeouts: String {
    let options = address.words["options"] ?? PostgresAddress.defaults["options"] ?? ""
    return [
      ("statement_timeout", limits.statementMilliseconds), ("lock_timeout", limits.lockMilliseconds),
    ]
    .filter { !PostgresConnection.sets($0.0, options) }.map { "SET \($0.0) = \($0.1)" }
    .joined(separator: "; ")
  }

  /// Whether `-c name=…` or `--name=…`, which may be spelt with dashes, stands in `options`.
  private static func sets(_ name: String, _ options: String) -> Bool {
    options.split { $0 == " " || $0 == "\t" }.contains { word in
      var word = word.drop { $0 == "-" }
      if word.hasPrefix("c"), word.dropFirst().hasPrefix(name) { word = word.dropFirst() }
      return word.map { $0 == "-" ? "_" : $0 }.starts(with: name + "=")
    }
  }

  // MARK: Statements

  /// Runs one or more statements without values, whose rows do not matter.
  func execute(_ sql: String, _ doing: String) throws(StoreError) {
    try begin(unsafe PQsendQuery(handle, sql), doing)
    if case .refused(let refusal) = try answer(doing) { throw failure(refusal, doing) }
  }

  /// Runs one statement; `$1` … are `values`, texts or what `PostgresArrays` encodes.
  func query(_ sql: String, _ values: [PostgresValue], _ doing: String) throws(StoreError)
    -> PostgresResult
  {
    switch try attempt(sql, values, doing) {
    case .rows(let result): return result
    case .refused(let refusal): throw failure(refusal, doing)
    }
  }

  /// How a statement that reached the server ended.
  enum Answer {
    case rows(PostgresResult)
    case refused(PostgresRefusal)
  }

  /// The same, with a refusal as an answer. Throws when there is none.
  func attempt(_ sql: String, _ values: [PostgresValue], _ doing: String) throws(StoreError) -> Answer {
    let parameters = try PostgresParameters(values, doing)
    try begin(unsafe parameters.send(sql, on: handle), doing)
    return try answer(doing)
  }

  /// Runs `sql`, a `COPY … FROM STDIN`, with `bytes`; the refusal, or the number of rows.
  func copy(_ sql: String, _ bytes: [UInt8], _ doing: String) throws(StoreError) -> Answer {
    try begin(unsafe PQsendQuery(handle, sql), doing)
    let deadline = patience.now &+ limits.answer
    if case .refused(let refusal) = try answer(doing) { return .refused(refusal) }
    let piece = 65_536
    var at = 0
    while at < bytes.count {
      let count = min(piece, bytes.count - at)
      let code = unsafe bytes.withUnsafeBytes { bytes in
        unsafe PQputCopyData(
          handle, bytes.baseAddress.map { unsafe ($0 + at).assumingMemoryBound(to: CChar.self) },
          Int32(count))
      }
      if code < 0 { throw lost(doing) }
      if code > 0 { at += count }
      try flush(doing, until: deadline)
    }
    while true {
      let code = unsafe PQputCopyEnd(handle, nil)
      if code < 0 { throw lost(doing) }
      if code > 0 { break }
      try flush(doing, until: deadline)
    }
    return try answer(doing)
  }

  /// Runs `body` between BEGIN and COMMIT; an error rolls everything back. When COMMIT itself fails nobody
  /// can say whether it was done.
  func transaction<T>(_ doing: String, mode: String = "", _ body: () throws(StoreError) -> T)
    throws(StoreError) -> T
  {
    try execute("BEGIN \(mode)", doing)
    do throws(StoreError) {
      let value = try body()
      try execute("COMMIT", doing)
      return value
    } catch {
      if !isBroken {
        do throws(StoreError) {
          try execute("ROLLBACK", doing)
        } catch {
          // A session that cannot even roll back is of no more use; the server rolls back when it ends.
          isBroken = true
        }
      }
      throw error
    }
  }

  // MARK: Waiting

  private func begin(_ sent: Int32, _ doing: String) throws(StoreError) {
    if sent != 1 { throw lost(doing) }
  }

  /// Reads to the end of the command: the last result, or the first refusal. A COPY that waits for its data
  /// is an answer too.
  private func answer(_ doing: String) throws(StoreError) -> Answer {
    let deadline = patience.now &+ limits.answer
    try flush(doing, until: deadline)
    var last: PostgresResult?
    var refusal: PostgresRefusal?
    while true {
      while unsafe PQisBusy(handle) == 1 {
        try wait(Int16(POLLIN), doing, until: deadline)
        if unsafe PQconsumeInput(handle) == 0 { throw lost(doing) }
      }
      guard let result = unsafe PQgetResult(handle).map({ unsafe PostgresResult($0) }) else { break }
      if result.isCopyIn { return .rows(result) }
      if refusal == nil { refusal = result.refusal(cleaned: address.cleaned) }
      last = result
    }
    if unsafe PQstatus(handle) == CONNECTION_BAD { isBroken = true }
    if let refusal { return .refused(refusal) }
    guard let last, !isBroken else { throw lost(doing) }
    return .rows(last)
  }

  private func flush(_ doing: String, until deadline: Int64) throws(StoreError) {
    while true {
      let code = unsafe PQflush(handle)
      if code == 0 { return }
      if code < 0 { throw lost(doing) }
      // A server that answers before it has read everything would otherwise wait for us, and we for it.
      try wait(Int16(POLLIN | POLLOUT), doing, until: deadline)
      if unsafe PQconsumeInput(handle) == 0 { throw lost(doing) }
    }
  }

  private func wait(_ events: Int16, _ doing: String, until deadline: Int64) throws(StoreError) {
    while true {
      let left = min(deadline, patience.deadline) &- patience.now
      if left <= 0 {
        isBroken = true
        isSilent = true
        throw StoreError(
          .unavailable,
          "\(address.shown): \(doing) failed: the server does not answer. "
            + StoreError.Code.unavailable.serverAdvice)
      }
      var place = pollfd(fd: unsafe PQsocket(handle), events: events, revents: 0)
      // In slices: the end of all patience may come while we wait.
      if unsafe poll(&place, 1, Int32(min(left / 1_000_000 + 1, 100))) > 0 { return }
    }
  }

  /// Waits for a notice of LISTEN, at most `milliseconds`: how many came, all of them read.
  func notifications(within milliseconds: Int32) throws(StoreError) -> Int {
    var place = pollfd(fd: unsafe PQsocket(handle), events: Int16(POLLIN), revents: 0)
    var count = takeNotifications()
    if count == 0, unsafe poll(&place, 1, milliseconds) > 0 {
      if unsafe PQconsumeInput(handle) == 0 { throw lost("listening") }
      count = takeNotifications()
    }
    return count
  }

  private func takeNotifications() -> Int {
    var count = 0
    while let notice = unsafe PQnotifies(handle) {
      unsafe PQfreemem(notice)
      count += 1
    }
    return count
  }

  // MARK: Errors

  /// The session is over.
  private func lost(_ doing: String) -> StoreError {
    isBroken = true
    let text = address.cleaned(unsafe String(cString: PQerrorMessage(handle)))
    return StoreError(
      .unavailable,
      "\(address.shown): \(doing) failed: \(text.isEmpty ? "the connection is gone" : text). "
        + StoreError.Code.unavailable.serverAdvice)
  }

  func failure(_ refusal: PostgresRefusal, _ doing: String) -> StoreError {
    let code = refusal.code
    // A server that went into recovery or only reads may have a brother that does not.
    if code == .unavailable || code == .readOnly { isBroken = true }
    return StoreError(
      code,
      "\(address.shown): \(doing) failed: \(refusal.text) (\(refusal.state)). "
        + StoreError.Code.serverAdvice(sqlstate: refusal.state))
  }
}
