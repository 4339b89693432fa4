package import Logging
package import Model

extension Log {
  /// A logger for libraries; below `level` nothing of theirs is of interest to whoever operates the daemon.
  package func logger(_ component: String, level: Logger.Level = .warning) -> Logger {
    var logger = Logger(label: component) { _ in LogBridge(component: component, sink: self.sink) }
    logger.logLevel = level
    return logger
  }
}

/// Turns what libraries log into notices.
package struct LogBridge: LogHandler {
  package var logLevel: Logger.Level = .warning
  package var metadata: Logger.Metadata = [:]
  private let component: String
  private let sink: NoticeSink

  package init(component: String, sink: @escaping NoticeSink) {
    self.component = component
    self.sink = sink
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let merged = metadata.merging(event.metadata ?? [:]) { _, new in new }
    var fields = merged.sorted { $0.key < $1.key }.map { key, value in
      (key, Notice.Value.text(value.description))
    }
    if let error = event.error { fields.append(("error", .text("\(error)"))) }
    sink(Notice(LogBridge.level(event.level), component, event.message.description, fields))
  }

  private static func level(_ level: Logger.Level) -> Notice.Level {
    switch level {
    case .trace, .debug: .debug
    case .info, .notice: .info
    case .warning: .warning
    case .error, .critical: .error
    }
  }
}
