import Glibc

/// The pages of a database file one by one, without SQLite between (its file format, §1.3 and §1.6). Nobody
/// else has the file open.
struct DatabasePages: ~Copyable {
  private let path: String
  private let file: Int32
  /// Bytes of a page.
  let size: Int
  /// Pages are numbered from 1.
  let count: Int

  init(_ path: String) throws(StoreError) {
    self.path = path
    let opened = unsafe open(path, O_RDWR | O_CLOEXEC)
    if opened < 0 { throw StateFile.failure("opening it", path) }
    file = opened
    var header = [UInt8](repeating: 0, count: 100)
    let read = unsafe header.withUnsafeMutableBytes { unsafe pread(opened, $0.baseAddress, $0.count, 0) }
    let said = read == 100 ? Int(header[16]) << 8 | Int(header[17]) : 0
    // 1 stands for the one that two bytes cannot say.
    size = said == 1 ? 65_536 : said
    count = size >= 512 ? Int(StateFile.size(path)) / size : 0
  }

  deinit { _ = Glibc.close(file) }

  /// Nil: there is no such page, or it cannot be read.
  func page(_ number: Int) -> [UInt8]? {
    guard number >= 1, number <= count else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    let offset = off_t((number - 1) * size)
    let read = unsafe bytes.withUnsafeMutableBytes { unsafe pread(file, $0.baseAddress, $0.count, offset) }
    return read == size ? bytes : nil
  }

  func replace(_ number: Int, by bytes: [UInt8]) throws(StoreError) {
    let offset = off_t((number - 1) * size)
    let written = unsafe bytes.withUnsafeBytes { unsafe pwrite(file, $0.baseAddress, $0.count, offset) }
    if written != bytes.count { throw StateFile.failure("writing it", path) }
  }
}

/// Leaves of tables to which no page leads any more: what stood above them is destroyed. Their rows are as
/// good as ever. Rows that were deleted are not among them: their pages are in the list of free ones.
struct OrphanLeaves {
  struct Table {
    let name: String
    /// The page of its root.
    let root: Int
    /// A row has as many, or fewer when columns were added since it was written.
    let columns: Int
  }

  private enum Kind {
    static let interior: UInt8 = 5
    static let leaf: UInt8 = 13
  }

  /// Page numbers by table, in the order of the file.
  private(set) var leaves: [(table: Table, page: Int)] = []

  /// Looks through the whole file. The first page must be readable: the roots and the free pages stand there.
  init(in pages: borrowing DatabasePages, tables: [Table]) {
    // Without the whole list nobody can tell rows that were lost from rows that were deleted.
    guard var reached = OrphanLeaves.free(pages) else { return }
    var broken: [Table] = []
    _ = OrphanLeaves.walk(from: 1, pages, &reached)
    for table in tables where !OrphanLeaves.walk(from: table.root, pages, &reached) { broken.append(table) }
    if broken.isEmpty { return }
    var number = 2
    while number <= pages.count {
      defer { number += 1 }
      guard !reached.contains(number), let page = pages.page(number),
        let columns = OrphanLeaves.columns(ofLeaf: page)
      else { continue }
      let alike = broken.filter { $0.columns == columns }
      let possible = alike.isEmpty ? broken.filter { $0.columns > columns } : alike
      // Of two tables that it may belong to, it is given to neither: a row in the wrong place is worse.
      if possible.count == 1 { leaves.append((possible[0], number)) }
    }
  }

  /// The list of free pages (§1.5): trunks, each with the numbers of others. Nil when it is not as long as
  /// the first page says.
  private static func free(_ pages: borrowing DatabasePages) -> Set<Int>? {
    guard let first = pages.page(1) else { return nil }
    var found: Set<Int> = []
    var trunk = number(first, 32)
    while trunk > 0 {
      guard found.insert(trunk).inserted, let page = pages.page(trunk) else { return nil }
      let count = number(page, 4)
      guard count <= page.count / 4 - 2 else { return nil }
      for index in 0..<count { found.insert(number(page, 8 + 4 * index)) }
      trunk = number(page, 0)
    }
    return found.count == number(first, 36) ? found : nil
  }

  /// Marks every page of a tree; false when one of them is none.
  private static func walk(from root: Int, _ pages: borrowing DatabasePages, _ reached: inout Set<Int>)
    -> Bool
  {
    var isWhole = true
    var open = [root]
    while let number = open.popLast() {
      if reached.contains(number) { continue }
      guard let page = pages.page(number) else {
        isWhole = false
        continue
      }
      // Before the first page's own header stands that of the file.
      let start = number == 1 ? 100 : 0
      switch page[start] {
      case Kind.leaf: reached.insert(number)
      case Kind.interior:
        reached.insert(number)
        open.append(OrphanLeaves.number(page, start + 8))
        let cells = min(short(page, start + 3), (page.count - start - 12) / 2)
        for cell in 0..<cells {
          let at = short(page, start + 12 + 2 * cell)
          if at + 4 <= page.count { open.append(OrphanLeaves.number(page, at)) } else { isWhole = false }
        }
      default: isWhole = false
      }
    }
    return isWhole
  }

  /// How many columns the first row of a leaf has; nil: it is no leaf of a table.
  private static func columns(ofLeaf page: [UInt8]) -> Int? {
    guard page[0] == Kind.leaf else { return nil }
    let cells = short(page, 3)
    // The smallest row takes four bytes, and two point to it.
    guard cells >= 1, 8 + 6 * cells <= page.count else { return nil }
    for cell in 0..<cells where short(page, 8 + 2 * cell) < 8 + 2 * cells { return nil }
    var at = short(page, 8)
    // Length of the row, its id, then the header: its own length and a type for each column (§2.1).
    guard varint(page, &at) != nil, varint(page, &at) != nil else { return nil }
    let start = at
    guard let length = varint(page, &at), length >= 1, length <= page.count - start else { return nil }
    var columns = 0
    while at < start + length {
      guard varint(page, &at) != nil else { return nil }
      columns += 1
    }
    return at == start + length ? columns : nil
  }

  private static func short(_ page: [UInt8], _ at: Int) -> Int { Int(page[at]) << 8 | Int(page[at + 1]) }

  private static func number(_ page: [UInt8], _ at: Int) -> Int {
    short(page, at) << 16 | short(page, at + 2)
  }

  /// §1.6: big-endian, seven bits a byte; the ninth counts whole.
  private static func varint(_ page: [UInt8], _ at: inout Int) -> Int? {
    var value: UInt64 = 0
    for index in 0..<9 {
      guard at < page.count else { return nil }
      let byte = page[at]
      at += 1
      if index == 8 {
        value = value << 8 | UInt64(byte)
        break
      }
      value = value << 7 | UInt64(byte & 0x7f)
      if byte < 0x80 { break }
    }
    return Int(truncatingIfNeeded: value)
  }
}
