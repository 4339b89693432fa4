import Probe
import Settings

/// A configuration: the file, and behind it, each after a byte that UTF-8 does not have (0xFF), what stands
/// over the file: `MUTT_NAME=value` a variable of the environment, `key=value` a flag.
@c(LLVMFuzzerTestOneInput)
public func config(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe input(start, count)
  return bounded { check(bytes) }
}

private func check(_ bytes: [UInt8]) -> CInt {
  let parts = bytes.split(separator: 0xFF, omittingEmptySubsequences: false)
  var texts: [String] = []
  for part in parts {
    // The reader of files refuses what is no UTF-8.
    guard let text = String(validating: part, as: UTF8.self) else { return -1 }
    texts.append(text)
  }
  var environment = ["KEY": ConfigPromises.secret]
  var overrides: [(key: String, value: String)] = []
  for text in texts.dropFirst() {
    guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) else { continue }
    let name = String(text[..<equals])
    let value = String(text[text.utf8.index(after: equals)...])
    if name.hasPrefix("MUTT_") { environment[name] = value } else { overrides.append((name, value)) }
  }
  ConfigPromises(text: texts[0], environment: environment, overrides: overrides).check()
  return 0
}

/// What holds of every configuration.
struct ConfigPromises {
  /// Stands in no input unless it was asked for by its variable.
  static let secret = "Zq7-never-shown"

  let text: String
  let environment: [String: String]
  let overrides: [(key: String, value: String)]

  private func parse() -> (Config?, [ConfigProblem]) {
    Config.parse(text, file: "muttd.yaml", environment: environment, overrides: overrides)
  }

  func check() {
    let (config, problems) = parse()
    claim((config != nil) == problems.areHarmless, "a configuration and what forbids it: \(problems)")
    let lines = lineCount(text)
    for problem in problems {
      let last = problem.file == "muttd.yaml" ? lines : 0
      claim((0...last).contains(problem.line), "\(problem): line \(problem.line) of \(last)")
      claim(!problem.message.isEmpty, "a problem without a word about it")
      claim(["muttd.yaml", "environment", "command line"].contains(problem.file), "where is \(problem.file)")
      if !text.contains(Self.secret) {
        claim(!problem.description.contains(Self.secret), "a secret is shown: \(problem)")
      }
    }
    let again = parse()
    claim(again.0 == config && again.1 == problems, "read twice, there are two answers")
    guard let config else { return }
    claim((0...1_023).contains(config.node), "node \(config.node)")
    claim((1...64).contains(config.listen.workers), "\(config.listen.workers) workers")
    claim((0...1).contains(config.rules.guardShare), "guard \(config.rules.guardShare)")
    for destination in config.destinations {
      claim(!destination.name.isEmpty && !destination.url.revealed.isEmpty, "a destination without a name")
      claim(!"\(destination)".contains(Self.secret), "a secret is shown: \(destination.name)")
    }
  }
}
