import Model

/// Rows of `event_audit_log` in the server's binary form: one after the other for COPY, or column by column
/// for `unnest`.
struct PostgresRows {
  /// Raw values are the names of the columns.
  enum Column: String, CaseIterable {
    case id
    case time = "event_timestamp"
    case host = "hostname"
    case rule = "matched_rule_id"
    case handling = "handling_decision"
    case raw = "raw_message"
    case arrival = "received_at"
    case source
    case peer = "source_addr"
    case severity, environment
    case team = "team_assignment"
    case deviceTeam = "device_team"
    case ruleVersion = "rule_version"
    case parse
    case hostFrom = "host_from"
    case clock
    case attributes = "attrs"

    var type: PostgresType {
      switch self {
      case .id: .int8
      case .time, .arrival: .timestamptz
      case .rule, .ruleVersion: .int4
      case .severity: .int2
      case .peer: .inet
      case .attributes: .jsonb
      case .host, .handling, .raw, .source, .environment, .team,
        .deviceTeam, .parse, .hostFrom, .clock:
        .text
      }
    }
  }

  private static let all = Column.allCases
  static let columns = all.map(\.rawValue).joined(separator: ", ")
  static let copySQL = "COPY event_audit_log (\(columns)) FROM STDIN (FORMAT binary)"
  /// Like COPY: an id that is there already is refused.
  static let freshSQL = "INSERT INTO event_audit_log (\(columns)) SELECT * FROM unnest(\(arrays))"
  static let insertSQL = freshSQL + " ON CONFLICT (id, event_timestamp) DO NOTHING"
  /// A row that is empty but for its id and its time.
  static let emptySQL = """
    INSERT INTO event_audit_log (\(columns))
    VALUES ($1::bigint, $2::timestamptz\(String(repeating: ", NULL", count: all.count - 2)))
    ON CONFLICT (id, event_timestamp) DO NOTHING
    """
  private static let arrays = all.enumerated().map { "$\($0 + 1)::\($1.type)[]" }
    .joined(separator: ", ")

  /// Ids of rules that are gone: their rows keep the name instead.
  var goneRules: Set<Int64> = []
  private var bytes: [UInt8] = []
  private var scratch: [UInt8] = []

  /// `rows` of `batch` as the data of a COPY.
  mutating func copyData(_ rows: ArraySlice<Int>, of batch: EventBatch) -> [UInt8] {
    var target = bytes
    bytes = []
    target.removeAll(keepingCapacity: true)
    let columns = PostgresRows.all
    target.append(contentsOf: PostgresRows.signature)
    target.append(integer: Int32(0))
    target.append(integer: Int32(0))
    for row in rows {
      target.append(integer: Int16(columns.count))
      for index in columns.indices { append(columns[index], batch.rows[row], of: batch, to: &target) }
    }
    target.append(integer: Int16(-1))
    return target
  }

  /// Hands the memory of `copyData` back for the next batch.
  mutating func keep(_ data: consuming [UInt8]) {
    if data.capacity <= PostgresRows.keptBytes { bytes = data }
  }

  /// `rows` of `batch` as one array a column.
  mutating func arrays(_ rows: ArraySlice<Int>, of batch: EventBatch) -> [PostgresValue] {
    PostgresRows.all.map { column in
      var array = PostgresArray(column.type)
      for row in rows {
        array.count += 1
        append(column, batch.rows[row], of: batch, to: &array.fields)
      }
      return .binary(array.encoded())
    }
  }

  /// PGCOPY\n\377\r\n\0
  private static let signature: [UInt8] = [
    0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00,
  ]
  /// A thousand ordinary rows take a quarter of it.
  private static let keptBytes = 2 << 20

  // MARK: Fields

  private mutating func append(
    _ column: Column, _ row: EventRow, of batch: EventBatch, to target: inout [UInt8]
  ) {
    let isGone = row.ruleID != 0 && (row.ruleID > Int64(Int32.max) || goneRules.contains(row.ruleID))
    switch column {
    case .id: target.append(field: row.id.rawValue)
    case .time: target.append(field: PostgresRows.microseconds(row.time))
    case .arrival: target.append(field: PostgresRows.microseconds(row.arrival))
    case .host: target.append(field: batch.bytes.span, row.host)
    case .handling: target.append(field: batch.bytes.span, row.handling)
    case .raw: target.append(field: batch.bytes.span, row.raw)
    case .team: target.append(field: batch.bytes.span, row.team)
    case .deviceTeam: target.append(field: batch.bytes.span, row.deviceTeam)
    case .source: target.append(field: row.source.name)
    case .environment: target.append(field: row.environment.name)
    case .parse: target.append(field: row.parse.name)
    case .hostFrom: target.append(field: row.hostFrom.name)
    case .clock: target.append(field: row.clock.name)
    case .rule:
      if row.ruleID == 0 || isGone {
        target.appendNull()
      } else {
        target.append(field: Int32(truncatingIfNeeded: row.ruleID))
      }
    case .ruleVersion:
      if row.ruleID == 0 { target.appendNull() } else { target.append(field: row.ruleVersion) }
    case .severity:
      if row.severity < 0 { target.appendNull() } else { target.append(field: Int16(row.severity)) }
    case .peer: target.append(field: row.peer)
    case .attributes: appendAttributes(row, of: batch, isGone: isGone, to: &target)
    }
  }

