/// Datagrams that are to go back to whoever sent something: acknowledgements of informs, which wait for a
/// commit with the batch of their events, and Reports, which do not.
package struct AnswerList: Sendable {
  package struct Entry: BitwiseCopyable, Sendable {
    package var peer: IPAddress
    package var port: UInt16
    /// The datagram, in the list's bytes.
    package var datagram: ByteRange
  }

  package private(set) var entries: [Entry] = []
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package var isEmpty: Bool { entries.isEmpty }

  /// Adds the datagram that `write` appends; nothing when it appends nothing.
  package mutating func add(to peer: IPAddress, _ port: UInt16, _ write: (inout [UInt8]) -> Void) {
    let start = bytes.count
    write(&bytes)
    if bytes.count == start { return }
    entries.append(Entry(peer: peer, port: port, datagram: ByteRange(start, bytes.count)))
  }

  /// Empties the list and keeps its memory.
  package mutating func clear() {
    entries.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
  }
}
