import Model

/// Builds a snapshot: checks the rules, compiles the patterns together, and lays everything out flat.
struct SnapshotCompiler {
  let settings: PolicySettings
  let generation: UInt64
  let catalogVersion: Int64

  private(set) var rules: [Rule] = []
  private(set) var quarantined: [QuarantinedRule] = []
  private(set) var verdicts: [Verdict] = []
  private(set) var warnings: [RuleWarning] = []
  private(set) var table = RuleTable()
  /// Different patterns that the rules ask for.
  private(set) var patternCount = 0
  private(set) var searched: [UInt32] = []
  /// OIDs of the rules that decide by OID alone.
  private(set) var prefixes: [(oid: ObjectID, rank: UInt32)] = []
  /// The same of the rules that also look at a notification's line, and the first of those without an OID.
  private(set) var linePrefixes: [(oid: ObjectID, rank: UInt32)] = []
  private(set) var firstLineRank = UInt32.max
  private(set) var pieces: [Piece] = []
  private(set) var groups: [Group] = []
  private(set) var regexes: [Regex] = []
  private(set) var regexRanks: [UInt32] = []
  private(set) var hosts = Hosts()
  private(set) var texts = TextArena.Builder()
  private(set) var unmatched = TextIndex.none
  private(set) var defaultTeam = TextIndex.none

  /// A rule that passed its check. By reference: it is large, and ten thousand are filtered and handed on.
  private final class Usable {
    let rule: Rule
    let checked: CheckedRule
    /// Of its pattern in the set that decides.
    var number: Int32?

    init(_ rule: Rule, _ checked: CheckedRule) {
      self.rule = rule
      self.checked = checked
    }
  }

  static func compile(
    _ catalog: Catalog, settings: PolicySettings, generation: UInt64, known: PatternSet?,
    effort: Snapshot.Effort
  ) throws(PolicyError) -> Snapshot {
    try checkSize(catalog)
    var compiler = SnapshotCompiler(
      settings: settings, generation: generation, catalogVersion: catalog.version)
    let checked = compiler.check(catalog.rules, known: known)
    let sources = checked.compactMap(\.checked.source)
    let patterns = try PatternCompiler.compile(
      sources, reusing: known, effort: effort == .quick ? .patch : .full)
    compiler.patternCount = number(checked, patterns)
    let usable = compiler.admit(checked, patterns)
    compiler.sortQuarantined(catalog.rules)
    compiler.layOut(usable, patterns)
    compiler.layOutHosts(catalog)
    return Snapshot(compiler, patterns: patterns)
  }

  private init(settings: PolicySettings, generation: UInt64, catalogVersion: Int64) {
    self.settings = settings
    self.generation = generation
    self.catalogVersion = catalogVersion
  }

  private static func checkSize(_ catalog: Catalog) throws(PolicyError) {
    let addresses = catalog.devices.reduce(0) { $0 + $1.addresses.count }
    let sizes = [
      ("rules", catalog.rules.count, Snapshot.ruleLimit),
      ("development hosts", catalog.developmentHosts.count, Snapshot.hostLimit),
      ("device teams", catalog.deviceTeams.count, Snapshot.hostLimit),
      ("devices", catalog.devices.count, Snapshot.hostLimit),
      ("device addresses", addresses, Snapshot.hostLimit),
    ]
    for (what, count, limit) in sizes where count > limit {
      throw PolicyError(
        .tooLarge, doing: "compiling the rules",
        advice: "\(count) \(what) are more than \(limit); remove what is not needed")
    }
  }

  /// Active rules in deciding order, those that cannot be used set aside.
  private mutating func check(_ all: [Rule], known: PatternSet?) -> [Usable] {
    var usable: [Usable] = []
    usable.reserveCapacity(all.count)
    let words = HandlingWords(settings)
    let ordered = all.indices.filter { all[$0].isActive }.sorted {
      (all[$0].priority, all[$0].id, all[$0].name) < (all[$1].priority, all[$1].id, all[$1].name)
    }
    for index in ordered {
      do throws(RuleProblem) {
        usable.append(Usable(all[index], try CheckedRule(all[index], words: words, known: known)))
      } catch {
        quarantine(all[index], error.reason)
      }
    }
    return usable
  }

