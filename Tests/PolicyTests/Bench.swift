import Model

@testable import Policy

/// A snapshot with a matcher and the ways to put one event to it that tests need.
struct Bench {
  var rules: [Rule] = []
  var developmentHosts: [String] = []
  var deviceTeams: [DeviceTeam] = []
  var devices: [Device] = []
  var settings = PolicySettings()

  init(_ rules: [Rule] = []) { self.rules = rules }

  var catalog: Catalog {
    Catalog(
      rules: rules, developmentHosts: developmentHosts, deviceTeams: deviceTeams, devices: devices,
      version: 7)
  }

  func snapshot(reusing patterns: PatternSet? = nil, _ effort: Snapshot.Effort = .thorough) throws -> Snapshot
  {
    try Snapshot.compile(catalog, settings: settings, generation: 3, reusing: patterns, effort: effort)
  }

  /// With other bounds on what is compiled.
  func snapshot(
    _ bounds: PatternBounds, reusing patterns: PatternSet? = nil,
    foretold: ([QuarantinedRule]) -> Void = { _ in }
  ) throws -> Snapshot {
    try SnapshotCompiler.compile(
      catalog, settings: settings, generation: 3, known: patterns, effort: .thorough, bounds: bounds,
      foretold: foretold)
  }

  func matcher() throws -> Matcher { try Matcher(snapshot()) }
}

/// An event as tests write it.
struct Sample {
  var text: [UInt8] = []
  var host: String?
  var severity: Int8 = -1
  var peer = IPAddress(v4: 192, 0, 2, 99)
  var trapOID: String?
  var agent: String?
  var varbinds: [(name: String, value: String)] = []

  init(_ text: String = "", host: String? = nil, severity: Int8 = -1) {
    self.text = Array(text.utf8)
    self.host = host
    self.severity = severity
  }

  static func trap(_ oid: String, _ text: String = "", agent: String? = nil) -> Sample {
    var sample = Sample(text)
    sample.trapOID = oid
    sample.agent = agent
    return sample
  }

  func from(_ peer: String) -> Sample {
    var sample = self
    sample.peer = IPAddress(peer)!
    return sample
  }

  var datagram: [UInt8] { Array((host ?? "").utf8) }
  var oid: ObjectID { trapOID.map { ObjectID($0)! } ?? ObjectID() }

  var event: Event {
    var event = Event(arrival: .absent, peer: peer)
    event.source = trapOID == nil ? .syslog : .trap
    event.severity = severity
    if let host { event.host = ByteRange(0, host.utf8.count) }
    if let agent { event.claimedAddress = IPAddress(agent)! }
    return event
  }
}

/// What the row of one event says, as text.
struct Described {
  var decision: Decision
  var row: EventRow
  var bytes: [UInt8]
  var labels: LabelSet

  func text(_ range: ByteRange) -> String? { bytes.span.text(range) }
  var host: String? { text(row.host) }
  var handling: String? { text(row.handling) }
  var team: String? { text(row.team) }
  var deviceTeam: String? { text(row.deviceTeam) }
  var signature: String? { text(row.signature) }
  var summary: String? { text(row.summary) }
  var labelsJSON: String? { text(row.labels) }
  var ruleName: String? { text(row.ruleName) }
}

extension Matcher {
  mutating func decide(_ sample: Sample) -> Decision {
    decide(
      sample.event, datagram: sample.datagram.span, text: sample.text.span, trapOID: sample.oid)
  }

  mutating func describe(_ sample: Sample) -> Described {
    let decision = decide(sample)
    let event = sample.event
    var row = EventRow(id: EventID(rawValue: 1), time: .absent, arrival: .absent, peer: sample.peer)
    var bytes: [UInt8] = Array("before".utf8)
    var labels = LabelSet()
    for varbind in sample.varbinds {
      let name = labels.bytes.count
      labels.bytes.append(text: varbind.name)
      let value = labels.bytes.count
      labels.bytes.append(text: varbind.value)
      labels.add(name: ByteRange(name, value), value: ByteRange(value, labels.bytes.count))
    }
    describe(
      decision, event: event, datagram: sample.datagram.span, text: sample.text.span, labels: &labels,
      row: &row, bytes: &bytes)
    return Described(decision: decision, row: row, bytes: bytes, labels: labels)
  }

  mutating func explain(_ sample: Sample) -> Explanation {
    explain(sample.event, datagram: sample.datagram.span, text: sample.text.span, trapOID: sample.oid)
  }

  /// The name of the rule that wins; nil when none does.
  mutating func winner(_ sample: Sample) -> String? {
    let rule = Int(decide(sample).rule)
    return rule < 0 ? nil : snapshot.rules[rule].name
  }
}

extension Rule {
  static func make(
    _ name: String, _ type: MatchType, _ text: String? = nil, oid: String? = nil, id: Int64 = 1,
    priority: Int = 100, severity: Int? = nil
  ) -> Rule {
    var rule = Rule(
      name: name, matchType: type, matchString: text, trapOID: oid, prodHandling: "Page_only",
      devHandling: "Ignore")
    rule.id = id
    rule.priority = priority
    rule.syslogSeverity = severity
    return rule
  }

  func with(_ change: (inout Rule) -> Void) -> Rule {
    var rule = self
    change(&rule)
    return rule
  }
}

/// Numbers that are the same in every run of one seed (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
