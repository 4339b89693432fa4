import Logging
import Model

/// What the HTTP server logs, as notices: warnings and errors only.
struct ConsoleLogBridge: LogHandler {
  var logLevel: Logger.Level = .warning
  var metadata: Logger.Metadata = [:]
  private let notices: NoticeSink

  init(_ notices: @escaping NoticeSink) { self.notices = notices }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let level: Notice.Level = event.level >= .error ? .error : .warning
    let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map {
      ($0.key, Notice.Value.text($0.value.description))
    }
    notices(Notice(level, "console", event.message.description, fields))
  }
}
