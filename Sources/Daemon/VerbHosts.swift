import Foundation
import Model
import Store

/// `muttd hosts dev|team|device …`: development hosts, the teams that own devices, and the addresses of
/// devices.
package struct VerbHosts: Sendable {
  package enum Table: String, Sendable, CaseIterable {
    case development, team, device
  }

  private let settings: VerbSettings
  private let table: Table
  private let json: Bool

  package init(settings: VerbSettings, table: Table, json: Bool) {
    self.settings = settings
    self.table = table
    self.json = json
  }

  package func list() throws(DaemonFailure) {
    let config = try settings.load()
    let store = try VerbStore.open(config)
    defer { store.close() }
    let catalog = try VerbStore.run { () throws(StoreError) in try store.loadCatalog() }
    var output = VerbOutput()
    switch table {
    case .development: listDevelopment(catalog, &output)
    case .team: listTeams(catalog, &output)
    case .device: listDevices(catalog, &output)
    }
  }

  private func listDevelopment(_ catalog: Catalog, _ output: inout VerbOutput) {
    for host in catalog.developmentHosts.sorted() {
      if json {
        output.json(VerbHosts.json(development: host))
      } else {
        output.line(host)
      }
    }
    if !json, catalog.developmentHosts.isEmpty { output.line("no development hosts") }
  }

  private func listTeams(_ catalog: Catalog, _ output: inout VerbOutput) {
    var rows = VerbTable(["host", "team"])
    for entry in catalog.deviceTeams.sorted(by: { $0.hostname < $1.hostname }) {
      if json {
        output.json(VerbHosts.json(team: entry))
      } else {
        rows.add([entry.hostname, entry.team])
      }
    }
    if json { return }
    if rows.isEmpty { output.line("no teams of devices") } else { rows.write(to: &output) }
  }

  private func listDevices(_ catalog: Catalog, _ output: inout VerbOutput) {
    var rows = VerbTable(["host", "addresses", "last seen", "attributes"])
    for device in catalog.devices.sorted(by: { $0.hostname < $1.hostname }) {
      if json {
        output.json(VerbHosts.json(device: device))
      } else {
        rows.add([
          device.hostname, device.addresses.map { "\($0)" }.joined(separator: " "),
          device.lastSeenAt.isAbsent ? "-" : VerbTime.text(device.lastSeenAt), device.attributes ?? "-",
        ])
      }
    }
    if json { return }
    if rows.isEmpty { output.line("no devices") } else { rows.write(to: &output) }
  }

  static func json(development host: String) -> VerbJSON {
    var object = VerbJSON()
    object.add("hostname", host)
    return object
  }

  static func json(team entry: DeviceTeam) -> VerbJSON {
    var object = VerbJSON()
    object.add("hostname", entry.hostname)
    object.add("team_assignment", entry.team)
    return object
  }

  static func json(device: Device) -> VerbJSON {
    var object = VerbJSON()
    object.add("hostname", device.hostname)
    object.add("addresses", list: device.addresses.map { "\($0)" })
    object.add("first_seen_at", time: device.firstSeenAt)
    object.add("last_seen_at", time: device.lastSeenAt)
    object.add("attrs", json: device.attributes)
    return object
  }

  // MARK: - Changes

  package func addDevelopment(_ hosts: [String], reason: VerbReason) throws(DaemonFailure) {
    for host in hosts { try VerbHosts.check(host) }
    try write(hosts.map { .addDevelopmentHost($0) }, reason)
  }

  package func setTeam(_ hosts: [String], team: String, reason: VerbReason) throws(DaemonFailure) {
    for host in hosts { try VerbHosts.check(host) }
    if team.isEmpty {
      throw DaemonFailure(.usage, "the team is empty: muttd hosts team unset HOST takes it away")
    }
    try write(hosts.map { .setTeam(DeviceTeam(hostname: $0, team: team)) }, reason)
  }

  package func setDevice(
    _ host: String, addresses: [String], attributes: [String], reason: VerbReason
  ) throws(DaemonFailure) {
    try VerbHosts.check(host)
    let config = try settings.load()
    let store = try VerbStore.openForEdit(config)
    defer { store.close() }
    let catalog = try VerbStore.run { () throws(StoreError) in try store.loadCatalog() }
    var device = Device(hostname: host, addresses: [])
    for text in addresses {
      device.addresses.append(try VerbMatch.address(text, option: "--address"))
    }
    if !attributes.isEmpty { device.attributes = try VerbHosts.attributes(attributes) }
    for address in device.addresses {
      let owner = catalog.devices.first {
        HostKey.of($0.hostname) != HostKey.of(host) && $0.addresses.contains(address)
      }
      if let owner {
        throw DaemonFailure(
          .found, "\(address) belongs to \(owner.hostname) already: take it away there first")
      }
    }
    try VerbHosts.write([.mergeDevice(device)], to: store, json, reason)
  }

  package func unset(_ hosts: [String], reason: VerbReason) throws(DaemonFailure) {
    try reason.require(for: "taking hosts away")
    try write(
      hosts.map {
        switch table {
        case .development: .removeDevelopmentHost($0)
        case .team: .removeTeam(hostname: $0)
        case .device: .removeDevice(hostname: $0)
        }
      }, reason)
  }

  /// A CSV file (`host`, `host,team` or `host,address address …`), for devices also one in the form of
  /// /etc/hosts, or the tables of a rules file (`.yaml`, `.yml`, `.json`).
  package func importFile(_ file: String, isDryRun: Bool, reason: VerbReason) throws(DaemonFailure) {
    let config = try settings.load()
    let hosts = try VerbHostsFile(file, table)
    let store = try isDryRun ? VerbStore.open(config) : VerbStore.openForEdit(config)
    defer { store.close() }
    let current = try VerbStore.run { () throws(StoreError) in try store.loadCatalog() }
    try hosts.checkOwners(beside: current.devices)
    if isDryRun {
      let plan = try VerbStore.run { () throws(StoreError) in try CatalogPlan(hosts.edits, on: current) }
      return VerbChangeReport.write(plan.change, json: json, isDryRun: true)
    }
    try VerbHosts.write(hosts.edits, to: store, json, reason)
  }

  private func write(_ edits: [CatalogEdit], _ reason: VerbReason) throws(DaemonFailure) {
    let store = try VerbStore.openForEdit(try settings.load())
    defer { store.close() }
    try VerbHosts.write(edits, to: store, json, reason)
  }

  private static func write(
    _ edits: [CatalogEdit], to store: any EventStore, _ json: Bool, _ reason: VerbReason
  ) throws(DaemonFailure) {
    let change = try VerbStore.run { () throws(StoreError) in
      try store.apply(edits, by: VerbStore.actor(reason: reason))
    }
    VerbChangeReport.write(change, json: json)
  }

  static func check(_ host: String) throws(DaemonFailure) {
    let isBad = host.unicodeScalars.contains { $0.value <= 0x20 || $0.value == 0x7F }
    if host.isEmpty || isBad || host.utf8.count > 255 {
      throw DaemonFailure(.usage, "\"\(host)\" is no host name")
    }
  }

  /// `site=ams1` as a JSON object.
  private static func attributes(_ words: [String]) throws(DaemonFailure) -> String {
    var object = VerbJSON()
    for word in words {
      guard let equals = word.firstIndex(of: "="), equals != word.startIndex else {
        throw DaemonFailure(.usage, "--attr \"\(word)\" is no NAME=VALUE")
      }
      object.add(String(word[..<equals]), String(word[word.index(after: equals)...]))
    }
    return String(decoding: object.closed, as: UTF8.self)
  }
}
