import Foundation
import Model
import Testing

@testable import Daemon

@Suite struct ConfigSourcesTests {
  private static let sound = "snmp: {communities: [any]}\nlog: {level: warning}\n"

  @Test func theEnvironmentStandsOverTheFileAndFlagsOverBoth() {
    let environment = [
      "MUTT_LOG_LEVEL": "error", "MUTT_STATE_DIRECTORY": "/srv/muttd",
      "MUTT_LISTEN_SYSLOG": "udp://[::1]:5514",
      "MUTT_LISTEN_SNMP": "[]", "MUTT_AUDIT_FLUSH": "1s", "MUTT_RULES_FILE": "",
      "MUTT_DESTINATIONS": "[{name: screen, url: 'stdout:'}]", "HOME": "/root",
    ]
    let (config, problems) = Config.parse(
      ConfigSourcesTests.sound, file: "etc/muttd.yaml", environment: environment,
      overrides: [("log.level", "debug"), ("rules.file", "mine.yaml")])
    #expect(problems == [])
    #expect(config?.log.level == .debug)
    #expect(config?.stateDirectory == "/srv/muttd")
    #expect(config?.listen.syslog.map(\.description) == ["[::1]:5514"])
    #expect(config?.listen.snmp == [])
    #expect(config?.audit.flush == .seconds(1))
    #expect(config?.destinations.map(\.name) == ["screen"])
    #expect(config?.rules.file == "mine.yaml")
  }

  @Test func pathsInAFileStartFromItsFolder() {
    let (config, _) = Config.parse(
      ConfigSourcesTests.sound + "rules: {file: rules.yaml}\nstate_directory: .run\n", file: "etc/muttd.yaml")
    #expect(config?.rules.file == "etc/rules.yaml")
    #expect(config?.stateDirectory == ".run")
  }

