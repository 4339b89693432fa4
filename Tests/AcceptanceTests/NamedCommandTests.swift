import Foundation
import Testing

/// Commands of ours that people read where no test can type them: in sentences, in blocks that are excused
/// (DocumentInventoryTests), and as examples of the help. Their verbs and options are those of the program.
@Suite struct NamedCommandTests {
  /// Nil: it fits.
  private func fault(_ command: Substring, _ program: ProgramVerb) -> String? {
    // What stands behind them is another command, or where this one's output goes.
    let own = command.prefix { !"|>#;&".contains($0) }
    let words = own.split(whereSeparator: \.isWhitespace).map(String.init)
    var verb = program
    var isVerb = true
    var isEnd = false
    for word in words.dropFirst() where !isEnd {
      if word == "--" { isEnd = true }
      let option = word.hasPrefix("--") ? word.dropFirst(2).prefix { $0.isLetter || $0 == "-" } : ""
      if !option.isEmpty {
        if !verb.options.contains(String(option)) { return "no option --\(option)" }
        isVerb = false
      } else if isVerb, let next = verb.verbs[word] {
        verb = next
      } else {
        if isVerb, !verb.verbs.isEmpty, word.first?.isLowercase == true { return "no verb \(word)" }
        isVerb = false
      }
    }
    return nil
  }

  /// Between backticks, with the line of its document.
  private func spans(of document: String) -> [(place: String, command: String)] {
    var found: [(String, String)] = []
    let lines = text(of: "\(Repository.path)/\(document)").split(
      separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let parts = line.split(separator: "`", omittingEmptySubsequences: false)
      for (part, text) in parts.enumerated() where part % 2 == 1 {
        found.append(("\(document):\(index + 1)", String(text)))
      }
    }
    return found
  }

  private func excused(in document: String) -> [(place: String, command: String)] {
    DocumentBlock.all(of: document).filter { $0.kind == "console" }.flatMap { block in
      block.body.replacing("\\\n", with: " ").split(separator: "\n").map { (block.name, String($0)) }
    }
  }

  @Test func everyCommandThatIsNamedExists() async throws {
    try await Workspace.with("named") { workspace in
      let program = try await ProgramVerb.program(in: workspace)
      var named = DocumentBlock.documents.flatMap { spans(of: $0) + excused(in: $0) }
      named += program.all.flatMap { verb in verb.lines.map { ("--help", $0) } }
      var count = 0
      for (place, text) in named {
        var command = text.trimmingCharacters(in: .whitespaces)[...]
        if command.hasPrefix("sudo ") { command = command.dropFirst(5) }
        guard command.hasPrefix("muttd ") else { continue }
        count += 1
        if let fault = fault(command, program) { Issue.record("\(place): \(command): \(fault)") }
      }
      #expect(count > 150)
      for (wrong, said) in [
        ("muttd fly", "no verb fly"), ("muttd rules adds x", "no verb adds"),
        ("muttd outbox list --host x", nil), ("muttd outbox list --hosts x", "no option --hosts"),
      ] {
        #expect(fault(wrong[...], program) == said)
      }
    }
  }
}
