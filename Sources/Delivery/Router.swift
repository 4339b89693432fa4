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
  /// By position: who takes over, and who only does that.
  private let fallbacks: [Int?]
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
    fallbacks = destinations.map { one in
      destinations.indices.first { destinations[$0].name == one.fallback && !removed.contains($0) }
    }
    let named = Set(
      destinations.indices.filter { !removed.contains($0) }.compactMap { destinations[$0].fallback })
    // A fallback that names no alerts of its own takes none but those of the others.
    isStandby = destinations.map { named.contains($0.name) && $0.match == RouteMatch() }
  }

  /// `routes` with every destination that `isShut` replaced by its fallback, or by that one's; where all of a
  /// chain are shut, or it bites its tail, the first keeps the alert. Nobody gets it twice.
  package func detoured(_ routes: [Int], isShut: (Int) -> Bool) -> [Int] {
    var found: [Int] = []
    for route in routes where !removed.contains(route) {
      var target = route
      var steps = 0
      while isShut(target), let next = fallbacks[target], steps < fallbacks.count {
        target = next
        steps += 1
      }
      if isShut(target) { target = route }
      if !found.contains(target) { found.append(target) }
    }
    return found
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
