import Model
import Store

/// A file for `muttd hosts … import`: CSV of one table, or the host tables of a rules file; for devices also
/// the form of /etc/hosts.
struct VerbHostsFile {
  /// A device of the file, with all that its lines say.
  private struct Entry {
    var device: Device
    /// `inventory.csv:12` for each of the addresses.
    var places: [String] = []

    /// An address that stands there twice is one.
    mutating func add(_ addresses: [IPAddress], at place: String) {
      for address in addresses where !device.addresses.contains(address) {
        device.addresses.append(address)
        places.append(place)
      }
    }
  }

  private var hosts: [CatalogEdit] = []
  private var devices: [Entry] = []
  /// Where a device stands in `devices`, by its name's key.
  private var indices: [ExactKey: Int] = [:]
  /// The team of a host and its line, likewise.
  private var teams: [ExactKey: (team: String, line: Int)] = [:]

  /// A device keeps what the file says nothing of: its attributes, and where no address stands beside its
  /// name, its addresses.
  var edits: [CatalogEdit] { hosts + devices.map { .mergeDevice($0.device) } }

  init(_ file: String, _ table: VerbHosts.Table) throws(DaemonFailure) {
    if [".yaml", ".yml", ".json"].contains(where: { file.lowercased().hasSuffix($0) }) {
      let read = try VerbCatalog(file: file)
      let catalog = read.catalog
      switch table {
      case .development: hosts = catalog.developmentHosts.map { .addDevelopmentHost($0) }
      case .team: hosts = catalog.deviceTeams.map { .setTeam($0) }
      case .device:
        for (device, line) in zip(catalog.devices, read.deviceLines) { add(device, at: "\(file):\(line)") }
      }
      return
    }
    try readCSV(file, table)
  }

  /// An address of the file that another device has, of the file or of the store, is an error: all of them at
  /// once, each with its line. What the file gives new addresses has lost its old ones.
  func checkOwners(beside known: [Device]) throws(DaemonFailure) {
    var owners: [IPAddress: (host: String, place: String)] = [:]
    for device in known {
      if let index = indices[HostKey.of(device.hostname)], !devices[index].device.addresses.isEmpty {
        continue
      }
      for address in device.addresses { owners[address] = (device.hostname, "") }
    }
    var problems: [String] = []
    for entry in devices {
      for (address, place) in zip(entry.device.addresses, entry.places) {
        if let owner = owners[address] {
          let advice = owner.place.isEmpty ? ": take it away there first" : " (\(owner.place))"
          problems.append("\(place): \(address) belongs to \(owner.host) already\(advice)")
        } else {
          owners[address] = (entry.device.hostname, place)
        }
      }
    }
    if !problems.isEmpty { throw DaemonFailure(.configuration, problems.joined(separator: "\n")) }
  }

  /// All problems at once, each with its line. Empty lines, lines that start with `#` and a first line whose
  /// first cell is `host` or `hostname` are stepped over.
  private mutating func readCSV(_ file: String, _ table: VerbHosts.Table) throws(DaemonFailure) {
    var lines = VerbLines(file)
    var problems: [String] = []
    var isFirst = true
    while var bytes = try lines.next() {
      // A byte order mark, as spreadsheets begin files with, is no part of a name.
      if lines.number == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = Array(bytes.dropFirst(3)) }
      guard let text = String(validating: bytes, as: UTF8.self) else {
        problems.append("\(lines.name):\(lines.number): is not UTF-8 text")
        continue
      }
      if table == .device, let entry = VerbHostsFile.hostsEntry(text) {
        add(entry, at: "\(lines.name):\(lines.number)")
        continue
      }
      let cells = VerbHostsFile.cells(text)
      if cells.allSatisfy(\.isEmpty) || cells[0].hasPrefix("#") { continue }
      let isHeading = isFirst && ["host", "hostname"].contains(cells[0].lowercased())
      isFirst = false
      if isHeading { continue }
      do throws(DaemonFailure) {
        try add(cells, table, file: lines.name, line: lines.number)
      } catch {
        problems.append("\(lines.name):\(lines.number): \(error.message)")
      }
    }
    if !problems.isEmpty { throw DaemonFailure(.configuration, problems.joined(separator: "\n")) }
  }

  /// A device has the addresses of all its lines, in whatever form.
  private mutating func add(_ device: Device, at place: String) {
    let key = HostKey.of(device.hostname)
    let index = indices[key] ?? devices.count
    if index == devices.count {
      indices[key] = index
      devices.append(
        Entry(device: Device(hostname: device.hostname, addresses: [], attributes: device.attributes)))
    }
    devices[index].add(device.addresses, at: place)
  }

  /// A line of hosts(5): an address, its name, then other names, which are left out like what follows `#`.
  /// Nil for a line that does not begin with an address.
  static func hostsEntry(_ line: String) -> (address: IPAddress, host: String?)? {
    let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == "\r" }
    guard let address = words.first.flatMap({ IPAddress(String($0)) }) else { return nil }
    return (address, words.count > 1 ? String(words[1]) : nil)
  }

  /// What names this machine or a group is no device.
  private mutating func add(_ entry: (address: IPAddress, host: String?), at place: String) {
    guard let host = entry.host, !entry.address.isLoopback, !entry.address.isUnspecified,
      !entry.address.isMulticast, !host.hasPrefix("ip6-")
    else { return }
    add(Device(hostname: host, addresses: [entry.address]), at: place)
  }

  /// Cells of one line; a cell in double quotes may hold commas (RFC 4180 without line breaks).
  static func cells(_ line: String) -> [String] {
    var cells: [String] = []
    var cell = ""
    var isQuoted = false
    for scalar in line.unicodeScalars {
      switch scalar {
      case "\"":
        isQuoted.toggle()
      case "," where !isQuoted, ";" where !isQuoted && cells.isEmpty:
        cells.append(cell)
        cell = ""
      case "\r": break
      default: cell.unicodeScalars.append(scalar)
      }
    }
    cells.append(cell)
    return cells.map { cell in
      var trimmed = cell[...]
      while trimmed.first == " " || trimmed.first == "\t" { trimmed.removeFirst() }
      while trimmed.last == " " || trimmed.last == "\t" { trimmed.removeLast() }
      return String(trimmed)
    }
  }

  private mutating func add(
    _ cells: [String], _ table: VerbHosts.Table, file: String, line: Int
  ) throws(DaemonFailure) {
    try VerbHosts.check(cells[0])
    switch table {
    case .development: hosts.append(.addDevelopmentHost(cells[0]))
    case .team:
      guard cells.count >= 2, !cells[1].isEmpty else {
        throw DaemonFailure(.usage, "names no team: write host,team")
      }
      if let said = teams.updateValue((cells[1], line), forKey: HostKey.of(cells[0])), said.team != cells[1] {
        throw DaemonFailure(.usage, "\(cells[0]) has the team \(said.team) in line \(said.line)")
      }
      hosts.append(.setTeam(DeviceTeam(hostname: cells[0], team: cells[1])))
    case .device:
      var addresses: [IPAddress] = []
      for text in cells.dropFirst().flatMap({ $0.split(whereSeparator: { $0 == " " || $0 == ";" }) }) {
        addresses.append(try VerbMatch.address(String(text), option: "address"))
      }
      add(Device(hostname: cells[0], addresses: addresses), at: "\(file):\(line)")
    }
  }
}
