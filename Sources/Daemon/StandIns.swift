package import Model
package import Store

/// Which destinations took the raise of a signature in another's place: its clear goes there too, whoever
/// takes alerts by then. Bounded, the oldest are forgotten first. Pure: it says what is to be stored.
package struct StandIns: Sendable {
  private struct Entry {
    var destination: String
    var since: Timestamp
  }

  /// Bytes of what is remembered: some 50,000 signatures.
  package static let byteLimit = 8 << 20
  /// Beside its texts, an entry takes so much.
  private static let overhead = 128
  /// Clears that come later than this no longer follow, nanoseconds.
  package static let longest: Int64 = 7 * 86_400_000_000_000
  /// A raise that is repeated is stored anew no more often, nanoseconds.
  private static let refresh: Int64 = 3_600_000_000_000

  private let limit: Int
  private var entries: [ExactKey: [Entry]] = [:]
  private var bytes = 0
  private var changes: [Outbox.StandInChange] = []
  /// The file lacks some of the changes.
  private var isBehind = false

  package init(_ stored: [Outbox.StandIn] = [], limit: Int = StandIns.byteLimit) {
    self.limit = limit
    for one in stored { note(one.signature, at: one.destination, now: one.since) }
    changes = []
  }

  package var isEmpty: Bool { entries.isEmpty }

  private static func cost(_ signature: String, _ entry: Entry) -> Int {
    overhead + signature.utf8.count + entry.destination.utf8.count
  }

  /// A raise goes to `destination`, which would not have had it the usual way. `isStored`: the file knows.
  package mutating func note(
    _ signature: String, at destination: String, now: Timestamp, isStored: Bool = false
  ) {
    if signature.isEmpty { return }
    let key = ExactKey(signature)
    var known = entries[key] ?? []
    if let index = known.firstIndex(where: { $0.destination == destination }) {
      if !isStored, now.since(known[index].since) < StandIns.refresh { return }
      known[index].since = now
    } else {
      let entry = Entry(destination: destination, since: now)
      known.append(entry)
      bytes += StandIns.cost(signature, entry)
    }
    entries[key] = known
    if !isStored {
      let one = Outbox.StandIn(signature: signature, destination: destination, since: now)
      changes.append(.took(one))
    }
    if bytes > limit { forgetOldest() }
  }

  /// Who took a raise of it, within the time.
  package func names(of signature: String, now: Timestamp) -> [String] {
    (entries[ExactKey(signature)] ?? []).filter { now.since($0.since) < StandIns.longest }.map(\.destination)
  }

  /// Its clear goes to `destination`.
  package mutating func cleared(_ signature: String, at destination: String, isStored: Bool = false) {
    let key = ExactKey(signature)
    guard var known = entries[key],
      let index = known.firstIndex(where: { $0.destination == destination })
    else { return }
    bytes -= StandIns.cost(signature, known.remove(at: index))
    entries[key] = known.isEmpty ? nil : known
    if !isStored { changes.append(.cleared(signature: signature, destination: destination)) }
  }

  /// A quarter at once, so that a flood of them does not look through all of them each time.
  private mutating func forgetOldest() {
    var times = entries.values.flatMap { $0.map(\.since) }
    times.sort()
    let bound = times[(times.count - 1) / 4]
    for (key, known) in entries {
      let left = known.filter { $0.since > bound }
      entries[key] = left.isEmpty ? nil : left
    }
    bytes = entries.reduce(0) { sum, one in
      sum + one.value.reduce(0) { $0 + StandIns.cost(one.key.text, $1) }
    }
    changes.append(.forgotten(through: bound))
  }

  // MARK: Storing it

  /// What the next transaction has to store.
  package var owed: [Outbox.StandInChange] {
    if !isBehind { return changes }
    var all: [Outbox.StandInChange] = [.forgotten(through: Timestamp(nanoseconds: .max))]
    for (key, known) in entries {
      for one in known {
        all.append(
          .took(Outbox.StandIn(signature: key.text, destination: one.destination, since: one.since)))
      }
    }
    return all
  }

  package mutating func written() {
    changes = []
    isBehind = false
  }

  /// The file takes nothing: all of it is stored when it does.
  package mutating func fellBehind() {
    if changes.isEmpty { return }
    changes = []
    isBehind = true
  }
}
