import Model
import Store

/// A file for `muttd hosts … import`: CSV of one table, or the host tables of a rules file.
struct VerbHostsFile {
  private(set) var edits: [CatalogEdit] = []

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
    var lines = try VerbLines(file)
    var problems: [String] = []
    var isFirst = true
    while let bytes = try lines.next() {
      guard let text = String(validating: bytes, as: UTF8.self) else {
        problems.append("\(lines.name):\(lines.number): is not UTF-8 text")
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
