import Foundation
import TestKit
import Testing

/// What people ask the audit of changes: who changed what and why, and take it back. On both stores.
@Suite struct CommandLineHistoryTests {
  enum Kind: String, CaseIterable { case sqlite, postgresql }

  /// Verbs on a store of their own.
  private struct Desk {
    let workspace: Workspace
    /// Nil: the embedded store.
    let database: PostgreSQLDatabase?

    private var place: [String] {
      ["--state-directory", workspace.file("state")] + (database.map { ["--store", $0.url] } ?? [])
    }

    func run(_ arguments: String...) async throws -> Tool.Result {
      try await Tool.run(
        Binary.path, arguments + place, in: workspace, environment: ["SUDO_USER": "alice"])
    }

    @discardableResult
    func succeed(_ arguments: String...) async throws -> String {
      try await Tool.succeed(
        Binary.path, arguments + place, in: workspace, environment: ["SUDO_USER": "alice"])
    }

    func sql(_ statement: String) async throws {
      if let database {
        try await offPool { _ = try database.run(statement) }
      } else {
        _ = try await Tool.sqlite(workspace.file("state/muttd.db"), statement, in: workspace)
      }
    }

    func lines(_ output: String) -> [JSON] { output.split(separator: "\n").compactMap { JSON($0) } }
  }

  private func withDesk(_ kind: Kind, _ body: (Desk) async throws -> Void) async throws {
    let database = kind == .postgresql ? try await PostgreSQLDatabase.make() : nil
    try await Workspace.with("history") { try await body(Desk(workspace: $0, database: database)) }
  }

  /// Version 1 by add, 2 by set, 3 by disable.
  private func makeHistory(_ desk: Desk) async throws {
    try await desk.succeed(
      "rules", "add", "link-down", "--match-string", "link", "--priority", "10", "--prod-handling",
      "Page_and_ticket", "--dev-handling", "Ignore", "--tag", "l1", "--match", "<11>link down", "--reason",
      "first one")
    try await desk.succeed(
      "rules", "set", "link-down", "--priority", "5", "--team", "NETO", "--reason", "before the catch-all",
      "--correlation-id", "CHG-4711")
    try await desk.succeed("rules", "disable", "link-down")
  }

  /// Tables that were made from another text are named wherever somebody looks.
  @Test(arguments: Kind.allCases) func aMigrationFromAnotherTextIsNamed(_ kind: Kind) async throws {
    try await withDesk(kind) { desk in
      try await desk.succeed("db", "migrate")
      #expect(!(try await desk.succeed("db", "status")).contains("another text"))
      try await desk.sql("UPDATE schema_migrations SET checksum = 'x' WHERE version = 2")
      let status = try await desk.succeed("db", "status")
      #expect(status.contains("changed: ") && status.contains("0002 config_audit was applied"), "\(status)")
      let check = try await desk.run("check")
      #expect("\(check)".contains("0002 config_audit was applied from another text"), "\(check)")
      try await desk.sql("UPDATE schema_migrations SET checksum = NULL")
      try await desk.succeed("db", "migrate")
      #expect(!(try await desk.succeed("db", "status")).contains("another text"))
    }
  }

