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

  /// The instant of a wall-clock reading here. Of a reading that stands twice, when clocks are put back, the
  /// instant nearest to `arrival` is taken: messages arrive within the half hour in which that is right. A
  /// reading that clocks skip when they are put forward is taken by the offset before the change: only a
  /// clock that has not been put forward shows it.
  package func instant(of civil: CivilTime, near arrival: Timestamp) -> Timestamp {
    let wall = civil.secondsAsUTC
    // No offset is as long as a day: one of these held before, the other after.
    let before = offset(at: wall - 86_400)
    let after = offset(at: wall + 86_400)
    let early = civil.timestamp(offset: before)
    if before == after { return early }
    if offset(at: wall - Int64(after)) != after { return early }
    let late = civil.timestamp(offset: after)
    if offset(at: wall - Int64(before)) != before { return late }
    return early.since(arrival).magnitude <= late.since(arrival).magnitude ? early : late
  }
}

/// One entry of `syslog.timezones`: whose stamps without a zone are read in which.
package struct SourceZone: Sendable, Equatable {
  package enum Source: Sendable, Equatable {
    /// Senders in here; an address is a network of one.
    case network(Network)
    /// The host's name as the header gives it, whatever its case.
    case name(String)
  }
  package var source: Source
  package var zone: Zone

  package init(_ source: Source, _ zone: Zone) {
    self.source = source
    self.zone = zone
  }
}