  private mutating func appendAttributes(
    _ row: EventRow, of batch: EventBatch, isGone: Bool, to target: inout [UInt8]
  ) {
    scratch.removeAll(keepingCapacity: true)
    AuditTexts.appendAttributes(
      row, batch.bytes.span, rule: isGone ? row.ruleName : .absent, to: &scratch)
    if scratch.isEmpty { return target.appendNull() }
    let place = target.count
    target.append(integer: Int32(0))
    // The version of jsonb's binary form.
    target.append(1)
    SafeText.append(scratch.span, ByteRange(0, scratch.count), to: &target)
    target.setLength(at: place)
  }

  /// Since 2000-01-01.
  private static func microseconds(_ time: Timestamp) -> Int64 {
    time.microseconds &- 946_684_800_000_000
  }
}

/// A type of the server; raw values are its object identifiers, which never change (pg_type.dat).
enum PostgresType: UInt32 {
  case int8 = 20
  case int2 = 21
  case int4 = 23
  case text = 25
  case inet = 869
  case timestamptz = 1_184
  case jsonb = 3_802
}

/// An array in the server's binary form.
struct PostgresArray {
  private let type: PostgresType
  var count = 0
  /// Each with its length in front.
  var fields: [UInt8] = []

  init(_ type: PostgresType) { self.type = type }

  mutating func append(_ number: Int64) {
    count += 1
    fields.append(field: number)
  }

  mutating func append(text: String) {
    count += 1
    let bytes = Array(text.utf8)
    fields.append(field: bytes.span, ByteRange(0, bytes.count))
  }

  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(fields.count + 20)
    bytes.append(integer: Int32(count == 0 ? 0 : 1))
    // There may be nulls.
    bytes.append(integer: Int32(1))
    bytes.append(integer: type.rawValue)
    if count == 0 { return bytes }
    bytes.append(integer: Int32(count))
    bytes.append(integer: Int32(1))
    return bytes + fields
  }
}

extension [UInt8] {
  /// In network order.
  @inline(__always)
  fileprivate mutating func append<Integer: FixedWidthInteger>(integer: Integer) {
    var shift = Integer.bitWidth
    while shift > 0 {
      shift -= 8
      append(UInt8(truncatingIfNeeded: integer >> Integer(shift)))
    }
  }

  fileprivate mutating func appendNull() { append(integer: Int32(-1)) }

  @inline(__always)
  fileprivate mutating func append<Integer: FixedWidthInteger>(field integer: Integer) {
    append(integer: Int32(Integer.bitWidth / 8))
    append(integer: integer)
  }

  fileprivate mutating func append(field text: StaticString) {
    append(integer: Int32(text.utf8CodeUnitCount))
    append(ascii: text)
  }

  /// A text, without what the server refuses: it is clean already, or made so here.
  fileprivate mutating func append(field bytes: Span<UInt8>, _ range: ByteRange) {
    if range.isAbsent { return appendNull() }
    let place = count
    append(integer: Int32(0))
    SafeText.append(bytes, range, to: &self)
    setLength(at: place)
  }

  /// A whole address: family 2 or 3, all bits of the mask, no network, its bytes.
  fileprivate mutating func append(field address: IPAddress) {
    if address == .unspecified { return appendNull() }
    if let v4 = address.v4 {
      append(integer: Int32(8))
      append(integer: UInt32(0x0220_0004))
      append(integer: v4)
    } else {
      append(integer: Int32(20))
      append(integer: UInt32(0x0380_0010))
      append(integer: address.high)
      append(integer: address.low)
    }
  }

  /// Writes the length of a field, begun at `place`, before it.
  fileprivate mutating func setLength(at place: Int) {
    let length = Int32(count - place - 4)
    for step in 0..<4 { self[place + step] = UInt8(truncatingIfNeeded: length >> Int32(24 - 8 * step)) }
  }
}
