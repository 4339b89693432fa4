import Foundation
import TestKit
import Testing

/// What the documents tell people to type at a PostgreSQL server, in order, at one of the test's own.
@Suite struct DatabaseDocumentTests {
  /// Every command of these is for a server.
  static let documents = ["database/README.md"]
  /// Of these, the blocks marked `sh database`.
  static let guides = ["docs/migrating-from-mutt.md"]

  private static func shell(
    _ block: DocumentBlock, _ cluster: PostgreSQLCluster, in workspace: Workspace
  ) async throws {
    let text = block.body.replacing(
      "postgresql://mutt_owner@db.example/mutt", with: "'\(cluster.url("mutt", user: "mutt_owner"))'"
    )
    .replacing("postgresql://owner@db.example/mutt", with: "'\(cluster.url("mutt_db"))'")
    .replacing("postgresql://mutt_user@localhost/mutt_db", with: "'\(cluster.url("mutt_db"))'")
    let script = try workspace.write("set -euo pipefail\n" + text, to: "block.sh")
    let result = try await Tool.run(
      "bash", [script], in: workspace,
      environment: [
        "PATH": DocumentTests.path, "MUTTD_BINARY": Binary.path, "MUTTD_CONFIG": workspace.file("muttd.yaml"),
        "PGHOST": cluster.directory, "PGPORT": "\(cluster.port)", "PGUSER": "postgres",
      ])
    #expect(result.ending == .code(0), "\(block.name): \(result.output.suffix(2_000))\(result.errors)")
  }

  private func prepare(_ workspace: Workspace) throws {
    try workspace.write(
      "state_directory: state\nlisten: {syslog: ['udp://127.0.0.1:0'], snmp: []}\n", to: "muttd.yaml")
    for folder in ["database", "config"] {
      try FileManager.default.createSymbolicLink(
        atPath: workspace.file(folder), withDestinationPath: "\(Repository.path)/\(folder)")
    }
  }

  private func makeMUTT(_ cluster: PostgreSQLCluster) async throws {
    let sql = text(of: Repository.path + "/Tests/Fixtures/postgresql/mutt-2.5.sql")
    try await offPool {
      try cluster.run("CREATE DATABASE mutt_db")
      try cluster.run(sql, in: "mutt_db")
    }
  }

  @Test func aDatabaseIsMadeStepByStep() async throws {
    let cluster = try await PostgreSQLCluster.start()
    let blocks = DocumentBlock.all(of: "database/README.md").filter { $0.kind == "sh" || $0.kind == "sql" }
    #expect(blocks.count >= 7)
    try await Workspace.with("database") { workspace in
      try prepare(workspace)
      try await makeMUTT(cluster)
      try await offPool { _ = try cluster.run("CREATE DATABASE mutt") }
      for (index, block) in blocks.enumerated() {
        if block.kind == "sql" {
          // The first one makes the database that the others are for.
          let database = block.body.contains("CREATE DATABASE") ? "postgres" : "mutt"
          do {
            try await offPool { _ = try cluster.run(block.body, in: database) }
          } catch {
            Issue.record("\(block.name): \(error)")
          }
        } else {
          try await Self.shell(block, cluster, in: workspace)
        }
        if index == 0 {
          let applied = try await offPool {
            try cluster.run("SELECT count(*) FROM schema_migrations", in: "mutt")
          }
          #expect((Int(applied) ?? 0) >= 4)
          // The rest begins with a server that has no such database.
          try await offPool {
            try cluster.run("DROP DATABASE mutt")
            try cluster.run("DROP ROLE mutt_daemon, mutt_retention, mutt_people")
          }
        }
      }
    }
  }

  /// What the guide asks people to mend by hand: the rules of that database that cannot be used.
  private func mend(_ name: String, in workspace: Workspace) throws {
    let rules = text(of: workspace.file(name))
    #expect(rules.contains("Page_and_tickets") && rules.contains("disk (full"))
    try workspace.write(
      rules.replacing("Page_and_tickets", with: "Page_and_ticket").replacing("Email_only", with: "Log_only")
        .replacing("disk (full", with: "disk [(]full"), to: name)
  }

  @Test(arguments: guides)
  func whatTheGuidesTypeWorks(document: String) async throws {
    let cluster = try await PostgreSQLCluster.start()
    let blocks = DocumentBlock.all(of: document).filter { $0.kind == "sh database" }
    #expect(blocks.count >= 2)
    try await Workspace.with("database-guide") { workspace in
      try prepare(workspace)
      try await makeMUTT(cluster)
      for block in blocks {
        try await Self.shell(block, cluster, in: workspace)
        if block.body.contains("> from-mutt.yaml") { try mend("from-mutt.yaml", in: workspace) }
      }
    }
  }
}
