/// What an answer's status means for its delivery and for its destination.
package enum StatusMeaning: Sendable, Equatable {
  case delivered
  /// The receiver could not; it may later.
  case retry
  /// The same, and it says so because of how much we send: no sign of a broken receiver.
  case throttled
  /// The receiver never takes this body: trying again is in vain.
  case dead
  /// The receiver does not take us, as we are configured: every alert would fare the same.
  case hold
}

/// One table, so that a meaning is changed in one line. Statuses: RFC 9110 §15, RFC 6585, RFC 8470.
package enum StatusTable {
  /// First row that holds the status decides; a status in no row is retried.
  package static let rows: [(ClosedRange<Int>, StatusMeaning)] = [
    (200...299, .delivered),
    // A redirect is never followed: the alert, and the token beside it, go where the configuration says. It
    // means that the URL has moved or that a login stands before it, which is for an operator to change.
    (300...399, .hold),
    (400...400, .dead),
    (408...408, .retry),
    (410...410, .dead),
    (413...416, .dead),
    (422...422, .dead),
    (424...424, .dead),
    (425...425, .retry),
    (429...429, .throttled),
    (451...451, .dead),
    (400...499, .hold),
    (500...599, .retry),
  ]

  package static func meaning(of status: Int) -> StatusMeaning {
    for (range, meaning) in rows where range.contains(status) { return meaning }
    return .retry
  }
}
