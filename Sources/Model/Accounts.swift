/// Why a datagram or frame became no event (DESIGN §2, *Exact accounting*). Syslog is never discarded for
/// its form. The names are label values of `mutt_discarded_total`.
package enum DiscardReason: Int, Sendable, CaseIterable {
  case refused, malformedSNMP, notANotification, duplicateInform, discovery, storm
  // SNMPv3 (RFC 3414 §5): what its message could not prove.
  case unknownUser, wrongDigest, decryptionError, notInTimeWindow, unknownEngine, unsupportedSecurityLevel

  package var name: StaticString {
    switch self {
    case .refused: "refused"
    case .malformedSNMP: "malformed_snmp"
    case .notANotification: "not_a_notification"
    case .duplicateInform: "duplicate_inform"
    case .discovery: "discovery"
    case .storm: "storm"
    case .unknownUser: "unknown_user"
    case .wrongDigest: "wrong_digest"
    case .decryptionError: "decryption_error"
    case .notInTimeWindow: "not_in_time_window"
    case .unknownEngine: "unknown_engine"
    case .unsupportedSecurityLevel: "unsupported_security_level"
    }
  }
}

/// A histogram over fixed bounds in seconds, from 100 µs to a minute; Prometheus wants them cumulative, here
/// each bucket counts its own.
package struct Histogram: BitwiseCopyable, Sendable {
  /// Upper bounds in seconds; a last bucket takes the rest.
  package static let bounds: [Double] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
  ]
  package private(set) var counts: [18 of UInt64] = .init(repeating: 0)
  package private(set) var count: UInt64 = 0
  /// Sum in nanoseconds.
  package private(set) var sum: UInt64 = 0

  package init() {}

  /// Adds `weight` observations of `nanoseconds`; negative durations (a clock that jumped) count as 0.
  package mutating func observe(nanoseconds: Int64, weight: UInt64 = 1) {
    let value = UInt64(max(0, nanoseconds))
    counts[Histogram.bucket(value)] += weight
    count += weight
    sum &+= value &* weight
  }

  private static func bucket(_ value: UInt64) -> Int {
    switch value {
    case ...100_000: 0
    case ...250_000: 1
    case ...500_000: 2
    case ...1_000_000: 3
    case ...2_500_000: 4
    case ...5_000_000: 5
    case ...10_000_000: 6
    case ...25_000_000: 7
    case ...50_000_000: 8
    case ...100_000_000: 9
    case ...250_000_000: 10
    case ...500_000_000: 11
    case ...1_000_000_000: 12
    case ...2_500_000_000: 13
    case ...5_000_000_000: 14
    case ...10_000_000_000: 15
    case ...60_000_000_000: 16
    default: 17
    }
  }
}

/// What a worker counted over one batch; published in one step, so that no scrape sees half a batch.
package struct WorkerTally: BitwiseCopyable, Sendable {
  /// Datagrams, or frames of a stream.
  package var datagrams: UInt64 = 0
  package var syslog: UInt64 = 0
  package var traps: UInt64 = 0
  package var matched: UInt64 = 0
  package var unmatched: UInt64 = 0
  /// Rows appended to a batch that goes to the writers.
  package var auditPending: UInt64 = 0
  package var auditShed: UInt64 = 0
  package var auditSkipped: UInt64 = 0
  package var discarded: [12 of UInt64] = .init(repeating: 0)
  /// Those that were malformed, by what was wrong with them.
  package var faults: [17 of UInt64] = .init(repeating: 0)
  package var parse: [6 of UInt64] = .init(repeating: 0)
  package var bytes: UInt64 = 0
  package var truncated: UInt64 = 0
  /// Senders without a device that were forgotten before they were told.
  package var sightingEvictions: UInt64 = 0

  package init() {}

  package var received: UInt64 { syslog &+ traps }

  /// Counts a datagram of `size` bytes that became no event.
  package mutating func countDiscard(_ reason: DiscardReason, size: Int, isTruncated: Bool) {
    datagrams &+= 1
    bytes &+= UInt64(size)
    if isTruncated { truncated &+= 1 }
    discarded[reason.rawValue] &+= 1
  }
}

/// What became of answers to datagrams.
package struct AnswerCounts: BitwiseCopyable, Sendable {
  package var sent: UInt64 = 0
  package var lost: UInt64 = 0

  package init(sent: UInt64 = 0, lost: UInt64 = 0) {
    self.sent = sent
    self.lost = lost
  }
}

