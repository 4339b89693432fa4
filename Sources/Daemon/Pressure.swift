import Synchronization

/// What may be shed right now. When the store cannot keep up, rows of unmatched events go first, least
/// severe first, each one counted; rows of matched events never (DESIGN §2, *Audit*).
package final class Pressure: Sendable {
  /// Unmatched rows of this syslog severity and above (less severe) are shed; 8: none, 0: all.
  private let threshold = Atomic<Int>(8)
  /// How full the two queues behind the workers are, per mille.
  private let recorder = Atomic<Int>(0)
  private let store = Atomic<Int>(0)

  package init() {}

  package enum Queue: Sendable { case recorder, store }

  /// Severities a worker sheds, read once per batch.
  package var shedsFrom: Int8 { Int8(truncatingIfNeeded: threshold.load(ordering: .relaxed)) }

  /// How full a queue is, percent.
  package func fill(_ queue: Queue) -> Int {
    switch queue {
    case .recorder: recorder.load(ordering: .relaxed) / 10
    case .store: store.load(ordering: .relaxed) / 10
    }
  }

  /// Sets the threshold from how full a queue is, 0...1; the fuller of the two counts.
  package func update(_ queue: Queue, fill: Double) {
    let level = Int(fill * 1_000)
    switch queue {
    case .recorder: recorder.store(level, ordering: .relaxed)
    case .store: store.store(level, ordering: .relaxed)
    }
    let fuller = max(recorder.load(ordering: .relaxed), store.load(ordering: .relaxed))
    let next =
      switch Double(fuller) / 1_000 {
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
