import Model

/// `development_hosts`, `device_teams`, `devices`. Names are unique without regard to case, as in the store.
extension RulesFileReader {
  mutating func readDevelopmentHosts(_ value: YAMLValue) {
    var seen: Set<ExactKey> = []
    for item in items(value, key: "development_hosts") {
      guard let host = hostname(item, key: "development_hosts") else { continue }
      if isNew(host, in: &seen, key: "development_hosts", line: item.line) {
        catalog.developmentHosts.append(host)
      }
    }
  }

  /// A map of hostname to team.
  mutating func readDeviceTeams(_ value: YAMLValue) {
    guard case .map(let entries) = value.content else {
      return report("must be a map of host to team, not \(value.kind)", key: "device_teams", line: value.line)
    }
    var seen: Set<ExactKey> = []
    for entry in entries {
      let key = "device_teams.\(shown(entry.key))"
      let name = YAMLValue(line: entry.line, content: .scalar(entry.key, isPlain: true))
      guard let host = hostname(name, key: key) else { continue }
      guard isNew(host, in: &seen, key: key, line: entry.line),
        let team = text(entry.value, key: key, limit: 100)
      else { continue }
      guard !team.isEmpty else {
        report("needs a team", key: key, line: entry.line)
        continue
      }
      catalog.deviceTeams.append(DeviceTeam(hostname: host, team: team))
    }
  }

  mutating func readDevices(_ value: YAMLValue) {
    var seen: Set<ExactKey> = []
    var owners: [IPAddress: String] = [:]
    catalog.devices.reserveCapacity(items(value, key: "devices").count)
    for (index, item) in items(value, key: "devices").enumerated() {
      let path = "devices[\(index)]"
      var device = Device(hostname: "", addresses: [])
      forEachKey(of: item, at: path + ".", among: ["hostname", "addresses", "attrs"]) { key, value, reader in
        switch key {
        case "hostname": device.hostname = reader.hostname(value, key: "\(path).hostname") ?? ""
        case "addresses": device.addresses = reader.addresses(value, key: "\(path).addresses")
        default: device.attributes = reader.attributes(value, key: "\(path).attrs")
        }
      }
      guard case .map(let entries) = item.content else { continue }
      if !entries.contains(where: { $0.key == "hostname" && !$0.value.isNull }) {
        report("needs a hostname", key: path, line: item.line)
      }
      guard !device.hostname.isEmpty, isNew(device.hostname, in: &seen, key: path, line: item.line) else {
        continue
      }
      for address in device.addresses {
        if let owner = owners.updateValue(device.hostname, forKey: address) {
          report("\(address) belongs to \(shown(owner)) already", key: path, line: item.line)
        }
      }
      catalog.devices.append(device)
      deviceLines.append(item.line)
    }
  }

  private mutating func hostname(_ value: YAMLValue, key: String) -> String? {
    guard let host = text(value, key: key, limit: 255) else { return nil }
    guard !host.isEmpty, !host.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F }) else {
      report("\"\(shown(host))\" is no host name", key: key, line: value.line)
      return nil
    }
    return host
  }

  private mutating func isNew(_ host: String, in seen: inout Set<ExactKey>, key: String, line: Int) -> Bool {
    // As the tables compare them: ASCII letters in any case.
    let spelling = String(decoding: host.utf8.map(lowered), as: UTF8.self)
    if seen.insert(ExactKey(spelling)).inserted { return true }
    report("\(shown(host)) stands here twice", key: key, line: line)
    return false
  }

  private mutating func addresses(_ value: YAMLValue, key: String) -> [IPAddress] {
    var addresses: [IPAddress] = []
    for item in items(value, key: key) {
      guard let text = text(item, key: key, limit: 64) else { continue }
      if let address = IPAddress(text) {
        addresses.append(address)
      } else {
        report("\"\(shown(text))\" is no address", key: key, line: item.line)
      }
    }
    return addresses
  }

  /// YAML has no keys of more than 1,024 characters, and an escaped byte takes at most three of them.
  private static var attributeKeyLimit: Int { 255 }

  /// A map of free attributes as a JSON object.
  private mutating func attributes(_ value: YAMLValue, key: String) -> String? {
    guard case .map(let entries) = value.content else {
      report("must be a map, not \(value.kind)", key: key, line: value.line)
      return nil
    }
    if entries.isEmpty { return nil }
    guard value.longestKey <= RulesFileReader.attributeKeyLimit else {
      report("has a key of more than \(RulesFileReader.attributeKeyLimit) bytes", key: key, line: value.line)
      return nil
    }
    var bytes: [UInt8] = []
    value.appendJSON(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension YAMLValue {
  /// Bytes of the longest key of this map and those inside; 0 where there is none.
  fileprivate var longestKey: Int {
    switch content {
    case .null, .scalar: 0
    case .list(let items): items.reduce(0) { max($0, $1.longestKey) }
    case .map(let entries): entries.reduce(0) { max($0, $1.key.utf8.count, $1.value.longestKey) }
    }
  }

  /// The value as JSON; plain `true`, `false` and numbers keep their type.
  func appendJSON(to bytes: inout [UInt8]) {
    switch content {
    case .null: bytes.append(ascii: "null")
    case .scalar(let text, let isPlain):
      if isPlain, text == "true" || text == "false" || YAMLValue.isJSONNumber(text) {
        bytes.append(text: text)
      } else {
        JSONText.append(text, to: &bytes)
      }
    case .list(let items):
      bytes.append(ascii: "[")
      for (index, item) in items.enumerated() {
        if index > 0 { bytes.append(ascii: ",") }
        item.appendJSON(to: &bytes)
      }
      bytes.append(ascii: "]")
    case .map(let entries):
      bytes.append(ascii: "{")
      for (index, entry) in entries.enumerated() {
        if index > 0 { bytes.append(ascii: ",") }
        JSONText.append(entry.key, to: &bytes)
        bytes.append(ascii: ":")
        entry.value.appendJSON(to: &bytes)
      }
      bytes.append(ascii: "}")
    }
  }

  /// RFC 8259 §6.
  static func isJSONNumber(_ text: String) -> Bool {
    var rest = Substring(text)
    func digits() -> Bool {
      let run = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest[run.endIndex...]
      return !run.isEmpty
    }
    if rest.first == "-" { rest.removeFirst() }
    if rest.first == "0" { rest.removeFirst() } else if !digits() { return false }
    if rest.first == "." {
      rest.removeFirst()
      if !digits() { return false }
    }
    if rest.first == "e" || rest.first == "E" {
      rest.removeFirst()
      if rest.first == "+" || rest.first == "-" { rest.removeFirst() }
      if !digits() { return false }
    }
    return rest.isEmpty
  }
}
