import Synchronization

/// A part that is built after the one that needs it: bound once, before anything runs.
final class LateBound<Part: Sendable>: Sendable {
  private let part = Mutex<Part?>(nil)

  func bind(_ part: Part) { self.part.withLock { $0 = part } }

  /// The bound part. Asking before it is bound is our bug.
  var bound: Part {
    guard let part = part.withLock({ $0 }) else { preconditionFailure("used before the topology was built") }
    return part
  }
}
