import Foundation
import Testing

/// Every `NAME.args` in Tests/Fixtures/command-line is a command (one argument a line) that is run among the
/// files beside it; `NAME.golden` has its exit code, output and errors. With `MUTTD_WRITE_GOLDEN` set the
/// answers are written instead of compared: read the difference before it is committed.
@Suite struct CommandLineGoldenTests {
  private static let fixtures = Repository.path + "/Tests/Fixtures/command-line"

  static let names: [String] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: fixtures)) ?? []
    return files.filter { $0.hasSuffix(".args") }.map { String($0.dropLast(5)) }.sorted()
  }()

  @Test func thereAreCases() {
    #expect(Self.names.count >= 25)
  }

  @Test(arguments: names) func answersAsWrittenDown(_ name: String) async throws {
    let expected = text(of: "\(Self.fixtures)/\(name).golden")
    var lines = text(of: "\(Self.fixtures)/\(name).args").split(
      separator: "\n", omittingEmptySubsequences: false)
    lines.removeLast()
    let arguments = lines.map(String.init)
    try await Workspace.with("golden") { workspace in
      for file in try FileManager.default.contentsOfDirectory(atPath: Self.fixtures)
      where !file.hasSuffix(".golden") && !file.hasSuffix(".args") {
        try FileManager.default.copyItem(atPath: "\(Self.fixtures)/\(file)", toPath: workspace.file(file))
      }
      let first = try await Tool.run(Binary.path, arguments, in: workspace)
      if ProcessInfo.processInfo.environment["MUTTD_WRITE_GOLDEN"] != nil {
        return try golden(first).write(
          toFile: "\(Self.fixtures)/\(name).golden", atomically: true, encoding: .utf8)
      }
      #expect(golden(first) == expected)
      let second = try await Tool.run(Binary.path, arguments, in: workspace)
      #expect(golden(second) == golden(first), "the same input gave another output")
    }
  }

  private func golden(_ result: Tool.Result) -> String {
    "\(result.ending)\n--- output\n\(result.output)--- errors\n\(result.errors)"
  }

  /// The keys of DESIGN §4 in their order, whatever the line.
  @Test func matchKeepsItsKeysInOrder() throws {
    let keys = [
      "line", "parse", "event_timestamp", "hostname", "app", "severity", "message", "trap_oid", "rule_id",
      "rule", "handling", "forward", "environment", "team",
    ]
    for name in Self.names where name.hasPrefix("match-") {
      for line in text(of: "\(Self.fixtures)/\(name).golden").split(separator: "\n") where line.hasPrefix("{")
      {
        let object = try #require(JSON(line), "no JSON in \(name)")
        #expect(object.keys == Set(keys))
        var rest = line[...]
        for key in keys {
          let place = try #require(rest.range(of: "\"\(key)\":"), "\(key) is out of order in \(name)")
          rest = rest[place.upperBound...]
        }
      }
    }
  }
}
