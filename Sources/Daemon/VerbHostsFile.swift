import Model
import Store

/// A file for `muttd hosts … import`: CSV of one table, or the host tables of a rules file; for devices also
/// the form of /etc/hosts.
struct VerbHostsFile {
  private(set) var edits: [CatalogEdit] = []
  /// Where in `edits` the devices of lines in the form of /etc/hosts stand, by their names' keys.
  private var places: [ExactKey: Int] = [:]

  init(_ file: String, _ table: VerbHosts.Table) throws(DaemonFailure) {
    if [".yaml", ".yml", ".json"].contains(where: { file.lowercased().hasSuffix($0) }) {
      let catalog = try VerbCatalog(file: file).catalog
      switch table {
      case .development: edits = catalog.developmentHosts.map { .addDevelopmentHost($0) }
      case .team: edits = catalog.deviceTeams.map { .setTeam($0) }
      case .device: edits = catalog.devices.map { .setDevice($0) }
      }
      return
    }
    try readCSV(file, table)
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
        add(entry)
        continue
      }
      let cells = VerbHostsFile.cells(text)
      if cells.allSatisfy(\.isEmpty) || cells[0].hasPrefix("#") { continue }
      let isHeading = isFirst && ["host", "hostname"].contains(cells[0].lowercased())
      isFirst = false
      if isHeading { continue }
      do throws(DaemonFailure) {
        edits.append(try VerbHostsFile.edit(cells, table))
      } catch {
        problems.append("\(lines.name):\(lines.number): \(error.message)")
      }
    }
    if !problems.isEmpty { throw DaemonFailure(.configuration, problems.joined(separator: "\n")) }
  }

  /// A line of hosts(5): an address, its name, then other names, which are left out like what follows `#`.
  /// Nil for a line that does not begin with an address.
  static func hostsEntry(_ line: String) -> (address: IPAddress, host: String?)? {
    let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == "\r" }
    guard let address = words.first.flatMap({ IPAddress(String($0)) }) else { return nil }
    return (address, words.count > 1 ? String(words[1]) : nil)
  }

  /// A device has the addresses of all its lines. What names this machine or a group is no device.
  private mutating func add(_ entry: (address: IPAddress, host: String?)) {
    guard let host = entry.host, !entry.address.isLoopback, !entry.address.isUnspecified,
      !entry.address.isMulticast, !host.hasPrefix("ip6-")
    else { return }
    let key = HostKey.of(host)
    if let place = places[key], case .setDevice(var device) = edits[place] {
      device.addresses.append(entry.address)
      edits[place] = .setDevice(device)
    } else {
      places[key] = edits.count
      edits.append(.setDevice(Device(hostname: host, addresses: [entry.address])))
    }
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

  private static func edit(_ cells: [String], _ table: VerbHosts.Table) throws(DaemonFailure) -> CatalogEdit {
    try VerbHosts.check(cells[0])
    switch table {
    case .development: return .addDevelopmentHost(cells[0])
    case .team:
      guard cells.count >= 2, !cells[1].isEmpty else {
        throw DaemonFailure(.usage, "names no team: write host,team")
      }
      return .setTeam(DeviceTeam(hostname: cells[0], team: cells[1]))
    case .device:
      var addresses: [IPAddress] = []
      for text in cells.dropFirst().flatMap({ $0.split(whereSeparator: { $0 == " " || $0 == ";" }) }) {
        addresses.append(try VerbMatch.address(String(text), option: "address"))
      }
      return .setDevice(Device(hostname: cells[0], addresses: addresses))
    }
  }
}
