import ArgumentParser
import Daemon
import Foundation

/// The front door: parses, runs the verb, turns what went wrong into one sentence and an exit code.
@main
enum Main {
  static func main() async {
    // A reader that goes away (`muttd rules list | head -1`) is seen by the write, not by a signal.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try Muttd.parseAsRoot()
      // One verb takes bytes. What any other was given in part would be kept, looked for or sent in part.
      if !(command is Explain), let argument = TypedBytes.firstUnreadable {
        let isRule = command is RulesAdd || command is RulesSet
        let hint = isRule ? "; in a regex a byte is written as \\xF6" : ""
        throw DaemonFailure(.usage, "the argument \"\(argument)\" is no UTF-8 text\(hint)")
      }
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let failure as DaemonFailure {
      leave(failure)
    } catch {
      leave(error)
    }
  }

  /// What a misspelt verb was meant to be; nil when the first word is one, or an option.
  private static var suggestion: String? {
    let words = CommandLine.arguments.dropFirst()
    let known = Muttd.configuration.subcommands.map { $0._commandName } + ["help"]
    guard let word = words.first, !word.hasPrefix("-"), !known.contains(word) else { return nil }
    let nearest = Product.nearest(word, in: known)
    return "muttd: there is no verb \"\(word)\"; nearest: \(nearest); all of them: muttd help"
  }

  /// Problems of a configuration or rules file start with their place, as compilers' do; everything else
  /// with our name.
  private static func leave(_ failure: DaemonFailure) -> Never {
    let prefix = failure.exit == .configuration ? "" : "muttd: "
    for line in failure.message.split(separator: "\n") {
      write("\(prefix)\(line)", to: .standardError)
    }
    exit(failure.exit.rawValue)
  }

  /// Help and version go to standard output and are a success; a mistake in the arguments is exit 64.
  private static func leave(_ error: any Error) -> Never {
    let code = Muttd.exitCode(for: error)
    if let code = error as? ExitCode { exit(code.rawValue) }
    let text = suggestion ?? Muttd.fullMessage(for: error)
    if code == .success {
      write(text, to: .standardOutput)
      exit(0)
    }
    write(text, to: .standardError)
    exit(code == .validationFailure ? DaemonFailure.Exit.usage.rawValue : code.rawValue)
  }

  /// A reader that is gone (`muttd --help | head -1`) has read enough: nothing else can be told to it.
  private static func write(_ text: String, to file: FileHandle) {
    do { try file.write(contentsOf: Data((text + "\n").utf8)) } catch { exit(0) }
  }
}
