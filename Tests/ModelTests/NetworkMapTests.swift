import Model
import Testing

@Suite struct NetworkMapTests {
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state ^ state >> 29) &* 0xBF58_476D_1CE4_E5B9
    }
  }

  @Test func anEmptySetHoldsNothingAndAdmitsEveryone() {
    let set = NetworkSet()
    #expect(set.isEmpty && set == NetworkSet([]))
    #expect(!set.contains(IPAddress(v4: 192, 0, 2, 1)) && set.admits(IPAddress(v4: 192, 0, 2, 1)))
  }

  @Test func theEndsOfTheAddressSpaceBelongToIt() throws {
    let all = NetworkSet([try #require(Network("::/0"))])
    let last = IPAddress(high: .max, low: .max)
    #expect(all.contains(.unspecified) && all.contains(last) && all.contains(IPAddress(v4: 8, 8, 8, 8)))
    let lastOnly = NetworkSet([Network(address: last, prefix: 128), Network(address: last, prefix: 127)])
    #expect(lastOnly.contains(last) && lastOnly.contains(IPAddress(high: .max, low: .max - 1)))
    #expect(!lastOnly.contains(IPAddress(high: .max, low: .max - 2)) && !lastOnly.contains(.unspecified))
  }

  @Test func theLongestPrefixSaysTheNumber() throws {
    let texts = [
      "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3", "10.1.2.255", "10.1.0.0/16", "::/0",
      "10.255.0.0/16",
    ]
    let map = NetworkMap(
      try texts.enumerated().map { (network: try #require(Network($1)), value: Int32($0)) })
    for (text, expected) in [
      ("10.0.0.0", 0), ("10.0.255.255", 0), ("10.1.0.0", 1), ("10.1.1.255", 1), ("10.1.2.0", 2),
      ("10.1.2.2", 2), ("10.1.2.3", 3), ("10.1.2.4", 2), ("10.1.2.255", 4), ("10.1.3.0", 1), ("10.2.0.0", 0),
      ("10.255.255.255", 7), ("11.0.0.0", 6), ("9.255.255.255", 6), ("::", 6), ("ffff::", 6),
    ] as [(String, Int32)] {
      #expect(map.value(of: try #require(IPAddress(text))) == expected, "\(text)")
    }
    #expect(NetworkMap().isEmpty && NetworkMap().value(of: .unspecified) == -1)
  }

  @Test func neighboursAndInnerNetworksJoin() throws {
    let parts = try ["10.0.0.0/9", "10.128.0.0/9", "10.3.0.0/16"].map { try #require(Network($0)) }
    #expect(NetworkSet(parts) == NetworkSet([try #require(Network("10.0.0.0/8"))]))
  }

  /// The same answer as asking every network by itself, at and around all their edges.
  @Test(arguments: [1, 7, 100, 1_000])
  func itAnswersAsTheListDoes(count: Int) {
    var generator = Generator(state: UInt64(count))
    let networks = (0..<count).map { _ in
      // Crowded, so that they touch and hold each other.
      let isV4 = Bool.random(using: &generator)
      let address =
        isV4
        ? IPAddress(v4: 0x0A00_0000 | UInt32.random(in: 0..<0x4_0000, using: &generator))
        : IPAddress(high: 0x2001_0DB8 << 32, low: UInt64.random(in: 0..<0x4_0000, using: &generator))
      return Network(address: address, prefix: Int.random(in: 110...128, using: &generator))
    }
    let set = NetworkSet(networks)
    let map = NetworkMap(networks.enumerated().map { ($1, Int32($0)) })
    for network in networks {
      for edge in [network.first, network.last] {
        for number in [edge &- 1, edge, edge &+ 1] {
          let address = IPAddress(
            high: UInt64(truncatingIfNeeded: number >> 64), low: UInt64(truncatingIfNeeded: number))
          let holding = networks.indices.filter { networks[$0].contains(address) }
          #expect(set.contains(address) == !holding.isEmpty, "\(address)")
          let narrowest = holding.max { (networks[$0].prefix, $1) < (networks[$1].prefix, $0) }
          #expect(map.value(of: address) == narrowest.map { Int32($0) } ?? -1, "\(address)")
        }
      }
    }
  }
}
