/// Reads the tree of one table in the order of its row ids, page by page, and knows how many rows it had even
/// where they cannot be read: the pages above say which ids a leaf may hold, its header how many.
struct TableWalk {
  /// No tree is deeper: each level has at least twice the pages of the one above.
  static let maxDepth = 24

  let pages: DatabasePages
  /// A row has as many, or fewer when columns were added since it was written.
  let columns: Int

  /// Rows that the leaves have, as their headers say.
  private(set) var rows = 0
  /// Pages that cannot be read as a whole.
  private(set) var damaged = 0
  /// Every page was found, so `rows` is all there were.
  private(set) var isCounted = true
  private var leafDepth: Int?

  init(_ pages: DatabasePages, columns: Int) {
    self.pages = pages
    self.columns = columns
  }

  typealias Take = (_ id: Int64, _ record: Record) throws(StoreError) -> Void

  /// `reached`: the pages that belong to some tree, to which these are added.
  mutating func run(root: Int, _ reached: inout PageSet, _ take: Take) throws(StoreError) {
    try visit(root, TreePage.Bounds(), depth: 0, &reached, take)
  }

  /// A leaf that nothing leads to; false: it is none, or not of this table.
  mutating func runLeaf(_ number: Int, _ reached: inout PageSet, _ take: Take) throws(StoreError) -> Bool {
    guard let page = pages.page(number).flatMap({ TreePage($0, number: number) }) else { return false }
    return try leaf(page, number, TreePage.Bounds(), &reached, take)
  }

  private mutating func visit(
    _ number: Int, _ bounds: TreePage.Bounds, depth: Int, _ reached: inout PageSet, _ take: Take
  ) throws(StoreError) {
    guard depth <= TableWalk.maxDepth, !reached.contains(number),
      let page = pages.page(number).flatMap({ TreePage($0, number: number) })
    else { return miss(1) }
    switch page.kind {
    case .tableLeaf:
      // All leaves are equally far from the root, and only a root may be empty.
      if leafDepth ?? depth != depth || (page.count == 0 && depth > 0) { miss(1) }
      leafDepth = leafDepth ?? depth
      if try !leaf(page, number, bounds, &reached, take) { miss(1) }
    case .tableInterior:
      _ = reached.insert(number)
      let (children, missing) = page.children(in: bounds, pages: pages.count)
      if missing > 0 { miss(missing) }
      for child in children { try visit(child.page, child.bounds, depth: depth + 1, &reached, take) }
    // A table without row ids is a tree like that of an index. We have none.
    case .indexLeaf, .indexInterior: miss(1)
    }
  }

  private mutating func miss(_ count: Int) {
    damaged += count
    isCounted = false
  }

  /// False: its rows are none that could stand there.
  private mutating func leaf(
    _ page: TreePage, _ number: Int, _ bounds: TreePage.Bounds, _ reached: inout PageSet, _ take: Take
  ) throws(StoreError) -> Bool {
    guard page.kind == .tableLeaf else { return false }
    let (found, strays, isAccounted) = page.rows(
      in: bounds, columns: columns, longest: pages.count * pages.size)
    if found.isEmpty, strays > 0 { return false }
    _ = reached.insert(number)
    rows += page.count
    var read = 0
    for row in found {
      guard let record = page.record(of: row, pages, &reached) else { continue }
      try take(row.id, record)
      read += 1
    }
    if !isAccounted { miss(1) } else if read < page.count { damaged += 1 }
    return true
  }
}

/// An index is another tree with an entry for every row of its table, so it may tell how many there were.
struct IndexWalk {
  private let pages: DatabasePages
  private var leafDepth: Int?
  private var reached: PageSet
  private var entries = 0

  /// Nil: it cannot be told, since not every page of it is left.
  static func entries(_ pages: DatabasePages, root: Int) -> Int? {
    var walk = IndexWalk(pages: pages, reached: PageSet(pages: pages.count))
    return walk.visit(root, depth: 0) ? walk.entries : nil
  }

  private init(pages: DatabasePages, reached: PageSet) {
    self.pages = pages
    self.reached = reached
  }

  private mutating func visit(_ number: Int, depth: Int) -> Bool {
    guard depth <= TableWalk.maxDepth, reached.insert(number),
      let page = pages.page(number).flatMap({ TreePage($0, number: number) })
    else { return false }
    guard page.kind == .indexLeaf || page.kind == .indexInterior,
      let children = page.indexChildren(longest: pages.count * pages.size)
    else { return false }
    entries += page.count
    if page.kind == .indexInterior { return children.allSatisfy { visit($0, depth: depth + 1) } }
    if leafDepth ?? depth != depth || (page.count == 0 && depth > 0) { return false }
    leafDepth = depth
    return true
  }
}
