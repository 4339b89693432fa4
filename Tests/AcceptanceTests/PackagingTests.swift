import Foundation
import Testing

/// What `make deb` puts into the package and can be looked at without building one.
@Suite struct PackagingTests {
  private static let man = "/usr/bin/man"

  /// One page for each verb, written from the command's own help, that man reads without a warning.
  @Test func everyVerbHasAPage() async throws {
    try await Workspace.with("manual") { workspace in
      try await Tool.succeed(
        Repository.path + "/scripts/manual", [Binary.path, workspace.file("pages")], in: workspace,
        environment: ["SOURCE_DATE_EPOCH": "1795262400"])
      let pages = try FileManager.default.contentsOfDirectory(atPath: workspace.file("pages"))
      for name in [
        "muttd.1", "muttd-run.1", "muttd-rules.1", "muttd-rules-test.1", "muttd-send-trap.1", "muttd.yaml.5",
      ] { #expect(pages.contains(name)) }
      #expect(pages.count >= 50)
      let trap = text(of: workspace.file("pages/muttd-send-trap.1"))
      #expect(trap.contains(".TH MUTTD-SEND-TRAP 1 \"21 November 2026\" \"muttd "))
      // A version of SNMP is no version of ours.
      #expect(trap.contains("\\fB\\-\\-snmp\\-version\\fR \\fIversion\\fR"))
      #expect(text(of: workspace.file("pages/muttd.yaml.5")).contains("state_directory: /var/lib/muttd"))
      for page in pages {
        let result = try await Tool.run(
          Self.man, ["--warnings", "--encoding=UTF-8", "--troff-device=utf8", "-l", "pages/" + page],
          in: workspace, environment: ["MANPAGER": "cat", "LC_ALL": "C.UTF-8"])
        #expect(result.ending == .code(0) && result.errors.isEmpty, "\(page): \(result.errors)")
      }
    }
  }

  @Test func theShellsCanCompleteIt() async throws {
    try await Workspace.with("completion") { workspace in
      for shell in ["bash", "zsh", "fish"] {
        let script = try await Tool.succeed(
          Binary.path, ["--generate-completion-script", shell], in: workspace)
        #expect(script.contains("destinations"))
        let file = try workspace.write(script, to: "completion." + shell)
        try await Tool.succeed(shell, ["-n", file], in: workspace)
      }
    }
  }

  @Test func theMaintainerScriptsAreScripts() async throws {
    try await Workspace.with("scripts") { workspace in
      for name in ["postinst", "prerm", "postrm"] {
        try await Tool.succeed("sh", ["-n", Repository.path + "/packaging/debian/" + name], in: workspace)
      }
      let version =
        try await Tool.succeed(Binary.path, ["--version"], in: workspace)
        .split(whereSeparator: \.isWhitespace).last ?? ""
      // A version is released when the changelog says what is new in it.
      #expect(text(of: Repository.path + "/packaging/debian/changelog").hasPrefix("muttd (\(version)) "))
      let conffiles = text(of: Repository.path + "/packaging/debian/conffiles").split(separator: "\n")
      #expect(conffiles == ["/etc/muttd/muttd.yaml"])
    }
  }

  /// Where the package puts the documents, each link between them leads to something.
  @Test func linksOfThePackagedDocumentsLeadSomewhere() async throws {
    try await Workspace.with("documents") { workspace in
      try await Tool.succeed(
        Repository.path + "/scripts/documents", [workspace.file("doc")], in: workspace)
      let packaged = text(of: Repository.path + "/scripts/package")
      #expect(packaged.contains("scripts/documents \"$doc\"\n"))
      var links = 0
      for document in DocumentBlock.documents where !document.hasPrefix("Fuzz/") {
        let page = workspace.file("doc/" + document)
        #expect(FileManager.default.fileExists(atPath: page), "\(document)")
        for part in text(of: page).components(separatedBy: "](").dropFirst() {
          let target = part.prefix { $0 != ")" && $0 != "#" }
          if target.isEmpty || target.contains("://") { continue }
          links += 1
          let place = URL(filePath: page).deletingLastPathComponent().appending(path: String(target))
          #expect(FileManager.default.fileExists(atPath: place.path), "\(document) names \(target)")
        }
      }
      #expect(links >= 40)
      // And those of commands, from the top of that folder.
      for name in ["config/sample/from-mutt.sql", "database/postgresql/0001_tables.sql", "docs/openapi.yaml"]
      {
        #expect(FileManager.default.fileExists(atPath: workspace.file("doc/" + name)), "\(name)")
      }
      for unit in ["muttd.service", "muttd.socket"] {
        #expect(text(of: Repository.path + "/systemd/" + unit).contains("/doc/muttd/docs/operations.md"))
      }
    }
  }

  /// A reader that has seen enough ends the help, not the program with a crash.
  @Test func helpIntoAClosedPipeEndsQuietly() async throws {
    try await Workspace.with("pipe") { workspace in
      let result = try await Tool.run(
        "bash",
        [
          "-c", "(sleep 0.3; '\(Binary.path)' --experimental-dump-help; echo \"code $?\" >&2) | head -c 1",
        ], in: workspace)
      #expect(result.errors == "code 0\n")
    }
  }
}
