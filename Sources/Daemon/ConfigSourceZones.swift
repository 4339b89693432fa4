import Model

/// `syslog.timezones`: addresses, networks and host names, each with a zone.
extension ConfigReader {
  mutating func sourceZones(_ value: YAMLValue) -> [SourceZone]? {
    guard case .map(let entries) = value.content else {
      return refuse(value, "must be a map of addresses, networks or host names to zones, not \(value.kind)")
    }
    guard entries.count <= 10_000 else { return refuse(value, "holds more than 10000 entries") }
    let base = key
    defer { key = base }
    // Many sources share few zones, and a zone is a file to read.
    var known: [String: Zone] = [:]
    var seen: Set<String> = []
    var zones: [SourceZone] = []
    let faults = problems.count
    for entry in entries {
      key = "\(base).\(shortened(entry.key))"
      guard let source = ConfigReader.zoneSource(entry.key) else {
        report(
          "is no address, network or host name; write it like 192.0.2.1, 10.1.0.0/16 or core1",
          at: entry.value)
        continue
      }
      if !seen.insert(ConfigReader.identity(of: source)).inserted {
        report("stands here twice", at: entry.value)
        continue
      }
      guard let (name, _, _) = scalar(entry.value), let zone = known[name] ?? zone(entry.value) else {
        continue
      }
      known[name] = zone
      zones.append(SourceZone(source, zone))
    }
    // Every fault is said at once.
    guard problems[faults...].allSatisfy(\.isWarning) else { return nil }
    return zones
  }

  private static func zoneSource(_ text: String) -> SourceZone.Source? {
    if let network = Network(text) { return .network(network) }
    let bytes = Array(text.utf8)
    if let address = HostClaim.address(bytes.span) {
      return .network(Network(address: address, prefix: 128))
    }
    guard (1...255).contains(bytes.count), !bytes.contains(UInt8(ascii: "/")),
      bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
    else { return nil }
    return .name(text)
  }

  /// Equal for keys that mean the same source.
  private static func identity(of source: SourceZone.Source) -> String {
    switch source {
    case .network(let network): "\(network)"
    case .name(let name): HostClaim.bare(name)
    }
  }
}