  /// Notes the number of each rule's pattern; returns how many different ones there are.
  private static func number(_ usable: [Usable], _ patterns: PatternSet) -> Int {
    var asked = [Bool](repeating: false, count: patterns.entries.count)
    for rule in usable {
      rule.number = rule.checked.source.flatMap { patterns.number(of: $0) }
      if let number = rule.number { asked[Int(number)] = true }
    }
    return asked.count { $0 }
  }

  private mutating func quarantine(_ rule: Rule, _ reason: String) {
    quarantined.append(QuarantinedRule(id: rule.id, name: rule.name, reason: reason))
  }

  /// The pattern engine's last word, and the bound on rules that cost every event a search.
  private mutating func admit(_ checked: [Usable], _ patterns: PatternSet) -> [Usable] {
    var searchedCount = 0
    return checked.filter { usable in
      let (rule, checked) = (usable.rule, usable.checked)
      warnings += RuleCheck.warnings(rule)
      guard let number = usable.number else { return true }
      let entry = patterns.entries[Int(number)]
      if entry.home == .refused {
        quarantine(rule, entry.note)
        return false
      }
      if entry.home != .automaton, checked.regex(for: entry.home) == nil {
        quarantine(rule, "PCRE2 \(Regex.version) does not take the regex")
        return false
      }
      if entry.home == .searched { searchedCount += 1 }
      if entry.home == .searched, searchedCount > RuleCheck.searchedLimit {
        quarantine(
          rule,
          "\(entry.note): PCRE2 would search every event for it, and \(RuleCheck.searchedLimit) rules before"
            + " it need that already")
        return false
      }
      if let warning = RuleCheck.warning(rule, entry) { warnings.append(warning) }
      return true
    }
  }

  private mutating func sortQuarantined(_ rules: [Rule]) {
    let priorities = Dictionary(rules.map { ($0.id, $0.priority) }, uniquingKeysWith: { first, _ in first })
    quarantined.sort {
      (priorities[$0.id] ?? .min, $0.id, $0.name) < (priorities[$1.id] ?? .min, $1.id, $1.name)
    }
  }

  // MARK: - Layout

  private mutating func layOut(_ usable: [Usable], _ patterns: PatternSet) {
    unmatched = texts.add("unmatched")
    defaultTeam = texts.addUnlessEmpty(settings.defaultTeam)
    let forwarded = Set(settings.forward.map { $0.lowercased() })
    rules.reserveCapacity(usable.count)
    verdicts.reserveCapacity(usable.count)
    var numbers: [Int32?] = []
    for (rank, usable) in usable.enumerated() {
      let (rule, checked, number) = (usable.rule, usable.checked, usable.number)
      let severity = rule.matchType == .oidPrefix ? nil : rule.syslogSeverity
      if checked.source == nil {
        if let oid = checked.oid { prefixes.append((oid, UInt32(rank))) }
      } else if severity == nil {
        if let oid = checked.oid {
          linePrefixes.append((oid, UInt32(rank)))
        } else {
          firstLineRank = min(firstLineRank, UInt32(rank))
        }
      }
      let home = number.map { patterns.entries[Int($0)].home } ?? .automaton
      let (regex, groups) = layOut(checked.regex(for: home), rank: rank)
      numbers.append(home == .searched ? nil : number)
      if home == .searched { searched.append(UInt32(rank)) }
      table.add(
        severity: severity, oid: checked.oid, confirmation: home == .automaton ? -1 : regex)
      verdicts.append(
        Verdict(
          id: rule.id, version: Int32(truncatingIfNeeded: rule.version),
          alertSeverity: Int8(rule.severity ?? -1),
          forwardsInProd: forwarded.contains(rule.prodHandling.lowercased()),
          forwardsInDev: forwarded.contains(rule.devHandling.lowercased()),
          prodHandling: texts.add(rule.prodHandling), devHandling: texts.add(rule.devHandling),
          team: texts.addUnlessEmpty(rule.teamAssignment), name: texts.add(rule.name),
          reference: texts.addUnlessEmpty(rule.docURL), key: layOut(checked.key),
          summary: checked.summary.map { layOut($0) } ?? .absent, regex: groups.isAbsent ? -1 : regex,
          groups: groups))
      rules.append(rule)
    }
    table.connect(numbers, count: patterns.entries.count)
  }

