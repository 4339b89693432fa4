import Console

/// Who may have how many of the tap's places at once: nobody can take them all from whoever runs the daemon.
enum TapShares {
  /// All who come over the network together: on loopback one of them cannot be told from another.
  static let network = 3
  /// Each user of the socket who is neither root nor the daemon's own.
  static let guest = 3
  /// The network and such users together; what is left is for root and the daemon's own user.
  static let guests = 6

  /// Why there is no place for one more; nil: there is one.
  /// - Parameter holders: who has a place now, once for each.
  static func refusal(of caller: APICaller, beside holders: [APICaller], owner: UInt32) -> Problem? {
    func isGuest(_ caller: APICaller) -> Bool { ![.user(0), .user(owner)].contains(caller) }
    let own = holders.count { $0 == caller }
    let isFull =
      holders.count >= TapSieve.places
      || isGuest(caller)
        && (holders.count(where: isGuest) >= guests || own >= (caller == .network ? network : guest))
    if !isFull { return nil }
    // Who comes over the network is not told about the users of this machine.
    if caller == .network {
      return Problem.busy(
        "\(own) watch over the network, of \(network) who may, beside users of the socket",
        do: "end one of them, or run muttd tap on the machine of the daemon", retryAfter: 10)
    }
    return Problem.busy(
      "\(holders.count) watch already: \(list(holders)); \(rule(caller, owner))",
      do: "end a muttd tap or muttd top, or ask again", retryAfter: 10)
  }

  private static func rule(_ caller: APICaller, _ owner: UInt32) -> String {
    if [.user(0), .user(owner)].contains(caller) { return "\(TapSieve.places) may" }
    return
      "\(TapSieve.places - guests) places are for root and the daemon's user, and one user may have \(guest)"
  }

  /// `3 over the network, 2 of user 1000`, the most first.
  private static func list(_ holders: [APICaller]) -> String {
    var counts: [(who: APICaller, count: Int)] = []
    for holder in holders {
      if let index = counts.firstIndex(where: { $0.who == holder }) {
        counts[index].count += 1
      } else {
        counts.append((holder, 1))
      }
    }
    return counts.sorted { $0.count > $1.count }.map { who, count in
      switch who {
      case .network: "\(count) over the network"
      case .user(0): "\(count) of root"
      case .user(let number): "\(count) of user \(number)"
      }
    }.joined(separator: ", ")
  }
}
