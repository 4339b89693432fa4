import Synchronization

/// The configuration that was taken last, for those who look into it when they are asked something.
final class CurrentConfig: Sendable {
  private let config: Mutex<Config>

  init(_ config: Config) { self.config = Mutex(config) }

  var value: Config { config.withLock { $0 } }

  func publish(_ next: Config) { config.withLock { $0 = next } }
}
