import Foundation
import Testing

/// `muttd check` and changes of rules, as far as it takes the whole set and the store to tell.
@Suite struct CommandLineRuleSetTests {
  /// A state directory of its own, and verbs on it.
  private struct Desk {
    let workspace: Workspace

    func run(_ arguments: String...) async throws -> Tool.Result {
      try await Tool.run(
        Binary.path, arguments + ["--state-directory", workspace.file("state")], in: workspace)
    }

    func succeed(_ arguments: String...) async throws {
      try await Tool.succeed(
        Binary.path, arguments + ["--state-directory", workspace.file("state")], in: workspace)
    }
  }

  private func withDesk(_ name: String, _ body: (Desk) async throws -> Void) async throws {
    try await Workspace.with(name) { try await body(Desk(workspace: $0)) }
  }

  private static func rule(_ name: String, _ text: String, _ rest: String = "") -> String {
    "  - {name: \(name), match_type: contains, match_string: '\(text)', prod_handling: Log_only, "
      + "dev_handling: Ignore\(rest)}\n"
  }

  /// Of two rules of one priority the one is asked first that is in the store longer.
  @Test func aGoverningFileIsCheckedAsTheDaemonWillTakeIt() async throws {
    try await withDesk("order") { desk in
      let state = desk.workspace.file("state")
      let config = try desk.workspace.write(
        "state_directory: \(state)\nlisten: {snmp: []}\nrules: {file: rules.yaml}\n", to: "muttd.yaml")
      func check() async throws -> Tool.Result {
        let result = try await Tool.run(Binary.path, ["check", "--config", config], in: desk.workspace)
        // Whoever asks about the rules alone hears the same.
        let words = ["rules", "test", "--rules", desk.workspace.file("rules.yaml"), "--config", config]
        let tested = try await Tool.run(Binary.path, words, in: desk.workspace)
        #expect(tested.ending == result.ending, "\(tested.output)\(tested.errors)")
        for text in ["can never win", "has the id 1, not 7", "order among rules of one priority"] {
          #expect(tested.output.contains(text) == result.errors.contains(text), "\(text): \(tested.output)")
        }
        return result
      }
      let wide = "rules:\n" + Self.rule("any-link", "link")
      try desk.workspace.write(wide, to: "rules.yaml")
      try await desk.succeed("rules", "import", "rules.yaml")
      let narrow = Self.rule(
        "core-link-down", "core link down", ", examples: {match: ['<11>1 - h - - - - core link down']}")
      try desk.workspace.write("rules:\n" + narrow + Self.rule("any-link", "link"), to: "rules.yaml")
      let late = try await check()
      #expect(late.ending == .code(1))
      #expect(late.errors.contains("rules.yaml:2: rule core-link-down: can never win: rule any-link"))
      #expect(late.errors.contains("its example is won by rule any-link"))
      // A number says it.
      let first = narrow.replacing("name: core", with: "priority: 99, name: core")
      try desk.workspace.write("rules:\n" + first + Self.rule("any-link", "link"), to: "rules.yaml")
      #expect(try await check().output.hasSuffix("2 rules, 1 examples hold\n"))
      // What a reload would be refused for.
      try desk.workspace.write("rules:\n" + Self.rule("any-link", "link", ", id: 7"), to: "rules.yaml")
      let other = try await check()
      #expect(other.ending == .code(1))
      #expect(other.errors.contains("has the id 1, not 7"), "\(other.errors)")
      // Where there is no store, or none that can be read, the file's order is all there is.
      try desk.workspace.write("rules:\n" + narrow + Self.rule("any-link", "link"), to: "rules.yaml")
      try desk.workspace.write("no store", to: "state/muttd.db")
      let broken = try await check()
      #expect(broken.ending == .code(0), "\(broken.errors)")
      #expect(broken.errors.contains("warning: the order among rules of one priority was taken from"))
      try FileManager.default.removeItem(atPath: state)
      let fresh = try await check()
      #expect(fresh.ending == .code(0))
      #expect(!fresh.errors.contains("order among rules"))
    }
  }

  /// `check` numbers rules as an empty store does: what brings no id comes behind what brings one.
  @Test func aFileByItselfIsNumberedAsAnEmptyStoreDoes() async throws {
    try await withDesk("numbers") { desk in
      try desk.workspace.write(
        "rules:\n" + Self.rule("a", "zz", ", id: 3")
          + Self.rule("b", "zzz", ", examples: {match: ['<11>1 - h - - - - zzz']}"), to: "rules.yaml")
      for words in [
        ["check", "--rules", "rules.yaml"], ["rules", "test", "--rules", "rules.yaml"],
        ["rules", "import", "rules.yaml"],
      ] {
        let result = try await Tool.run(
          Binary.path, words + ["--state-directory", desk.workspace.file("state")], in: desk.workspace)
        #expect(result.ending == .code(1), "\(words)")
        let said = result.output + result.errors
        #expect(said.contains("its example is won by rule a"), "\(words): \(said)")
      }
    }
  }

