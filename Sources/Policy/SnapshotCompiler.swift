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

  /// A rule that passed its check. The rule itself stays where it stands: it is large, and a copy of ten
  /// thousand is what a restart would mostly wait for.
  private struct Usable {
    /// In the catalog.
    let place: Int
    let checked: CheckedRule
    /// Of its pattern in the set that decides.
    var number: Int32?
  }

  static func compile(
    _ catalog: Catalog, settings: PolicySettings, generation: UInt64, known: PatternSet?,
    effort: Snapshot.Effort, bounds: PatternBounds = .standard,
    foretold: ([QuarantinedRule]) -> Void = { _ in }
  ) throws(PolicyError) -> Snapshot {
    try checkSize(catalog)
    var compiler = SnapshotCompiler(
      settings: settings, generation: generation, catalogVersion: catalog.version)
    var checked = compiler.check(catalog.rules, known: known)
    let unusable = compiler.quarantined.count
    compiler.bound(&checked, of: catalog.rules, known: known, bounds)
    let beyond = compiler.quarantined[unusable...]
    let sources = checked.compactMap(\.checked.source)
    let patterns = try PatternCompiler.compile(
      sources, reusing: known, effort: effort == .quick ? .patch : .full, bounds: bounds,
      beforeAll: { if !beyond.isEmpty { foretold(Array(beyond)) } })
    compiler.patternCount = number(&checked, patterns)
    compiler.admit(&checked, of: catalog.rules, patterns)
    compiler.sortQuarantined(catalog.rules)
    compiler.layOut(checked, of: catalog.rules, patterns)
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
    for index in SnapshotCompiler.decidingOrder(all) {
      do throws(RuleProblem) {
        let checked = try CheckedRule(all[index], words: words, known: known)
        usable.append(Usable(place: index, checked: checked))
      } catch {
        quarantine(all[index], error.reason)
      }
    }
    return usable
  }

  /// Places of the active rules: by priority, then id; names decide between rules without ids.
  private static func decidingOrder(_ all: [Rule]) -> [Int] {
    // Names are looked at only where the numbers are the same.
    var keys: [(priority: Int, id: Int64, place: Int)] = []
    keys.reserveCapacity(all.count)
    for place in all.indices where all[place].isActive {
      keys.append((all[place].priority, all[place].id, place))
    }
    keys.sort { left, right in
      if left.priority != right.priority { return left.priority < right.priority }
      if left.id != right.id { return left.id < right.id }
      return all[left.place].name < all[right.place].name
    }
    return keys.map(\.place)
  }

  /// The bounds on what it costs to compile all patterns together.
  private mutating func bound(
    _ usable: inout [Usable], of all: [Rule], known: PatternSet?, _ bounds: PatternBounds
  ) {
    var total = PatternTotal(bounds)
    usable.removeAll { usable in
      guard let source = usable.checked.source,
        let objection = total.objection(to: source, known: known)
      else { return false }
      quarantine(all[usable.place], objection)
      return true
    }
  }

  /// Notes the number of each rule's pattern; returns how many different ones there are.
  private static func number(_ usable: inout [Usable], _ patterns: PatternSet) -> Int {
    var asked = [Bool](repeating: false, count: patterns.entries.count)
    for index in usable.indices {
      guard let source = usable[index].checked.source, let number = patterns.number(of: source) else {
        continue
      }
      usable[index].number = number
      asked[Int(number)] = true
    }
    return asked.count { $0 }
  }

  private mutating func quarantine(_ rule: Rule, _ reason: String) {
    quarantined.append(QuarantinedRule(id: rule.id, name: rule.name, reason: reason))
  }

  /// The pattern engine's last word, and the bound on rules that cost every event a search.
  private mutating func admit(_ usable: inout [Usable], of all: [Rule], _ patterns: PatternSet) {
    var searchedCount = 0
    usable.removeAll { usable in
      if RuleCheck.mayWarn(all[usable.place]) {
        warnings += RuleCheck.warnings(all[usable.place])
        warnings += RuleCheck.warnings(all[usable.place], usable.checked)
      }
      // Most rules: the automaton decides, and there is nothing to say.
      guard let number = usable.number, patterns.entries[Int(number)].home != .automaton else { return false }
      let (rule, entry) = (all[usable.place], patterns.entries[Int(number)])
      if entry.home == .refused {
        quarantine(rule, entry.note)
        return true
      }
      if usable.checked.regex(for: entry.home) == nil {
        quarantine(rule, "PCRE2 \(Regex.version) does not take the regex")
        return true
      }
      if entry.home == .searched { searchedCount += 1 }
      if entry.home == .searched, searchedCount > RuleCheck.searchedLimit {
        quarantine(
          rule,
          "\(entry.note): PCRE2 would search every event for it, and \(RuleCheck.searchedLimit) rules before"
            + " it need that already")
        return true
      }
      if let warning = RuleCheck.warning(rule, entry) { warnings.append(warning) }
      if let warning = RuleCheck.lookAhead(rule) { warnings.append(warning) }
      return false
    }
  }

  private mutating func sortQuarantined(_ rules: [Rule]) {
    if quarantined.count < 2 { return }
    let priorities = Dictionary(rules.map { ($0.id, $0.priority) }, uniquingKeysWith: { first, _ in first })
    quarantined.sort {
      (priorities[$0.id] ?? .min, $0.id, $0.name) < (priorities[$1.id] ?? .min, $1.id, $1.name)
    }
  }

  // MARK: - Layout

  private mutating func layOut(_ usable: [Usable], of all: [Rule], _ patterns: PatternSet) {
    unmatched = texts.add("unmatched")
    defaultTeam = texts.addUnlessEmpty(settings.defaultTeam)
    var handlings = HandlingTexts(settings)
    let defaultKey = layOut(.defaultKey)
    verdicts.reserveCapacity(usable.count)
    var numbers: [Int32?] = []
    numbers.reserveCapacity(usable.count)
    for rank in usable.indices {
      let (place, number) = (usable[rank].place, usable[rank].number)
      let (checked, oid) = (usable[rank].checked, usable[rank].checked.oid)
      let severity = all[place].matchType == .oidPrefix ? nil : all[place].syslogSeverity
      if checked.source == nil {
        if let oid { prefixes.append((oid, UInt32(rank))) }
      } else if severity == nil {
        if let oid {
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
        severity: severity, oid: oid, confirmation: home == .automaton ? -1 : regex)
      let prod = handlings.add(all[place].prodHandling, to: &texts)
      let dev = handlings.add(all[place].devHandling, to: &texts)
      verdicts.append(
        Verdict(
          id: all[place].id, version: Int32(truncatingIfNeeded: all[place].version),
          alertSeverity: Int8(all[place].severity ?? -1), forwardsInProd: prod.isForwarded,
          forwardsInDev: dev.isForwarded, prodHandling: prod.text, devHandling: dev.text,
          team: texts.addUnlessEmpty(all[place].teamAssignment), name: texts.add(all[place].name),
          reference: texts.addUnlessEmpty(all[place].docURL),
          key: checked.key.map { layOut($0) } ?? defaultKey,
          summary: checked.summary.map { layOut($0) } ?? .absent, regex: groups.isAbsent ? -1 : regex,
          groups: groups))
    }
    table.connect(numbers, count: patterns.entries.count)
    rules = SnapshotCompiler.pick(usable, of: all)
  }

  /// The rules in deciding order: mostly all of them as they stand, which then are not copied.
  private static func pick(_ usable: [Usable], of all: [Rule]) -> [Rule] {
    var isAll = usable.count == all.count
    for rank in usable.indices where usable[rank].place != rank { isAll = false }
    return isAll ? all : usable.map { all[$0.place] }
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
      hosts.deviceMark = Mixer.mix(hosts.deviceMark ^ Mixer.seed, FNV1a.hash(name.span))
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
    var named = Set(teams.map { ExactKey(HostClaim.bare($0.name)) })
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
        named.insert(ExactKey(HostClaim.bare(device.hostname))).inserted
      {
        teams.append((device.hostname, owner))
      }
    }
  }
}
