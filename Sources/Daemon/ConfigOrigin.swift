/// What a configuration was read from, to read the secrets that it names again without what was edited since.
/// No part of what it says: two configurations are equal whatever they were written in.
package struct ConfigOrigin: Sendable, Equatable {
  var text = ""
  var file = ""
  var environment: [String: String] = [:]
  var overrides: [(key: String, value: String)] = []

  package static func == (left: ConfigOrigin, right: ConfigOrigin) -> Bool { true }

  /// The same words, with what stands now in the files and credentials they refer to.
  func readAgain() -> (Config?, [ConfigProblem]) {
    Config.parse(text, file: file, environment: environment, overrides: overrides)
  }
}

/// Its words hold secrets.
extension ConfigOrigin: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "(origin)" }
  package var debugDescription: String { "(origin)" }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
