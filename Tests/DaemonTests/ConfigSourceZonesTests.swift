import Model
import Testing

@testable import Daemon

/// `syslog.timezones`, and how `explain` names what was used.
@Suite struct ConfigSourceZonesTests {
  private func read(_ syslog: String) -> (Config?, [String]) {
    let (config, problems) = Config.parse(
      "syslog: {\(syslog)}\nsnmp: {communities: [any]}", file: "muttd.yaml")
    return (config, problems.map(\.description))
  }

  @Test func addressesNetworksAndNames() throws {
    let (config, problems) = read(
      "timezones: {10.1.0.0/16: Europe/Berlin, 192.0.2.1: UTC, 'fe80::1%eth0': Asia/Tokyo, "
        + "'2001:db8::/32': Etc/GMT-3, Core1.: Asia/Tokyo}")
    #expect(problems == [])
    let zones = try #require(config).workerSettings.sourceZones
    let sources = zones.map(\.source)
    #expect(
      sources == [
        .network(try #require(Network("10.1.0.0/16"))), .network(try #require(Network("192.0.2.1"))),
        .network(try #require(Network("fe80::1"))), .network(try #require(Network("2001:db8::/32"))),
        .name("Core1."),
      ])
    #expect(
      zones.map(\.zone.name) == ["Europe/Berlin", "UTC", "Asia/Tokyo", "Etc/GMT-3", "Asia/Tokyo"])
    #expect(zones[3].zone.offset(at: 0) == 10_800)
    #expect(Config().workerSettings.sourceZones == [])
  }

  @Test(arguments: [
    (
      "timezones: [UTC]",
      "syslog.timezones: must be a map of addresses, networks or host names to zones, not a list"
    ),
    (
      "timezones: {10.0.0.0/33: UTC}",
      "syslog.timezones.10.0.0.0/33: is no address, network or host name; write it like 192.0.2.1, "
        + "10.1.0.0/16 or core1"
    ),
    (
      "timezones: {'a b': UTC}",
      "syslog.timezones.a b: is no address, network or host name; write it like 192.0.2.1, 10.1.0.0/16 or "
        + "core1"
    ),
    ("timezones: {core1: UTC, CORE1.: UTC}", "syslog.timezones.CORE1.: stands here twice"),
    ("timezones: {10.0.0.0/8: UTC, 10.1.1.1/8: UTC}", "syslog.timezones.10.1.1.1/8: stands here twice"),
    (
      "timezones: {core1: Mars/Base}",
      #"syslog.timezones.core1: "Mars/Base" is no time zone of this system (/usr/share/zoneinfo/); "#
        + "write it like Europe/Amsterdam, or UTC"
    ),
    ("timezones: {core1: [UTC]}", "syslog.timezones.core1: must be a single value, not a list"),
  ])
  func whatIsNoSourceOrNoZoneIsAnError(syslog: String, expected: String) {
    let (config, problems) = read(syslog)
    #expect(config == nil)
    #expect(problems == ["muttd.yaml:1: \(expected)"])
  }

  @Test func everyFaultIsSaidAtOnce() {
    let (config, problems) = read(
      "timezones: {10.0.0.0/33: UTC, core1: Mars/Base, core2: UTC, CORE2: UTC, core3: [UTC]}")
    #expect(config == nil)
    #expect(
      problems.map { $0.split(separator: " ")[1] } == [
        "syslog.timezones.10.0.0.0/33:", "syslog.timezones.core1:", "syslog.timezones.CORE2:",
        "syslog.timezones.core3:",
      ])
  }

  @Test func explainSaysWhichZoneWasUsedAndWhy() throws {
    let (config, _) = read(
      "default_timezone: America/Lima, timezones: {10.1.0.0/16: Europe/Berlin, 10.1.2.3: UTC, "
        + "core1: Asia/Tokyo}")
    let desk = try VerbDesk(Catalog(), config: try #require(config))
    let arrival = try #require(Timestamp(rfc3339: "2026-11-21T12:00:10Z"))
    func zone(_ line: String, _ peer: String) throws -> VerbDesk.ReadZone? {
      desk.readZone(
        .syslog(Array("<13>\(line) app: x".utf8)), peer: try #require(IPAddress(peer)), arrival: arrival)
    }
    typealias Read = VerbDesk.ReadZone
    #expect(
      try zone("Nov 21 13:00:10 edge", "10.1.9.9") == Read(name: "Europe/Berlin", key: "10.1.0.0/16"))
    #expect(try zone("Nov 21 12:00:10 edge", "10.1.2.3") == Read(name: "UTC", key: "10.1.2.3"))
    #expect(
      try zone("Nov 21 21:00:10 core1.example.net", "10.1.2.3") == Read(name: "Asia/Tokyo", key: "core1"))
    #expect(try zone("Nov 21 07:00:10 edge", "192.0.2.1") == Read(name: "America/Lima", key: nil))
    // Not taken, or a zone in the stamp.
    #expect(try zone("Nov 21 14:00:10 edge", "10.1.9.9") == nil)
    #expect(try zone("2026-11-21T12:00:10Z edge", "10.1.9.9") == nil)
  }
}
