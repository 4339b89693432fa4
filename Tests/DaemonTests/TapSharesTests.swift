import Console
import Testing

@testable import Daemon

/// Nobody can take all places of the tap from whoever runs the daemon.
@Suite struct TapSharesTests {
  private static let owner: UInt32 = 990

  /// How many of these callers, one after the other, are let in.
  private func admitted(_ callers: [APICaller], beside first: [APICaller] = []) -> Int {
    var holders = first
    for caller in callers where TapShares.refusal(of: caller, beside: holders, owner: Self.owner) == nil {
      holders.append(caller)
    }
    return holders.count - first.count
  }

  private func many(_ caller: APICaller) -> [APICaller] { [APICaller](repeating: caller, count: 20) }

  @Test func whoRunsTheDaemonMayHaveAll() {
    #expect(admitted(many(.user(0))) == 8)
    #expect(admitted(many(.user(Self.owner))) == 8)
    #expect(admitted(many(.network)) == 3)
    #expect(admitted(many(.user(1000))) == 3)
    #expect(admitted((1...20).map { .user(1000 + $0) }) == 6)
  }

  /// Whatever all others do, there are two places left.
  @Test func twoPlacesAreLeftForThoseWhoRunIt() {
    let guests = (0..<20).flatMap { [APICaller.network, .user(1000 + $0 % 4), .user(1001)] }
    var holders: [APICaller] = []
    for guest in guests where TapShares.refusal(of: guest, beside: holders, owner: Self.owner) == nil {
      holders.append(guest)
    }
    #expect(holders.count == 6)
    #expect(admitted(many(.user(0)), beside: holders) == 2)
    #expect(admitted(many(.user(Self.owner)), beside: holders) == 2)
  }

  /// The network leaves three places to users who are let in to the socket.
  @Test func theNetworkLeavesPlacesToTheSocket() {
    let network = [APICaller](repeating: .network, count: 3)
    #expect(admitted(many(.user(1000)), beside: network) == 3)
    #expect(admitted(many(.network), beside: network) == 0)
  }

  @Test func aRefusalSaysWhoHoldsHowMany() throws {
    let holders: [APICaller] = [
      .network, .user(1000), .network, .network, .user(0), .user(1000), .user(1000),
    ]
    func detail(_ caller: APICaller, _ holders: [APICaller]) -> String? {
      TapShares.refusal(of: caller, beside: holders, owner: Self.owner)?.detail
    }
    #expect(
      detail(.user(1001), holders)
        == "7 watch already: 3 over the network, 3 of user 1000, 1 of root; 2 places are for root and the "
        + "daemon's user, and one user may have 3")
    #expect(
      detail(.user(0), holders + [.user(0)])
        == "8 watch already: 3 over the network, 3 of user 1000, 2 of root; 8 may")
    // The users of the machine are nobody's business who comes from elsewhere.
    #expect(
      detail(.network, holders) == "3 watch over the network, of 3 who may, beside users of the socket")
    let refusal = try #require(TapShares.refusal(of: .network, beside: holders, owner: Self.owner))
    #expect(refusal.kind == .unavailable && refusal.retryAfter == 10)
  }

  @Test func aPlaceComesBackWithItsEnd() throws {
    let tap = Tap(owner: Self.owner)
    var streams = try (0..<3).map { _ in try tap.attach(TapFilter(), for: .network, seconds: nil) }
    #expect(throws: Problem.self) { try tap.attach(TapFilter(), for: .network, seconds: nil) }
    streams.removeLast()
    streams.append(try tap.attach(TapFilter(), for: .network, seconds: nil))
    streams += try (0..<5).map { _ in try tap.attach(TapFilter(), for: .user(0), seconds: nil) }
    #expect(throws: Problem.self) { try tap.attach(TapFilter(), for: .user(0), seconds: nil) }
    #expect(streams.count == TapSieve.places)
    tap.close()
  }
}
