import Console
import Model
import Testing

@testable import Daemon

/// Pages of the API over lists that are in memory.
@Suite struct APIListTests {
  /// Two names that are one in two forms of Unicode are two rows, whichever page ends between them.
  @Test(arguments: 1...5) func pagesByNameLeadThroughEverythingOnce(limit: Int) throws {
    let names = ["caf\u{E9}", "b", "cafe\u{301}", "caf", "a"]
    var found: [String] = []
    var page = APIPage()
    page.limit = limit
    for _ in 0..<10 {
      var shown: [String] = []
      _ = APIList.page(names, page, by: { $0 }) { name in
        shown.append(name)
        return VerbHosts.json(development: name)
      }
      found += shown
      guard shown.count == limit, let last = shown.last else { break }
      page.cursor = last
    }
    #expect(
      found.map { Array($0.utf8) }
        == ["a", "b", "caf", "cafe\u{301}", "caf\u{E9}"].map { Array($0.utf8) })
  }
}