  /// Bytes that are no UTF-8 decide as they do in a datagram.
  @Test func aTypedMessageIsTakenByteForByte() async throws {
    try await withDesk("typed") { desk in
      let rule = Self.rule("latin", "x").replacing("contains", with: "regex")
        .replacing("'x'", with: "'st\\xF6rung'")
      let file = try desk.workspace.write("rules:\n" + rule, to: "rules.yaml")
      let typed = "\"$(printf '<11>1 - h a - - - st\\366rung')\""
      let command = "exec '\(Binary.path)' explain --json --rules '\(file)' \(typed)"
      let answer = try await Tool.succeed("/bin/sh", ["-c", command], in: desk.workspace)
      let json = try #require(JSON(answer))
      #expect(json["rule"] == "latin" && json["bytes"] == 25, "\(answer)")
      let lines = try await Tool.succeed(
        "/bin/sh", ["-c", "echo \(typed) | '\(Binary.path)' match --rules '\(file)'"], in: desk.workspace)
      #expect(JSON(lines)?["rule"] == "latin", "\(lines)")
    }
  }

  /// A rule that looked for what nobody typed would never hold.
  @Test func whatIsNoTextIsNotKeptAsOne() async throws {
    try await withDesk("unreadable") { desk in
      let typed = "\"$(printf 'st\\366rung')\""
      let state = desk.workspace.file("state")
      let store = "--state-directory '\(state)'"
      for rest in [
        "add latin --match-string \(typed) --prod-handling Ignore --dev-handling Ignore \(store)",
        "add plain --match-string x --prod-handling Ignore --dev-handling Ignore --reason \(typed) \(store)",
      ] {
        let result = try await Tool.run(
          "/bin/sh", ["-c", "exec '\(Binary.path)' rules \(rest)"], in: desk.workspace)
        #expect(result.ending == .code(64), "\(result)")
        #expect(
          result.errors
            == "muttd: the argument \"st\u{FFFD}rung\" is no UTF-8 text; in a regex a byte is written as "
            + "\\xF6\n", "\(result)")
      }
      #expect(!FileManager.default.fileExists(atPath: state))
    }
  }

  /// Who waits at a terminal sees for what.
  @Test func aLongCompileIsShownWhileItLasts() async throws {
    try await withDesk("waiting") { desk in
      let rules = (0..<900).map { number in
        Self.rule("r\(number)", "(foo|bar)\\w{3,40}[a-f]x+y?z\\d{1,3}of\(number)")
          .replacing("contains", with: "regex")
      }
      let file = try desk.workspace.write("rules:\n" + rules.joined(), to: "rules.yaml")
      let command = "'\(Binary.path)' check --rules '\(file)'"
      let shown = try await Tool.run("script", ["-qec", command, "/dev/null"], in: desk.workspace)
      #expect(shown.output.contains("\u{1B}[Kcompiling 900 rules, "), "\(shown.output)")
      #expect(shown.output.contains("\r\u{1B}[Kok: "), "it makes way: \(shown.output)")
      let piped = try await Tool.run("/bin/sh", ["-c", command], in: desk.workspace)
      #expect(!(piped.output + piped.errors).contains("compiling"))
    }
  }

  /// A change that leaves no room for another rule says whom it puts out.
  @Test func aChangeThatPutsAnotherRuleOutNamesIt() async throws {
    try await withDesk("putout") { desk in
      let searched = (1...64).map {
        "  - {name: s\($0), match_type: regex, match_string: 'q\($0)\\R', priority: 5, "
          + "prod_handling: Log_only, dev_handling: Ignore}\n"
      }
      try desk.workspace.write("rules:\n" + searched.joined(), to: "rules.yaml")
      try await desk.succeed("rules", "import", "rules.yaml")
      func add(_ name: String, _ priority: String) async throws -> Tool.Result {
        try await desk.run(
          "rules", "add", name, "--match-type", "regex", "--match-string", "\(name)\\R", "--priority",
          priority,
          "--prod-handling", "Log_only", "--dev-handling", "Ignore")
      }
      let first = try await add("q0", "1")
      #expect(first.ending == .code(0))
      #expect(first.errors.contains("warning: rule s64: cannot be used any more: \\R at column 4"))
      // Who was out before is not named again.
      let second = try await add("p0", "2")
      #expect(second.errors.contains("warning: rule s63: cannot be used any more"))
      #expect(!second.errors.contains("s64"))
      try await desk.succeed("rules", "disable", "q0")
      #expect(
        try await desk.run("rules", "enable", "q0").errors.contains("warning: rule s63: cannot be used"))
      try desk.workspace.write(
        "rules:\n" + searched[0].replacing("s1", with: "o0").replacing("priority: 5", with: "priority: 1"),
        to: "more.yaml")
      let more = try await desk.run("rules", "import", "more.yaml", "--dry-run")
      #expect(more.ending == .code(0))
      #expect(more.errors.contains("rule s62: cannot be used any more"), "\(more.errors)")
    }
  }
}