  private mutating func layOut(_ template: Template) -> ByteRange {
    let start = pieces.count
    for piece in template.pieces {
      switch piece {
      case .literal(let text): pieces.append(Piece(kind: .literal, text: texts.add(text)))
      case .host: pieces.append(Piece(kind: .host, text: .none))
      case .rule: pieces.append(Piece(kind: .rule, text: .none))
      case .label(let name): pieces.append(Piece(kind: .label, text: texts.add(name)))
      }
    }
    return ByteRange(start, pieces.count)
  }

  /// The place of a rule's regex, and its named groups: absent when it has none.
  private mutating func layOut(_ regex: Regex?, rank: Int) -> (Int32, ByteRange) {
    guard let regex else { return (-1, .absent) }
    let start = groups.count
    for group in regex.groups {
      groups.append(Group(number: UInt16(group.number), name: texts.add(group.name)))
    }
    regexes.append(regex)
    regexRanks.append(UInt32(rank))
    return (Int32(regexes.count - 1), regex.groups.isEmpty ? .absent : ByteRange(start, groups.count))
  }

  /// Devices by name, so that the same catalog gives the same tables whatever order its rows came in.
  private mutating func layOutHosts(_ catalog: Catalog) {
    let devices = catalog.devices.sorted { $0.hostname < $1.hostname }
    var named: [(name: String, facts: HostFacts)] = []
    var addressed: [(address: IPAddress, facts: HostFacts)] = []
    for (index, device) in devices.enumerated() {
      let facts = HostFacts(device: Int32(index))
      named.append((device.hostname, facts))
      for address in device.addresses where !address.isUnspecified { addressed.append((address, facts)) }
    }
    var teams: [(name: String, value: Int32)] = []
    for entry in catalog.deviceTeams where !entry.team.isEmpty {
      teams.append((entry.hostname, texts.add(entry.team).value))
    }
    var development = catalog.developmentHosts
    addNames(of: devices, listedIn: &development, &teams)
    let listed =
      development.map { ($0, HostFacts(isDevelopment: true)) }
      + teams.map { ($0.name, HostFacts(team: $0.value)) }
    for (host, facts) in listed {
      // An entry may be a name or an address. An unspecified one is nobody's.
      guard let address = SnapshotCompiler.address(host) else {
        named.append((host, facts))
        continue
      }
      if !address.isUnspecified { addressed.append((address, facts)) }
    }
    hosts.names = NameTable(named)
    hosts.addresses = AddressTable(addressed)
    for device in devices {
      let name = Array(device.hostname.utf8)
      let hashed = HashedName(name.span, ByteRange(0, name.count))
      var facts = hosts.names.facts(of: hashed, in: name.span)
      facts.fillOwner(from: hosts.names.facts(of: hashed.short(in: name.span), in: name.span))
      hosts.devices.append(
        Hosts.Device(
          name: texts.add(device.hostname), attributes: texts.addUnlessEmpty(device.attributes), named: facts)
      )
    }
  }

  /// The address that an entry of a host table is, if it is one.
  private static func address(_ entry: String) -> IPAddress? {
    let bytes = Array(entry.utf8)
    return HostClaim.address(bytes.span)
  }

  /// A device that the host tables list by one of its addresses is found under its name too: "then by
  /// address" for a message whose header says the name. Its own addresses, never the sender's, so that a
  /// relay stands for nobody.
  private func addNames(
    of devices: [Device], listedIn development: inout [String], _ teams: inout [(name: String, value: Int32)]
  ) {
    let listed = Set(development.compactMap(SnapshotCompiler.address))
    var named = Set(teams.map { HostClaim.bare($0.name) })
    var owners: [IPAddress: Int32] = [:]
    for team in teams {
      if let address = SnapshotCompiler.address(team.name), owners[address] == nil {
        owners[address] = team.value
      }
    }
    if listed.isEmpty, owners.isEmpty { return }
    for device in devices {
      if device.addresses.contains(where: { listed.contains($0) }) { development.append(device.hostname) }
      if let owner = device.addresses.lazy.compactMap({ owners[$0] }).first,
        named.insert(HostClaim.bare(device.hostname)).inserted
      {
        teams.append((device.hostname, owner))
      }
    }
  }
}
