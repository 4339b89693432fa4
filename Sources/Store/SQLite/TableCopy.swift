/// Writes the rows of one table of a damaged file into the same table of a fresh one.
struct TableCopy {
  let table: DamagedSchema.Table
  private let new: SQLiteConnection
  /// Columns of the fresh table; one that came later than the file stays empty.
  private let known: Set<String>
  private let verb: String
  private(set) var saved = 0
  /// Rows that the fresh table does not take: they break its rules, so they are damaged.
  private(set) var refused = 0

  /// By the number of columns that a row has.
  private var inserts: [Int: Insert] = [:]

  private struct Insert {
    let statement: SQLiteStatement
    /// The parameter for each column; 0: it is not saved.
    let parameters: [Int32]
  }

  /// `replaces`: rows of the fresh table give way. Not where they came from the damaged file themselves.
  init(_ table: DamagedSchema.Table, to new: SQLiteConnection, replaces: Bool) throws(StoreError) {
    self.table = table
    self.new = new
    known = Set(try new.texts("SELECT name FROM pragma_table_info('\(table.name)')", "reading the schema"))
    // Two rows with one key are not both counted as saved: where nothing stands, nothing is replaced.
    let isEmpty = try new.number("SELECT EXISTS (SELECT 1 FROM \(table.name))", "reading the schema") == 0
    verb = replaces && !isEmpty ? "INSERT OR REPLACE" : "INSERT"
  }

  mutating func save(_ id: Int64, _ record: Record) throws(StoreError) {
    let insert = try insert(columns: record.columns.count)
    let statement = insert.statement
    statement.bind(id, 1)
    for (column, parameter) in insert.parameters.enumerated() where parameter > 0 {
      record.bind(column, to: statement, parameter)
    }
    do throws(StoreError) {
      switch try statement.tryRow() {
      case .done, .row: saved += 1
      case .primaryKey, .foreignKey, .refused: refused += 1
      }
    } catch  where error.code == .schema {
      // A CHECK that cannot even be worked out: what should be JSON is none.
      refused += 1
    }
  }

  private mutating func insert(columns: Int) throws(StoreError) -> Insert {
    if let insert = inserts[columns] { return insert }
    var names = ["rowid"]
    var parameters: [Int32] = []
    for (index, name) in table.columns.prefix(columns).enumerated() {
      // A column that is another name of the row id is empty in the row itself.
      let isSaved = index != table.idColumn && known.contains(name)
      if isSaved { names.append("\"\(name)\"") }
      parameters.append(isSaved ? Int32(names.count) : 0)
    }
    let marks = (1...names.count).map { "?\($0)" }.joined(separator: ", ")
    let statement = try new.prepare(
      "\(verb) INTO \(table.name) (\(names.joined(separator: ", "))) VALUES (\(marks))", "saving rows")
    let insert = Insert(statement: statement, parameters: parameters)
    inserts[columns] = insert
    return insert
  }
}
