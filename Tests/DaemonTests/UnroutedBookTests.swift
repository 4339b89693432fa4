import Delivery
import Model
import TestKit
import Testing

@testable import Daemon

@Suite struct UnroutedBookTests {
  private static let start = EventFactory.start

  /// Notes one alert with this team and severity.
  private static func note(
    _ book: inout UnroutedBook, team: String?, severity: Int8 = 4, at seconds: Int64 = 0
  ) {
    var factory = EventFactory()
    var batch = EventBatch()
    _ = factory.add(to: &batch, rule: (7, "link-down"), handling: "Page_only")
    batch.rows[0].team = team.map { batch.add($0) } ?? .absent
    batch.rows[0].alertSeverity = severity
    book.note(batch.rows[0], batch, now: start.adding(seconds: seconds))
  }

  private static func router(_ match: RouteMatch) -> Router {
    Router([DestinationSettings(name: "moog", url: "http://127.0.0.1:9/", match: match)])
  }

  @Test func whatFindsARouteIsNoLongerWithoutOne() {
    var book = UnroutedBook()
    #expect(book.summary == UnroutedBook.Summary() && !book.summary.stands(at: Self.start))
    for _ in 0..<3 { Self.note(&book, team: "NETO") }
    Self.note(&book, team: nil, at: 5)
    Self.note(&book, team: "SITE", severity: 1, at: 9)
    #expect(book.summary.count == 5 && book.summary.since == Self.start)
    #expect(book.summary.last.hasPrefix("link-down of ") == true)
    #expect(book.summary.last.hasSuffix(": Page_only, team SITE, prod, severity 1"), "\(book.summary.last)")
    book.judge(by: Self.router(RouteMatch(team: ["other"])))
    #expect(book.summary.count == 5)
    book.judge(by: Self.router(RouteMatch(team: ["neto", "SITE"], minSeverity: 2)))
    #expect(book.summary.count == 2)
    book.judge(by: Self.router(RouteMatch()))
    #expect(book.summary == UnroutedBook.Summary())
  }

  @Test func aDayLaterItIsHistory() {
    var book = UnroutedBook()
    Self.note(&book, team: "NETO")
    #expect(book.summary.stands(at: Self.start.adding(seconds: 86_399)))
    #expect(!book.summary.stands(at: Self.start.adding(seconds: 86_400)))
    Self.note(&book, team: "SITE", at: 90_000)
    #expect(book.summary.count == 1 && book.summary.since == Self.start.adding(seconds: 90_000))
  }

  @Test func theOldestMakeRoom() {
    var book = UnroutedBook()
    for number in 0..<1_000 { Self.note(&book, team: "team\(number)") }
    #expect(book.summary.count == UInt64(UnroutedBook.limit))
    #expect(book.summary.last.contains("team999"))
  }
}
