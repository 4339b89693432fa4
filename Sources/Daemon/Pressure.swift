import Synchronization

/// What may be shed right now. When the store cannot keep up, rows of unmatched events go first, least
/// severe first, each one counted; rows of matched events never (DESIGN §2, *Audit*).
package final class Pressure: Sendable {
  /// Unmatched rows of this syslog severity and above (less severe) are shed; 8: none, 0: all.
  private let threshold = Atomic<Int>(8)

  package init() {}

  /// Severities a worker sheds, read once per batch.
  package var shedsFrom: Int8 { Int8(truncatingIfNeeded: threshold.load(ordering: .relaxed)) }

  /// Sets the threshold from how full the writers' memory is, 0...1.
  package func update(fill: Double) {
    let next =
      switch fill {
      case ..<0.5: 8
      case ..<0.7: 6
      case ..<0.85: 4
      default: 0
      }
    threshold.store(next, ordering: .relaxed)
  }
}

extension Pressure {
  /// The severity an unmatched event is shed by; what has none (traps, unparsed text) counts as a warning.
  @inline(__always)
  package static func rank(_ severity: Int8) -> Int8 { severity < 0 ? 4 : severity }
}
