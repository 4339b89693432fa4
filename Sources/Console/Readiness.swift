package import Model

/// What `/readyz` says (DESIGN §10): whether datagrams should be sent here, what is wrong, and what to do.
package struct Readiness: Sendable, Equatable {
  package enum Status: String, Sendable {
    case ok, degraded, failed
  }

  /// What is looked at: label values of `mutt_problems`.
  package static let checks = [
    "intake", "storm", "rules", "config", "outbox", "store", "destination", "disk",
  ]

  /// Something that is not as it should be. `do` is the field that matters: the next command.
  package struct Problem: Sendable, Equatable {
    /// One of `checks`.
    package var check: String
    package var name: String
    package var state: String
    package var since: Timestamp?
    package var reason: String?
    package var pending: UInt64?
    /// Seconds.
    package var oldestAge: Int64?
    package var `do`: String

    package init(
      check: String, name: String, state: String, since: Timestamp? = nil, reason: String? = nil,
      pending: UInt64? = nil, oldestAge: Int64? = nil, do command: String
    ) {
      self.check = check
      self.name = name
      self.state = state
      self.since = since
      self.reason = reason
      self.pending = pending
      self.oldestAge = oldestAge
      self.do = command
    }
  }

  package struct Intake: Sendable, Equatable {
    package var isOK = true
    package var kernelDropped: UInt64 = 0
    package init() {}
  }
  package struct Rules: Sendable, Equatable {
    package var active = 0
    package var quarantined = 0
    package var generation: UInt64 = 0
    /// Seconds since this set was taken; nil before the first.
    package var age: Int64?
    /// `store`, or `snapshot` for the last good one; nil before the first.
    package var from: String?
    package init() {}
  }
  package struct Store: Sendable, Equatable {
    package var isUp = false
    package var auditPending: UInt64 = 0
    package var auditShed: UInt64 = 0
    package init() {}
  }
  package struct Outbox: Sendable, Equatable {
    package var bytes: UInt64 = 0
    package var pending: UInt64 = 0
    package var dead: UInt64 = 0
    package var unrouted: UInt64 = 0
    package init() {}
  }
  package struct Disk: Sendable, Equatable {
    package var freeBytes: UInt64 = 0
    package var isOK = true
    package init() {}
  }

  package var status: Status
  package var version: String
  package var node: Int
  /// Seconds.
  package var uptime: Int64
  /// All of them up to a few hundred; the rest is counted in `problems_left_out`.
  package var problems: [Problem] = []
  package var intake = Intake()
  package var rules = Rules()
  package var store = Store()
  package var outbox = Outbox()
  package var disk = Disk()

  package init(status: Status, version: String, node: Int, uptime: Int64) {
    self.status = status
    self.version = version
    self.node = node
    self.uptime = uptime
  }
}
