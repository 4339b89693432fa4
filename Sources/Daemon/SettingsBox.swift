import Synchronization

/// What the workers go by. Exchanged whole by a reload; one atomic load a turn tells a worker whether it was.
package final class SettingsBox: Sendable {
  private let generation = Atomic<UInt64>(1)
  private let settings: Mutex<WorkerSettings>

  package init(_ settings: WorkerSettings) { self.settings = Mutex(settings) }

  /// Grows with every `publish`.
  package var currentGeneration: UInt64 { generation.load(ordering: .acquiring) }

  package var current: WorkerSettings { settings.withLock { $0 } }

  package func publish(_ next: WorkerSettings) {
    settings.withLock { $0 = next }
    generation.add(1, ordering: .releasing)
  }
}
