/// What a delivery carries for the case that its destination is shut and others take over: whom it must not
/// go to, and the bodies of those that write it otherwise. Made with the delivery, because the event is gone
/// when it is needed.
package struct Detour: Sendable, Equatable {
  /// What these destinations are sent.
  package struct Body: Sendable, Equatable {
    package var names: [String]
    /// Nil: the delivery's own.
    package var bytes: [UInt8]?

    package init(names: [String], bytes: [UInt8]?) {
      self.names = names
      self.bytes = bytes
    }
  }

  /// Destinations that have this alert anyway, or have refused it.
  package var barred: [String] = []
  /// With the one under whose names the delivery's own stands; empty: all write what it does.
  package var bodies: [Body] = []
  /// Where the alert was routed to, while it stands elsewhere and nobody else has it for that one.
  package var home: String?

  package init() {}

  /// It does not go to `name`, nor back there: that has it by another way, or has answered it.
  package mutating func bar(_ name: String) {
    if !barred.contains(name) { barred.append(name) }
    if home == name { home = nil }
  }

  /// `isAlike`: the destination writes the same bodies as the one the delivery is at.
  func leads(to name: String, isAlike: Bool) -> Bool {
    !barred.contains(name) && (isAlike || bodies.contains { $0.names.contains(name) })
  }

  /// Makes `body` what `name` is sent, and keeps what it was under the names of those that take that.
  mutating func turn(to name: String, body: inout [UInt8]) {
    guard let next = bodies.firstIndex(where: { $0.names.contains(name) }),
      let own = bodies.firstIndex(where: { $0.bytes == nil }), let bytes = bodies[next].bytes
    else { return }
    bodies[own].bytes = body
    bodies[next].bytes = nil
    body = bytes
  }
}

extension Delivery {
  /// Becomes a delivery of `name`, due at once, where it has not been attempted yet: its order among those of
  /// its signature begins anew, and so do its waits. False: it may not go there, and nothing has changed.
  package mutating func goOver(to name: String, isAlike: Bool, now: Timestamp) -> Bool {
    var detour = detour ?? Detour()
    guard detour.leads(to: name, isAlike: isAlike) else { return false }
    detour.turn(to: name, body: &body)
    // Where it was answered it may be the poison: it does not come back, or two would hand it to and fro. An
    // outage, and a receiver that had too much, say nothing about it.
    if attempts > 0, lastStatus != 0, lastStatus != 429 { detour.bar(destination) }
    cameFrom = "\(destination), "
    switch attempts {
    case 0: cameFrom?.append("where it waited")
    case 1: cameFrom?.append("after 1 attempt")
    default: cameFrom?.append("after \(attempts) attempts")
    }
    if attempts > 0, let lastError { cameFrom?.append(": \(lastError)") }
    if detour.home == nil { detour.home = destination } else if detour.home == name { detour.home = nil }
    self.detour = detour == Detour() ? nil : detour
    destination = name
    attempts = 0
    nextAttemptAt = now
    lastStatus = 0
    lastError = nil
    return true
  }

  /// Goes back to where it was routed to, although that may have refused it: it takes others since. Where it
  /// was refused now it does not come again. False as for `goOver`.
  package mutating func goHome(isAlike: Bool, now: Timestamp) -> Bool {
    guard let home = detour?.home else { return false }
    var back = self
    back.detour?.barred.removeAll { $0 == home }
    guard back.goOver(to: home, isAlike: isAlike, now: now) else { return false }
    self = back
    return true
  }
}
