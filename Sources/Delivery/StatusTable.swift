/// What an answer's status means for its delivery. One table, so that a meaning is changed in one line.
package enum StatusMeaning: Sendable, Equatable {
  case delivered
  case retry
}

package enum StatusTable {
  /// First row that holds the status decides; a status in no row is retried.
  package static let rows: [(ClosedRange<Int>, StatusMeaning)] = [
    (200...299, .delivered),
    (300...599, .retry),
  ]

  package static func meaning(of status: Int) -> StatusMeaning {
    for (range, meaning) in rows where range.contains(status) { return meaning }
    return .retry
  }
}
