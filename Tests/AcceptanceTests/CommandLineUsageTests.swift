import Foundation
import Testing

/// Help, usage and exit codes, without a daemon.
@Suite struct CommandLineUsageTests {
  /// Every verb of this version (DESIGN §4); `everyVerbIsListed` holds it to the parser.
  static let verbs: [[String]] = [
    ["run"], ["check"], ["match"], ["explain"], ["send", "syslog"], ["send", "trap"], ["send", "inform"],
    ["demo"],
    ["rules", "list"], ["rules", "show"], ["rules", "add"], ["rules", "set"], ["rules", "enable"],
    ["rules", "disable"], ["rules", "test"], ["rules", "import"], ["rules", "export"], ["rules", "history"],
    ["rules", "restore"], ["audit", "config"],
    ["hosts", "dev", "list"], ["hosts", "dev", "set"], ["hosts", "dev", "unset"], ["hosts", "dev", "import"],
    ["hosts", "team", "list"], ["hosts", "team", "set"], ["hosts", "team", "unset"],
    ["hosts", "team", "import"], ["hosts", "device", "list"], ["hosts", "device", "set"],
    ["hosts", "device", "unset"], ["hosts", "device", "import"], ["hosts", "device", "unmapped"],
    ["audit", "events"], ["audit", "aside", "list"], ["audit", "aside", "retry"],
    ["audit", "aside", "purge"],
    ["outbox", "list"], ["outbox", "show"], ["outbox", "replay"], ["outbox", "purge"],
    ["destinations", "list"], ["destinations", "test"],
    ["unmatched", "list"], ["unmatched", "ignore"], ["unmatched", "suggest"],
    ["engines", "list"], ["engines", "forget"],
    ["db", "migrate"], ["db", "status"], ["db", "down"], ["db", "adopt"], ["db", "backup"],
    ["db", "partitions"], ["db", "retention"], ["reload"], ["token"], ["tap"], ["top"],
  ]

  /// What the parser knows, what is tested here and what the map in the document shows are the same.
  @Test func everyVerbIsListed() async throws {
    try await Workspace.with("verbs") { workspace in
      let built = Set(try await ProgramVerb.program(in: workspace).leaves())
      #expect(built.count > 50)
      let listed = Self.verbs.map { $0.joined(separator: " ") }
      #expect(Set(listed).symmetricDifference(built).sorted() == [])
      #expect(Set(listed).count == listed.count)
      let map = Self.map(in: text(of: "\(Repository.path)/docs/command-line.md"))
      #expect(Set(map).symmetricDifference(built).sorted() == [])
      #expect(Set(map).count == map.count)
    }
  }

  /// Of rows like "| `db migrate, status` | … |" and "| `db backup DIR` | … |" each verb.
  private static func map(in page: String) -> [String] {
    let rows = page.split(separator: "\n").drop { $0 != "| verb | what it does |" }.prefix {
      $0.hasPrefix("|")
    }
    return rows.dropFirst(2).flatMap { row -> [String] in
      let spans = row.split(separator: "|")[0].split(separator: "`")
      guard spans.count > 1 else { return [String(row)] }
      let words = spans[1].split { $0 == " " || $0 == "," }.filter { $0 != $0.uppercased() }
      let count = spans[1].split(separator: ",").count
      let lead = words.dropLast(count)
      return words.suffix(count).map { (lead + [$0]).joined(separator: " ") }
    }
  }

  @Test(arguments: verbs) func helpTeachesByExample(_ verb: [String]) async throws {
    try await Workspace.with("help") { workspace in
      let result = try await Tool.run(Binary.path, verb + ["--help"], in: workspace)
      #expect(result.ending == .code(0))
      #expect(result.errors == "")
      #expect(result.output.contains("EXAMPLE"))
      #expect(result.output.contains("muttd \(verb.joined(separator: " "))"))
    }
  }

  /// A verb that is not built must not pretend.
  @Test(arguments: ["replay", "watch"]) func otherVerbsAreUnknown(_ verb: String) async throws {
    try await Workspace.with("later") { workspace in
      let help = try await Tool.succeed(Binary.path, ["--help"], in: workspace)
      #expect(!help.contains("\n  \(verb) "))
      let result = try await Tool.run(Binary.path, [verb], in: workspace)
      #expect(result.ending == .code(64))
      #expect(result.errors.contains("there is no verb \"\(verb)\""))
    }
  }

