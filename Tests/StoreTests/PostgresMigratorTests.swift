import Model
import TestKit
import Testing

@testable import Store

@Suite struct PostgresMigratorTests {
  /// `database/postgresql` of this checkout.
  static let folder =
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/database/postgresql/"

  static func file(_ migration: Migrator.Migration, _ suffix: String) throws -> String {
    let digits = String(migration.version)
    let stem = String(repeating: "0", count: 4 - digits.count) + digits + "_" + migration.name
    return String(decoding: try DatabaseFile.read(folder + stem + suffix), as: UTF8.self)
  }

  private let applied = Array(repeating: MigrationStatus.State.applied, count: 5)

  @Test func theBinaryCarriesTheFiles() throws {
    for migration in PostgresMigrator.migrations {
      #expect(try PostgresMigratorTests.file(migration, ".sql") == migration.up, "\(migration.name)")
      #expect(try PostgresMigratorTests.file(migration, ".down.sql") == migration.down, "\(migration.name)")
    }
    #expect(PostgresMigrator.migrations.map(\.version) == Array(1...PostgresMigrator.migrations.count))
  }

  @Test func psqlAndMigrateGiveTheSameSchema() async throws {
    let ours = try await PostgreSQLDatabase.make()
    let theirs = try await PostgreSQLDatabase.make(migrated: false)
    for migration in PostgresMigrator.migrations {
      try theirs.run(try PostgresMigratorTests.file(migration, ".sql"))
    }
    #expect(try ours.cluster.schema(of: ours.name) == theirs.cluster.schema(of: theirs.name))
    #expect(try PostgresMigrator.status(theirs.address()).map(\.state) == applied)
    let unsigned = "SELECT count(*) FROM schema_migrations WHERE checksum IS NULL"
    #expect(try theirs.run(unsigned) == "5")
    try PostgresMigrator.migrate(theirs.address())
    #expect(try theirs.run(unsigned) == "0")
  }

  @Test func downTakesBackNewestFirstAndUpRestores() async throws {
    let database = try await PostgreSQLDatabase.make()
    let whole = try database.cluster.schema(of: database.name)
    let address = try database.address()
    #expect(try PostgresMigrator.migrate(address).map(\.state) == applied)
    #expect(
      try PostgresMigrator.down(address, to: 1).map(\.state)
        == [.applied] + Array(repeating: .pending, count: 4))
    #expect(try database.run("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal") == "0")
    #expect(try PostgresMigrator.migrate(address).map(\.state) == applied)
    #expect(try database.cluster.schema(of: database.name) == whole)
    #expect(try PostgresMigrator.down(address, to: 0).allSatisfy { $0.state == .pending })
    #expect(
      try database.run("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == "0")
    #expect(
      try database.run("SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace") == "0")
  }

  @Test func migratorsAtOnceComeOneAfterTheOther() async throws {
    let database = try await PostgreSQLDatabase.make(migrated: false)
    let address = try database.address()
    try await withThrowingTaskGroup(of: [MigrationStatus].self) { group in
      for _ in 0..<4 {
        group.addTask { try await offPool { try PostgresMigrator.migrate(address) } }
      }
      for try await steps in group { #expect(steps.map(\.state) == applied) }
    }
  }

  /// Nobody needs to be a superuser: an owner who may make roles is enough.
  @Test func theOwnerOfADatabaseMigratesIt() async throws {
    // The role `muttd` comes with the first that is migrated.
    _ = try await PostgreSQLDatabase.make()
    let database = try await PostgreSQLDatabase.make(migrated: false)
    let owner = "\(database.name)_owner"
    try database.run(
      "CREATE ROLE \(owner) LOGIN CREATEROLE; ALTER DATABASE \(database.name) OWNER TO \(owner)")
    let address = try PostgresAddress(database.cluster.url(database.name, user: owner))
    #expect(try PostgresMigrator.migrate(address).map(\.state) == applied)
    try database.run(
      "INSERT INTO alert_rules (id, match_string, prod_handling, dev_handling) VALUES (7, 'a', 'x', 'y')",
      user: "muttd")
    #expect(try database.run("SELECT updated_by, version FROM alert_rules") == "muttd|1")
    #expect(try PostgresMigrator.down(address, to: 0).allSatisfy { $0.state == .pending })
    try database.run("REASSIGN OWNED BY \(owner) TO postgres; DROP ROLE \(owner)")
  }

  @Test func aMigrationThatFailsLeavesNothing() async throws {
    let database = try await PostgreSQLDatabase.make(migrated: false)
    try database.run("CREATE TABLE devices (hostname text)")
    let error = try #require(throws: StoreError.self) { try PostgresMigrator.migrate(database.address()) }
    #expect(
      error.message.contains("applying migration 1 (tables) failed: relation \"devices\" already exists"))
    #expect(try database.run("SELECT count(*) FROM pg_class WHERE relname = 'alert_rules'") == "0")
    #expect(try PostgresMigrator.status(database.address()).allSatisfy { $0.state == .pending })
  }

  @Test func aNewerOrOutdatedSchemaIsRefusedAndAChangedOneSaid() async throws {
    let database = try await PostgreSQLDatabase.make()
    func refusal() -> StoreError? {
      let store = PostgresStore(
        address: { () throws(StoreError) in try PostgresAddress(database.url) }, notices: { _ in })
      defer { store.close() }
      do throws(StoreError) {
        _ = try store.catalogVersion()
        return nil
      } catch {
        return error
      }
    }
    #expect(refusal() == nil)
    try database.run("INSERT INTO schema_migrations (version, name) VALUES (99, 'future')")
    #expect(refusal()?.code == .schema)
    #expect(refusal()?.message.contains("99 (future)") == true)
    #expect(throws: StoreError.self) { try PostgresMigrator.migrate(database.address()) }
    try database.run("DELETE FROM schema_migrations WHERE version = 99")
    try PostgresMigrator.down(database.address(), to: 3)
    #expect(refusal()?.code == .schema)
    #expect(refusal()?.message.contains("muttd db migrate") == true)
    try PostgresMigrator.migrate(database.address())
    try database.run("UPDATE schema_migrations SET checksum = 'x' WHERE version = 2")
    #expect(
      try PostgresMigrator.status(database.address()).map(\.state)
        == [.applied, .changed, .applied, .applied, .applied])
    #expect(refusal() == nil)
  }
}
