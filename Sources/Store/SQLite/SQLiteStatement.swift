import CSQLite
import Model

/// A prepared statement. Parameters count from 1, columns from 0, as SQLite does.
@safe
final class SQLiteStatement {
  private let handle: OpaquePointer
  private let connection: SQLiteConnection
  /// Completes "muttd.db: … failed" in errors.
  var doing: String

  /// How a step that did not fail for good ended.
  enum Outcome {
    case row, done
    /// A row that its table refuses; the statement is reset, the transaction goes on.
    case primaryKey, foreignKey
    case refused(String)
  }

  @unsafe init(_ handle: OpaquePointer, on connection: SQLiteConnection, doing: String) {
    unsafe self.handle = handle
    self.connection = connection
    self.doing = doing
  }

  deinit { unsafe _ = sqlite3_finalize(handle) }

  // MARK: Parameters

  func bind(_ value: Int64, _ index: Int32) { unsafe check(sqlite3_bind_int64(handle, index, value)) }
  func bind(_ value: Int, _ index: Int32) { bind(Int64(value), index) }
  func bind(_ value: Bool, _ index: Int32) { bind(value ? Int64(1) : 0, index) }
  func bind(_ value: Int?, _ index: Int32) {
    if let value { bind(Int64(value), index) } else { bindNull(index) }
  }
  func bindNull(_ index: Int32) { unsafe check(sqlite3_bind_null(handle, index)) }

  /// Copies the text.
  func bind(_ text: String?, _ index: Int32) {
    guard var text else { return bindNull(index) }
    text.withUTF8 { bytes in
      unsafe check(
        sqlite3_bind_text64(
          handle, index,
          UnsafeRawPointer(bytes.baseAddress ?? SQLiteStatement.nothing)
            .assumingMemoryBound(to: CChar.self),
          UInt64(bytes.count), SQLiteStatement.copied, UInt8(SQLITE_UTF8)))
    }
  }

