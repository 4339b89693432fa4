/// Which way a datagram came, so that what answers it goes back that way.
package struct ReturnPath: BitwiseCopyable, Hashable, Sendable {
  /// The one of our addresses that it was sent to; unspecified: the kernel chooses.
  package var local: IPAddress
  /// Where it arrived, by the kernel's number; 0 unknown.
  package var interface: UInt32

  package init(local: IPAddress = .unspecified, interface: UInt32 = 0) {
    self.local = local
    self.interface = interface
  }
}

/// Datagrams that are to go back to whoever sent something: acknowledgements of informs, which wait for a
/// commit with the batch of their events, and Reports, which do not.
package struct AnswerList: Sendable {
  package struct Entry: BitwiseCopyable, Sendable {
    package var peer: IPAddress
    package var port: UInt16
    package var path = ReturnPath()
    /// The datagram, in the list's bytes.
    package var datagram: ByteRange
    /// Of an acknowledgement: which inform it is for, the same number for each time it is sent, and the event
    /// that became of it; 0: it was taken before. Of a Report both are 0.
    package var inform: UInt64
    package var event: EventID
  }

  package private(set) var entries: [Entry] = []
  package private(set) var bytes: [UInt8] = []
  /// So many at the start know their way.
  private var routed = 0

  package init() {}

  package var isEmpty: Bool { entries.isEmpty }

  /// Adds the datagram that `write` appends; nothing when it appends nothing.
  package mutating func add(
    to peer: IPAddress, _ port: UInt16, inform: UInt64 = 0, event: EventID = EventID(rawValue: 0),
    _ write: (inout [UInt8]) -> Void
  ) {
    let start = bytes.count
    write(&bytes)
    if bytes.count == start { return }
    entries.append(
      Entry(
        peer: peer, port: port, datagram: ByteRange(start, bytes.count), inform: inform, event: event))
  }

  /// What was added since the last call goes this way.
  package mutating func route(by path: ReturnPath) {
    for index in routed..<entries.count { entries[index].path = path }
    routed = entries.count
  }

  /// Adds one of another list.
  package mutating func add(_ entry: Entry, of other: borrowing AnswerList) {
    var entry = entry
    let start = bytes.count
    bytes += other.bytes[entry.datagram.bounds]
    entry.datagram = ByteRange(start, bytes.count)
    entries.append(entry)
  }

  /// Empties the list and keeps its memory.
  package mutating func clear() {
    entries.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
    routed = 0
  }
}
