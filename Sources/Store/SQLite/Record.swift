/// The columns of a row as a file has them (file format §2.1): the length of the header, the type of each
/// column, then what they hold.
struct Record {
  private let bytes: [UInt8]
  private(set) var columns: [(type: Int64, at: Int)] = []

  /// Nil: the header and what follows it do not agree.
  init?(_ bytes: [UInt8]) {
    self.bytes = bytes
    var at = 0
    guard let header = bytes.varint(&at), header >= 1, header <= bytes.count else { return nil }
    var place = Int(header)
    while at < header {
      guard let type = bytes.varint(&at), let size = Record.size(of: type) else { return nil }
      columns.append((type, place))
      place += size
      if place > bytes.count { return nil }
    }
    if at != header || place != bytes.count { return nil }
  }

  /// Bytes of a value; nil: there is no such type.
  static func size(of type: Int64) -> Int? {
    switch type {
    case 0, 8, 9: 0
    case 1...4: Int(type)
    case 5: 6
    case 6, 7: 8
    case 12...: Int((type - 12) / 2)
    default: nil
    }
  }

  /// Hands a column on as it is.
  func bind(_ column: Int, to statement: SQLiteStatement, _ index: Int32) {
    let (type, at) = columns[column]
    switch type {
    case 0: statement.bindNull(index)
    case 7: statement.bind(Double(bitPattern: UInt64(bitPattern: integer(at, 8))), index)
    case 8, 9: statement.bind(type - 8, index)
    case 1...6: statement.bind(integer(at, Record.size(of: type) ?? 0), index)
    default:
      let value = bytes.span.extracting(at..<at + (Record.size(of: type) ?? 0))
      statement.bind(copying: value, isText: type % 2 == 1, index)
    }
  }

  /// Nil: it is none.
  func text(_ column: Int) -> String? {
    guard column < columns.count else { return nil }
    let (type, at) = columns[column]
    guard type >= 13, type % 2 == 1 else { return nil }
    return String(decoding: bytes[at..<at + (Record.size(of: type) ?? 0)], as: UTF8.self)
  }

  /// Nil: it is none.
  func integer(_ column: Int) -> Int64? {
    guard column < columns.count else { return nil }
    let (type, at) = columns[column]
    switch type {
    case 1...6: return integer(at, Record.size(of: type) ?? 0)
    case 8, 9: return type - 8
    default: return nil
    }
  }

  /// Big-endian, with a sign.
  private func integer(_ at: Int, _ count: Int) -> Int64 {
    var value = Int64(Int8(bitPattern: bytes[at]))
    for index in at + 1..<at + count { value = value << 8 | Int64(bytes[index]) }
    return value
  }
}
