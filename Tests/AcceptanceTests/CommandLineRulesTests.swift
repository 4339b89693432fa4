import Foundation
import Testing

/// `muttd rules …`, `hosts …` and `db …` on a store without a daemon.
@Suite struct CommandLineRulesTests {
  /// A state directory of its own, and verbs on it.
  private struct Desk {
    let workspace: Workspace
    var environment: [String: String] = [:]

    func run(_ arguments: String...) async throws -> Tool.Result {
      try await Tool.run(
        Binary.path, arguments + ["--state-directory", workspace.file("state")], in: workspace,
        environment: environment)
    }

    @discardableResult
    func succeed(_ arguments: String...) async throws -> String {
      try await Tool.succeed(
        Binary.path, arguments + ["--state-directory", workspace.file("state")], in: workspace,
        environment: environment)
    }

    func lines(_ output: String) -> [JSON] { output.split(separator: "\n").compactMap { JSON($0) } }

    func sql(_ query: String) async throws -> [JSON] {
      try await Tool.sqlite(workspace.file("state/muttd.db"), query, in: workspace)
    }
  }

  private func withDesk(_ name: String, _ body: (Desk) async throws -> Void) async throws {
    try await Workspace.with(name) { try await body(Desk(workspace: $0)) }
  }

  @Test func aRuleLivesFromAddToDisable() async throws {
    try await withDesk("rulelife") { desk in
      var desk = desk
      desk.environment = ["SUDO_USER": "alice", "LOGNAME": "root"]
      try await desk.succeed(
        "rules", "add", "link-down", "--match-type", "regex", "--match-string",
        "Interface (?<interface>\\S+) down", "--priority", "10", "--prod-handling", "Page_and_ticket",
        "--dev-handling", "Ignore", "--team", "NETO", "--severity", "4", "--key", "{host}::{interface}",
        "--summary", "{interface} down", "--doc-url", "https://wiki.example/link", "--tag", "link", "--tag",
        "l1", "--description", "A link", "--match", "<11>Interface Gi0/1 down", "--no-match",
        "<11>Interface Gi0/1 up", "--reason", "first one")
      try await desk.succeed(
        "rules", "add", "any-trap", "--trap-oid", "1.3.6.1.6.3.1.1.5", "--prod-handling", "ticket_only",
        "--dev-handling", "Ignore", "--match", "trap: linkDown ifIndex.1=i:1")

      var rules = desk.lines(try await desk.succeed("rules", "list", "--json"))
      #expect(rules.map { $0["name"] } == ["link-down", "any-trap"])
      #expect(rules[0]["id"] == 1)
      #expect(rules[0]["match_type"] == "regex")
      #expect(rules[0]["severity"] == 4)
      #expect(rules[0]["key"] == "{host}::{interface}")
      #expect(rules[0]["tags"].items == ["link", "l1"])
      #expect(rules[0]["examples", "match"].items == ["<11>Interface Gi0/1 down"])
      #expect(rules[0]["updated_by"] == "alice")
      #expect(rules[1]["match_type"] == "oid_prefix")
      #expect(rules[1]["prod_handling"] == "ticket_only")

      // Only what is given changes; an empty text takes a column away.
      try await desk.succeed("rules", "set", "link-down", "--priority", "200", "--team", "")
      rules = desk.lines(try await desk.succeed("rules", "list", "--json"))
      #expect(rules.map { $0["name"] } == ["any-trap", "link-down"])
      #expect(rules[1]["team_assignment"] == nil)
      #expect(rules[1]["severity"] == 4)
      #expect(rules[1]["version"] == 2)
      #expect(rules[1]["id"] == 1)

      #expect(
        try await desk.succeed("rules", "disable", "link-down", "2")
          == "retired rule link-down\nretired rule any-trap\n")
      #expect(try await desk.succeed("rules", "list", "--json") == "")
      #expect(try await desk.succeed("rules", "list").contains("--all"))
      #expect(desk.lines(try await desk.succeed("rules", "list", "--all", "--json")).count == 2)
      try await desk.succeed("rules", "enable", "link-down")
      #expect(try await desk.succeed("rules", "show", "link-down").contains("name: link-down"))

      let changes = try await desk.sql(
        "SELECT changed_by, operation, record_key, reason FROM config_audit_log ORDER BY id")
      #expect(changes.count == 6)
      #expect(changes.allSatisfy { $0["changed_by"] == "alice" })
      #expect(
        changes.map { $0["operation"] } == ["CREATE", "CREATE", "UPDATE", "UPDATE", "UPDATE", "UPDATE"])
      #expect(changes[0]["reason"] == "first one")
    }
  }

  static let unusable: [(arguments: [String], code: Int32, says: String)] = [
    (["--match-string", "x", "--prod-handling", "Page_onli"], 1, "Page_only"),
    (["--match-type", "regex", "--match-string", "x(", "--prod-handling", "Page_only"], 1, "column"),
    (["--match-type", "rexex", "--match-string", "x", "--prod-handling", "Page_only"], 64, "nearest: regex"),
    (["--match-type", "oid_prefix", "--prod-handling", "Page_only"], 1, "cannot be used"),
    (["--trap-oid", "1.3.x", "--prod-handling", "Page_only"], 1, "cannot be used"),
    (
      [
        "--match-type", "regex", "--match-string", "x (?<port>\\S+)", "--key", "{host}::{prot}",
        "--prod-handling", "Page_only",
      ], 1, "did you mean {port}?"
    ),
    (["--match-string", "x", "--severity", "9", "--prod-handling", "Page_only"], 64, "--severity"),
    (["--match-string", "x", "--prod-handling", "Page_only", "--match", "<11>y"], 1, "won by no rule"),
    (["--match-string", "x", "--prod-handling", "Page_only", "--no-match", "<11>x"], 1, "must not"),
    (
      ["--match-string", "taken", "--prod-handling", "Page_only", "--match", "<11>taken"], 1,
      "won by rule first"
    ),
  ]

  @Test(arguments: unusable)
  func whatCannotBeUsedIsNotWritten(_ arguments: [String], _ code: Int32, _ says: String) async throws {
    try await withDesk("unusable") { desk in
      try await desk.succeed(
        "rules", "add", "first", "--match-string", "taken", "--priority", "1", "--prod-handling", "Log_only",
        "--dev-handling", "Ignore")
      let result = try await Tool.run(
        Binary.path,
        [
          "rules", "add", "bad", "--dev-handling", "Ignore", "--state-directory",
          desk.workspace.file("state"),
        ]
          + arguments, in: desk.workspace)
      #expect(result.ending == .code(code), "\(result.errors)")
      #expect(result.errors.contains(says), "\(result.errors)")
      #expect(desk.lines(try await desk.succeed("rules", "list", "--json")).count == 1)
    }
  }

  /// What a change takes from others, and what others leave to it, is said while it is written all the same.
  @Test func aChangeThatShadowsIsWrittenWithAWarning() async throws {
    try await withDesk("shadow") { desk in
      let rest = ["--prod-handling", "Log_only", "--dev-handling", "Ignore"]
      let state = ["--state-directory", desk.workspace.file("state")]
      func add(_ arguments: [String]) async throws -> Tool.Result {
        try await Tool.run(
          Binary.path, ["rules", "add"] + arguments + rest + state, in: desk.workspace)
      }
      #expect(try await add(["link", "--match-string", "link down"]).errors == "")
      let narrow = try await add(["narrow", "--match-string", "a link down here"])
      #expect(narrow.ending == .code(0))
      #expect(narrow.errors.hasPrefix("warning: rule narrow: can never win: rule link decides before it"))
      let wide = try await add(["wide", "--match-string", "link", "--priority", "1"])
      #expect(wide.ending == .code(0))
      #expect(wide.errors.contains("warning: rule link: can never win: rule wide decides before it"))
      // Who has nothing to do with the change is not named again.
      #expect(try await add(["else", "--match-string", "fan"]).errors == "")
      let found = try await desk.run("rules", "test")
      #expect(found.ending == .code(1))
      #expect(found.output.contains("store: rule narrow: can never win"))
      try await desk.succeed("rules", "disable", "wide", "narrow")
      #expect(
        try await desk.succeed("rules", "test") == "0 of 0 examples hold; 2 rules have no examples\n")
      #expect(try await desk.run("rules", "test", "wide").errors.contains("is retired"))
    }
  }

  @Test func namesThatAreTakenOrUnknown() async throws {
    try await withDesk("names") { desk in
      try await desk.succeed(
        "rules", "add", "link-down", "--match-string", "x", "--prod-handling", "Log_only", "--dev-handling",
        "Ignore")
      let again = try await desk.run(
        "rules", "add", "link-down", "--match-string", "y", "--prod-handling", "Log_only", "--dev-handling",
        "Ignore")
      #expect(again.ending == .code(1))
      #expect(again.errors.contains("muttd rules set"))
      for verb in [["show"], ["enable"], ["disable"], ["set"]] {
        let result = try await Tool.run(
          Binary.path, ["rules"] + verb + ["link-don", "--state-directory", desk.workspace.file("state")],
          in: desk.workspace)
        #expect(result.ending == .code(1))
        #expect(result.errors.contains("nearest: link-down"))
      }
    }
  }

  @Test func importMergesReplacesAndExportsTheSame() async throws {
    try await withDesk("import") { desk in
      try desk.workspace.write(SampleRules.yaml, to: "sample.yaml")
      try desk.workspace.write(
        """
        rules:
          - name: other
            match_type: contains
            match_string: o
            prod_handling: Log_only
            dev_handling: Ignore
          - name: noted
            match_type: contains
            match_string: n
            prod_handling: Log_only
            dev_handling: Ignore
        device_teams: {core1: CORE}

        """, to: "second.yaml")
      try await desk.succeed("db", "migrate")
      let dry = try await desk.succeed("rules", "import", "sample.yaml", "--dry-run")
      #expect(dry.contains("would have added rule link-down"))
      #expect(try await desk.succeed("rules", "list", "--json") == "")

      try await desk.succeed("rules", "import", "sample.yaml", "--reason", "start")
      let exported = try await desk.succeed("rules", "export")
      try desk.workspace.write(exported, to: "exported.yaml")
      #expect(
        try await desk.succeed("rules", "import", "--replace", "exported.yaml", "--reason", "the same")
          == "nothing to change\n")

      let merged = try await desk.succeed("rules", "import", "second.yaml")
      #expect(merged == "added rule other\nchanged rule noted\nset the team of 1 device\n")
      #expect(desk.lines(try await desk.succeed("rules", "list", "--json")).count == 6)

      let replaced = try await desk.succeed(
        "rules", "import", "--replace", "second.yaml", "--reason", "another", "--json")
      let change = try #require(JSON(replaced))
      #expect(change["added"].items == [])
      #expect(
        Set(change["retired"].items.compactMap(\.string)) == [
          "link-down", "numbered", "link-trap", "enterprise-trap",
        ])
      #expect(change["development_hosts_removed"] == 1)
      #expect(change["devices_removed"] == 2)
      // A retired rule keeps its id and comes back under it.
      try await desk.succeed("rules", "import", "--replace", "exported.yaml", "--reason", "the same")
      let rules = desk.lines(try await desk.succeed("rules", "list", "--json"))
      #expect(rules.map { $0["name"] } == ["link-down", "numbered", "noted", "link-trap", "enterprise-trap"])
      #expect(rules.map { $0["id"] } == [1, 2, 3, 4, 5])
    }
  }

  @Test func importIsAllOrNothing() async throws {
    try await withDesk("atomic") { desk in
      try desk.workspace.write(
        """
        rules:
          - {name: good, match_type: contains, match_string: o, prod_handling: Log_only, dev_handling: Ignore}
          - {name: bad, match_type: regex, match_string: '(', prod_handling: Log_only, dev_handling: Ignore}

        """, to: "rules.yaml")
      for extra in [[], ["--replace", "--reason", "all"]] {
        let result = try await Tool.run(
          Binary.path,
          ["rules", "import", "rules.yaml", "--state-directory", desk.workspace.file("state")] + extra,
          in: desk.workspace)
        #expect(result.ending == .code(1))
        #expect(result.errors.contains("rules.yaml:3: rule bad: cannot be used"))
        #expect(try await desk.succeed("rules", "list", "--all", "--json") == "")
      }
      try desk.workspace.write("rules:\n  - nam: x\n", to: "broken.yaml")
      let broken = try await desk.run("rules", "import", "broken.yaml")
      #expect(broken.ending == .code(78))
      #expect(broken.errors.contains("broken.yaml:2: "))
    }
  }

  /// With `rules.file` the file governs: commands name it and change nothing.
  @Test func aGoverningFileIsNotWrittenPast() async throws {
    try await withDesk("governed") { desk in
      let rules = try desk.workspace.write(SampleRules.yaml, to: "rules.yaml")
      let config = try desk.workspace.write(
        "state_directory: \(desk.workspace.file("state"))\nlisten: {snmp: []}\nrules: {file: rules.yaml}\n",
        to: "muttd.yaml")
      let writes = [
        [
          "rules", "add", "x", "--match-string", "x", "--prod-handling", "Log_only", "--dev-handling",
          "Ignore",
        ],
        ["rules", "disable", "numbered"], ["rules", "import", "rules.yaml"], ["hosts", "dev", "set", "x"],
        ["hosts", "team", "set", "x", "Y"], ["hosts", "device", "set", "x", "--address", "192.0.2.1"],
      ]
      for write in writes {
        let result = try await Tool.run(Binary.path, write + ["--config", config], in: desk.workspace)
        #expect(result.ending == .code(64), "\(write): \(result.errors)")
        #expect(result.errors.contains(rules), "\(write): \(result.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: desk.workspace.file("state/muttd.db")))
    }
  }

  @Test func hostsAreSetListedAndTakenAway() async throws {
    try await withDesk("hosts") { desk in
      try await desk.succeed("hosts", "dev", "set", "lab-sw1", "lab-sw2")
      #expect(try await desk.succeed("hosts", "dev", "set", "LAB-SW1") == "nothing to change\n")
      #expect(try await desk.succeed("hosts", "dev", "list") == "lab-sw1\nlab-sw2\n")
      try await desk.succeed("hosts", "dev", "unset", "Lab-SW2", "--reason", "gone")
      #expect(try await desk.succeed("hosts", "dev", "list") == "lab-sw1\n")
      #expect(try await desk.run("hosts", "dev", "unset", "nobody", "--reason", "gone").ending == .code(1))

      try await desk.succeed("hosts", "team", "set", "core1", "core2", "NETO")
      let teams = desk.lines(try await desk.succeed("hosts", "team", "list", "--json"))
      #expect(teams.map { $0["team_assignment"] } == ["NETO", "NETO"])

      try await desk.succeed(
        "hosts", "device", "set", "core1", "--address", "192.0.2.1", "--address", "2001:db8::1", "--attr",
        "site=ams1")
      try await desk.succeed("hosts", "device", "set", "core1", "--attr", "site=fra1")
      let taken = try await desk.run("hosts", "device", "set", "core2", "--address", "192.0.2.1")
      #expect(taken.ending == .code(1))
      #expect(taken.errors.contains("belongs to core1"))
      let device = try #require(desk.lines(try await desk.succeed("hosts", "device", "list", "--json")).first)
      #expect(device["addresses"].items == ["192.0.2.1", "2001:db8::1"])
      #expect(device["attrs", "site"] == "fra1")
      #expect(try await desk.run("hosts", "dev", "set", "two words").ending == .code(64))
    }
  }

  @Test func hostsComeFromFiles() async throws {
    try await withDesk("hostfiles") { desk in
      try desk.workspace.write(
        "# inventory\nhost,address\nq1, 192.0.2.50 2001:db8::5\n\n\"q2\",192.0.2.51\r\n", to: "d.csv")
      try desk.workspace.write("q1,NETO\nq2,\"SITE, AMS\"\n", to: "t.csv")
      try desk.workspace.write(SampleRules.yaml, to: "sample.yaml")
      try await desk.succeed("hosts", "device", "import", "d.csv")
      try await desk.succeed("hosts", "team", "import", "t.csv")
      try await desk.succeed("hosts", "dev", "import", "sample.yaml")
      let devices = desk.lines(try await desk.succeed("hosts", "device", "list", "--json"))
      #expect(devices.map { $0["hostname"] } == ["q1", "q2"])
      #expect(devices[0]["addresses"].items == ["192.0.2.50", "2001:db8::5"])
      let teams = desk.lines(try await desk.succeed("hosts", "team", "list", "--json"))
      #expect(teams.map { $0["team_assignment"] } == ["NETO", "SITE, AMS"])
      #expect(try await desk.succeed("hosts", "dev", "list") == "lab-sw1\n")

      try desk.workspace.write(
        """
        127.0.0.1 localhost
        ff02::1 ip6-allnodes
        192.0.2.60 q3.example.net q3  # rack 7
        2001:db8::60 Q3.example.net
        q4,192.0.2.61,192.0.2.62

        """, to: "hosts")
      try await desk.succeed("hosts", "device", "import", "hosts")
      let more = desk.lines(try await desk.succeed("hosts", "device", "list", "--json"))
      #expect(more.map { $0["hostname"] } == ["q1", "q2", "q3.example.net", "q4"])
      #expect(more[2]["addresses"].items == ["192.0.2.60", "2001:db8::60"])
      #expect(more[3]["addresses"].items == ["192.0.2.61", "192.0.2.62"])

      try desk.workspace.write("q3,192.0.2.5x\nq 4,192.0.2.4\n", to: "bad.csv")
      let bad = try await desk.run("hosts", "device", "import", "bad.csv")
      #expect(bad.ending == .code(78))
      #expect(bad.errors.contains("bad.csv:1: ") && bad.errors.contains("bad.csv:2: "))
      #expect(desk.lines(try await desk.succeed("hosts", "device", "list", "--json")).count == 4)
    }
  }

  /// What a file says nothing of stays, what it says twice is added up, and nobody's address is taken.
  @Test func anImportDestroysNothing() async throws {
    try await withDesk("hostkeep") { desk in
      func take(_ text: String, _ name: String = "d.csv") async throws -> Tool.Result {
        try desk.workspace.write(text, to: name)
        return try await desk.run("hosts", "device", "import", name)
      }
      func devices() async throws -> [String] {
        desk.lines(try await desk.succeed("hosts", "device", "list", "--json")).map { device in
          let addresses = device["addresses"].items.compactMap(\.string).joined(separator: " ")
          return "\(device["hostname"].string ?? "") \(addresses) \(device["attrs", "site"].string ?? "-")"
        }
      }
      try await desk.succeed(
        "hosts", "device", "set", "core1", "--address", "192.0.2.1", "--attr", "site=ams1")
      try await desk.succeed("hosts", "device", "set", "core2", "--address", "192.0.2.9")

      // Attributes stay, rows of one host are added up, and a row without addresses changes none.
      #expect(try await take("core1,192.0.2.1\nCore1,192.0.2.2 192.0.2.1\ncore2\n").ending == .code(0))
      #expect(try await devices() == ["core1 192.0.2.1 192.0.2.2 ams1", "core2 192.0.2.9 -"])
      #expect(try await take("192.0.2.3 core1\ncore1,192.0.2.4\n", "hosts").ending == .code(0))
      #expect(try await devices() == ["core1 192.0.2.3 192.0.2.4 ams1", "core2 192.0.2.9 -"])
      #expect(
        try await take("devices: [{hostname: core1}, {hostname: core2, attrs: {site: fra1}}]", "d.yaml")
          .ending
          == .code(0))
      let kept = ["core1 192.0.2.3 192.0.2.4 ams1", "core2 192.0.2.9 fra1"]
      #expect(try await devices() == kept)
      try await desk.succeed("rules", "import", "d.yaml")
      #expect(try await devices() == kept)

      // Whose address it is, is said with the line; nothing is done.
      let taken = try await take("host,address\ncore3,192.0.2.9\ncore4,192.0.2.50\n192.0.2.50 core5\n")
      #expect(taken.ending == .code(78))
      #expect(
        taken.errors.contains("d.csv:2: 192.0.2.9 belongs to core2 already: take it away there first")
          && taken.errors.contains("d.csv:4: 192.0.2.50 belongs to core4 already (d.csv:3)"),
        "\(taken.errors)")
      let listed = try await take("devices:\n  - {hostname: core6, addresses: [192.0.2.3]}\n", "d.yaml")
      #expect(listed.ending == .code(78))
      #expect(listed.errors.contains("d.yaml:2: 192.0.2.3 belongs to core1 already"), "\(listed.errors)")
      let merged = try await desk.run("rules", "import", "d.yaml")
      #expect(merged.ending == .code(1))
      #expect(merged.errors.contains("192.0.2.3 belongs to core1 already"), "\(merged.errors)")
      #expect(try await devices() == kept)
      // An address moves within one file.
      #expect(try await take("core2,192.0.2.3\ncore1,192.0.2.9\n").ending == .code(0))
      #expect(try await devices() == ["core1 192.0.2.9 ams1", "core2 192.0.2.3 fra1"])

      try desk.workspace.write("core1,NETO\nCORE1,NETO\ncore1,WAN\n", to: "t.csv")
      let teams = try await desk.run("hosts", "team", "import", "t.csv")
      #expect(teams.ending == .code(78))
      #expect(teams.errors.contains("t.csv:3: core1 has the team NETO in line 2"), "\(teams.errors)")
    }
  }

  @Test func migrationsAreAppliedOnceAndListed() async throws {
    try await withDesk("migrate") { desk in
      let first = try await desk.succeed("db", "migrate")
      #expect(first.contains("applied 0001 tables"))
      #expect(try await desk.succeed("db", "migrate").contains("0 applied now"))
      let status = desk.lines(try await desk.succeed("db", "status", "--json"))
      #expect(status.count >= 2)
      #expect(status.allSatisfy { $0["state"] == "applied" && $0["applied_at"].string != nil })
      let stored = try await desk.sql(
        "SELECT version, name, checksum FROM schema_migrations ORDER BY version")
      #expect(stored.map { $0["checksum"] } == status.map { $0["checksum"] })
    }
  }
}
