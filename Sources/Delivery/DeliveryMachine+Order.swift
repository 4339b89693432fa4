import Model

/// Who waits for whom of one signature. First attempts leave in order, and a delivery that waits for its
/// retry holds back no later one, but a clear. That waits until what came before it has ended: before its
/// raise it would end nothing, and the raise behind it would stay open for good. It waits no longer than
/// until the next raise, which lets it go first: behind that it would end what has just been raised.
///
/// The queue keeps back clears behind what it knows to wait for a retry; here stands what it does not know
/// yet.
extension DeliveryMachine {
  /// The order of time, within a signature.
  struct Place: Sendable {
    let signature: ExactKey
    private let event: EventID
    private let id: Int64

    init(_ delivery: Delivery) {
      signature = ExactKey(delivery.signature)
      event = delivery.eventID
      id = delivery.id
    }

    func precedes(_ other: Place) -> Bool {
      (event == other.event ? id < other.id : event < other.event) && signature == other.signature
    }
  }

  /// No first attempt of its signature is under way; a retry waits for nobody, and a clear that no raise
  /// follows for everybody of its signature that came before it.
  var keepsOrder: (Int64) -> Bool {
    let known = known
    let leaving = leaving
    return { id in
      guard let delivery = known[id] else { return true }
      if delivery.isClear, !delivery.signature.isEmpty, !DeliveryMachine.isFollowed(delivery, known.values) {
        let place = Place(delivery)
        if known.values.contains(where: { Place($0).precedes(place) }) { return false }
      }
      return delivery.attempts > 0 || leaving[ExactKey(delivery.signature)] == nil
    }
  }

  private static func isFollowed(_ clear: Delivery, _ others: some Sequence<Delivery>) -> Bool {
    let place = Place(clear)
    return others.contains { !$0.isClear && place.precedes(Place($0)) }
  }

  mutating func release(_ signature: String) {
    let key = ExactKey(signature)
    let count = leaving[key, default: 1] - 1
    leaving[key] = count > 0 ? count : nil
  }

  /// It waits for its retry, and the clears behind it with it.
  mutating func giveBack(_ delivery: Delivery) {
    if delivery.signature.isEmpty { return }
    returned[delivery.id] = Place(delivery)
    let waiting = ready.ids.compactMap { known[$0] }
    for clear in waiting where isHeldBack(clear, among: waiting) {
      known[clear.id] = nil
      _ = ready.take { $0 == clear.id }
    }
  }

  /// A clear that an answer of the queue holds, which may not know what was returned since it was asked, and
  /// no raise behind it.
  mutating func isHeldBack(_ clear: Delivery, among others: [Delivery]) -> Bool {
    guard clear.isClear, !returned.isEmpty else { return false }
    let place = Place(clear)
    guard returned.values.contains(where: { $0.precedes(place) }) else { return false }
    if DeliveryMachine.isFollowed(clear, others) { return false }
    keepsClears = true
    return true
  }

  /// New ones that may have to wait for something that stands in the queue alone, or to let it go first.
  mutating func needOrder(_ deliveries: [Delivery]) -> Bool {
    guard nextDue != nil || !returned.isEmpty || known.values.contains(where: { $0.attempts > 0 }) else {
      return false
    }
    if deliveries.contains(where: \.isClear) { keepsClears = true }
    return keepsClears
  }

  /// Those that are recorded no longer hold anybody back, and those that wait are known to the queue; unless
  /// an answer to an earlier question is still to come.
  mutating func settleOrder(_ recorded: [DeliveryOutcome]) {
    for outcome in recorded where freed.remove(outcome.id) != nil { wantsLoad = true }
    if !isLoading { forgetReturned() }
  }

  mutating func forgetReturned() {
    if returned.isEmpty { return }
    let open = Set((outcomes + recording).map(\.id))
    returned = returned.filter { open.contains($0.key) }
  }
}
