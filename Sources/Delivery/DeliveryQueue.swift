package import Model

/// The deliveries that are owed, as one forwarder sees them. A row stays `pending` until an outcome for it
/// has been recorded; handing it out changes nothing.
package protocol DeliveryQueue: Sendable {
  /// Pending deliveries whose `nextAttemptAt` is not after `now`, at most `limit`: paging ones (`rank`)
  /// first, then those created at or after `staleBefore`, then by event id. It ends with the one whose body
  /// brings all of them to `bytes`.
  func due(
    destination: String, now: Timestamp, limit: Int, bytes: Int, staleBefore: Timestamp
  ) async throws -> [Delivery]

  /// Earliest `nextAttemptAt` after `now` of the pending deliveries; nil when there are none.
  func nextDue(destination: String, after now: Timestamp) async throws -> Timestamp?

  /// Makes the outcomes durable in one step. Retry and dead count as an attempt more. Ids that are gone are
  /// passed over.
  func record(_ outcomes: [DeliveryOutcome], destination: String) async throws

  /// The clock was set back: pending deliveries whose `nextAttemptAt` is after `now` become due
  /// `nanoseconds` earlier.
  func shift(destination: String, back nanoseconds: Int64, now: Timestamp) async throws

  /// Pending deliveries whose `nextAttemptAt` is after `now` become due then; without those that were
  /// answered 429, unless `throttled`. `isAgain`: the last such question could not be answered in full; who
  /// waits in memory was served by it, and may have failed since. False: it cannot be this time either.
  func hasten(
    destination: String, throttled: Bool, isAgain: Bool, now: Timestamp
  ) async throws -> Bool

  /// The destination is shut: what waits for it, without `except` and what follows those under their
  /// signatures, goes over to whoever takes over for it, durably and in order. Where nobody does, those that
  /// were routed to another go back there, if it takes alerts again. To be asked while no attempt begins.
  ///
  /// Bounded, however much waits and comes meanwhile: where the answer is cut, the next question goes on
  /// behind what this one has looked at, if it `continues`.
  func divert(
    destination: String, except: Set<Int64>, continues: Bool, now: Timestamp
  ) async throws -> Diverted
}

/// What became of alerts that waited for a destination that is shut.
package struct Diverted: Sendable, Equatable {
  /// Who has them now; nil: nobody could take them.
  package var target: String?
  package var moved = 0
  /// Of them, those that page.
  package var pages = 0
  /// They may not go there: it has them, has refused them, or takes another body than they were written in.
  /// With those of the questions that this one continued.
  package var stayed = 0
  /// They wait for one that is under way. With those of the questions that this one continued.
  package var heldBack = 0
  /// It was ended at its bound, and there may be more.
  package var isCut = false
  /// Those of `moved` that went back to where they had come from.
  package var home: Set<Int64> = []

  package init(
    target: String? = nil, moved: Int = 0, pages: Int = 0, stayed: Int = 0, heldBack: Int = 0,
    isCut: Bool = false, home: Set<Int64> = []
  ) {
    self.target = target
    self.moved = moved
    self.pages = pages
    self.stayed = stayed
    self.heldBack = heldBack
    self.isCut = isCut
    self.home = home
  }
}
