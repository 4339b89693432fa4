/// One thing wrong with a configuration or rules file: where, which key, and what to write instead.
/// Problems are collected, never thrown: people get all of them at once.
package struct ConfigProblem: Error, Sendable, Equatable {
  /// The file as it was named, `environment`, or `command line`.
  package var file: String
  /// From 1; 0 when the problem belongs to no line.
  package var line: Int
  /// Dotted key, `listen.receive_buffer`, or the name of an environment variable; empty: the file itself.
  package var key: String
  /// What is wrong and what to do; never holds a secret.
  package var message: String
  /// The configuration can be used all the same.
  package var isWarning: Bool

  package init(file: String, line: Int = 0, key: String = "", message: String, isWarning: Bool = false) {
    self.file = file
    self.line = line
    self.key = key
    self.message = message
    self.isWarning = isWarning
  }
}

extension ConfigProblem {
  /// A file that cannot be read, or not as text.
  init(file: String, _ failure: ConfigFile.Failure) {
    self.init(file: file, line: failure.line, message: failure.reason)
  }
}

extension ConfigProblem: CustomStringConvertible {
  /// `muttd.yaml:12: log.levle: unknown key; nearest known: log.level`.
  package var description: String {
    (line > 0 ? "\(file):\(line): " : "\(file): ") + sentence
  }

  /// The same without its place.
  package var sentence: String {
    (isWarning ? "warning: " : "") + (key.isEmpty ? "" : "\(key): ") + message
  }
}

extension [ConfigProblem] {
  /// True when nothing stands in the way of using what was read.
  package var areHarmless: Bool { allSatisfy(\.isWarning) }
}
