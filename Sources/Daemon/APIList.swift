import Console
import Model

/// A page of the API on its way out: `{"items":[…],"next":…}`.
struct APIList {
  /// Bytes after which a page ends although more were asked for: rows may be long, and what is sent is held
  /// in memory until the client has taken it.
  static let byteLimit = 4 << 20

  private let page: APIPage
  private var bytes: [UInt8] = Array("{\"items\":[".utf8)
  private var count = 0
  private var last: String?

  init(_ page: APIPage) { self.page = page }

  /// Nothing more belongs on this page.
  var isFull: Bool { count == page.limit || bytes.count >= APIList.byteLimit }
  var room: Int { page.limit - count }

  /// `cursor`: for the page that begins behind this item.
  mutating func add(_ item: VerbJSON, cursor: String) {
    if count > 0 { bytes.append(UInt8(ascii: ",")) }
    bytes += item.closed
    count += 1
    last = cursor
  }

  /// `hasMore`: there is an item behind the last one.
  func closed(hasMore: Bool) -> [UInt8] {
    var bytes = bytes
    bytes.append(ascii: "],\"next\":")
    JSONText.append(hasMore ? last : nil, to: &bytes)
    bytes.append(ascii: "}\n")
    return bytes
  }

  /// All of `items` behind the page's cursor, which is one of their keys; keys ascend.
  static func page<Item>(
    _ items: [Item], _ page: APIPage, key: (Item) -> String, isBehind: (Item, String) -> Bool,
    _ json: (Item) -> VerbJSON
  ) -> [UInt8] {
    var list = APIList(page)
    for item in items {
      if let cursor = page.cursor, !isBehind(item, cursor) { continue }
      if list.isFull { return list.closed(hasMore: true) }
      list.add(json(item), cursor: key(item))
    }
    return list.closed(hasMore: false)
  }

  /// All of `items` behind the page's cursor by a name that is theirs alone. By its bytes: two names that are
  /// one in two forms of Unicode are two rows, and a page may end between them.
  static func page<Item>(
    _ items: [Item], _ page: APIPage, by name: (Item) -> String, _ json: (Item) -> VerbJSON
  ) -> [UInt8] {
    self.page(
      items.sorted { ExactKey(name($0)) < ExactKey(name($1)) }, page, key: name,
      isBehind: { ExactKey($1) < ExactKey(name($0)) }, json)
  }
}
