import Dispatch
import Model
import TestKit
import Testing

@testable import Store

/// Servers that do not answer, and what an address may say. Every one of these waits ends soon, where
/// libpq alone would wait the ten minutes that `connect_timeout` allows.
@Suite struct PostgresDialTests {
  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return (error as? StoreError)?.message ?? "\(error)"
    }
  }

  @Test func silentHostsAreLeftForTheOneThatAnswers() async throws {
    let database = try await PostgreSQLDatabase.make()
    let (one, two) = (SilentServer(), SilentServer())
    let address = try PostgresAddress(
      "postgresql://postgres@/\(database.name)?host=127.0.0.1,localhost,\(database.cluster.directory)"
        + "&port=\(one.port),\(two.port),\(database.cluster.port)")
    let rows = try await offPool {
      try PostgresConnection(address, limits: .init(connect: 60_000_000_000))
        .query("SELECT current_database()", [], "asking").text(0, 0)
    }
    #expect(rows == database.name)
    withExtendedLifetime((one, two)) {}
  }

  @Test func aStopWaitsForNoSilentServer() async throws {
    let (one, two) = (SilentServer(), SilentServer())
    let address = try PostgresAddress(
      "postgresql://u@127.0.0.1:\(one.port),127.0.0.1:\(two.port)/mutt?connect_timeout=600")
    let patience = PostgresPatience()
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(300)) { patience.end(in: 0) }
    let said = try await offPool {
      message { _ = try PostgresConnection(address, patience: patience) }
    }
    #expect(said.contains("127.0.0.1 port \(one.port) does not answer"), "\(said)")
    withExtendedLifetime((one, two)) {}
  }

  @Test func aStartSharesItsPatienceAmongAllHosts() async throws {
    let (one, two) = (SilentServer(), SilentServer())
    let url = "postgresql://u@127.0.0.1:\(one.port),127.0.0.1:\(two.port)/mutt?connect_timeout=600"
    let store = PostgresStore(
      address: { () throws(StoreError) in try PostgresAddress(url) }, notices: { _ in })
    let said = try await offPool {
      message { try store.connect(within: 8_000_000_000) }
    }
    for server in [one, two] { #expect(said.contains("port \(server.port) does not answer"), "\(said)") }
    // Afterwards it has all its patience again: of a dead port it hears that nobody listens.
    let later = PostgresStore(
      address: { () throws(StoreError) in
        try PostgresAddress("postgresql://u@127.0.0.1:1/mutt?connect_timeout=600")
      }, notices: { _ in })
    let answers = try await offPool {
      (message { try later.connect(within: 0) }, message { try later.connect() })
    }
    #expect(answers.1.contains("Connection refused"), "\(answers)")
    withExtendedLifetime((one, two)) {}
  }

  /// The last says `any`: all three would do for it.
  @Test func ofSeveralServersTheOneOfTheWishedKindIsTaken() async throws {
    let database = try await PostgreSQLDatabase.make()
    let place = database.cluster.directory
    for wish in ["read-write", "primary", "prefer-standby", "any"] {
      let silent = SilentServer()
      let address = try PostgresAddress(
        "postgresql://postgres@/\(database.name)?host=127.0.0.1,\(place)&port=\(silent.port),5432"
          + "&target_session_attrs=\(wish)")
      let answer = try await offPool {
        try PostgresConnection(address, limits: .init(connect: 60_000_000_000))
          .query("SELECT pg_is_in_recovery()", [], "asking").bool(0, 0)
      }
      #expect(!answer)
      withExtendedLifetime(silent) {}
    }
  }

  @Test func aNameThatNobodyKnowsSaysSo() async throws {
    let address = try PostgresAddress("postgresql://u@nowhere.invalid/mutt")
    let said = try await offPool { message { _ = try PostgresConnection(address) } }
    #expect(said.contains("nowhere.invalid: "), "\(said)")
  }

  @Test(
    arguments: [
      ("host=a,b&port=1,2", [("a", nil, "1"), ("b", nil, "2")]),
      ("host=a,b&port=1", [("a", nil, "1"), ("b", nil, "1")]),
      ("host=a,b", [("a", nil, "5432"), ("b", nil, "5432")]),
      ("host=a&hostaddr=192.0.2.1&port=7", [("a", "192.0.2.1", "7")]),
      ("hostaddr=192.0.2.1,192.0.2.2&port=7", [(nil, "192.0.2.1", "7"), (nil, "192.0.2.2", "7")]),
      ("host=/run,%40pg&port=7", [("/run", nil, "7"), ("@pg", nil, "7")]),
    ] as [(String, [(String?, String?, String?)])])
  func hostsAreTriedOneByOne(_ query: String, _ places: [(String?, String?, String?)]) throws {
    let words = try PostgresAddress("postgresql://u@/mutt?" + query).words
    #expect(
      PostgresPlace.list(words, ["port": "5432"])
        == places.map { PostgresPlace(host: $0.0, address: $0.1, port: $0.2) })
  }

  @Test(arguments: ["host=a,b&port=1,2,3", "host=a,b&hostaddr=192.0.2.1", "service=mutt&host=a,b", "port=7"])
  func whatIsNoListIsLeftToLibpq(_ query: String) throws {
    let words = try PostgresAddress("postgresql://u@/mutt?" + query).words
    #expect(PostgresPlace.list(words, [:]) == [PostgresPlace(isWhole: true)])
  }

  /// Options of the address take the place of those of ours that they name, and of no others.
  @Test(arguments: [
    ("-c statement_timeout=1234", "1234ms|5s"), ("-cstatement_timeout=1234", "1234ms|5s"),
    ("--lock-timeout=77", "10s|77ms"), ("-c work_mem=1MB", "10s|5s"),
    ("-c statement_timeout=1s -c lock_timeout=2s", "1s|2s"),
  ])
  func optionsOfTheAddressKeepTheOtherTimeLimits(_ options: String, _ limits: String) async throws {
    let database = try await PostgreSQLDatabase.make()
    let spelt = options.split(separator: " ").joined(separator: "%20")
      .split(separator: "=").joined(separator: "%3D")
    let address = try PostgresAddress(database.url + "&options=" + spelt)
    let said = try await offPool {
      let rows = try PostgresConnection(address).query(
        "SELECT current_setting('statement_timeout'), current_setting('lock_timeout')", [], "asking")
      return "\(rows.text(0, 0) ?? "")|\(rows.text(0, 1) ?? "")"
    }
    #expect(said == limits)
  }

  /// Whoever only reads does not notice that the server was restarted meanwhile.
  @Test func aDeadSessionIsNoReasonToFailToRead() async throws {
    let database = try await PostgreSQLDatabase.make()
    let store = PostgresStore(
      address: { () throws(StoreError) in try PostgresAddress(database.daemonURL) }, notices: { _ in })
    defer { store.close() }
    let version = try await offPool { try store.catalogVersion() }
    func end() async throws {
      _ = try await offPool {
        try database.run(
          """
          SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
          WHERE usename = 'muttd' AND datname = current_database()
          """)
      }
    }
    try await end()
    #expect(try await offPool { try store.catalogVersion() } == version)
    try await end()
    #expect(try await offPool { try store.loadCatalog() }.version == version)
    try await end()
    #expect(try await offPool { try store.auditEvents(AuditQuery()) }.events.isEmpty)
  }
}
