package import Model

/// The deliveries that may leave, in the order in which they are to: paging handlings, then fresh before
/// stale, then by event id, which is by time. First attempts of one signature stand in the order of time
/// among themselves, whatever the rest says: otherwise the old "down" of a backlog would arrive after its
/// fresh "up".
package struct ReadyLine: Sendable, Equatable {
  /// Last one leaves first, so that taking it is cheap.
  private var reversed: [Int64] = []

  package init() {}

  package init(_ deliveries: [Delivery], staleBefore: Timestamp) {
    var line = deliveries.sorted { left, right in
      if left.rank != right.rank { return left.rank < right.rank }
      let leftIsStale = left.createdAt < staleBefore
      let rightIsStale = right.createdAt < staleBefore
      if leftIsStale != rightIsStale { return rightIsStale }
      return ReadyLine.isEarlier(left, right)
    }
    ReadyLine.orderSignatures(&line)
    reversed = line.reversed().map(\.id)
  }

  private static func isEarlier(_ left: Delivery, _ right: Delivery) -> Bool {
    left.eventID == right.eventID ? left.id < right.id : left.eventID < right.eventID
  }

  /// The places that a signature's first attempts have in the line stay; who stands there goes by time.
  private static func orderSignatures(_ line: inout [Delivery]) {
    var places: [ExactKey: [Int]] = [:]
    for (index, delivery) in line.enumerated() where delivery.attempts == 0 {
      places[ExactKey(delivery.signature), default: []].append(index)
    }
    for indices in places.values where indices.count > 1 {
      let inTime = indices.map { line[$0] }.sorted(by: ReadyLine.isEarlier)
      for (index, delivery) in zip(indices, inTime) { line[index] = delivery }
    }
  }

  package var count: Int { reversed.count }
  package var ids: ReversedCollection<[Int64]> { reversed.reversed() }

  /// Takes out the first one that `mayLeave`.
  package mutating func take(where mayLeave: (Int64) -> Bool) -> Int64? {
    guard let index = reversed.lastIndex(where: mayLeave) else { return nil }
    return reversed.remove(at: index)
  }
}
