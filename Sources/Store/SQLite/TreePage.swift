/// A page of a tree (file format §1.6), read with distrust: of a torn page one part is as it was written and
/// another is not.
struct TreePage {
  enum Kind: UInt8 {
    case indexInterior = 2
    case tableInterior = 5
    case indexLeaf = 10
    case tableLeaf = 13

    var isLeaf: Bool { self == .indexLeaf || self == .tableLeaf }
  }

  /// Row ids above `low` up to `high`, as the page above says of one below it.
  struct Bounds {
    /// Nil: any.
    var low: Int64?
    var high = Int64.max

    func contains(_ id: Int64) -> Bool { low.map { id > $0 } ?? true && id <= high }
  }

  struct Row {
    let id: Int64
    /// Where its cell begins.
    let start: Int
    /// Of the record, of which a part may stand on pages of its own.
    let length: Int
    /// The part that stands here.
    let bytes: Range<Int>
    let columns: Int
  }

  /// Disks write sectors whole, and a page may be torn between any two of them.
  private static let sector = 512

  let kind: Kind
  /// Cells, as the header says: each is a row, or leads to a page.
  let count: Int
  private let bytes: [UInt8]
  /// Where the numbers stand that point to the cells, behind the header, and where the cells begin.
  private let pointers: Int
  private let content: Int
  private let firstFree: Int
  /// Bytes between the cells that are too few for a free block.
  private let fragments: Int

  /// Nil: no page of a tree, or its header is not whole. That stands in the first sector, with pointers to
  /// some of the cells; when all of them can be right, so is the number of cells.
  init?(_ bytes: [UInt8], number: Int) {
    // Before the first page's own header stands that of the file.
    let start = number == 1 ? 100 : 0
    guard let kind = Kind(rawValue: bytes[start]) else { return nil }
    self.kind = kind
    self.bytes = bytes
    count = bytes.short(start + 3)
    pointers = start + (kind.isLeaf ? 8 : 12)
    let said = bytes.short(start + 5)
    content = said == 0 ? 65_536 : said
    firstFree = bytes.short(start + 1)
    fragments = Int(bytes[start + 7])
    guard pointers + 2 * count <= content, content <= bytes.count, fragments <= 60,
      firstFree == 0 || (firstFree >= content && firstFree <= bytes.count - 4)
    else { return nil }
    for cell in 0..<min(count, (TreePage.sector - pointers) / 2) where self.cell(cell) == nil { return nil }
  }

  private func cell(_ index: Int) -> Int? {
    let at = bytes.short(pointers + 2 * index)
    return at >= content && at <= bytes.count - 4 ? at : nil
  }

  // MARK: Rows

  /// The rows of a leaf that are as they were written, by all that can be seen, in order. `strays`: what
  /// looks like a row and lies outside of `bounds`, so that the page may be another's. `isAccounted`: nothing
  /// speaks against the number of cells.
  func rows(in bounds: Bounds, columns: Int, longest: Int)
    -> (rows: [Row], strays: Int, isAccounted: Bool)
  {
    var found: [Row] = []
    var torn = TornSectors(of: bytes.count)
    var strays = 0
    var (parsed, used) = (0, 0)
    for index in 0..<count {
      guard let start = cell(index) else { continue }
      var at = start
      guard let row = row(at: &at, columns: columns, longest: longest) else {
        torn.insert(start..<max(at, start + 1))
        continue
      }
      parsed += 1
      used += row.bytes.upperBound - start
      if bounds.contains(row.id) { found.append(row) } else { strays += 1 }
    }
    let free = freeBlocks(&torn)
    found.removeAll { torn.touch($0.start..<$0.bytes.upperBound) }
    if torn.isAny {
      let heads = found.map(\.start) + free
      found.removeAll { !isWhole($0, heads) }
    }
    let rows = TreePage.longestRun(found.map(\.id)).map { found[$0] }
    return (rows, strays, isAccounted(parsed, used, free))
  }

  /// Cells, free blocks and fragments fill a page from the first cell to its end (§1.6): so they do when all
  /// of the cells can be read, and not when some cannot.
  private func isAccounted(_ cells: Int, _ used: Int, _ free: [Int]) -> Bool {
    let sum = free.reduce(used + fragments) { $0 + bytes.short($1 + 2) }
    return cells == count ? sum == bytes.count - content : sum < bytes.count - content
  }

