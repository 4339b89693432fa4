import Foundation
import TestKit
import Testing

@testable import Console

/// What Prometheus and Grafana are given speaks of metrics that exist; promtool runs the alerts.
@Suite struct MonitoringFilesTests {
  private static let promtool = "/usr/bin/promtool"
  private static let folder = "config/prometheus"

  private static let root: URL = {
    var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url
  }()

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// Names of the samples that the daemon exports when everything has happened once.
  private static let exported: Set<Substring> = {
    var input = MetricsTextTests.input()
    input.destinations = [(name: "moog", breaker: 0)]
    let text = String(decoding: MetricsText.render(input), as: UTF8.self)
    return Set(
      text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
        // The text lives on in the substring.
        line.prefix { $0 != "{" && $0 != " " }
      })
  }()

  /// Words that begin as our metrics do.
  private static func names(in text: some StringProtocol) -> Set<Substring> {
    let words = Substring(text).split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
    return Set(words.filter { $0.hasPrefix("mutt_") || $0.hasPrefix("mutt:") })
  }

  private static func recorded() throws -> Set<Substring> {
    let lines = try ["recording.yml", "v25.yml"].flatMap {
      try text("\(folder)/\($0)").split(separator: "\n")
    }
    return Set(
      lines.compactMap { $0.split(separator: "- record: ").last }.filter { names(in: $0).contains($0) })
  }

  @Test func theRecordedNamesAreRead() throws {
    let recorded = try Self.recorded()
    #expect(recorded.count >= 25)
    for name in ["mutt_moog_requests_total", "mutt:ingest_errors:ratio_rate5m"] {
      #expect(recorded.contains(name[...]))
    }
    // A rule that took the name of a metric would count it twice.
    #expect(recorded.isDisjoint(with: Self.exported))
  }

  private static let tests = ["test.yml", "hours-test.yml", "v25-test.yml"]

  @Test(arguments: ["recording.yml", "v25.yml", "alerts.yml"] + tests)
  func theRulesSpeakOfMetricsThatExist(file: String) throws {
    let known = try Self.exported.union(Self.recorded())
    let missing = try Self.names(in: Self.text("\(Self.folder)/\(file)")).subtracting(known)
    #expect(missing.isEmpty, "\(missing.sorted())")
  }

  @Test func everyAlertIsTested() throws {
    let tests = try Self.tests.map { try Self.text("\(Self.folder)/\($0)") }.joined()
    let alerts = try Self.text("\(Self.folder)/alerts.yml").split(separator: "\n")
      .compactMap { $0.split(separator: "- alert: ").last }.filter { $0.hasPrefix("Muttd") }
    #expect(alerts.count >= 20)
    for alert in Set(alerts) { #expect(tests.contains("alertname=\"\(alert)\""), "\(alert)") }
  }

  private struct Dashboard: Decodable {
    struct Panel: Decodable {
      struct Target: Decodable { var expr: String }
      var id: Int
      var title: String
      var targets: [Target]?
    }
    var panels: [Panel]
  }

  @Test func theDashboardSpeaksOfMetricsThatExist() throws {
    let board = try JSONDecoder().decode(
      Dashboard.self, from: Data(Self.text("config/grafana/muttd.json").utf8))
    let known = try Self.exported.union(Self.recorded())
    #expect(Set(board.panels.map(\.id)).count == board.panels.count)
    let expressions = board.panels.flatMap { panel in (panel.targets ?? []).map { (panel.title, $0.expr) } }
    #expect(expressions.count >= 30)
    let shown = expressions.reduce(into: Set()) { $0.formUnion(Self.names(in: $1.1)) }
    for name in [
      "mutt_ready", "mutt_problems", "mutt_config_last_reload_successful", "mutt_disk_free_bytes",
      "mutt_store_bytes", "mutt_audit_removed_total", "mutt_unrouted_total",
    ] {
      #expect(shown.contains(name[...]), "\(name)")
    }
    for (title, expression) in expressions {
      let names = Self.names(in: expression)
      #expect(!names.isEmpty && names.isSubset(of: known), "\(title): \(expression)")
    }
  }

  /// What Grafana asks Prometheus has to be a query once its variables are filled in.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: promtool)))
  func promtoolReadsWhatTheDashboardAsks() throws {
    let board = try JSONDecoder().decode(
      Dashboard.self, from: Data(Self.text("config/grafana/muttd.json").utf8))
    var rules = "groups:\n  - name: dashboard\n    rules:\n"
    for (index, target) in board.panels.flatMap({ $0.targets ?? [] }).enumerated() {
      let query = target.expr.replacing("$__rate_interval", with: "5m").replacing("'", with: "''")
      rules += "      - {record: 'query_\(index)', expr: '\(query)'}\n"
    }
    let file = FileManager.default.temporaryDirectory.appending(path: "muttd-\(UUID().uuidString).yml")
    defer { try? FileManager.default.removeItem(at: file) }
    try rules.write(to: file, atomically: true, encoding: .utf8)
    let (status, said) = try Self.ask(["check", "rules", file.path])
    #expect(status == 0, "\(said)")
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: promtool)))
  func promtoolFindsNothingInTheRules() throws {
    let (status, said) = try Self.ask([
      "check", "config", Self.root.path + "/config/prometheus/prometheus.yml",
    ])
    #expect(status == 0 && said.contains("3 rule files found"), "\(said)")
  }

  /// Every alert fires in its trouble and in no other, and not on a good day.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: promtool)))
  func theAlertsFireWhenTheyShould() async throws {
    let (status, said) = try await offPool {
      try Self.ask(["test", "rules"] + Self.tests)
    }
    #expect(status == 0, "\(said)")
  }

  /// Left to itself, promtool spends a third of its time on collecting garbage.
  private static func ask(_ arguments: [String]) throws -> (status: Int32, said: String) {
    let folder = root.appending(path: folder).path
    let tool = try Program.run(
      ["env", "--chdir=\(folder)", "GOGC=1000", "GOMAXPROCS=1", promtool] + arguments)
    return (tool.status, tool.output)
  }
}
