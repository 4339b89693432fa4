import CPostgreSQL
import Model

/// What a statement gave: rows of texts, counted from 0.
@safe
final class PostgresResult {
  private let handle: OpaquePointer

  @unsafe init(_ handle: OpaquePointer) { unsafe self.handle = handle }
  deinit { unsafe PQclear(handle) }

  var isCopyIn: Bool { unsafe PQresultStatus(handle) == PGRES_COPY_IN }
  var count: Int { Int(unsafe PQntuples(handle)) }

  /// Rows that an INSERT, UPDATE, DELETE or COPY concerned.
  var changes: Int {
    guard let text = unsafe PQcmdTuples(handle) else { return 0 }
    return Int(unsafe String(cString: text)) ?? 0
  }

  /// Nil when the statement went well.
  func refusal(cleaned: (String) -> String) -> PostgresRefusal? {
    let status = unsafe PQresultStatus(handle)
    guard status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE else { return nil }
    // PG_DIAG_… are characters in C macros.
    func field(_ letter: Character) -> String? {
      guard let code = letter.asciiValue, let text = unsafe PQresultErrorField(handle, Int32(code)) else {
        return nil
      }
      return unsafe String(cString: text)
    }
    let message = unsafe String(cString: PQresultErrorMessage(handle))
    var text = field("M") ?? message
    if let detail = field("D") { text += ": \(detail)" }
    return PostgresRefusal(state: field("C") ?? "08006", text: cleaned(text))
  }

  func isNull(_ row: Int, _ column: Int) -> Bool {
    unsafe PQgetisnull(handle, Int32(row), Int32(column)) == 1
  }

  func text(_ row: Int, _ column: Int) -> String? {
    if isNull(row, column) { return nil }
    guard let start = unsafe PQgetvalue(handle, Int32(row), Int32(column)) else { return nil }
    let count = Int(unsafe PQgetlength(handle, Int32(row), Int32(column)))
    return unsafe String(
      decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
  }

  func int64(_ row: Int, _ column: Int) -> Int64? { text(row, column).flatMap { Int64($0) } }
  func int(_ row: Int, _ column: Int) -> Int? { text(row, column).flatMap { Int($0) } }
  func bool(_ row: Int, _ column: Int) -> Bool { text(row, column) == "t" }

  /// A column that was asked for with `PostgresStore.utc`.
  func time(_ row: Int, _ column: Int) -> Timestamp? {
    text(row, column).flatMap { Timestamp(rfc3339: $0) }
  }
}

/// A value of a statement.
enum PostgresValue {
  case text(String?)
  /// In the server's binary form.
  case binary([UInt8])

  static func number(_ number: some BinaryInteger) -> PostgresValue { .text(String(number)) }
  static func number(_ number: Int?) -> PostgresValue { .text(number.map { String($0) }) }
}

/// Values laid out as libpq wants them: one block of memory, and pointers into it.
struct PostgresParameters {
  private var bytes: [UInt8] = []
  /// Where each begins; nil: NULL.
  private var starts: [Int?] = []
  private var lengths: [Int32] = []
  private var formats: [Int32] = []

  /// A text with a NUL cannot be told to the server: it would be cut there.
  init(_ values: [PostgresValue], _ doing: String) throws(StoreError) {
    for value in values {
      switch value {
      case .text(nil): add(nil, isBinary: false)
      case .text(let text?):
        if text.utf8.contains(0) {
          throw StoreError(
            .constraint, "\(doing) failed: a text holds a NUL, which the database cannot. Take it out.")
        }
        add(Array(text.utf8), isBinary: false)
      case .binary(let value): add(value, isBinary: true)
      }
    }
  }

  private mutating func add(_ value: [UInt8]?, isBinary: Bool) {
    starts.append(value == nil ? nil : bytes.count)
    lengths.append(Int32(value?.count ?? 0))
    formats.append(isBinary ? 1 : 0)
    bytes += value ?? []
    bytes.append(0)
  }

  @unsafe func send(_ sql: String, on handle: OpaquePointer) -> Int32 {
    unsafe bytes.withUnsafeBytes { bytes in
      let values: [UnsafePointer<CChar>?] = unsafe starts.map { start in
        guard let start, let base = bytes.baseAddress else { return nil }
        return unsafe (base + start).assumingMemoryBound(to: CChar.self)
      }
      return unsafe PQsendQueryParams(
        handle, sql, Int32(starts.count), nil, values, lengths, formats, 0)
    }
  }
}
