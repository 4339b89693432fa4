/// Offsets of one time zone from UTC, as a value: what the decoder needs to read a stamp without a zone.
/// Built from the system's zone database by the configuration (Wire itself does no I/O).
package struct Zone: Sendable, Equatable {
  package struct Transition: Sendable, Equatable {
    /// Seconds since 1970 from which `offset` holds.
    package var from: Int64
    /// Seconds east of UTC.
    package var offset: Int32

    package init(from: Int64, offset: Int32) {
      self.from = from
      self.offset = offset
    }
  }

  package var name: String
  /// Ascending by `from`; the first one holds for everything before it too. Never empty.
  package var transitions: [Transition]

  package static let utc = Zone(name: "UTC", transitions: [Transition(from: .min, offset: 0)])

  package init(name: String, transitions: [Transition]) {
    precondition(!transitions.isEmpty, "a zone has at least one offset")
    self.name = name
    self.transitions = transitions
  }

  /// Seconds east of UTC at `seconds` since 1970.
  package func offset(at seconds: Int64) -> Int32 {
    var low = 0
    var high = transitions.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if transitions[middle].from <= seconds { low = middle } else { high = middle }
    }
    return transitions[low].offset
  }

  /// The instant of a wall-clock reading here. A reading that daylight saving skips or repeats takes the
  /// offset that held before the change.
  package func instant(of civil: CivilTime) -> Timestamp {
    let wall = civil.secondsAsUTC
    let before = offset(at: wall - 86_400)
    let candidate = offset(at: wall - Int64(before))
    if candidate == before { return civil.timestamp(offset: before) }
    // After a change within the last day: the new offset holds unless the reading falls before the change.
    let after = offset(at: wall - Int64(candidate))
    return civil.timestamp(offset: after == candidate ? candidate : before)
  }
}