/// All counters of one process, and the identities between them (DESIGN §2, *Exact accounting*).
///
/// `datagrams + frames + internal = received + discarded`, `received = matched + unmatched`,
/// `received + carried = audited + auditPending + auditShed + auditSkipped + auditSetAside`,
/// `forwardable = routed + unrouted`, `deliveries = delivered + pending + dead + purged + lost`.
package struct Accounts: Sendable {
  package struct Listener: Sendable {
    package var name: String
    package var isDatagram: Bool
    package var isTLS = false
    package var datagrams: UInt64 = 0
    package var frames: UInt64 = 0
    package var bytes: UInt64 = 0
    package var truncated: UInt64 = 0
    /// What the kernel dropped before us, as the socket last told; sampled, not counted.
    package var kernelDropped: UInt64 = 0
    package var receiveBuffer: UInt64 = 0
    /// What became of its connections, as the listener last told; sampled, not counted. Streams only.
    package var connections = ConnectionCounts()
  }
  /// Delivery counts of one destination. `pending` and `dead` are levels, the rest only grow.
  package struct Destination: Sendable {
    package var name: String
    package var created: UInt64 = 0
    package var delivered: UInt64 = 0
    package var pending: UInt64 = 0
    package var dead: UInt64 = 0
    package var purged: UInt64 = 0
    package var lost: UInt64 = 0
    /// Attempts that failed and will be repeated.
    package var retried: UInt64 = 0
    /// Those that were given up at their last attempt, whatever people did to them since.
    package var died: UInt64 = 0
    /// Those that waited and went over to another destination, whose `pending` they are now.
    package var diverted: UInt64 = 0
    /// How often what waited was so much that it went over in several goes, with a pause for a trial between.
    package var diversionsCut: UInt64 = 0
    /// From the datagram to the 2xx of a first attempt, and of a later one.
    package var toDelivery = Histogram()
    package var toLateDelivery = Histogram()

    /// So many are no longer pending. What people made pending by hand may be entered later than its end:
    /// never below zero.
    package mutating func leave(_ count: UInt64) { pending -= min(count, pending) }

    /// What became of attempts.
    package mutating func note(delivered: Int, dead: Int, retried: Int) {
      self.delivered += UInt64(delivered)
      self.dead += UInt64(dead)
      died += UInt64(dead)
      self.retried += UInt64(retried)
      leave(UInt64(delivered + dead))
    }
  }

  package var listeners: [Listener] = []
  package var destinations: [Destination] = []

  package var internalEvents: UInt64 = 0
  package var receivedSyslog: UInt64 = 0
  package var receivedTraps: UInt64 = 0
  package var discarded: [12 of UInt64] = .init(repeating: 0)
  /// Of the malformed ones what was wrong with them.
  package var faults: [17 of UInt64] = .init(repeating: 0)
  package var parse: [6 of UInt64] = .init(repeating: 0)
  package var matched: UInt64 = 0
  package var unmatched: UInt64 = 0
  /// Kinds of unmatched events that are counted now, by host and template.
  package var templates: UInt64 = 0
  /// Those that had to go before their time was up, and events that could not be counted.
  package var templateEvictions: UInt64 = 0
  /// Senders without a device that were forgotten before they were told.
  package var sightingEvictions: UInt64 = 0
  /// How often the store did not take when devices were heard.
  package var heardFailures: UInt64 = 0
  package var templatesUncounted: UInt64 = 0
  /// Alerts that came of them.
  package var unmatchedAlerts: UInt64 = 0

  /// Rows found in the spool at start.
  package var carried: UInt64 = 0
  package var audited: UInt64 = 0
  package var auditPending: UInt64 = 0
  package var auditShed: UInt64 = 0
  package var auditSkipped: UInt64 = 0
  package var auditSetAside: UInt64 = 0

  package var forwardable: UInt64 = 0
  package var routed: UInt64 = 0
  package var unrouted: UInt64 = 0

  /// Heartbeats that were heard, and those that were not or were withheld.
  package var heartbeats: UInt64 = 0
  package var heartbeatsFailed: UInt64 = 0

  /// Datagrams sent back, and those the kernel did not take.
  package var acknowledgements = AnswerCounts()
  package var reports = AnswerCounts()
  /// SNMP engines that are known, and those that had to make room; sampled, not counted.
  package var engines: UInt64 = 0
  package var engineEvictions: UInt64 = 0

  package var toDecision = Histogram()
  package var toCommit = Histogram()

  package init() {}

  package var datagrams: UInt64 { listeners.reduce(0) { $0 + $1.datagrams } }
  package var frames: UInt64 { listeners.reduce(0) { $0 + $1.frames } }
  package var kernelDropped: UInt64 { listeners.reduce(0) { $0 + $1.kernelDropped } }
  package var received: UInt64 { receivedSyslog + receivedTraps + internalEvents }
  package var discardedTotal: UInt64 {
    var sum: UInt64 = 0
    for index in 0..<12 { sum += discarded[index] }
    return sum
  }
  package var deliveries: UInt64 { destinations.reduce(0) { $0 + $1.created } }
  package var delivered: UInt64 { destinations.reduce(0) { $0 + $1.delivered } }
  package var pending: UInt64 { destinations.reduce(0) { $0 + $1.pending } }
  package var dead: UInt64 { destinations.reduce(0) { $0 + $1.dead } }
  package var purged: UInt64 { destinations.reduce(0) { $0 + $1.purged } }
  package var lost: UInt64 { destinations.reduce(0) { $0 + $1.lost } }

  /// Adds what a worker counted since its last call. One step, under the ledger's lock.
  package mutating func add(_ tally: WorkerTally, listener: Int) {
    if listeners[listener].isDatagram {
      listeners[listener].datagrams += tally.datagrams
    } else {
      listeners[listener].frames += tally.datagrams
    }
    listeners[listener].bytes += tally.bytes
    listeners[listener].truncated += tally.truncated
    receivedSyslog += tally.syslog
    receivedTraps += tally.traps
    matched += tally.matched
    unmatched += tally.unmatched
    sightingEvictions += tally.sightingEvictions
    auditPending += tally.auditPending
    auditShed += tally.auditShed
    auditSkipped += tally.auditSkipped
    for index in 0..<6 { parse[index] += tally.parse[index] }
    for index in 0..<12 { discarded[index] += tally.discarded[index] }
    if tally.discarded[DiscardReason.malformedSNMP.rawValue] > 0 {
      for index in 0..<17 { faults[index] += tally.faults[index] }
    }
  }

  /// Position of a destination's counters; made on first sight (destinations are few and configured, or
  /// found in the outbox after they left the configuration).
  package mutating func destination(_ name: String) -> Int {
    if let index = destinations.firstIndex(where: { $0.name == name }) { return index }
    destinations.append(Destination(name: name))
    return destinations.count - 1
  }

  /// The accounting line: its keys in the order of DESIGN §6.
  package var line: [(String, UInt64)] {
    [
      ("datagrams", datagrams), ("frames", frames), ("internal", internalEvents), ("received", received),
      ("discarded", discardedTotal), ("matched", matched), ("unmatched", unmatched), ("carried", carried),
      ("audited", audited), ("audit_pending", auditPending), ("audit_shed", auditShed),
      ("audit_skipped", auditSkipped), ("audit_set_aside", auditSetAside), ("forwardable", forwardable),
      ("routed", routed), ("unrouted", unrouted), ("deliveries", deliveries), ("delivered", delivered),
      ("pending", pending), ("dead", dead), ("purged", purged), ("lost", lost),
      ("kernel_dropped", kernelDropped),
    ]
  }

  /// Which identities do not hold, as sentences; empty when the books balance.
  package var imbalances: [String] {
    var found: [String] = []
    func check(_ name: String, _ left: UInt64, _ right: UInt64) {
      if left != right { found.append("\(name): \(left) against \(right)") }
    }
    check(
      "datagrams + frames + internal = received + discarded", datagrams + frames + internalEvents,
      received + discardedTotal)
    check("received = matched + unmatched", received, matched + unmatched)
    check(
      "received + carried = audited + audit_pending + audit_shed + audit_skipped + audit_set_aside",
      received + carried, audited + auditPending + auditShed + auditSkipped + auditSetAside)
    check("forwardable = routed + unrouted", forwardable, routed + unrouted)
    check(
      "deliveries = delivered + pending + dead + purged + lost", deliveries,
      delivered + pending + dead + purged + lost)
    return found
  }
}
