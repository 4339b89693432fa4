import Model
import TestKit
import Testing

@testable import Store

/// When devices were heard, on a server that others use too.
@Suite struct PostgresHeardTests {
  private func store(_ database: PostgreSQLDatabase) -> PostgresStore {
    PostgresStore(
      address: { () throws(StoreError) in try PostgresAddress(database.daemonURL) }, notices: { _ in })
  }

  private func sightings(_ hosts: [String]) -> [DeviceSighting] {
    let time = Timestamp(seconds: 1_795_000_000)
    return hosts.map { DeviceSighting(hostname: $0, first: time, last: time) }
  }

  private static let seen = "SELECT hostname FROM devices WHERE last_seen_at IS NOT NULL ORDER BY 1"

  /// Nobody is told, nothing is written down, and the version stands.
  @Test func nothingIsAnnounced() async throws {
    let database = try await PostgreSQLDatabase.make()
    try database.run("INSERT INTO devices (hostname) VALUES ('core1')")
    let before = try database.run("SELECT version FROM config_version")
    let listener = try PostgresListener(database.address())
    let store = store(database)
    defer { store.close() }
    _ = try store.noteHeard(sightings(["core1"]))
    #expect(try database.run(Self.seen) == "core1")
    // The next announcement is that of a change: none came before it.
    try database.run("UPDATE devices SET attrs = '{}'")
    var count = 0
    for _ in 0..<600 where count == 0 { count = try listener.wait(milliseconds: 100) }
    #expect(count == 1)
    #expect(try database.run("SELECT version - \(before) FROM config_version") == "1")
    #expect(try database.run("SELECT string_agg(operation, ',') FROM config_audit_log") == "CREATE,UPDATE")
  }

  /// A device in an open transaction of somebody's is passed over, and the others are noted.
  @Test func nobodyIsWaitedFor() async throws {
    let database = try await PostgreSQLDatabase.make()
    try database.run("INSERT INTO devices (hostname) VALUES ('core1'), ('core2'), ('core3')")
    let store = store(database)
    defer { store.close() }
    let other = try PostgresConnection(database.address())
    try other.execute("BEGIN; UPDATE devices SET attrs = '{}' WHERE hostname = 'core2'", "editing")
    #expect(try store.noteHeard(sightings(["core1", "core2", "core3"])) == ["core2"])
    #expect(try database.run(Self.seen) == "core1\ncore3")
    try other.execute("COMMIT", "editing")
    #expect(try store.noteHeard(sightings(["core2"])) == [])
    #expect(try database.run(Self.seen) == "core1\ncore2\ncore3")
    // Of all devices at once, as an edit holds them: said soon, and the session goes on.
    try other.execute("BEGIN; LOCK TABLE devices IN SHARE ROW EXCLUSIVE MODE", "editing")
    #expect(throws: StoreError.self) { try store.noteHeard(sightings(["core1"])) }
    try other.execute("ROLLBACK", "editing")
    #expect(try store.noteHeard(sightings(["core1"])) == [])
  }

  @Test func aRoleWithoutTheRightSaysSo() async throws {
    let database = try await PostgreSQLDatabase.make()
    try database.run("INSERT INTO devices (hostname) VALUES ('core1')")
    let store = store(database)
    defer { store.close() }
    // These two columns are enough.
    try database.run(
      """
      REVOKE ALL ON devices FROM mutt_daemon; GRANT SELECT ON devices TO mutt_daemon;
      GRANT UPDATE (first_seen_at, last_seen_at) ON devices TO mutt_daemon
      """)
    #expect(try store.noteHeard(sightings(["core1"])) == [])
    try database.run("REVOKE UPDATE (first_seen_at, last_seen_at) ON devices FROM mutt_daemon")
    do {
      _ = try store.noteHeard(sightings(["core1"]))
      Issue.record("it was let in")
    } catch {
      #expect(error.code == .permission)
    }
  }

  /// Thousands of them by one look-up each, whatever the order.
  @Test func manyAreNotedAtOnce() async throws {
    let database = try await PostgreSQLDatabase.make()
    try database.run("INSERT INTO devices (hostname) SELECT 'core' || n FROM generate_series(1, 5000) n")
    let store = store(database)
    defer { store.close() }
    let hosts = (1...1_000).map { "core\($0 * 7 % 5_000 + 1)" }
    #expect(try store.noteHeard(sightings(hosts)) == [])
    #expect(
      try database.run("SELECT count(*) FROM devices WHERE last_seen_at IS NOT NULL") == "\(Set(hosts).count)"
    )
  }
}