  @Test func version() async throws {
    try await Workspace.with("version") { workspace in
      let output = try await Tool.succeed(Binary.path, ["--version"], in: workspace)
      #expect(output.hasPrefix("muttd "))
      #expect(output.split(separator: "\n").count == 1)
    }
  }

  static let mistakes: [(arguments: [String], code: Int32, says: String)] = [
    (["match"], 64, "--rules"),
    (["match", "--rules", "r", "--format", "cef"], 64, "cef"),
    (["match", "--rules", "nowhere.yaml"], 78, "nowhere.yaml: "),
    (["explain"], 64, "Give one of"),
    (["explain", "x", "--event", "1"], 64, "Give one of"),
    (["explain", "--event", "one", "--state-directory", "."], 64, "is no event id"),
    (["check", "--config", "nowhere.yaml"], 78, "nowhere.yaml: "),
    (["check", "--config-only", "--rules", "x"], 64, "--config-only"),
    (["run", "--config", "nowhere.yaml"], 78, "nowhere.yaml: "),
    (["rules", "list", "--state-directory", "."], 69, "there is no store at ./muttd.db"),
    (["rules", "add", "x", "--match-string", "x"], 64, "--prod-handling"),
    (["audit", "events", "--state-directory", ".", "--limit", "0"], 64, "--limit"),
    (["audit", "events", "--state-directory", ".", "--since", "soon"], 64, "--since"),
    (["audit", "events", "--state-directory", ".", "--before", "x"], 64, "--before"),
    (["outbox", "list", "--state-directory", "."], 69, "there is no outbox at ./outbox.db"),
    (["outbox", "list", "--state-directory", ".", "--state", "lost"], 64, "--state"),
    (["outbox", "show", "x"], 64, "is no id"),
    (["db", "status", "--state-directory", "."], 69, "there is no store"),
    (["db", "adopt", "--state-directory", "."], 64, "a PostgreSQL database that MUTT made"),
    (["db", "backup", "x", "--state-directory", "."], 69, "there is no store"),
    (["rules", "restore", "x", "--version", "1", "--state-directory", "."], 64, "--reason"),
    (["hosts", "dev", "unset", "x", "--state-directory", "."], 64, "--reason"),
    (["outbox", "purge", "--all", "--state-directory", "."], 64, "--reason"),
    (["audit", "config", "--state-directory", ".", "--table", "x"], 64, "--table"),
    (["audit", "aside", "list", "--state-directory", "."], 69, "there is no outbox at ./outbox.db"),
    (["audit", "aside", "purge", "--all", "--state-directory", "."], 64, "--reason"),
    (["reload", "--state-directory", "."], 69, "no muttd runs on ."),
    (["reload", "--state-directory", "."], 69, "where state_directory was changed, restart it"),
    (["send", "syslog", "--config", "nowhere.yaml", "x"], 78, "nowhere.yaml cannot be read"),
    (["rules", "list", "--store", "mysql://x"], 78, "store.url"),
    (["send", "syslog", "--to", "nowhere", "x"], 64, "--to"),
    (["send", "syslog", "--severity", "bad", "x"], 64, "--severity"),
    (["send", "syslog", "--facility", "local8", "x"], 64, "nearest: local"),
    (["send", "syslog", "--count", "0", "x"], 64, "--count"),
    (["send", "syslog", "--rate", "0", "x"], 64, "--rate"),
    (["send", "trap", "--version", "3", "linkDown"], 64, "--version"),
    (["send", "trap", "--version", "1", "1.3.6.1.4.1.9.0.2147483648"], 64, "specific-trap"),
    (["send", "trap", "--version", "1", "linkDown", "ifIndex.1=C:1"], 64, "Counter64"),
    (["send", "trap", "linkDown", "ifIndex.3"], 64, "has no value"),
    (["send", "trap", "linkDown", "ifIndex.3=3"], 64, "names no type"),
    (["send", "trap", "linkDown", "ifIndex.3=i:x"], 64, "type i"),
  ]

