package import Model

/// Says which destinations take an alert. Immutable; asked once per forwarded row.
package struct Router: Sendable {
  private struct Test: Sendable {
    var handling: [[UInt8]]
    var team: [[UInt8]]
    var environment: [Environment]
    var minSeverity: Int?
  }

  private let tests: [Test]
  private let names: [String]
  /// By position: who takes over, in turn, and who only does that.
  private let chains: [[Int]]
  private let isStandby: [Bool]
  private let removed: Set<Int>

  /// `removed`: positions of those that take nothing any more.
  package init(_ destinations: [DestinationSettings], without removed: Set<Int> = []) {
    self.removed = removed
    tests = destinations.map { destination in
      Test(
        handling: destination.match.handling.map(folded), team: destination.match.team.map(folded),
        environment: destination.match.environment, minSeverity: destination.match.minSeverity)
    }
    names = destinations.map(\.name)
    let next = destinations.map { one in
      destinations.indices.first { destinations[$0].name == one.fallback && !removed.contains($0) }
    }
    chains = destinations.indices.map { start in
      var chain: [Int] = []
      var place = start
      // One that bites its tail ends there.
      while let one = next[place], one != start, !chain.contains(one) {
        chain.append(one)
        place = one
      }
      return chain
    }
    let named = Set(
      destinations.indices.filter { !removed.contains($0) }.compactMap { destinations[$0].fallback })
    // A fallback that names no alerts of its own takes none but those of the others.
    isStandby = destinations.map { named.contains($0.name) && $0.match == RouteMatch() }
  }

  /// Positions of those that take over for the one at `place`, in turn.
  package func chain(of place: Int) -> [Int] { chains[place] }

  /// Nil: none of this name takes anything.
  package func place(of name: String) -> Int? {
    names.indices.first { names[$0] == name && !removed.contains($0) }
  }

  /// `routes` with every destination that `isShut` replaced by its fallback, or by that one's; where all of a
  /// chain are shut, the first keeps the alert. Nobody gets it twice. While what waited for a destination has
  /// not gone over (`isDrained`), an alert stands behind it and goes with it, in order.
  package func detoured(
    _ routes: [Int], isShut: (Int) -> Bool, isDrained: (Int) -> Bool = { _ in true }
  ) -> [Int] {
    var found: [Int] = []
    for route in routes where !removed.contains(route) {
      let target = first(of: [route] + chains[route], isShut, isDrained) ?? route
      if !found.contains(target) { found.append(target) }
    }
    return found
  }

  /// Who takes what waits for `place`; nil: those that could are shut as well.
  package func refuge(for place: Int, isShut: (Int) -> Bool, isDrained: (Int) -> Bool) -> Int? {
    first(of: chains[place], isShut, isDrained)
  }

  private func first(of places: [Int], _ isShut: (Int) -> Bool, _ isDrained: (Int) -> Bool) -> Int? {
    guard let open = places.firstIndex(where: { !isShut($0) }) else { return nil }
    return places[...open].first { $0 == places[open] || !isDrained($0) }
  }

  /// Positions, in the order of the configuration, of the destinations that take `row`; empty: unrouted.
  package func routes(for row: EventRow, in batch: borrowing EventBatch) -> [Int] {
    let text = batch.bytes.span
    var found: [Int] = []
    for (index, test) in tests.enumerated()
    where !isStandby[index] && !removed.contains(index) && takes(test, row, text) {
      found.append(index)
    }
    return found
  }

  private func takes(_ test: Test, _ row: EventRow, _ text: Span<UInt8>) -> Bool {
    // A clear, severity 0, goes where its raise may have gone.
    if let least = test.minSeverity, 1..<max(1, least) ~= Int(row.alertSeverity) { return false }
    if !test.environment.isEmpty, !test.environment.contains(row.environment) { return false }
    return isOne(of: test.handling, row.handling, text) && isOne(of: test.team, row.team, text)
  }

  /// True for an empty list. An absent text equals no name.
  private func isOne(of names: [[UInt8]], _ range: ByteRange, _ text: Span<UInt8>) -> Bool {
    if names.isEmpty { return true }
    if range.isAbsent { return false }
    for name in names where name.count == Int(range.count) {
      var index = 0
      while index < name.count, name[index] == lowered(text[range.start + index]) { index += 1 }
      if index == name.count { return true }
    }
    return false
  }
}

private func folded(_ name: String) -> [UInt8] { name.utf8.map(lowered) }
