import Model

/// How the destination is doing, as it is said to others.
extension DeliveryMachine {
  mutating func appendChange(to actions: inout [Action], now: Timestamp) {
    var kind = failing == nil ? DestinationCondition.Kind.works : .failing
    var isTrying = false
    var takesNext = false
    switch gate.state {
    case .closed: break
    case .shut(let cause, let until):
      kind = cause == .held ? .held : .open
      takesNext = until <= now && isEmpty || seeksNext(now)
    case .trying(_, let cause, let successes):
      kind = cause == .held ? .held : .open
      isTrying = true
      takesNext = successes > 0
    case .closing:
      kind = .open
      isTrying = true
      takesNext = true
    }
    if isRefusedConsent {
      kind = consent.isRefused || kind == .held ? .held : .open
      isTrying = consent.isAsking
      takesNext = false
    }
    var next = condition
    if kind != condition.kind { next.since = now }
    next.kind = kind
    next.isTrying = isTrying
    next.takesNext = takesNext
    // The newest: what is to be done about it may be another thing by now.
    next.status = failing?.status ?? 0
    next.reason = failing?.reason
    if next == condition { return }
    condition = next
    actions.append(.changed(condition))
  }

  /// Nothing is owed, as far as known.
  var isEmpty: Bool {
    ready.count == 0 && underWay.isEmpty && outcomes.isEmpty && recording.isEmpty && nextDue == nil
      && !wantsLoad && !isLoading && !diversion.isUnderWay
  }
}