  @Test(arguments: mistakes)
  func mistakesAreNamed(_ arguments: [String], _ code: Int32, _ says: String) async throws {
    try await Workspace.with("mistake") { workspace in
      let result = try await Tool.run(Binary.path, arguments, in: workspace)
      #expect(result.ending == .code(code), "\(arguments): \(result.errors)")
      #expect(result.errors.contains(says), "\(arguments): \(result.errors)")
      #expect(result.output == "")
    }
  }

  /// The configuration's problems come all at once, each with its place and the nearest known key.
  @Test func badConfigurationIsNamedWhole() async throws {
    try await Workspace.with("badconfig") { workspace in
      let file = try workspace.write(
        "state_directry: x\nlog: {level: loud}\nnode: 5000\n", to: "bad.yaml")
      for verb in [["check"], ["check", "--config-only"], ["rules", "list"], ["reload"]] {
        let result = try await Tool.run(Binary.path, verb + ["--config", file], in: workspace)
        #expect(result.ending == .code(78))
        #expect(result.errors.contains("\(file):1: state_directry: "))
        #expect(result.errors.contains("state_directory"))
        #expect(result.errors.contains("\(file):2: log.level: "))
        #expect(result.errors.contains("\(file):3: node: "))
      }
    }
  }

  /// `| head` is no error.
  @Test func aReaderThatGoesAwayEndsItQuietly() async throws {
    try await Workspace.with("pipe") { workspace in
      try workspace.write("rules: []\n", to: "rules.yaml")
      let script = """
        yes '<13>Oct  3 14:02:11 core1 nothing' | head -n 200000 > many.txt
        { "\(Binary.path)" match --rules rules.yaml many.txt; echo "code $?" >&2; } | head -n 1
        """
      let result = try await Tool.run("sh", ["-c", script], in: workspace)
      #expect(result.output.hasPrefix("{\"line\":1,"))
      #expect(result.errors == "code 0\n")
    }
  }

  @Test func matchReadsStandardInput() async throws {
    try await Workspace.with("stdin") { workspace in
      try workspace.write("rules: []\n", to: "rules.yaml")
      let script = "printf 'one\\ntwo' | \"\(Binary.path)\" match --rules rules.yaml"
      let lines = try await Tool.succeed("sh", ["-c", script], in: workspace).split(separator: "\n")
      #expect(lines.map { JSON($0)?["message"] } == ["one", "two"])
    }
  }

  /// What a pipe has given is answered before more is waited for, also where it ends within a line: the
  /// second line is only written once the answer to the first was read.
  @Test func matchAnswersAPipeAsItComes() async throws {
    try await Workspace.with("interactive") { workspace in
      try workspace.write("rules: []\n", to: "rules.yaml")
      let script = """
        mkfifo in out
        "\(Binary.path)" match --rules rules.yaml < in > out &
        exec 3> in 4< out
        printf 'one\\ntw' >&3
        read -r first <&4
        printf 'o\\n' >&3
        exec 3>&-
        echo "$first"
        cat <&4
        """
      let lines = try await Tool.succeed("sh", ["-c", script], in: workspace).split(separator: "\n")
      #expect(lines.map { JSON($0)?["message"] } == ["one", "two"])
    }
  }

  /// The second piece comes when progress is due, half a second after the first was answered at the latest;
  /// at the end the line is wiped.
  @Test func matchShowsProgressOnATerminalOnly() async throws {
    try await Workspace.with("progress") { workspace in
      try workspace.write("rules: []\n", to: "rules.yaml")
      let script = """
        : > out.txt
        { echo one; until [ -s out.txt ]; do sleep 0.05; done; sleep 0.6; echo two; } |
          "\(Binary.path)" match --rules rules.yaml > out.txt

        """
      try workspace.write(script, to: "progress.sh")
      let shown = try await Tool.succeed("script", ["-qec", "sh progress.sh", "/dev/null"], in: workspace)
      #expect(shown.contains("\r\u{1B}[K2 lines  0.0 MB"))
      #expect(shown.hasSuffix("\r\u{1B}[K"))
      let piped = try await Tool.run("sh", ["progress.sh"], in: workspace)
      #expect(piped.ending == .code(0))
      #expect(piped.errors.isEmpty)
    }
  }
}
