package import Model

extension DeliveryMachine {
  /// What the configuration says, in the machine's terms.
  package struct Limits: Sendable, Equatable {
    package var concurrency: Int
    package var retry: RetrySchedule
    package var maxAgeSeconds: Int
    package var staleAfterSeconds: Int
    package var rate: Rate?
    package var breaker: DeliveryGate.Limits
    /// A 2xx of this destination makes `forwarded_to_moog` true.
    package var marks: Bool
    /// While it is held or open somebody takes over, or what it stands in for takes back what it refuses.
    package var hasFallback: Bool
    /// Nothing leaves before the receiver agrees to it.
    package var needsConsent: Bool
    /// Deliveries held ready in memory; the rest waits in the queue.
    package var window: Int = 256
    /// The window shrinks, down to twice the concurrency, so that bodies of the size last seen stay below.
    package var windowBytes: Int = 1 << 20

    /// A hundred years: beyond that sums with times would leave their range.
    private static var longestAgeSeconds: Int { 3_153_600_000 }

    package init(_ settings: DestinationSettings) {
      concurrency = max(1, settings.concurrency)
      retry = RetrySchedule(initialMs: settings.retryInitialMs, maxMs: settings.retryMaxMs)
      maxAgeSeconds = min(max(0, settings.maxAgeSeconds), Limits.longestAgeSeconds)
      staleAfterSeconds = min(max(0, settings.staleAfterSeconds), Limits.longestAgeSeconds)
      rate = settings.rate
      breaker = settings.breaker
      marks = !settings.isStandardOutput
      hasFallback = settings.fallback != nil || settings.standsIn
      needsConsent = settings.needsConsent
    }
  }

  /// What a running forwarder may be told anew.
  package enum TermsChange: Sendable, Equatable {
    case none
    /// A secret, a header, a certificate: who answers is who has answered before.
    case secrets
    /// The URL or the proxy: what was answered before, others have said.
    case address
  }

  /// How an attempt came back.
  package enum AttemptEnd: Sendable, Equatable {
    case answered(status: Int, retryAfterSeconds: Int?, error: String?)
    /// Not to be sent, or answered by something that is not the receiver, whatever the status: an operator
    /// has to change something.
    case refused(status: Int, error: String)
    case failed(error: String)
    /// We cut it; nothing is known about it, and it does not count.
    case cut
  }

  package enum Input: Sendable {
    /// New deliveries were committed, or something about the waiting ones was changed by hand.
    case woken
    /// New deliveries, as one transaction of the queue committed them.
    case committed([Delivery])
    /// Settings or secrets were read again: a destination that is shut is tried at once. `terms`: the number
    /// of those that hold from now on.
    case reread(terms: Int, TermsChange = .none)
    /// The answer to `load`. `next`: the queue's `nextDue`, asked only when fewer than the limit came.
    case loaded([Delivery], next: Timestamp?)
    case loadFailed
    /// `terms`: the number of those under which it left; `random` is uniform in 0..<1.
    case ended(id: Int64, AttemptEnd, terms: Int = 0, random: Double)
    case recorded
    case recordFailed
    /// The answer to a `shift` that could not be made.
    case shiftFailed(back: Int64)
    /// The answer to a `hasten`; false: not everything could be reached, and it is asked for again.
    case hastened(Bool)
    /// The answer to `ask`; `random` is uniform in 0..<1.
    case asked(Consent.Answer, random: Double)
    /// The answers to `divert`.
    case diverted(Diverted)
    case divertFailed
    case timePassed
    /// What was done to the clock while alerts waited; replaces what was known.
    case clock(ClockLeaps)
    /// No new attempts; those under way may end.
    case stop
    /// The grace is over: those under way are being cut.
    case cut
  }

  package enum Action: Sendable, Equatable {
    /// Start these, in this order; `subscript(id:)` has them.
    case attempt([Int64])
    case record([DeliveryOutcome])
    case load(limit: Int, staleBefore: Timestamp)
    /// Say `timePassed` then; nil: no longer needed. Replaces the earlier one.
    case sleep(until: Timestamp?)
    /// The clock was set back: what waits in the queue becomes due so many nanoseconds earlier.
    case shift(back: Int64)
    /// What waits in the queue for its retry becomes due now, also what was answered 429 where it is
    /// `throttled`. `isAgain`: the last answer was that not all of it could be reached.
    case hasten(throttled: Bool, isAgain: Bool)
    /// Asks the receiver whether it agrees to be sent alerts.
    case ask
    /// What waits goes over to the fallback, but for these. No attempt begins before the answer.
    case divert(except: Set<Int64>, continues: Bool)
    /// The destination is doing otherwise than before.
    case changed(DestinationCondition)
    /// Stopped: nothing is under way any more.
    case finished
  }

  mutating func reread(_ number: Int, _ change: TermsChange, now: Timestamp) {
    terms = max(terms, number)
    if change == .address {
      movedAt = terms
      pausedUntil = .absent
      throttles = 0
    }
    // What the receiver asked for stays, as long as it is the same one.
    if change != .none || !gate.isClosed || isRefusedConsent {
      haste.want(throttled: change == .address)
    }
    gate.retryNow(now)
    consent.renew()
  }

  /// A refusal of what held before says nothing about what holds now. It would hold a destination that has
  /// just been mended, and kill the alert that is to prove it. Of another address nothing counts but that it
  /// has taken the alert.
  func isOutdated(_ end: AttemptEnd, _ number: Int) -> Bool {
    if number >= terms { return false }
    let isMoved = number < movedAt
    return switch end {
    case .refused: true
    case .answered(let status, _, _):
      switch StatusTable.meaning(of: status) {
      case .hold: true
      case .delivered: false
      case .retry, .throttled, .dead: isMoved
      }
    case .failed: isMoved
    case .cut: false
    }
  }

  /// As if that attempt had not been: it stands in line again where it stood, before what came after it. The
  /// queue knows of nothing, so that it is in the answer to a load under way too.
  mutating func putBack(_ id: Int64, now: Timestamp) {
    guard let delivery = known[id], underWay.remove(id) != nil else { return }
    if delivery.attempts == 0 { release(delivery.signature) }
    // Whatever was refused, it may be the consent that has been withdrawn.
    consent.lapse()
    _ = gate.ended(DeliveryGate.Subject(delivery), .cut, now: now)
    ready = ReadyLine(ready.ids.compactMap { known[$0] } + [delivery], staleBefore: staleBefore(now))
  }
}
