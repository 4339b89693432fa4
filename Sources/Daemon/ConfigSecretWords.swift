/// The words of a destination that may stand for secrets, as they were accepted: to read again what they
/// refer to, and nothing else of a configuration that was perhaps edited since.
///
/// No part of what a destination is: two are equal whatever they were written in.
package struct ConfigSecretWords: Sendable, Equatable {
  private static let keys: Set<String> = ["url", "headers", "routing_key", "hmac", "proxy"]

  private var entries: [YAMLValue.Entry] = []
  private var source = ""
  private var file: String?
  private var environment: [String: String] = [:]

  package init() {}

  init(of destination: YAMLValue, _ reader: ConfigReader) {
    guard case .map(let all) = destination.content else { return }
    entries = all.filter { ConfigSecretWords.keys.contains($0.key) && !$0.value.isNull }
    source = reader.source
    file = reader.file
    environment = reader.secrets.environment
  }

  package static func == (left: ConfigSecretWords, right: ConfigSecretWords) -> Bool { true }

  /// `destination` with what stands now in the files and credentials that its words refer to; nil when one of
  /// them cannot be read. Waits for those files, and for no others.
  package func readAgain(for destination: Config.Destination) -> (Config.Destination?, [ConfigProblem]) {
    var reader = ConfigReader(source: source, file: file, environment: environment)
    var renewed = destination
    for entry in entries {
      guard let known = DestinationKey.all.first(where: { $0.name == entry.key }) else { continue }
      reader.key = "destinations.\(destination.name).\(entry.key)"
      known.read(entry.value, &reader, &renewed)
    }
    return (reader.problems.areHarmless ? renewed : nil, reader.problems)
  }
}

/// They may be the secrets themselves.
extension ConfigSecretWords: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "(words)" }
  package var debugDescription: String { "(words)" }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