  @Test(arguments: Kind.allCases) func aRuleIsFollowedAndTakenBack(_ kind: Kind) async throws {
    try await withDesk(kind) { desk in
      try await makeHistory(desk)
      let history = desk.lines(try await desk.succeed("rules", "history", "link-down", "--json"))
      #expect(history.map { $0["version"] } == [3, 2, 1])
      #expect(history.map { $0["operation"] } == ["UPDATE", "UPDATE", "CREATE"])
      #expect(history[1]["changes"].items.map { $0["column"] } == ["priority", "team_assignment"])
      #expect(history[1]["changes"].items.first?["old"] == 10)
      #expect(history[1]["changes"].items.first?["new"] == 5)
      #expect(history[1]["correlation_id"] == "CHG-4711")
      let text = try await desk.succeed("rules", "history", "1")
      #expect(text.contains("UPDATE by alice: before the catch-all  [CHG-4711]\n"), "\(text)")
      #expect(text.contains("  priority         10 -> 5\n"), "\(text)")
      #expect(text.contains("  team_assignment  null -> \"NETO\"\n"), "\(text)")

      let silent = try await desk.run("rules", "restore", "link-down", "--version", "1")
      #expect(silent.ending == .code(64))
      #expect(silent.errors.contains("--reason"))
      #expect(
        try await desk.succeed("rules", "restore", "link-down", "--version", "1", "--reason", "it was better")
          == "changed rule link-down\n")
      let shown = desk.lines(try await desk.succeed("rules", "show", "link-down", "--json"))[0]
      #expect(shown["version"] == 4 && shown["priority"] == 10 && shown["team_assignment"] == nil)
      #expect(shown["is_active"] == .bool(true))
      #expect(shown["tags"].items == ["l1"])
      #expect(shown["examples", "match"].items == ["<11>link down"])
      #expect(
        try await desk.succeed("rules", "restore", "1", "--version", "4", "--reason", "again")
          == "nothing to change\n")
      let unknown = try await desk.run("rules", "restore", "link-down", "--version", "9", "--reason", "x")
      #expect(unknown.ending == .code(1))
      #expect(unknown.errors.contains("no version 9"), "\(unknown.errors)")
      #expect(try await desk.run("rules", "history", "nobody").ending == .code(1))
    }
  }

  @Test(arguments: Kind.allCases) func aDeletedRuleComesBackUnderItsID(_ kind: Kind) async throws {
    try await withDesk(kind) { desk in
      try await makeHistory(desk)
      try await desk.sql("DELETE FROM alert_rules")
      #expect(try await desk.succeed("rules", "history", "link-down").hasPrefix("deleted "))
      try await desk.succeed(
        "rules", "restore", "link-down", "--version", "2", "--reason", "deleted by mistake")
      let shown = desk.lines(try await desk.succeed("rules", "show", "link-down", "--json"))[0]
      #expect(shown["id"] == 1 && shown["priority"] == 5 && shown["team_assignment"] == "NETO")
      #expect(desk.lines(try await desk.succeed("rules", "history", "link-down", "--json")).count == 5)
    }
  }

  @Test(arguments: Kind.allCases) func changesAreFoundByWhatTheyHold(_ kind: Kind) async throws {
    try await withDesk(kind) { desk in
      try await makeHistory(desk)
      try await desk.succeed("hosts", "dev", "set", "Lab1", "lab2")
      try await desk.succeed("hosts", "team", "set", "core1", "NETO")
      let refused = try await desk.run("hosts", "dev", "unset", "lab1", "--reason", " ")
      #expect(refused.ending == .code(64))
      #expect(refused.errors.contains("--reason"))
      try await desk.succeed("hosts", "dev", "unset", "lab1", "--reason", "in production now")

      func count(_ arguments: String...) async throws -> Int {
        let output = try await Tool.succeed(
          Binary.path,
          ["audit", "config", "--json"] + arguments
            + ["--state-directory", desk.workspace.file("state")]
            + (desk.database.map { ["--store", $0.url] } ?? []), in: desk.workspace)
        return desk.lines(output).count
      }
      #expect(try await count() == 7)
      #expect(try await count("--table", "rules") == 3)
      #expect(try await count("--table", "rules", "--holds", #"{"priority": 5}"#) == 2)
      #expect(try await count("--holds", #"{"hostname": "lab2"}"#) == 1)
      #expect(try await count("--key", "LAB1") == 2)
      #expect(try await count("--operation", "delete") == 1)
      #expect(try await count("--actor", "nobody") == 0)
      #expect(try await count("--correlation-id", "CHG-4711") == 1)
      #expect(try await count("--since", "1h", "--until", "2020-01-01") == 0)

      let page = try await desk.succeed("audit", "config", "--limit", "3")
      let next = try #require(page.split(separator: "\n").last).split(separator: " ")
      #expect(next.first == "more:" && next.count == 3, "\(page)")
      #expect(page.contains("in production now"))
      #expect(try await count("--before", String(next[2])) == 4)
      for wrong in [["--table", "alerts"], ["--operation", "drop"], ["--holds", "5"], ["--limit", "0"]] {
        let result = try await desk.run("audit", "config", wrong[0], wrong[1])
        #expect(result.ending == .code(64), "\(wrong): \(result.errors)")
      }
    }
  }

  @Test(arguments: Kind.allCases) func anEventSaysThatItsRuleHasChanged(_ kind: Kind) async throws {
    try await withDesk(kind) { desk in
      try await desk.succeed(
        "rules", "add", "link-down", "--match-string", "link", "--prod-handling", "Page_only",
        "--dev-handling", "Ignore")
      try await desk.sql(
        """
        INSERT INTO event_audit_log (id, event_timestamp, received_at, hostname, matched_rule_id,
          rule_version, handling_decision, environment, team_assignment, raw_message, source)
        VALUES (911801623435542545, '2026-11-21T02:14:05.913000Z', '2026-11-21T02:14:07.482000Z', 'core1', 1,
          1, 'Page_only', 'prod', 'NETO', '<11>link down', 'syslog')
        """)
      let before = try await desk.succeed("explain", "--event", "911801623435542545")
      #expect(before.contains("then   Page_only by link-down, prod, team NETO\n"), "\(before)")
      #expect(before.hasSuffix("rule   version 1 then, 1 now\n"), "\(before)")
      try await desk.succeed("rules", "set", "link-down", "--priority", "9", "--reason", "CHG-1")
      try await desk.succeed("rules", "set", "link-down", "--prod-handling", "Ticket_only")
      let after = try await desk.succeed("explain", "--event", "911801623435542545")
      #expect(after.contains("rule   version 1 then, 3 now; changed 2 times since: first "), "\(after)")
      #expect(after.contains("by alice (CHG-1), last "), "\(after)")
      let json = try #require(
        JSON(try await desk.succeed("explain", "--event", "911801623435542545", "--json")))
      #expect(json["rule_changes"].items.map { $0["version"] } == [3, 2])
      #expect(json["stored", "handling_decision"] == "Page_only")
    }
  }
}
