import Model
import Policy
import Synchronization

/// Rules as a network operations team writes them: 60 % `contains`, 40 % `regex`. Ten of them are what the
/// alerts of the corpus are about, spread evenly; the rest name devices and parts that rarely speak.
struct RuleSet {
  private var random: Random
  private static let facilities = [
    "ACL", "BFD", "CDP", "COPP", "CRYPTO", "DHCP", "DTP", "EIGRP", "EVPN", "FEX", "HSRP", "ISIS", "LACP",
    "LDP",
    "LICENSE", "MPLS", "NTP", "PIM", "POWER", "QOS", "RADIUS", "SFP", "STP", "TRACK", "UDLD", "VPC", "VRRP",
    "VXLAN",
  ]
  private static let mnemonics = [
    "ADJLOST", "ALARM", "BADAUTH", "CONFLICT", "CRASHED", "DUPADDR", "ECCERR", "EXCEEDED", "EXPIRED",
    "FAILED",
    "FLAPPING", "HOLDTIME", "INVALID", "LOOPBACK", "MISMATCH", "NOMEM", "OVERTEMP", "PARITY", "REMOVED",
    "SUSPENDED",
    "SWITCHOVER", "TIMEOUT", "UNDERVOLT", "UNREACHABLE",
  ]
  private static let parts = [
    "battery", "chassis", "controller", "cooling unit", "disk", "fabric module", "line card", "optic",
    "power supply", "stack port", "supervisor", "temperature sensor", "transceiver",
  ]
  private static let faults = [
    "critical alarm", "fault detected", "has failed", "is degraded", "is over threshold", "missing",
    "not responding", "read error", "voltage low",
  ]
  private static let services = [
    "bgpd", "chronyd", "consul", "etcd", "haproxy", "kafka", "keepalived", "kubelet", "mysqld", "nfsd",
    "ospfd",
    "postgres", "redis", "slapd", "snmpd", "vault",
  ]
  private static let sites = ["arn", "bud", "cph", "dub", "hel", "lis", "mil", "prg", "rix", "waw"]

  private static let base: [(MatchType, String)] = [
    (.contains, "%LINK-3-UPDOWN"), (.regex, "BGP.*Down"), (.contains, "%OSPF-5-ADJCHG"),
    (.regex, "[Ff]an (fail|fault)"), (.contains, "err-disable"), (.contains, "power supply failure"),
    (.regex, "linkDown.*ifName (ge|xe|et)-[0-9]+/[0-9]+/[0-9]+"),
    (.contains, "Out of memory: Killed process"),
    (.regex, "Failed password for (invalid user )?[a-z0-9_-]+ from [0-9.]+"), (.contains, "%ASA-1-104001"),
  ]

  /// Compiling takes valgrind long; what was compiled is kept.
  private static let compiled = Mutex<[Int: Snapshot]>([:])

  /// The snapshot of `count` rules, none or at least ten, and of some hundred hosts.
  static func snapshot(_ count: Int) throws -> Snapshot {
    if let known = compiled.withLock({ $0[count] }) { return known }
    let catalog = catalog(count == 0 ? [] : rules(count))
    let snapshot = try Snapshot.compile(catalog, settings: PolicySettings(), generation: 1)
    guard snapshot.quarantined.isEmpty else {
      throw BenchFailure("\(snapshot.quarantined.count) of \(count) rules cannot be used")
    }
    compiled.withLock { $0[count] = snapshot }
    return snapshot
  }

  /// One rule, on the OID of linkUp and on text, and the same hosts.
  static func linkUpSnapshot() throws -> Snapshot {
    var rule = Rule(
      name: "link-up-7", matchType: .oidPrefix, matchString: "/7 ", trapOID: "1.3.6.1.6.3.1.1.5.4",
      prodHandling: "Log_only", devHandling: "Log_only")
    rule.id = 1
    return try Snapshot.compile(catalog([rule]), settings: PolicySettings(), generation: 1)
  }

