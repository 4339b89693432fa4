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

  package init(_ destinations: [DestinationSettings]) {
    tests = destinations.map { destination in
      Test(
        handling: destination.match.handling.map(folded), team: destination.match.team.map(folded),
        environment: destination.match.environment, minSeverity: destination.match.minSeverity)
    }
  }

  /// Positions, in the order of the configuration, of the destinations that take `row`; empty: unrouted.
  package func routes(for row: EventRow, in batch: borrowing EventBatch) -> [Int] {
    let text = batch.bytes.span
    var found: [Int] = []
    for (index, test) in tests.enumerated() where takes(test, row, text) { found.append(index) }
    return found
  }

  private func takes(_ test: Test, _ row: EventRow, _ text: Span<UInt8>) -> Bool {
    if let least = test.minSeverity, Int(row.alertSeverity) < least { return false }
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
