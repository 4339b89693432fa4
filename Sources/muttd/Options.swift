import ArgumentParser
import Daemon

/// Where the configuration, the state and the store are: the same on every verb.
struct Place: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Configuration (default: \(VerbSettings.standardPath) where there is one, else the defaults).",
      valueName: "file"))
  var config: String?

  @Option(
    help: ArgumentHelp("Directory of muttd.db and outbox.db, over state_directory.", valueName: "directory"))
  var stateDirectory: String?

  @Option(help: ArgumentHelp("The store, over store.url.", valueName: "url"))
  var store: String?

  var settings: VerbSettings {
    VerbSettings(path: config, stateDirectory: stateDirectory, store: store)
  }
}

/// For verbs whose answer machines read too.
struct Form: ParsableArguments {
  @Flag(help: "JSON for machines, one object a line.")
  var json = false
}

/// For verbs that change what people maintain.
struct Change: ParsableArguments {
  @Option(
    name: .customLong("reason"),
    help: ArgumentHelp(
      "Why: written into the audit of changes. What takes something away wants it.", valueName: "text"))
  var text: String?

  @Option(
    help: ArgumentHelp(
      "What the change belongs to (a ticket), at most 36 characters: written beside it.", valueName: "id"))
  var correlationId: String?

  var reason: VerbReason { VerbReason(text: text, correlationID: correlationId) }

  func validate() throws {
    if let correlationId, correlationId.count > VerbReason.correlationLimit {
      throw ValidationError("--correlation-id has more than 36 characters.")
    }
  }
}
