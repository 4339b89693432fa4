/// How a rule looks at an event.
package enum MatchType: String, Sendable, CaseIterable {
  case contains, regex
  case oidPrefix = "oid_prefix"
}

/// A row of `alert_rules`: MUTT's columns and ours (DESIGN §3). Not yet checked; the compiler of Policy says
/// whether it can be used.
package struct Rule: Sendable, Equatable {
  package var id: Int64 = 0
  package var name: String
  package var matchType: MatchType
  package var matchString: String?
  package var trapOID: String?
  /// Syslog severity 0...7 that the event must have; nil: any.
  package var syslogSeverity: Int?
  /// Lower decides first; equal priorities by id.
  package var priority: Int = 100
  package var prodHandling: String
  package var devHandling: String
  package var teamAssignment: String?
  package var isActive: Bool = true
  package var description: String?
  /// Severity of the alert, 0 (clear) ... 5 (critical); nil: from the syslog severity.
  package var severity: Int?
  package var key: String?
  package var summary: String?
  package var docURL: String?
  package var tags: [String] = []
  /// Lines this rule must win, against the whole set.
  package var matchExamples: [String] = []
  /// Lines this rule must not win.
  package var noMatchExamples: [String] = []
  package var version: Int = 1
  package var updatedAt: Timestamp = .absent
  package var updatedBy: String?

  package init(
    name: String, matchType: MatchType, matchString: String? = nil, trapOID: String? = nil,
    prodHandling: String, devHandling: String
  ) {
    self.name = name
    self.matchType = matchType
    self.matchString = matchString
    self.trapOID = trapOID
    self.prodHandling = prodHandling
    self.devHandling = devHandling
  }
}

/// A row of `device_teams`.
package struct DeviceTeam: Sendable, Equatable {
  package var hostname: String
  package var team: String

  package init(hostname: String, team: String) {
    self.hostname = hostname
    self.team = team
  }
}

/// A row of `devices`: the addresses that belong to a name.
package struct Device: Sendable, Equatable {
  package var hostname: String
  package var addresses: [IPAddress]
  /// A JSON object of free attributes (site, model …); nil when there are none.
  package var attributes: String?
  package var firstSeenAt: Timestamp = .absent
  package var lastSeenAt: Timestamp = .absent

  package init(hostname: String, addresses: [IPAddress], attributes: String? = nil) {
    self.hostname = hostname
    self.addresses = addresses
    self.attributes = attributes
  }
}

/// Everything people maintain, read in one consistent look at the store: what a snapshot is compiled from.
package struct Catalog: Sendable, Equatable {
  /// All rules, retired ones too; in any order.
  package var rules: [Rule]
  package var developmentHosts: [String]
  package var deviceTeams: [DeviceTeam]
  package var devices: [Device]
  /// Grows with every change of the store; equal versions mean equal content.
  package var version: Int64

  package init(
    rules: [Rule] = [], developmentHosts: [String] = [], deviceTeams: [DeviceTeam] = [],
    devices: [Device] = [], version: Int64 = 0
  ) {
    self.rules = rules
    self.developmentHosts = developmentHosts
    self.deviceTeams = deviceTeams
    self.devices = devices
    self.version = version
  }
}

/// What the configuration says about deciding; compiled into a snapshot together with a `Catalog`.
package struct PolicySettings: Sendable, Equatable {
  /// Handlings that are forwarded, and those that are only audited; compared without regard to case.
  package var forward: [String] = ["Page_and_ticket", "Page_only", "Ticket_only"]
  package var record: [String] = ["Ignore", "Suppress", "Log_only"]
  package var defaultTeam: String = "NETO"
  package var teamOrder: [TeamSource] = [.rule, .device, .default]
  /// Networks whose claims are believed; nil: everyone's (`any`).
  package var trustedRelays: [Network]?
  /// `syslog.match: raw`: rules see the whole datagram instead of the message.
  package var matchesRaw: Bool = false

  package init() {}
}

/// A rule that cannot be used, and why. It never takes the others down.
package struct QuarantinedRule: Sendable, Equatable {
  package var id: Int64
  package var name: String
  /// A sentence part for people: `missing ) at column 14`.
  package var reason: String

  package init(id: Int64, name: String, reason: String) {
    self.id = id
    self.name = name
    self.reason = reason
  }
}

// MARK: Equal as a table has them

/// `==` takes the two forms of "é" for one, and so an edit from one to the other for none; patterns, keys
/// and tables compare bytes.
extension Rule {
  package func isSame(as other: Rule) -> Bool {
    self == other && sameTexts(texts, other.texts)
  }

  private var texts: [String?] {
    [
      name, matchString, trapOID, prodHandling, devHandling, teamAssignment, description, key, summary,
      docURL,
    ]
      + tags + matchExamples + noMatchExamples
  }
}

extension DeviceTeam {
  package func isSame(as other: DeviceTeam) -> Bool {
    self == other && sameTexts([hostname, team], [other.hostname, other.team])
  }
}

extension Device {
  package func isSame(as other: Device) -> Bool {
    self == other && sameTexts([hostname, attributes], [other.hostname, other.attributes])
  }
}

private func sameTexts(_ left: [String?], _ right: [String?]) -> Bool {
  left.map { $0.map(ExactKey.init) } == right.map { $0.map(ExactKey.init) }
}
