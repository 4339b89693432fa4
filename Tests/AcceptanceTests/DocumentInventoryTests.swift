import Foundation
import Testing

/// Every fenced block of every document is accounted for: it is run, it is something to read, or it stands
/// here with the reason why no test can run it.
@Suite struct DocumentInventoryTests {
  /// Run as they stand: by DocumentTests beside a daemon, by DatabaseDocumentTests on a server of their own.
  private static let run: Set<String> = ["sh", "sh database", "sql"]
  /// To read: pictures, output, parts of files. DocumentTests gives the rsyslog block to rsyslog.
  private static let read: Set<String> = ["text", "json", "yaml", "rsyslog"]

  private static let root = "needs root and a service manager; scripts/try-package plays it without"
  private static let build = "builds all of it, or runs all tests"
  private static let measure = "measures a release build, for minutes"

  /// The first line of every `console` block, with the reason.
  private static let untried: [String: [String: String]] = [
    "README.md": ["make run": build],
    "docs/hacking.md": [
      "MUTTD_PROPERTY_PAIRS=5000000 MUTTD_PROPERTY_SEED=10000 swift test --filter ReferenceTests": build,
      "MUTTD_VERIFY_ALL=1 swift test --filter DecoderVerifierTests": build,
      "make build && MUTTD_BINARY=$PWD/.build/release/muttd swift test --filter StartTests": build,
      "make deb && sudo scripts/try-package": root,
      "sudo scripts/try-service": root,
      "make build && scripts/try-api": "downloads Schemathesis from PyPI",
    ],
    "docs/migrating-from-mutt.md": [
      "sudo install -D -m 644 /dev/stdin /etc/systemd/system/muttd.socket.d/override.conf <<'END'": root,
      "sudo systemctl disable --now snmptrapd.service snmptrapd.socket": root,
    ],
    "docs/operations.md": [
      "make deb": root,
      "sudo install -m 600 /dev/stdin /etc/muttd/credentials/moog-key": root,
      "sudo systemctl edit muttd.socket": root,
      "sudo apt install ./muttd_NEW_amd64.deb": root,
      "sudo sysctl -w net.core.netdev_max_backlog=10000": root,
      "muttd send syslog --to tcp://127.0.0.1:514 'over a stream'":
        "needs listeners with a certificate; SenderTests sends to such",
    ],
    "Benchmarks/README.md": [
      "make bench": measure,
      "grep -l 'Request: loop/unmatched-1000' .build/bench/callgrind/*/callgrind.out.*": measure,
      "cp -r KIT /tmp/bench-kit && cd /tmp/bench-kit": measure,
      "make build && scripts/bench-traps": measure, "make build && scripts/bench-streams": measure,
      "make build && scripts/bench-delivery": measure,
      "INTERVAL=20 RULES=10000 CHANGED=10000 scripts/soak 60 100000": measure,
      "make build && scripts/bench-postgres": measure, "make build && scripts/bench-size": measure,
      "make deb && sudo scripts/try-service": root,
      "swift build --build-tests && MUTTD_AUDIT_ROWS=10000000 swift test --skip-build"
        + " --filter PostgresPlanTests": measure,
    ],
  ]

  @Test func everyBlockIsRunOrReadOrExcused() {
    #expect(DocumentBlock.documents.count >= 20)
    var excused: [String: Set<String>] = [:]
    for block in DocumentBlock.documents.flatMap(DocumentBlock.all) {
      if Self.run.contains(block.kind) || Self.read.contains(block.kind) { continue }
      let line = block.body.split(separator: "\n").first ?? ""
      let command = line.components(separatedBy: "  #")[0].trimmingCharacters(in: .whitespaces)
      let isExcused = block.kind == "console" && Self.untried[block.document]?[command] != nil
      #expect(
        isExcused,
        """
        \(block.name) ("\(block.kind)"): mark it sh, so that a test runs it; text, json or yaml, where \
        nobody types it; or console, and give its first line and the reason here: \(command)
        """)
      excused[block.document, default: []].insert(command)
    }
    // A reason outlives its block only by mistake.
    #expect(excused == Self.untried.mapValues { Set($0.keys) })
  }

  /// Code that has no fence has no kind.
  @Test func codeStandsInFences() {
    #expect(DocumentBlock.documents.flatMap(DocumentBlock.indentedLines) == [])
  }

  /// A document with commands that neither DocumentTests nor DatabaseDocumentTests opens would only look run.
  @Test func everyDocumentWithCommandsIsOpened() {
    let commands = DocumentBlock.documents.flatMap(DocumentBlock.all).filter { $0.kind == "sh" }
    #expect(
      Set(commands.map(\.document))
        == Set(DocumentTests.documents + DatabaseDocumentTests.documents))
    let database = DocumentBlock.documents.flatMap(DocumentBlock.all)
      .filter { $0.kind == "sh database" || $0.kind == "sql" }
    #expect(
      Set(database.map(\.document)).isSubset(
        of: DatabaseDocumentTests.documents + DatabaseDocumentTests.guides))
  }
}