  @Test func unknownVariablesWarnAndDoNotStop() {
    let environment = ["MUTT_LOG_LEVLE": "debug", "MUTT_TOKEN": "hunter2"]
    let text = ConfigSourcesTests.sound + "teams: {default: '${env:MUTT_TOKEN}'}"
    let (config, problems) = Config.parse(text, file: "muttd.yaml", environment: environment)
    #expect(config?.teams.default == "hunter2")
    #expect(
      problems.map(\.description) == [
        "environment: warning: MUTT_LOG_LEVLE: unknown variable; nearest known: MUTT_LOG_LEVEL"
      ])
  }

  @Test func problemsNameTheirSource() {
    let (config, problems) = Config.parse(
      ConfigSourcesTests.sound, file: "muttd.yaml", environment: ["MUTT_NODE": "x"],
      overrides: [("nod", "1"), ("node", "[")])
    #expect(config == nil)
    #expect(problems.map(\.file) == ["environment", "command line", "command line"])
    #expect(problems.map(\.key) == ["node", "nod", "node"])
    #expect(problems[1].message == "unknown key; nearest known: node")
  }

  @Test func everyKeyHasAVariableOfItsOwn() {
    #expect(ConfigKey.byVariable.count == ConfigKey.all.count)
    #expect(ConfigKey.byVariable["MUTT_SYSLOG_DEFAULT_TIMEZONE"]?.path == "syslog.default_timezone")
  }

  /// In the service they come from systemd, by hand from the folder that it reads.
  @Test func credentialsAreNames() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "muttd-\(UUID().uuidString)")
    for name in ["credentials", "one", "many"] {
      try FileManager.default.createDirectory(
        at: folder.appending(path: name), withIntermediateDirectories: true)
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    for (path, text) in [
      ("credentials/key", "by hand\n"), ("one/key", "alone\n"), ("many/muttd_key", "loaded\n"),
    ] { try text.write(to: folder.appending(path: path), atomically: true, encoding: .utf8) }
    func read(_ name: String, _ directory: String?) -> (Config?, [ConfigProblem]) {
      var environment: [String: String] = [:]
      environment["CREDENTIALS_DIRECTORY"] = directory.map { folder.appending(path: $0).path }
      return Config.parse(
        ConfigSourcesTests.sound + "teams: {default: '${cred:\(name)}'}",
        file: folder.appending(path: "muttd.yaml").path, environment: environment)
    }
    for (directory, text) in [(nil, "by hand"), ("one", "alone"), ("many", "loaded")] {
      #expect(read("key", directory).0?.teams.default == text)
    }
    for name in ["", "none", "../muttd.yaml", "/etc/hostname"] {
      let (config, problems) = read(name, "one")
      #expect(config == nil && problems.count == 1, "\(name)")
    }
  }

  @Test func secretsComeFromFilesAndVariablesAndAreNeverShown() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "muttd-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try "hunter2\n".write(to: folder.appending(path: "token"), atomically: true, encoding: .utf8)
    try "".write(to: folder.appending(path: "empty"), atomically: true, encoding: .utf8)
    let config = folder.appending(path: "muttd.yaml").path
    func read(_ text: String) -> (Config?, [ConfigProblem]) {
      Config.parse(ConfigSourcesTests.sound + text, file: config, environment: ["N": "x1y", "BAD": "a\nb"])
    }
    #expect(read("teams: {default: 'a${file:token}b${env:N}'}").0?.teams.default == "ahunter2bx1y")
    #expect(read("teams: {default: '${file:\(folder.path)/token}'}").0?.teams.default == "hunter2")
    for text in ["${file:none}", "${file:empty}", "${env:NONE}", "${vault:x}", "${env:N", "${env:BAD}"] {
      let (config, problems) = read("teams: {default: '\(text)'}")
      #expect(config == nil && problems.count == 1, "\(text)")
      #expect(problems.allSatisfy { $0.line == 3 && $0.key == "teams.default" })
    }
    // What is wrong with a value is said without the value.
    let (_, problems) = read("node: '${file:token}'\nlog: {format: '${env:N}'}")
    #expect(problems.count >= 1)
    #expect(problems.allSatisfy { !$0.description.contains("hunter2") && !$0.description.contains("x1y") })
    #expect("\(Secret("hunter2"))" == "(secret)")
    #expect(String(reflecting: Secret("hunter2")) == "(secret)")
  }

  @Test(arguments: [
    ("100ms", 100), ("30s", 30_000), ("10m", 600_000), ("24h", 86_400_000), ("1d", 86_400_000),
    ("1h30m", 5_400_000), ("0", 0), ("0s", 0),
  ])
  func durations(text: String, milliseconds: Int) {
    #expect(ConfigUnits.duration(text) == .milliseconds(milliseconds))
  }

  @Test(arguments: ["", "s", "10", "-1s", "1.5s", "1 s", "1sec", "9999999999999s", "999999999999d", "٣s"])
  func noDurations(text: String) {
    #expect(ConfigUnits.duration(text) == nil)
  }

  @Test(arguments: [
    ("8KiB", 8_192), ("32 MiB", 32 << 20), ("1GiB", 1 << 30), ("512B", 512), ("100", 100), ("1kib", 1_024),
  ])
  func sizes(text: String, bytes: Int) {
    #expect(ConfigUnits.size(text) == bytes)
  }

  @Test(arguments: ["", "KiB", "1KB", "-1B", "1.5MiB", "9223372036854775807KiB", "99999999999999999999"])
  func noSizes(text: String) {
    #expect(ConfigUnits.size(text) == nil)
  }

  @Test(arguments: [
    ("127.0.0.1:9162", "127.0.0.1:9162"), ("127.0.0.1", "127.0.0.1:7"), ("[::1]", "[::1]:7"),
    ("[2001:db8::1]:0", "[2001:db8::1]:0"), ("::1", nil), ("localhost:1", nil), ("127.0.0.1:65536", nil),
    ("127.0.0.1:", nil), ("[127.0.0.1]:1", nil), ("[::1]1", nil), ("", nil), ("[::1", nil),
    ("1.2.3.4:+1", nil),
  ])
  func endpoints(text: String, expected: String?) {
    #expect(Config.Endpoint(text[...], defaultPort: 7)?.description == expected)
  }

  @Test func theNearestWordIsFound() {
    #expect(ConfigSpelling.nearest("sylog", in: ["snmp", "syslog"]) == "syslog")
    #expect(ConfigSpelling.nearest("NODE", in: ["none", "node"]) == "node")
    #expect(ConfigSpelling.nearest("x", in: [String]()) == nil)
    #expect(ConfigSpelling.distance(Array("levle".utf8), Array("level".utf8)) == 1)
    #expect(ConfigSpelling.distance([], Array("abc".utf8)) == 3)
  }
}
