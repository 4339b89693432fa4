package import Model

/// From a catalog and what somebody wants of it to the steps that lead there: pure, the same for every store,
/// so that ids, names and errors do not depend on where the rows live.
package struct CatalogPlan: Sendable, Equatable {
  package enum Step: Sendable, Equatable {
    /// `id` 0: the store gives one.
    case insertRule(Rule)
    /// `id` names the row; `version`, `updatedAt` and `updatedBy` are the store's.
    case updateRule(Rule)
    case insertDevelopmentHost(String)
    case deleteDevelopmentHost(String)
    /// `replacing`: the hostname as it is stored now; nil: a new row.
    case setTeam(DeviceTeam, replacing: String?)
    case deleteTeam(String)
    case setDevice(Device, replacing: String?)
    case deleteDevice(String)
  }

  package private(set) var steps: [Step] = []
  package private(set) var change = CatalogChange()

  // By their bytes, as the tables have them and as the matcher compares: to a `String` the two forms of "é"
  // are one, and an edit from one to the other would be none.
  private var rules: [ExactKey: Rule] = [:]
  private var names: [Int64: ExactKey] = [:]
  private var hosts: [ExactKey: String] = [:]
  private var teams: [ExactKey: DeviceTeam] = [:]
  private var devices: [ExactKey: Device] = [:]

  private init(_ current: Catalog) {
    for rule in current.rules {
      rules[ExactKey(rule.name)] = rule
      names[rule.id] = ExactKey(rule.name)
    }
    for host in current.developmentHosts { hosts[HostKey.of(host)] = host }
    for team in current.deviceTeams { teams[HostKey.of(team.hostname)] = team }
    for device in current.devices { devices[HostKey.of(device.hostname)] = device }
  }

  /// The steps of `edits`, in order; an error names the edit that cannot be made.
  package init(_ edits: [CatalogEdit], on current: Catalog) throws(StoreError) {
    self.init(current)
    for (index, edit) in edits.enumerated() {
      do throws(StoreError) {
        try add(edit)
      } catch {
        let place = edits.count == 1 ? "" : "Edit \(index + 1) of \(edits.count): "
        throw StoreError(error.code, place + error.message)
      }
    }
    try checkOwners(of: edits)
  }

  /// The steps that make `current` equal to `desired`: rules by name, absent ones retired, hosts equal.
  package init(from current: Catalog, to desired: Catalog) throws(StoreError) {
    self.init(current)
    var wanted: Set<ExactKey> = []
    for rule in desired.rules {
      guard wanted.insert(ExactKey(rule.name)).inserted else {
        throw StoreError(
          .conflict, "Rule \(rule.name) stands twice in the list. Give every rule its own name.")
      }
    }
    // Rules that bring their id go first, so that no given id takes it from them.
    for rule in desired.rules where rule.id != 0 { try set(rule, mayAdd: true) }
    for rule in desired.rules where rule.id == 0 { try set(rule, mayAdd: true) }
    for rule in current.rules where rule.isActive && !wanted.contains(ExactKey(rule.name)) {
      try setActive(rule.name, false)
    }
    try equalise(desired)
  }

  private mutating func add(_ edit: CatalogEdit) throws(StoreError) {
    switch edit {
    case .addRule(let rule):
      if rules[ExactKey(rule.name)] != nil {
        throw StoreError(.conflict, "Rule \(rule.name) exists already. Change it with muttd rules set.")
      }
      try set(rule, mayAdd: true)
    case .setRule(let rule): try set(rule, mayAdd: false)
    case .setRuleActive(let name, let isActive): try setActive(name, isActive)
    case .addDevelopmentHost(let host): try addHost(host)
    case .removeDevelopmentHost(let host):
      guard let stored = hosts.removeValue(forKey: HostKey.of(host)) else {
        throw CatalogPlan.missing("development host", host)
      }
      steps.append(.deleteDevelopmentHost(stored))
      change.hostsRemoved += 1
    case .setTeam(let team): try set(team)
    case .removeTeam(let host):
      guard let stored = teams.removeValue(forKey: HostKey.of(host)) else {
        throw CatalogPlan.missing("team of host", host)
      }
      steps.append(.deleteTeam(stored.hostname))
      change.teamsRemoved += 1
    case .setDevice(let device): try set(device)
    case .mergeDevice(let device): try merge(device)
    case .removeDevice(let host):
      guard let stored = devices.removeValue(forKey: HostKey.of(host)) else {
        throw CatalogPlan.missing("device", host)
      }
      steps.append(.deleteDevice(stored.hostname))
      change.devicesRemoved += 1
    }
  }

  // MARK: Rules

  private mutating func set(_ rule: Rule, mayAdd: Bool) throws(StoreError) {
    if rule.name.isEmpty { throw StoreError(.constraint, "A rule has no name. Give it one.") }
    if rule.id < 0 {
      throw StoreError(.constraint, "Rule \(rule.name) has the id \(rule.id); ids are above 0.")
    }
    if rule.id != 0, let owner = names[rule.id], owner != ExactKey(rule.name) {
      throw StoreError(
        .conflict,
        "Rule \(rule.name) asks for the id \(rule.id), which belongs to \(owner.text). Leave the id out.")
    }
    guard let stored = rules[ExactKey(rule.name)] else {
      guard mayAdd else { throw CatalogPlan.missing("rule", rule.name) }
      rules[ExactKey(rule.name)] = rule
      if rule.id != 0 { names[rule.id] = ExactKey(rule.name) }
      steps.append(.insertRule(rule))
      change.added.append(rule.name)
      return
    }
    if rule.id != 0, stored.id != 0, rule.id != stored.id {
      throw StoreError(
        .conflict,
        "Rule \(rule.name) has the id \(stored.id), not \(rule.id), and ids never change. Leave the "
          + "id out.")
    }
    update(stored, to: rule)
  }

  private mutating func setActive(_ name: String, _ isActive: Bool) throws(StoreError) {
    guard let stored = rules[ExactKey(name)] else { throw CatalogPlan.missing("rule", name) }
    var rule = stored
    rule.isActive = isActive
    update(stored, to: rule)
  }

  private mutating func update(_ stored: Rule, to rule: Rule) {
    var next = rule
    next.id = stored.id
    next.version = stored.version
    next.updatedAt = stored.updatedAt
    next.updatedBy = stored.updatedBy
    if next.isSame(as: stored) { return }
    next.version += 1
    rules[ExactKey(next.name)] = next
    steps.append(.updateRule(next))
    if stored.isActive && !next.isActive {
      change.retired.append(next.name)
    } else if !change.added.contains(next.name) && !change.changed.contains(next.name) {
      change.changed.append(next.name)
    }
  }

  // MARK: Hosts

  private mutating func addHost(_ host: String) throws(StoreError) {
    try CatalogPlan.check(host)
    if hosts[HostKey.of(host)] != nil { return }
    hosts[HostKey.of(host)] = host
    steps.append(.insertDevelopmentHost(host))
    change.hostsAdded += 1
  }

  private mutating func set(_ team: DeviceTeam) throws(StoreError) {
    try CatalogPlan.check(team.hostname)
    let stored = teams[HostKey.of(team.hostname)]
    if let stored, stored.isSame(as: team) { return }
    teams[HostKey.of(team.hostname)] = team
    steps.append(.setTeam(team, replacing: stored?.hostname))
    change.teamsSet += 1
  }

  private mutating func set(_ device: Device) throws(StoreError) {
    try CatalogPlan.check(device.hostname)
    var next = device
    let stored = devices[HostKey.of(device.hostname)]
    if let stored {
      next.firstSeenAt = stored.firstSeenAt
      next.lastSeenAt = stored.lastSeenAt
    }
    if let stored, stored.isSame(as: next) { return }
    devices[HostKey.of(device.hostname)] = next
    steps.append(.setDevice(next, replacing: stored?.hostname))
    change.devicesSet += 1
  }

  private mutating func merge(_ device: Device) throws(StoreError) {
    var next = device
    if let stored = devices[HostKey.of(device.hostname)] {
      if next.addresses.isEmpty { next.addresses = stored.addresses }
      if next.attributes == nil { next.attributes = stored.attributes }
    }
    try set(next)
  }

  /// An address that `edits` give to a device is no other's afterwards: one of the two names would win by
  /// nothing but its letters.
  private func checkOwners(of edits: [CatalogEdit]) throws(StoreError) {
    var given: [IPAddress: ExactKey] = [:]
    for device in edits.compactMap(\.device) {
      let key = HostKey.of(device.hostname)
      for address in device.addresses where devices[key]?.addresses.contains(address) == true {
        if let other = given.updateValue(key, forKey: address), other != key {
          throw taken(address, by: other)
        }
      }
    }
    if given.isEmpty { return }
    for (key, device) in devices.sorted(by: { $0.key < $1.key }) {
      for address in device.addresses {
        if let owner = given[address], owner != key { throw taken(address, by: key) }
      }
    }
  }

  private func taken(_ address: IPAddress, by owner: ExactKey) -> StoreError {
    StoreError(
      .conflict,
      "\(address) belongs to \(devices[owner]?.hostname ?? owner.text) already. Take it away there first.")
  }

  private mutating func equalise(_ desired: Catalog) throws(StoreError) {
    let wantedHosts = Set(desired.developmentHosts.map(HostKey.of))
    for (key, host) in hosts.sorted(by: { $0.key < $1.key }) where !wantedHosts.contains(key) {
      try add(.removeDevelopmentHost(host))
    }
    for host in desired.developmentHosts { try addHost(host) }
    let wantedTeams = try CatalogPlan.keys(desired.deviceTeams.map(\.hostname), "device_teams")
    for (key, team) in teams.sorted(by: { $0.key < $1.key }) where !wantedTeams.contains(key) {
      try add(.removeTeam(hostname: team.hostname))
    }
    for team in desired.deviceTeams { try set(team) }
    let wantedDevices = try CatalogPlan.keys(desired.devices.map(\.hostname), "devices")
    for (key, device) in devices.sorted(by: { $0.key < $1.key }) where !wantedDevices.contains(key) {
      try add(.removeDevice(hostname: device.hostname))
    }
    for device in desired.devices { try set(device) }
  }

  /// The keys of hosts that carry a value: one that stands twice could mean either.
  private static func keys(_ hosts: [String], _ list: String) throws(StoreError) -> Set<ExactKey> {
    var keys: Set<ExactKey> = []
    for host in hosts where !keys.insert(HostKey.of(host)).inserted {
      throw StoreError(.conflict, "Host \(host) stands twice in \(list). Remove one of them.")
    }
    return keys
  }

  private static func check(_ host: String) throws(StoreError) {
    if host.isEmpty { throw StoreError(.constraint, "A host name is empty. Give one.") }
    if host.utf8.contains(0) {
      throw StoreError(.constraint, "A host name holds a NUL. Give it without.")
    }
  }

  /// A row that was there a moment ago was not found.
  static func gone(_ rule: Rule) -> StoreError {
    StoreError(
      .conflict, "Rule \(rule.name) was not found when it was to be changed. Look at it, then try again.")
  }

  private static func missing(_ kind: String, _ name: String) -> StoreError {
    StoreError(.notFound, "There is no \(kind) \(name). Check the name.")
  }
}

/// The form in which host names are compared: ASCII letters in lower case, like SQLite's `lower`.
package enum HostKey {
  package static func of(_ host: String) -> ExactKey {
    ExactKey(String(decoding: host.utf8.map(lowered), as: UTF8.self))
  }
}