  /// Where the free blocks begin; the chain of them ends at one that cannot be right.
  private func freeBlocks(_ torn: inout TornSectors) -> [Int] {
    var found: [Int] = []
    var at = firstFree
    while at != 0 {
      let next = bytes.short(at)
      let end = at + bytes.short(at + 2)
      guard end >= at + 4, end <= bytes.count, next == 0 || (next >= end + 4 && next <= bytes.count - 4)
      else {
        torn.insert(at..<at + 4)
        break
      }
      found.append(at)
      at = next
    }
    return found
  }

  /// In a page of which some is torn, the end of a row is whole where it stands in the sector in which the
  /// row begins, or where something that is whole begins in the last of its sectors, or right behind it.
  private func isWhole(_ row: Row, _ heads: [Int]) -> Bool {
    let end = row.bytes.upperBound
    let last = (end - 1) / TreePage.sector
    if end == bytes.count || row.start / TreePage.sector == last { return true }
    // Up to three bytes are too few for a free block.
    return heads.contains { $0 / TreePage.sector == last || ($0 >= end && $0 <= end + 3) }
  }

  /// `at`: how far it was read when it is none.
  private func row(at: inout Int, columns: Int, longest: Int) -> Row? {
    let cell = at
    guard let length = bytes.varint(&at), let id = bytes.varint(&at) else { return nil }
    guard length >= 1, length <= longest else { return nil }
    let local = localBytes(of: Int(length), most: bytes.count - 35)
    let end = at + local + (local < length ? 4 : 0)
    guard end <= bytes.count else { return nil }
    let start = at
    guard let found = recordColumns(at: &at, length: Int(length), local: local), found >= 1, found <= columns
    else { return nil }
    return Row(id: id, start: cell, length: Int(length), bytes: start..<end, columns: found)
  }

  /// How many bytes of a record stand in the tree's page; the others are on pages of their own.
  private func localBytes(of length: Int, most: Int) -> Int {
    if length <= most { return length }
    let least = (bytes.count - 12) * 32 / 255 - 23
    let some = least + (length - least) % (bytes.count - 4)
    return some <= most ? some : least
  }

  /// A record (§2.1) begins with the length of its header and the type of each column, and what they take
  /// adds up to the record's length: hardly ever by chance.
  private func recordColumns(at: inout Int, length: Int, local: Int) -> Int? {
    let start = at
    guard let header = bytes.varint(&at), header >= 1, header <= local else { return nil }
    var columns = 0
    var sum = Int(header)
    while at < start + Int(header) {
      guard let type = bytes.varint(&at), let size = Record.size(of: type), size <= length else { return nil }
      sum += size
      columns += 1
    }
    return at == start + Int(header) && sum == length ? columns : nil
  }

  /// The record of a row; nil: the pages with the rest of it cannot be read. `reached` gets these.
  func record(of row: Row, _ pages: DatabasePages, _ reached: inout PageSet) -> Record? {
    if row.bytes.count == row.length { return Record(Array(bytes[row.bytes])) }
    let end = row.bytes.upperBound - 4
    var record = Array(bytes[row.bytes.lowerBound..<end])
    var next = bytes.number(end)
    while record.count < row.length {
      guard reached.insert(next), let page = pages.page(next) else { return nil }
      record += page[4..<min(page.count, 4 + row.length - record.count)]
      next = page.number(0)
    }
    return next == 0 ? Record(record) : nil
  }

  // MARK: Children

  /// Where an interior page of a table leads to, in order, with the row ids there; `missing`: cells that lead
  /// nowhere.
  func children(in bounds: Bounds, pages: Int) -> (children: [(page: Int, bounds: Bounds)], missing: Int) {
    var found: [(page: Int, key: Int64, bytes: Range<Int>)] = []
    var torn = TornSectors(of: bytes.count)
    var used = 0
    for index in 0..<count {
      guard let start = cell(index) else { continue }
      var at = start + 4
      let page = bytes.number(start)
      guard let key = bytes.varint(&at), page >= 2, page <= pages, bounds.contains(key) else {
        torn.insert(start..<at)
        continue
      }
      found.append((page, key, start..<at))
      used += at - start
    }
    let run = TreePage.longestRun(found.map(\.key))
    let kept = Set(run)
    for (index, cell) in found.enumerated() where !kept.contains(index) { torn.insert(cell.bytes) }
    let good = run.map { found[$0] }.filter { !torn.touch($0.bytes) }
    var children: [(page: Int, bounds: Bounds)] = []
    var low = bounds.low
    for cell in good {
      children.append((cell.page, Bounds(low: low, high: cell.key)))
      low = cell.key
    }
    children.append((bytes.number(pointers - 4), Bounds(low: low, high: bounds.high)))
    let missing = count - good.count
    let isAccounted = missing > 0 || isAccounted(found.count, used, freeBlocks(&torn))
    return (children, isAccounted ? missing : 1)
  }

