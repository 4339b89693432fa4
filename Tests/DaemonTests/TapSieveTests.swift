import Daemon
import Model
import Testing

/// What a worker picks for those who watch is bounded, and what it leaves out is counted to the event.
@Suite struct TapSieveTests {
  private static let second: Int64 = 1_000_000_000

  private func filter(_ place: Int, rate: Int = 2_000, text: String = "") -> TapFilter {
    var filter = TapFilter()
    filter.place = place
    filter.rate = rate
    if !text.isEmpty { filter.setText(text) }
    return filter
  }

  /// What of `count` events with this text each of the filters at the port gets in one batch of datagrams.
  private func taken(_ port: TapPort, _ sieve: inout TapSieve, _ count: Int, _ text: [UInt8], now: Int64)
    -> [Int]
  {
    sieve.begin(port, port.generation, now: now)
    var taken = [Int](repeating: 0, count: sieve.filters.count)
    for _ in 0..<count {
      for index in taken.indices where sieve.takes(index, text.span) { taken[index] += 1 }
    }
    return taken
  }

  @Test func nobodyWatchesAndNothingIsLookedAt() {
    let port = TapPort()
    #expect(port.generation == 0)
    port.want([filter(0)])
    let first = port.generation
    port.want([filter(0), filter(1)])
    #expect(port.generation > first)
    var sieve = TapSieve()
    sieve.begin(port, port.generation, now: 0)
    #expect(sieve.isOpen && sieve.filters.count == 2)
    port.want([])
    #expect(port.generation == 0)
    sieve.begin(port, port.generation, now: 0)
    #expect(!sieve.isOpen && sieve.filters.isEmpty)
  }

  @Test(arguments: [(1, 32), (2, 16), (3, 10), (8, 4)])
  func aBatchIsShared(watchers: Int, share: Int) {
    let port = TapPort()
    port.want((0..<watchers).map { filter($0) })
    var sieve = TapSieve()
    #expect(
      taken(port, &sieve, 256, [1], now: 0) == [Int](repeating: share, count: watchers))
    let report = sieve.take()
    for place in 0..<TapSieve.places {
      #expect(report.skipped[place] == (place < watchers ? UInt64(256 - share) : 0))
    }
    #expect(sieve.take().isEmpty)
  }

  @Test func aRateIsKeptOverBatches() {
    let port = TapPort()
    port.want([filter(0, rate: 10)])
    var sieve = TapSieve()
    // A second's worth at once, then one every tenth of a second, however the batches fall.
    #expect(taken(port, &sieve, 100, [1], now: 0) == [10])
    var later = 0
    for step in 1...30 { later += taken(port, &sieve, 100, [1], now: Int64(step) * Self.second / 30)[0] }
    #expect(later == 10)
    #expect(sieve.take().skipped[0] == 3_100 - 20)
  }

  @Test func textsAreSearchedUpToALimit() {
    let port = TapPort()
    port.want([filter(0, text: "NEEDLE")])
    var sieve = TapSieve()
    let hay = [UInt8](repeating: UInt8(ascii: "n"), count: 1_018)
    #expect(taken(port, &sieve, 100, hay + Array("needle".utf8), now: 0) == [16])
    #expect(sieve.take().skipped[0] == 84)
    #expect(taken(port, &sieve, 100, hay + Array("needl".utf8), now: 0) == [0])
    #expect(sieve.take().skipped[0] == 84)
    for (text, holds) in [
      ("needle", true), ("aNeEdLe", true), ("needl", false), ("", false), ("nneedle", true),
    ] {
      #expect(taken(port, &sieve, 1, Array(text.utf8), now: Self.second) == [holds ? 1 : 0], "\(text)")
    }
  }

  /// A worker searches between events: what somebody looks for must not make it compare more.
  @Test(arguments: [
    (String(repeating: "a", count: 254) + "b", "a"), (String(repeating: "ab", count: 127) + "c", "ab"),
    (String(repeating: "a", count: 127) + "b" + String(repeating: "a", count: 127), "a"),
    ("b" + String(repeating: "a", count: 254), "A"), (String(repeating: "abaab", count: 51), "abaababaab"),
  ])
  func whateverIsSearchedForIsFoundInTwoLooksAByte(text: String, unit: String) {
    var filter = TapFilter()
    filter.setText(text)
    let hay = Array(String(repeating: unit, count: 16_384 / unit.utf8.count).utf8)
    let result = filter.search(hay.span)
    #expect(result.compared <= 2 * hay.count)
    #expect(result.isFound == String(decoding: hay, as: UTF8.self).lowercased().contains(text))
    #expect(filter.search((hay + Array(text.uppercased().utf8)).span).isFound)
  }

  @Test func aTextIsFoundWhereAPlainLookFindsIt() {
    var random = SystemRandomNumberGenerator()
    for round in 0..<5_000 {
      let word = (0..<Int.random(in: 1...7, using: &random)).map { _ in
        UInt8.random(in: 97...98, using: &random)
      }
      let hay = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        UInt8.random(in: 97...98, using: &random)
      }
      var filter = TapFilter()
      filter.setText(String(decoding: word, as: UTF8.self))
      let isThere = hay.indices.contains { hay[$0...].starts(with: word) }
      #expect(filter.search(hay.span).isFound == isThere, "\(round): \(word) in \(hay)")
    }
  }

  @Test func whatWaitsAtThePortIsBounded() {
    let port = TapPort()
    let generation = port.want([filter(3)])
    var offered = 0
    var report = TapReport()
    report.generation = generation
    for _ in 0..<32 {
      report.batch.rows.append(
        EventRow(id: EventID(rawValue: 1), time: .absent, arrival: .absent, peer: .unspecified))
      report.batch.bytes += [UInt8](repeating: 0x20, count: 1_024)
      report.marks.append(TapReport.Mark(takers: 1 << 3, isCut: false))
    }
    for _ in 0..<2_000 {
      port.offer(report)
      offered += 32
    }
    let waiting = port.take() ?? []
    let rows = waiting.reduce(0) { $0 + $1.marks.count }
    #expect(waiting.reduce(0) { $0 + $1.size } <= 2 << 20)
    #expect(rows > 0 && waiting.allSatisfy { $0.marks.count == $0.batch.rows.count })
    #expect(rows + Int(waiting.reduce(0) { $0 + $1.skipped[3] }) == offered)
    port.close()
    #expect(port.take() == nil && port.generation == 0)
  }

  static let severities: [(wished: Int8, severity: Int8, isMatched: Bool, takes: Bool)] = [
    (7, 7, true, true), (3, 3, true, true), (3, 4, true, false), (3, -1, true, true), (0, 0, false, true),
  ]

  @Test(arguments: severities)
  func severity(wished: Int8, severity: Int8, isMatched: Bool, takes: Bool) {
    var filter = TapFilter()
    filter.severity = wished
    #expect(filter.takes(isMatched: isMatched, severity: severity) == takes)
    filter.onlyUnmatched = true
    #expect(filter.takes(isMatched: isMatched, severity: severity) == (takes && !isMatched))
    filter.onlyUnmatched = false
    filter.setRule("link-down")
    #expect(filter.takes(isMatched: isMatched, severity: severity) == (takes && isMatched))
  }
}
