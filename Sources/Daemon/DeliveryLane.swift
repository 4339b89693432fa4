import Delivery
import Synchronization

/// One destination's forwarder while it runs, with an end that can be awaited: whoever takes its place must
/// not attempt what is under way here.
final class DeliveryLane: Sendable {
  let forwarder: Forwarder
  private let begins: @Sendable () -> Void
  private let previous: Mutex<DeliveryLane?>
  private let end = EndSignal()

  /// - Parameters:
  ///   - previous: whose place it takes.
  ///   - begins: called when that has said its last word.
  init(
    _ forwarder: Forwarder, after previous: DeliveryLane? = nil, begins: @escaping @Sendable () -> Void = {}
  ) {
    self.forwarder = forwarder
    self.begins = begins
    self.previous = Mutex(previous)
  }

  /// Delivers until its task is cancelled or the forwarder is told to stop.
  func run() async {
    // Not kept any longer: it keeps its own settings and secrets.
    let previous = previous.withLock { previous in
      defer { previous = nil }
      return previous
    }
    // A receiver that hangs must not silence the destination for as long as an attempt may take.
    previous?.forwarder.stopSoon()
    await previous?.end.wait()
    begins()
    await forwarder.run()
    end.give()
  }
}
