import Model

/// Which informs were taken lately, so that one that is sent again is acknowledged again and counted once.
/// A fixed number of places, four to choose from for each inform; the oldest of them makes room. Used by one
/// worker: what one port of a peer sends always reaches the same one.
struct InformTable {
  /// How long an inform is remembered, nanoseconds: senders give up long before.
  static let memory: Int64 = 150_000_000_000
  private static let ways = 4
  private static let sets = 16_384

  private struct Place {
    var hash: UInt64
    /// Monotonic nanoseconds; 0: empty.
    var takenAt: Int64
  }

  /// Made with the first inform: most listeners never see one.
  private var places: [Place] = []

  /// Whether an inform was taken within the last while; if not, it is now.
  mutating func isRepeated(_ hash: UInt64, now: Int64) -> Bool {
    if places.isEmpty {
      places = [Place](
        repeating: Place(hash: 0, takenAt: 0), count: InformTable.sets * InformTable.ways)
    }
    let set = InformTable.set(of: hash)
    var oldest = set.lowerBound
    for index in set {
      let place = places[index]
      if place.hash == hash, place.takenAt > 0, now - place.takenAt < InformTable.memory { return true }
      if place.takenAt < places[oldest].takenAt { oldest = index }
    }
    places[oldest] = Place(hash: hash, takenAt: max(1, now))
    return false
  }

  /// It is as if this one had never come.
  mutating func forget(_ hash: UInt64) {
    if places.isEmpty { return }
    for index in InformTable.set(of: hash) where places[index].hash == hash { places[index].takenAt = 0 }
  }

  private static func set(of hash: UInt64) -> Range<Int> {
    let first = Int(truncatingIfNeeded: hash & UInt64(sets - 1)) * ways
    return first..<first + ways
  }
}
