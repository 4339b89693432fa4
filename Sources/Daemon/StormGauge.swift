package import Policy
import Synchronization

/// The storms of one worker, as others may read them.
package final class StormGauge: Sendable {
  package struct State: Sendable {
    /// Under way now.
    package var active = 0
    /// Since the start.
    package var begun: UInt64 = 0
    /// The one under way that has lost most.
    package var largest: StormTable.Storm?
  }
  private let held = Mutex(State())

  package init() {}

  package var state: State { held.withLock { $0 } }

  package func publish(active: Int, begun: UInt64, largest: StormTable.Storm?) {
    held.withLock { $0 = State(active: active, begun: begun, largest: largest) }
  }
}
