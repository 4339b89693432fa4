import Glibc
import Testing

@testable import Store

@Suite struct StoreErrorTests {
  /// Codes of SQLite (sqlite.org/rescode.html), extended ones included, with errno where it counts.
  @Test(
    arguments: [
      (5, 0, StoreError.Code.busy), (261, 0, .busy), (6, 0, .busy), (11, 0, .corrupt), (267, 0, .corrupt),
      (26, 0, .corrupt), (13, 0, .full), (10, ENOSPC, .full), (778, EDQUOT, .full), (10, EIO, .io),
      (8, 0, .readOnly), (1_032, 0, .readOnly), (14, ENOENT, .unavailable), (14, EACCES, .permission),
      (14, EROFS, .readOnly), (3, 0, .permission), (19, 0, .constraint), (1_299, 0, .constraint),
      (18, 0, .constraint), (1, 0, .schema), (17, 0, .schema), (7, 0, .unavailable), (22, 0, .io),
    ] as [(Int32, Int32, StoreError.Code)])
  func codesOfSQLite(_ code: Int32, _ number: Int32, _ expected: StoreError.Code) {
    #expect(StoreError.Code(sqlite: code, errno: number) == expected)
  }

  @Test func whatAServerRefusesHasItsOwnAdvice() {
    let advice = ["57014", "55P03", "42P17", "42501"].map { StoreError.Code.serverAdvice(sqlstate: $0) }
    #expect(advice[0].contains("statement_timeout") && advice[1].contains("pg_stat_activity"))
    #expect(advice[2].contains("db partitions"))
    #expect(advice[3] == StoreError.Code.permission.serverAdvice)
    for text in advice { #expect(text.hasSuffix(".")) }
  }

  @Test func anErrorSaysWhatToWhatAndWhatToDo() {
    let error = StoreError.sqlite(
      13, errno: 0, text: "database or disk is full", doing: "writing audit rows",
      path: "/var/lib/muttd/muttd.db")
    #expect(
      error.message
        == "/var/lib/muttd/muttd.db: writing audit rows failed: database or disk is full (SQLite 13). "
        + "Free space on that file system.")
    for code in StoreError.Code.allCases { #expect(code.advice.hasSuffix(".")) }
  }
}