  /// Where a page of an index leads to, a leaf nowhere; nil when the number of its cells is in doubt, or when
  /// it leads somewhere and a cell is not whole.
  func indexChildren(longest: Int) -> [Int]? {
    var children: [Int] = []
    var (parsed, used) = (0, 0)
    for index in 0..<count {
      guard let start = cell(index), let end = indexCellEnd(start, longest: longest) else {
        if kind.isLeaf { continue }
        return nil
      }
      parsed += 1
      used += max(4, end - start)
      if !kind.isLeaf { children.append(bytes.number(start)) }
    }
    var torn = TornSectors(of: bytes.count)
    guard isAccounted(parsed, used, freeBlocks(&torn)) else { return nil }
    return kind.isLeaf ? [] : children + [bytes.number(pointers - 4)]
  }

  private func indexCellEnd(_ start: Int, longest: Int) -> Int? {
    var at = kind.isLeaf ? start : start + 4
    guard let length = bytes.varint(&at), length >= 1, length <= longest else { return nil }
    let local = localBytes(of: Int(length), most: (bytes.count - 12) * 64 / 255 - 23)
    let end = at + local + (local < length ? 4 : 0)
    guard end <= bytes.count, recordColumns(at: &at, length: Int(length), local: local) != nil else {
      return nil
    }
    return end
  }

  /// Which of these to keep so that they ascend and as few as possible are left out: one that is damaged is
  /// left out rather than all that follow it. Where one of two has to go and nobody can say which, both do;
  /// but a first or a last one that is damaged lies far from the others.
  static func longestRun(_ keys: [Int64]) -> [Int] {
    if keys.indices.dropFirst().allSatisfy({ keys[$0 - 1] < keys[$0] }) { return Array(keys.indices) }
    let before = runs(keys)
    let behind = Array(runs(keys.reversed().map { ~$0 }).reversed())
    let longest = before.max() ?? 0
    var places: [[Int]] = Array(repeating: [], count: longest)
    for index in keys.indices where before[index] + behind[index] - 1 == longest {
      places[before[index] - 1].append(index)
    }
    return places.indices.compactMap { place in
      let possible = places[place]
      if possible.count == 1 || longest == 1 { return possible.count == 1 ? possible[0] : nil }
      if place == 0 { return possible.max { keys[$0] < keys[$1] } }
      return place == longest - 1 ? possible.min { keys[$0] < keys[$1] } : nil
    }
  }

  /// How long the longest ascending run is that ends with each of them.
  private static func runs(_ keys: [Int64]) -> [Int] {
    // The smallest that a run of each length ends with.
    var ends: [Int64] = []
    return keys.map { key in
      var low = 0
      var high = ends.count
      while low < high {
        let middle = (low + high) / 2
        if ends[middle] < key { low = middle + 1 } else { high = middle }
      }
      if low == ends.count { ends.append(key) } else { ends[low] = key }
      return low + 1
    }
  }

  /// Sectors that hold something other than what was written: what stands in one of them, or reaches into
  /// it, is not to be trusted, whatever it looks like.
  private struct TornSectors {
    private var isTorn: [Bool]
    private(set) var isAny = false

    init(of size: Int) { isTorn = Array(repeating: false, count: size / sector) }

    private func sectors(_ bytes: Range<Int>) -> ClosedRange<Int> {
      bytes.lowerBound / sector...min(isTorn.count, (bytes.upperBound - 1) / sector + 1) - 1
    }

    mutating func insert(_ bytes: Range<Int>) {
      for index in sectors(bytes) { isTorn[index] = true }
      isAny = true
    }

    func touch(_ bytes: Range<Int>) -> Bool { isTorn[sectors(bytes)].contains(true) }
  }
}
