import Foundation
import Model
import Testing

@testable import Daemon

/// The folder of the repository, from where this file stands.
let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

@Suite struct ConfigTests {
  /// The smallest configuration without problems.
  static let sound = "snmp: {communities: [any]}\n"

  private func problems(_ text: String, _ environment: [String: String] = [:]) -> [String] {
    Config.parse(text, file: "muttd.yaml", environment: environment).1.map(\.description)
  }

  @Test func theShippedFileIsTheReference() throws {
    let file = try String(contentsOf: repository.appending(path: "config/muttd.yaml"), encoding: .utf8)
    #expect(file == Config.defaultFile)
  }

  @Test func theReferenceHoldsTheDefaults() {
    let (config, problems) = Config.read(Config.defaultFile, file: "muttd.yaml")
    #expect(config == Config())
    // The one decision that nobody can take for the operator.
    #expect(problems.map(\.key) == ["snmp.communities"])
    #expect(problems.first?.line ?? 0 > 0)
  }

  @Test func theReferenceNamesEveryKey() throws {
    let (root, _) = YAMLValue.parse(Config.defaultFile, file: "muttd.yaml")
    guard case .map(let entries) = try #require(root).content else {
      Issue.record("the reference is no map")
      return
    }
    var named: [String] = []
    func walk(_ entries: [YAMLValue.Entry], _ prefix: String) {
      for entry in entries {
        if case .map(let inner) = entry.value.content, !inner.isEmpty {
          walk(inner, prefix + entry.key + ".")
        } else {
          named.append(prefix + entry.key)
        }
      }
    }
    walk(entries, "")
    #expect(named == ConfigKey.all.map(\.path))
    for key in DestinationKey.all + DestinationKey.match + DestinationKey.retry {
      #expect(Config.defaultFile.contains("\(key.name):"), "\(key.name) is not in the reference")
    }
  }

  @Test func theSampleHasNoProblems() throws {
    let path = repository.appending(path: "config/sample/muttd.yaml").path
    let (config, problems) = Config.load(path: path)
    #expect(problems == [])
    let rules = try #require(config?.rules.file)
    #expect(rules == repository.appending(path: "config/sample/rules.yaml").path)
    #expect(config?.audit.events == .all)
    #expect(config?.destinations.map(\.isStdout) == [true])
    #expect(config?.stateDirectory == ".run")
    let (file, ruleProblems) = RulesFile.load(rules)
    #expect(ruleProblems == [])
    #expect(file?.catalog.rules.count == 6)
  }

  @Test(arguments: [
    ("log: {levle: info}", "muttd.yaml:1: log.levle: unknown key; nearest known: log.level"),
    ("\nnodde: 1", "muttd.yaml:2: nodde: unknown key; nearest known: node"),
    (
      "receive_buffer: 1MiB",
      "muttd.yaml:1: receive_buffer: unknown key; nearest known: listen.receive_buffer"
    ),
    ("node: 1024", "muttd.yaml:1: node: must lie in 0...1023"),
    ("node: one", "muttd.yaml:1: node: \"one\" is no whole number"),
    ("node: [1]", "muttd.yaml:1: node: must be a single value, not a list"),
    ("listen: 5", "muttd.yaml:1: listen: must be a map of keys, not a single value"),
    (
      "listen: {snmp: ['tcp://0.0.0.0:162']}",
      "muttd.yaml:1: listen.snmp: \"tcp://0.0.0.0:162\": tcp:// is not supported; supported: udp://"
    ),
    (
      "listen: {syslog: ['dtls://0.0.0.0:6514']}",
      "muttd.yaml:1: listen.syslog: \"dtls://0.0.0.0:6514\": dtls:// is not supported; supported: udp://, "
        + "tcp://, tls://"
    ),
    (
      "listen: {syslog: ['tcp://0.0.0.0:514', 'udp://0.0.0.0:514', 'tcp://0.0.0.0:514']}",
      "muttd.yaml:1: listen.syslog: 0.0.0.0:514 is listened on twice"
    ),
    (
      "listen:\n  syslog: ['tls://[::]:6514']\n  tls: {key: server.key}",
      "muttd.yaml: listen.tls.certificate: is needed by tls://[::]:6514; name a PEM file"
    ),
    ("listen: {tcp: 5}", "muttd.yaml:1: listen.tcp: must be a map of keys, not a single value"),
    (
      "listen: {tcp: {conections: 5}}",
      "muttd.yaml:1: listen.tcp.conections: unknown key; nearest known: listen.tcp.connections"
    ),
    ("listen: {tcp: {connections: 0}}", "muttd.yaml:1: listen.tcp.connections: must lie in 1...65536"),
    ("listen: {tcp: {idle: 10ms}}", "muttd.yaml:1: listen.tcp.idle: must lie in 100ms...7d"),
    ("listen: {tcp: {max_frame: 1}}", "muttd.yaml:1: listen.tcp.max_frame: must lie in 512B...16MiB"),
    (
      "listen: {tcp: {proxy_protocol: [here]}}",
      "muttd.yaml:1: listen.tcp.proxy_protocol: \"here\" is no network; write it like 192.0.2.0/24"
    ),
    (
      "listen: {syslog: ['udp://here:514']}",
      "muttd.yaml:1: listen.syslog: \"udp://here:514\" is no endpoint; write it like udp://0.0.0.0:514 or "
        + "udp://[::]:514"
    ),
    (
      "listen: {syslog: udp://0.0.0.0:514}",
      "muttd.yaml:1: listen.syslog: must be a list, not a single value"
    ),
    (
      "listen: {syslog: ['udp://127.0.0.1:162', 'udp://0.0.0.0:162']}",
      "muttd.yaml: listen.snmp: 0.0.0.0:162 is listened on twice"
    ),
    (
      "listen: {syslog: [], snmp: []}",
      "muttd.yaml:1: listen.syslog: there is nothing to listen on; name an endpoint here or in listen.snmp"
    ),
    (
      "listen: {receive_buffer: 1KiB}",
      "muttd.yaml:1: listen.receive_buffer: must lie in 64KiB...1GiB"
    ),
    (
      "listen: {receive_buffer: much}",
      "muttd.yaml:1: listen.receive_buffer: \"much\" is no size; write it like 8KiB (B, KiB, MiB, GiB)"
    ),
    (
      "rules: {refresh: 30}",
      "muttd.yaml:1: rules.refresh: \"30\" is no length of time; write it like 30s "
        + "(ms, s, m, h, d)"
    ),
    ("rules: {refresh: 2h}", "muttd.yaml:1: rules.refresh: must lie in 1s...1h"),
    ("rules: {guard: 2}", "muttd.yaml:1: rules.guard: \"2\" is no number from 0 to 1"),
    (
      "syslog: {default_timezone: Europe/Nowhere}",
      "muttd.yaml:1: syslog.default_timezone: \"Europe/Nowhere\" is no time zone of this system "
        + "(/usr/share/zoneinfo/); write it like Europe/Amsterdam, or UTC"
    ),
    (
      "syslog: {default_timezone: ../../etc/passwd}",
      "muttd.yaml:1: syslog.default_timezone: \"../../etc/passwd\" is no name of a time zone; write it like "
        + "Europe/Amsterdam, or UTC"
    ),
    (
      "store: {url: 'mysql://u:hunter2@db/mutt'}",
      "muttd.yaml:1: store.url: is no store; supported: sqlite:, postgresql://…"
    ),
    (
      "store: {url: 'postgresql://u:hunter2@[::1/mutt'}",
      "muttd.yaml:1: store.url: is no address of a database; write it like "
        + "postgresql://muttd@db.example/mutt, special characters as %XX"
    ),
    (
      "http: {listen: '0.0.0.0:9162'}",
      "muttd.yaml: http.tokens: is needed by http.listen 0.0.0.0:9162, which others can reach; name a file "
        + "of tokens (muttd token NAME --append writes to it), or listen on 127.0.0.1"
    ),
    ("audit: {max_size: 1KiB}", "muttd.yaml:1: audit.max_size: must lie in 1MiB...1024TiB, or be 0"),
    (
      "audit: {min_free: none}",
      "muttd.yaml:1: audit.min_free: \"none\" is no size; write it like 8KiB (B, KiB, MiB, GiB)"
    ),
    (
      "log: {level: warn}",
      "muttd.yaml:1: log.level: \"warn\" is none of debug, info, warning, error; "
        + "nearest: warning"
    ),
    (
      "identity: {trusted_relays: [10.0.0.0/33]}",
      "muttd.yaml:1: identity.trusted_relays: \"10.0.0.0/33\" is no network; write it like 192.0.2.0/24, or "
        + "any alone"
    ),
    ("teams: {order: [rule, rule]}", "muttd.yaml:1: teams.order: rule stands here twice"),
    (
      "handling: {record: [ticket_ONLY]}",
      "muttd.yaml:1: handling.record: \"ticket_ONLY\" is in handling.forward too"
    ),
    ("node: 1\nnode: 2", "muttd.yaml:1: node: stands here twice; keep one"),
    ("- 1", "muttd.yaml:1: must be a map of keys, not a list"),
    ("correlation: {threshold: 5}", "muttd.yaml:1: correlation: unknown key; nearest known: destinations"),
    ("unmatched: {threshold: 1}", "muttd.yaml:1: unmatched.threshold: must lie in 2...1000000"),
    ("unmatched: {window: 8d}", "muttd.yaml:1: unmatched.window: must lie in 1m...7d"),
    (
      "unmatched: {severity: warn}",
      "muttd.yaml:1: unmatched.severity: \"warn\" is none of emerg, alert, crit, err, warning, notice, info, "
        + "debug; nearest: err"
    ),
    ("self_alerts: moog", "muttd.yaml:1: self_alerts: no destination is called \"moog\""),
    (
      "destinations: [{name: moog, url: 'stdout:'}]\nself_alerts: mog",
      "muttd.yaml:2: self_alerts: no destination is called \"mog\"; nearest: moog"
    ),
    ("heartbeat: {url: 'stdout:'}", "muttd.yaml:1: heartbeat.url: must be http:// or https://"),
    (
      "heartbeat: {url: 'ftp://x'}",
      "muttd.yaml:1: heartbeat.url: is no address of a webhook; supported: https://, http://, stdout:"
    ),
    ("heartbeat: {every: 100ms}", "muttd.yaml:1: heartbeat.every: must lie in 1s...1d"),
    (
      "unmatched: {handling: Ticket}",
      "muttd.yaml:1: unmatched.handling: \"Ticket\" is neither in handling.forward nor in handling.record; "
        + "nearest: Ticket_only"
    ),
    (
      "state_directory: ${env:MUTTD_TEST_NOT_SET}",
      "muttd.yaml:1: state_directory: the environment variable "
        + "MUTTD_TEST_NOT_SET is not set"
    ),
  ])
  func oneProblem(text: String, expected: String) {
    let found = problems(text).filter { !$0.contains("snmp.communities") }
    #expect(found == [expected])
  }

  @Test(arguments: [
    ("{url: 'stdout:'}", "destinations[0]: needs a name"),
    ("{name: a}", "destinations[0]: needs a url"),
    (
      "{name: a b, url: 'stdout:'}",
      "destinations[0].name: \"a b\" is no name; use letters, digits, '.', '_' and '-'"
    ),
    (
      "{name: a, url: 'ftp://x'}",
      "destinations[0].url: is no address of a webhook; supported: https://, http://, stdout:"
    ),
    ("{name: a, url: 'https://:secret@'}", "destinations[0].url: names no host"),
    (
      "{name: a, url: 'stdout:', nam: b}",
      "destinations[0].nam: unknown key; nearest known: destinations[0].name"
    ),
    (
      "{name: a, url: 'stdout:', format: smoke}",
      "destinations[0].format: \"smoke\" is none of mutt, moogsoft, alertmanager, alertmanager-api, "
        + "pagerduty, cloudevents, template; nearest: mutt"
    ),
    ("{name: a, url: 'stdout:', headers: {Host: x}}", "destinations[0].headers.Host: is set by muttd itself"),
    (
      "{name: a, url: 'stdout:', headers: {X: \"a\\r\\nY: b\"}}",
      "destinations[0].headers.X: "
        + "\"a\u{FFFD}\u{FFFD}Y: b\" holds a control character"
    ),
    (
      "{name: a, url: 'stdout:', match: {environment: [test]}}",
      "destinations[0].match.environment: \"test\" is "
        + "none of prod, dev; nearest: dev"
    ),
    (
      "{name: a, url: 'stdout:', match: {handling: [Page]}}",
      "destinations: a: match.handling \"Page\" is never "
        + "forwarded; nearest in handling.forward: Page_only"
    ),
    (
      "{name: a, url: 'stdout:', match: {min_severity: 6}}",
      "destinations[0].match.min_severity: must lie in 0...5"
    ),
    (
      "{name: a, url: 'stdout:', retry: {initial: 2m}}",
      "destinations[0]: retry.initial is longer than retry.max"
    ),
    (
      "{name: a, url: 'https://h/', webhook_origin: muttd.example}",
      "destinations[0]: webhook_origin needs format: cloudevents"
    ),
    (
      "{name: a, url: 'stdout:', format: cloudevents, webhook_origin: muttd.example}",
      "destinations[0]: webhook_origin needs a url that can be asked"
    ),
    (
      "{name: a, url: 'https://h/', format: cloudevents, webhook_origin: 'https://muttd.example'}",
      "destinations[0].webhook_origin: must be a DNS name like muttd.example.com"
    ),
    (
      "{name: a, url: 'https://h/', format: cloudevents, webhook_origin: '*'}",
      "destinations[0].webhook_origin: must be a DNS name like muttd.example.com"
    ),
    ("{name: a, url: 'stdout:', timeout: 0s}", "destinations[0].timeout: must lie in 1s...5m"),
    ("{name: a, url: 'stdout:', raw: maybe}", "destinations[0].raw: \"maybe\" is neither true nor false"),
    ("5", "destinations[0]: must be a map, not a single value"),
  ])
  func oneProblemOfADestination(text: String, expected: String) {
    let found = problems(ConfigTests.sound + "destinations: [\(text)]")
    #expect(found == ["muttd.yaml:2: " + expected])
  }

  @Test func aSecondDestinationOfTheSameNameIsAProblem() {
    let text =
      ConfigTests.sound + "destinations:\n  - {name: a, url: 'stdout:'}\n  - {name: a, url: 'stdout:'}\n"
    #expect(problems(text) == ["muttd.yaml:4: destinations[1]: a second destination is called \"a\""])
  }

  @Test func allProblemsAreNamedAtOnceEachWithItsLine() {
    let text = """
      node: -1
      liste:
        syslog: []
      log:
        level: loud
        format: xml
      destinations:
        - name: moog
          url: nowhere
          timeout: soon
      """
    let (config, problems) = Config.parse(text, file: "muttd.yaml")
    #expect(config == nil)
    #expect(problems.map(\.line) == [1, 2, 5, 6, 9, 10, 0])
    #expect(problems.last?.key == "snmp.communities")
  }

  @Test func destinationsAreRead() throws {
    let text =
      ConfigTests.sound + """
        destinations:
          - name: moog
            url: https://user:pass@moog.example/events?key=1
            headers: {Authorization: 'Bearer ${env:TOKEN}', X-Site: ams1}
            match: {handling: [page_only], team: [NETO], environment: [prod], min_severity: 3}
            raw: false
            timeout: 1500ms
            concurrency: 2
            retry: {initial: 10ms, max: 2s}
            max_age: 1h
            stale_after: 5m
        """
    let (config, problems) = Config.parse(text, file: "muttd.yaml", environment: ["TOKEN": "hunter2"])
    #expect(problems == [])
    var expected = Config.Destination()
    expected.name = "moog"
    expected.url = Secret("https://user:pass@moog.example/events?key=1")
    expected.headers = [
      .init(name: "Authorization", value: Secret("Bearer hunter2")),
      .init(name: "X-Site", value: Secret("ams1")),
    ]
    expected.match = .init(handling: ["page_only"], team: ["NETO"], environment: [.prod], minSeverity: 3)
    expected.raw = false
    expected.timeout = .milliseconds(1_500)
    expected.concurrency = 2
    expected.retry = .init(initial: .milliseconds(10), max: .seconds(2))
    expected.maxAge = .seconds(3_600)
    expected.staleAfter = .seconds(300)
    #expect(config?.destinations == [expected])
    #expect(config?.destinations.first?.headers.first?.value.revealed == "Bearer hunter2")
    let printed = "\(try #require(config))"
    #expect(!printed.contains("hunter2") && !printed.contains("pass@") && !printed.contains("ams1"))
    var dumped = ""
    dump(config, to: &dumped)
    #expect(!dumped.contains("hunter2") && !dumped.contains("pass@"))
  }

  /// One header that cannot be had hides none of the others.
  @Test func everyHeaderIsLookedAt() {
    let found = problems(
      Self.sound + """
        destinations:
          - name: a
            url: 'stdout:'
            headers: {A: '${env:NOPE}', B: '${file:/nowhere/at/all}', Host: x, 'C D': y, E: fine}
        """)
    for name in ["A", "B", "Host", "C D"] {
      #expect(found.contains { $0.contains("destinations[0].headers.\(name): ") }, "\(name): \(found)")
    }
    #expect(found.count == 4)
  }

  /// What a reference stands for is in no problem, wherever the reference stands.
  @Test func aSecretAtAnOddPlaceIsNotShown() {
    let text = "listen: {syslog: ['${env:KEY}udp://0.0.0.0:514']}"
    let (_, problems) = Config.parse(text, file: "muttd.yaml", environment: ["KEY": "hunter2"])
    #expect(problems.contains { "\($0)".contains("listen.syslog: \"${env:KEY}udp://0.0.0.0:514\"") })
    #expect(!problems.contains { "\($0)".contains("hunter2") }, "\(problems)")
  }

  @Test func jsonIsYAML() {
    let text = #"{"node": 7, "snmp": {"communities": ["any"]}, "rules": {"refresh": "10s", "file": null}}"#
    let (config, problems) = Config.parse(text, file: "muttd.json")
    #expect(problems == [])
    #expect(config?.node == 7)
    #expect(config?.rules.refresh == .seconds(10))
  }

  @Test func nullAndAbsentKeysKeepTheirDefaults() {
    let text = "node:\nlisten:\nrules: {file: null, refresh: ~}\n" + ConfigTests.sound
    var expected = Config()
    expected.snmp.communities = [Secret("any")]
    let (config, problems) = Config.parse(text, file: "muttd.yaml")
    #expect(problems == [])
    #expect(config == expected)
  }

  @Test func communitiesMayBeLeftOutOnLoopbackOnly() {
    #expect(problems("listen: {snmp: ['udp://127.0.0.1:162', 'udp://[::1]:162']}") == [])
    #expect(problems("listen: {snmp: []}") == [])
    #expect(
      problems("listen: {snmp: ['udp://[::]:162']}") == [
        "muttd.yaml: snmp.communities: is empty while traps are received on [::]:162; write [any], or list "
          + "the communities to let in"
      ])
    #expect(problems("snmp: {communities: [any, public]}").first?.contains("any stands alone") == true)
  }

  @Test func aMissingFileIsAProblem() {
    let (config, problems) = Config.load(path: "/nonexistent/muttd.yaml")
    #expect(config == nil)
    #expect(
      problems.map(\.description) == ["/nonexistent/muttd.yaml: cannot be read: No such file or directory"])
    #expect(Config.load(path: "/dev/null").1.map(\.message) == ["is not a file"])
    #expect(Config.load(path: "/tmp").0 == nil)
  }

  @Test func hostileTextIsRefusedNotFatal() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(problems(deep).count == 1)
    #expect(problems(String(repeating: "{a: ", count: 5_000)).count == 1)
    var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      bomb += "a\(level): &a\(level) [\(items)]\n"
    }
    #expect(problems(bomb).count == 1)
    #expect(problems("node: \u{1}").count == 1)
    #expect(problems("node: *missing").count == 1)
    #expect(problems("--- {}\n--- {}").count == 1)
    #expect(problems("? [a]\n: b").count == 1)
  }
}
