import Console
import Intake
import Model
import Store

/// What no rule takes, for the API: the members are those of `muttd unmatched list --json`.
extension APIDesk {
  func unmatched(_ host: String?, _ page: APIPage) async throws(Problem) -> [UInt8] {
    let behind = try APIDesk.place(page)
    return try await read { shelf throws(Problem) in
      let found = try shelf.outbox { outbox throws(StoreError) in
        try outbox.unmatchedPage(host: host, behind: behind, limit: page.limit, now: SystemClock.now)
      }
      var list = APIList(page)
      for (index, item) in found.items.enumerated() {
        list.add(
          VerbUnmatched.json(item.kind, count: item.place.count),
          cursor: "\(item.place.count)-\(UnmatchedKind.id(item.place.key))")
        if list.isFull { return list.closed(hasMore: found.hasMore || index < found.items.count - 1) }
      }
      return list.closed(hasMore: found.hasMore)
    }
  }

  /// The cursor of the list: how often, and which.
  private static func place(_ page: APIPage) throws(Problem) -> Outbox.UnmatchedPlace? {
    guard let cursor = page.cursor else { return nil }
    let (count, key) = try parts(cursor, page)
    return Outbox.UnmatchedPlace(count: Int(clamping: count), key: key)
  }

  /// `NUMBER-HEXADECIMAL`: up to 19 digits, of which those beyond our numbers are above every one there is,
  /// and 16 hexadecimal digits.
  private static func parts(_ cursor: String, _ page: APIPage) throws(Problem) -> (Int64, UInt64) {
    let parts = cursor.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count <= 19, parts[0].utf8.allSatisfy(isDigit),
      let number = UInt64(parts[0]), parts[1].utf8.count == 16,
      parts[1].utf8.allSatisfy({ isDigit($0) || $0 &- 0x61 < 6 }),
      let key = UInt64(parts[1], radix: 16)
    else { throw page.badCursor }
    return (Int64(clamping: number), key)
  }

  /// By when they were ignored.
  func ignored(_ page: APIPage) async throws(Problem) -> [UInt8] {
    let above = try page.cursor.map { cursor throws(Problem) in try APIDesk.parts(cursor, page) }
    return try await read { shelf throws(Problem) in
      let all = try shelf.outbox { outbox throws(StoreError) in try outbox.ignored() }
      var list = APIList(page)
      for one in all {
        // A template that is ignored everywhere never has the key of a kind.
        if let above, (one.since.nanoseconds, one.key) <= above { continue }
        if list.isFull { return list.closed(hasMore: true) }
        list.add(
          VerbUnmatched.json(one), cursor: "\(max(0, one.since.nanoseconds))-\(UnmatchedKind.id(one.key))")
      }
      return list.closed(hasMore: false)
    }
  }
}
