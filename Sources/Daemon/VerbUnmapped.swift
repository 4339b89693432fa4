import Model
import Store

/// `muttd hosts device unmapped`: who sends and has no entry among the devices.
package struct VerbUnmapped: Sendable {
  private let settings: VerbSettings
  private let json: Bool

  package init(settings: VerbSettings, json: Bool) {
    self.settings = settings
    self.json = json
  }

  package func list() throws(DaemonFailure) {
    let config = try settings.load()
    let found = try unmapped(config)
    var output = VerbOutput()
    if json {
      for sighting in found { output.json(VerbUnmapped.json(sighting)) }
      return
    }
    guard let first = found.first else {
      return output.line("nobody who was heard is without a device")
    }
    var rows = VerbTable(
      ["address", "calls itself", "syslog", "traps", "first heard", "last heard"], rightAligned: [2, 3])
    for sighting in found {
      rows.add([
        "\(sighting.address)", sighting.host.isEmpty ? "-" : sighting.host, "\(sighting.syslog)",
        "\(sighting.traps)", VerbUnmapped.text(sighting.firstSeen), VerbUnmapped.text(sighting.lastSeen),
      ])
    }
    rows.write(to: &output)
    output.line(hint(first, config))
  }

  /// Who was heard and is no device now: one may have been added since.
  private func unmapped(_ config: Config) throws(DaemonFailure) -> [Sighting] {
    let path = "\(config.stateDirectory)/outbox.db"
    do throws(DaemonFailure) {
      try VerbStore.requireFile(path, "outbox")
    } catch  where error.exit == .unavailable {
      throw DaemonFailure(
        .unavailable,
        "nobody was heard yet: muttd run notes who sends, in \(path). Is it the daemon's --config, or "
          + "--state-directory?")
    }
    let store = try VerbStore.open(config)
    defer { store.close() }
    let catalog = try VerbStore.run { () throws(StoreError) in try store.loadCatalog() }
    let outbox = try VerbStore.openOutbox(config)
    defer { outbox.close() }
    let heard = try VerbStore.run { () throws(StoreError) in try outbox.sightings() }
    let addresses = Set(catalog.devices.flatMap(\.addresses))
    let names = Set(catalog.devices.map { HostKey.of($0.hostname) })
    let relays = config.identity.trustedRelays.map { NetworkSet($0) }
    return heard.filter { sighting in
      // A name counts where it is believed.
      let isBelieved = relays?.contains(sighting.address) ?? true
      if sighting.host.isEmpty || !isBelieved { return !addresses.contains(sighting.address) }
      let key = HostKey.of(sighting.host)
      let short = HostKey.of(
        String(decoding: sighting.host.utf8.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self))
      return !names.contains(key) && !names.contains(short)
    }
  }

  /// What to do about the first of them.
  private func hint(_ sighting: Sighting, _ config: Config) -> String {
    let host = sighting.host.isEmpty ? "NAME" : sighting.host
    if let file = config.rules.file {
      return
        "to name one: - {hostname: \(host), addresses: [\(sighting.address)]} among the devices of \(file)"
    }
    return "to name one: muttd hosts device set \(host) --address \(sighting.address)"
  }

  private static func text(_ time: Timestamp) -> String { time.rfc3339(digits: 0) }

  private static func json(_ sighting: Sighting) -> VerbJSON {
    var object = VerbJSON()
    object.add("address", "\(sighting.address)")
    object.add("host", sighting.host.isEmpty ? nil : sighting.host)
    object.add("syslog", number: Int64(clamping: sighting.syslog))
    object.add("traps", number: Int64(clamping: sighting.traps))
    object.add("first_seen_at", time: sighting.firstSeen)
    object.add("last_seen_at", time: sighting.lastSeen)
    return object
  }
}