  /// One rule that records every notification of RFC 3418, by its OID alone.
  static func linkSnapshot() throws -> Snapshot {
    var rule = Rule(
      name: "link", matchType: .oidPrefix, trapOID: "1.3.6.1.6.3.1.1.5", prodHandling: "Log_only",
      devHandling: "Log_only")
    rule.id = 1
    rule.teamAssignment = "NETO"
    return try Snapshot.compile(catalog([rule]), settings: PolicySettings(), generation: 1)
  }

  /// A rule of `contains` pages, one of `regex` is only recorded.
  private static func rules(_ count: Int) -> [Rule] {
    var set = RuleSet(random: Random(seed: UInt64(count)))
    var seen = Set(base.map(\.1))
    var patterns: [(MatchType, String)] = []
    while patterns.count < count - base.count {
      let type: MatchType = patterns.count % 5 < 3 ? .contains : .regex
      let pattern = type == .contains ? set.literal() : set.expression()
      if seen.insert(pattern).inserted { patterns.append((type, pattern)) }
    }
    for (index, pattern) in base.enumerated() {
      patterns.insert(pattern, at: (2 * index + 1) * count / (2 * base.count))
    }
    return patterns.enumerated().map { index, pattern in
      let handling = pattern.0 == .contains ? "Page_and_ticket" : "Log_only"
      var rule = Rule(
        name: "rule-\(index + 1)", matchType: pattern.0, matchString: pattern.1, prodHandling: handling,
        devHandling: handling)
      rule.id = Int64(index + 1)
      rule.priority = index + 1
      if index % 3 == 0 { rule.teamAssignment = "TEAM-\(index % 17)" }
      return rule
    }
  }

  /// What people maintain beside the rules: some hundred hosts with owners, some of them in development, and
  /// devices known by address.
  private static func catalog(_ rules: [Rule]) -> Catalog {
    var corpus = Corpus(seed: 77)
    var catalog = Catalog(rules: rules, version: 1)
    catalog.developmentHosts = (0..<50).map { _ in corpus.host("app") }
    catalog.deviceTeams = (0..<300).map { DeviceTeam(hostname: corpus.host("sw"), team: "SITE-\($0 % 9)") }
    catalog.devices = (1...200).map {
      Device(hostname: "mgmt-\($0)", addresses: [IPAddress(v4: 192, 0, 2, UInt8($0))])
    }
    return catalog
  }

  private mutating func facility() -> String { random.one(of: RuleSet.facilities) }
  private mutating func mnemonic() -> String { random.one(of: RuleSet.mnemonics) }
  private mutating func part() -> String { random.one(of: RuleSet.parts) }
  private mutating func fault() -> String { random.one(of: RuleSet.faults) }
  private mutating func service() -> String { random.one(of: RuleSet.services) }
  private mutating func site() -> String { random.one(of: RuleSet.sites) }

  private mutating func literal() -> String {
    switch random[0...5] {
    case 0, 1: "%\(facility())-\(random[0...5])-\(mnemonic())"
    case 2: "\(facility())_\(facility())_\(mnemonic())"
    case 3: "\(part()) \(random[1...16]) \(fault())"
    case 4: "\(service()): \(fault()) on volume \(random[1...9])"
    default: "\(random.one(of: ["sw", "rtr", "fw"]))-\(site())-\(random[300...999])"
    }
  }

  private mutating func expression() -> String {
    switch random[0...5] {
    case 0: "\(facility()).*[Nn]eighbor 172\\.\(random[16...31])\\.\(random[0...255])\\.[0-9]+.*(lost|reset)"
    case 1: "[Ii]nterface (Hu|Eth)[A-Za-z]*\(random[7...16])/\(random[0...3])/\(random[1...48]).*(down|flap)"
    case 2: "(rtr|leaf)-\(site())-\(random[3...9])[0-9][0-9].*(port|fan|psu).*(fail|lost)"
    case 3: "%\(facility())-[0-\(random[2...4])]-\(mnemonic())(_\(mnemonic()))?"
    case 4: "\(service())(\\[[0-9]+\\])?: .*(\(fault())|\(fault()))"
    default: "(denied|refused) (tcp|udp) .*192\\.168\\.\(random[0...255])\\.[0-9]+.*(rdp|smb|telnet)"
    }
  }
}
