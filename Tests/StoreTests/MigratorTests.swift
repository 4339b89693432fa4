import Model
import TestKit
import Testing

@testable import Store

@Suite struct MigratorTests {
  /// `database/sqlite` of this checkout.
  private static let folder =
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
    + "/database/sqlite/"

  private let applied = Array(repeating: MigrationStatus.State.applied, count: 5)

  @Test func theBinaryCarriesTheFiles() throws {
    for migration in Migrator.migrations {
      let digits = String(migration.version)
      let stem = String(repeating: "0", count: 4 - digits.count) + digits + "_" + migration.name
      for (suffix, text) in [(".sql", migration.up), (".down.sql", migration.down)] {
        let file = try DatabaseFile.read(MigratorTests.folder + stem + suffix)
        #expect(String(decoding: file, as: UTF8.self) == text, "\(stem)\(suffix)")
      }
    }
    #expect(Migrator.migrations.map(\.version) == Array(1...Migrator.migrations.count))
  }

  /// A number is the same step in both; only of the third each has its own way.
  @Test func versionsAreLevelWithThoseOfAServer() {
    let own = Migrator.migrations.map { "\($0.version) \($0.name)" }
    let server = PostgresMigrator.migrations.map { "\($0.version) \($0.name)" }
    #expect(own.count == server.count)
    #expect(zip(own, server).filter { $0 != $1 }.map(\.0) == ["3 audit_hosts"])
  }

  /// A file of an earlier muttd is brought on by `run` and by `db migrate`, without another look at its rows.
  @Test func aFileThatStandsAtThreeGoesOn() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("a.db")
    try Migrator.migrate(path: path)
    try Migrator.down(path: path, to: 3)
    #expect(try Migrator.status(path: path).map(\.state) == applied.prefix(3) + [.pending, .pending])
    let store = try SQLiteStore(path: path, mode: .daemon, migrate: true, notices: { _ in })
    store.close()
    #expect(try Migrator.status(path: path).map(\.state) == applied)
  }

  @Test func theShellAndMigrateGiveTheSameSchema() throws {
    let directory = TemporaryDirectory()
    try Migrator.migrate(path: directory.file("a.db"))
    let shell = try DatabaseFile(directory.file("b.db"))
    for migration in Migrator.migrations { try shell.run(migration.up) }
    let schema = "SELECT type, name, sql FROM sqlite_schema ORDER BY name"
    #expect(try DatabaseFile(directory.file("a.db")).run(schema) == shell.run(schema))
    #expect(try Migrator.status(path: directory.file("b.db")).allSatisfy { $0.state == .applied })
    #expect(
      try shell.value("SELECT count(*) FROM schema_migrations WHERE checksum IS NULL")
        == "\(Migrator.migrations.count)")
    try Migrator.migrate(path: directory.file("b.db"))
    #expect(try shell.value("SELECT count(*) FROM schema_migrations WHERE checksum IS NULL") == "0")
  }

  @Test func migratingTwiceChangesNothing() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("a.db")
    let first = try Migrator.migrate(path: path)
    #expect(first.map(\.state) == applied)
    #expect(first.allSatisfy { $0.appliedAt != nil })
    #expect(try Migrator.migrate(path: path) == first)
    #expect(try Migrator.status(path: path) == first)
  }

  @Test func downTakesBackNewestFirstAndUpRestores() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("a.db")
    let file = try DatabaseFile(path)
    try Migrator.migrate(path: path)
    let schema = "SELECT type, name, sql FROM sqlite_schema ORDER BY name"
    let whole = try file.run(schema)
    #expect(
      try Migrator.down(path: path, to: 1).map(\.state)
        == [.applied] + Array(repeating: .pending, count: 4))
    #expect(try file.value("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'") == "0")
    #expect(try Migrator.migrate(path: path).map(\.state) == applied)
    #expect(try file.run(schema) == whole)
    #expect(try Migrator.down(path: path, to: 0).allSatisfy { $0.state == .pending })
    #expect(try file.value("SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'") == "0")
  }

  @Test func aNewerOrOutdatedSchemaIsRefusedAndAChangedOneSaid() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("a.db")
    let file = try DatabaseFile(path)
    try Migrator.migrate(path: path)
    func refusal(migrate: Bool) -> StoreError? {
      do {
        _ = try SQLiteStore(path: path, mode: .commandLine, migrate: migrate, notices: { _ in })
        return nil
      } catch {
        return error
      }
    }
    try file.run("INSERT INTO schema_migrations (version, name) VALUES (99, 'future')")
    #expect(refusal(migrate: true)?.code == .schema)
    #expect(refusal(migrate: false)?.message.contains("99") == true)
    try file.run("DELETE FROM schema_migrations WHERE version = 99")
    try Migrator.down(path: path, to: 1)
    #expect(refusal(migrate: false)?.message.contains("muttd db migrate") == true)
    #expect(refusal(migrate: true) == nil)
    try file.run("UPDATE schema_migrations SET checksum = 'x' WHERE version = 1")
    #expect(try Migrator.status(path: path).map(\.state) == [.changed] + applied.dropFirst())
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    // The length has room in the last block, just so and just not, or the block is full.
    (
      String(repeating: "a", count: 55),
      "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"
    ),
    (
      String(repeating: "a", count: 56),
      "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"
    ),
    (
      String(repeating: "a", count: 64),
      "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"
    ),
  ])
  func checksumsAreSHA256(_ text: String, _ digest: String) {
    #expect(SHA256.hex(text) == digest)
  }
}
