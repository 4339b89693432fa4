import Synchronization

/// How much of what clients send, and of what they have not taken yet, is held in memory over all
/// connections of all places: long answers count until their last byte is on its way, bodies until they are
/// answered. What is short does not count, since there can only be so many connections.
package final class ConsoleRoom: Sendable {
  /// Bytes of the API's.
  package static var limit: Int { 32 << 20 }
  /// Of them, those that only who asks over the socket can have: commands on this machine are answered,
  /// whatever the network leaves untaken.
  static var forSocket: Int { 8 << 20 }
  /// As many more for probes and metrics, which whoever watches needs when others take no answer.
  package static var reserve: Int { 8 << 20 }
  /// What has no more is short.
  package static var short: Int { 16 << 10 }

  /// Who asks for room.
  enum Share {
    case network, socket, watching

    fileprivate var limit: Int {
      switch self {
      case .network: ConsoleRoom.limit - ConsoleRoom.forSocket
      case .socket: ConsoleRoom.limit
      case .watching: ConsoleRoom.limit + ConsoleRoom.reserve
      }
    }
  }

  /// Some of the room, for as long as somebody has this.
  final class Place: Sendable {
    private let room: ConsoleRoom
    private let bytes: Int

    fileprivate init(_ room: ConsoleRoom, _ bytes: Int) {
      self.room = room
      self.bytes = bytes
    }

    deinit { room.taken.subtract(bytes, ordering: .relaxed) }
  }

  private let taken = Atomic(0)

  package init() {}

  /// Bytes that are held now.
  var held: Int { taken.load(ordering: .relaxed) }

  /// - Throws: what is answered instead.
  func place(for bytes: Int, _ share: Share) throws(Problem) -> Place {
    let (_, held) = taken.add(bytes, ordering: .relaxed)
    let place = Place(self, bytes)
    if held <= share.limit { return place }
    throw Problem.busy(
      "answers of \(share.limit >> 20) MiB wait for clients that do not take them",
      do: "ask again; clients that take nothing for a minute are cut off", retryAfter: 5)
  }
}