  /// Copies the bytes as a blob.
  func bind(blob bytes: [UInt8], _ index: Int32) {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe check(
        sqlite3_bind_blob64(
          handle, index, bytes.baseAddress ?? SQLiteStatement.nothing, UInt64(bytes.count),
          SQLiteStatement.copied))
    }
  }

  func bind(_ value: Double, _ index: Int32) { unsafe check(sqlite3_bind_double(handle, index, value)) }

  /// Copies the bytes, as a text or as a blob.
  func bind(copying bytes: Span<UInt8>, isText: Bool, _ index: Int32) {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      let start = unsafe UnsafeRawPointer(bytes.baseAddress ?? SQLiteStatement.nothing)
      let count = UInt64(bytes.count)
      unsafe check(
        isText
          ? sqlite3_bind_text64(
            handle, index, start.assumingMemoryBound(to: CChar.self), count, SQLiteStatement.copied,
            UInt8(SQLITE_UTF8))
          : sqlite3_bind_blob64(handle, index, start, count, SQLiteStatement.copied))
    }
  }

  /// A text that outlives the process's use of the statement.
  func bind(constant text: StaticString, _ index: Int32) {
    unsafe check(
      sqlite3_bind_text64(
        handle, index, UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self),
        UInt64(text.utf8CodeUnitCount), nil, UInt8(SQLITE_UTF8)))
  }

  /// A part of `bytes` without a copy; `bytes` must stay where it is until the next step has been taken.
  @unsafe @inline(__always)
  func bind(_ bytes: UnsafeBufferPointer<UInt8>, _ range: ByteRange, _ index: Int32) {
    if range.isAbsent { return bindNull(index) }
    precondition(range.end <= bytes.count, "a row's text lies outside its batch")
    let start = unsafe bytes.baseAddress.map { unsafe $0 + range.start } ?? SQLiteStatement.nothing
    unsafe check(
      sqlite3_bind_text64(
        handle, index, UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), UInt64(range.count), nil,
        UInt8(SQLITE_UTF8)))
  }

  /// Hands a column of another statement's row on, whatever its type.
  func bind(column: Int32, of other: SQLiteStatement, _ index: Int32) -> Bool {
    unsafe sqlite3_bind_value(handle, index, sqlite3_column_value(other.handle, column)) == SQLITE_OK
  }

  private static var copied: sqlite3_destructor_type {
    unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }
  /// An empty text is not NULL, and needs an address that is not either.
  private static var nothing: UnsafePointer<UInt8> { unsafe ("" as StaticString).utf8Start }

  /// A parameter that does not exist is our own bug; a value that is too large shows when the row is refused.
  @inline(__always)
  private func check(_ code: Int32) {
    precondition(code == SQLITE_OK || code == SQLITE_TOOBIG || code == SQLITE_NOMEM, "no such parameter")
  }

  // MARK: Steps

  // Extended codes are macros that Swift does not import.
  private static let foreignKey = SQLITE_CONSTRAINT | 3 << 8
  private static let primaryKey = SQLITE_CONSTRAINT | 6 << 8
  private static let rowID = SQLITE_CONSTRAINT | 10 << 8

  /// True: there is a row. At the end, and after an error, the statement is ready for its next use.
  func step() throws(StoreError) -> Bool {
    let code = unsafe sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    if code == SQLITE_DONE {
      unsafe sqlite3_reset(handle)
      return false
    }
    let error = connection.failure(code, doing)
    unsafe sqlite3_reset(handle)
    throw error
  }

  /// Runs a statement to its end.
  func run() throws(StoreError) {
    while try step() {}
  }

  /// The same with these bytes as a blob, without a copy of them.
  func run(blob bytes: [UInt8], _ index: Int32) throws(StoreError) {
    defer { bindNull(index) }
    try unsafe bytes.withUnsafeBufferPointer { bytes throws(StoreError) in
      unsafe check(
        sqlite3_bind_blob64(
          handle, index, bytes.baseAddress ?? SQLiteStatement.nothing, UInt64(bytes.count), nil))
      try run()
    }
  }

  /// Like `step`, but a row that its table refuses is an answer and no error.
  func tryRow() throws(StoreError) -> Outcome {
    let code = unsafe sqlite3_step(handle)
    switch code {
    case SQLITE_DONE:
      unsafe sqlite3_reset(handle)
      return .done
    case SQLITE_ROW: return .row
    case SQLiteStatement.primaryKey, SQLiteStatement.rowID:
      unsafe sqlite3_reset(handle)
      return .primaryKey
    case SQLiteStatement.foreignKey:
      unsafe sqlite3_reset(handle)
      return .foreignKey
    default: break
    }
    let error = connection.failure(code, doing)
    unsafe sqlite3_reset(handle)
    if error.code == .constraint { return .refused(error.message) }
    throw error
  }

  func reset() { unsafe _ = sqlite3_reset(handle) }

  // MARK: Columns

  var parameterCount: Int32 { unsafe sqlite3_bind_parameter_count(handle) }
  var columnCount: Int32 { unsafe sqlite3_column_count(handle) }
  func isNull(_ column: Int32) -> Bool { unsafe sqlite3_column_type(handle, column) == SQLITE_NULL }
  func int64(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }
  func int(_ column: Int32) -> Int { Int(int64(column)) }
  func optionalInt(_ column: Int32) -> Int? { isNull(column) ? nil : int(column) }
  func optionalInt64(_ column: Int32) -> Int64? { isNull(column) ? nil : int64(column) }
  func bool(_ column: Int32) -> Bool { int64(column) != 0 }

  func text(_ column: Int32) -> String? {
    guard let start = unsafe sqlite3_column_text(handle, column) else { return nil }
    let count = Int(unsafe sqlite3_column_bytes(handle, column))
    return unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }

  /// Reads a text or blob where it stands; NULL and an empty one have no bytes.
  @inline(__always)
  func withBytes(_ column: Int32, _ body: (Span<UInt8>) -> Void) {
    let start = unsafe sqlite3_column_blob(handle, column)
    let count = Int(unsafe sqlite3_column_bytes(handle, column))
    let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count).assumingMemoryBound(to: UInt8.self)
    unsafe body(bytes.span)
  }

  func bytes(_ column: Int32) -> [UInt8] {
    guard let start = unsafe sqlite3_column_blob(handle, column) else { return [] }
    let count = Int(unsafe sqlite3_column_bytes(handle, column))
    return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
  }
}
