import Model
import Testing

@testable import Policy

/// Who sent it, and what follows: host, environment, team, device.
@Suite struct HostTests {
  /// One catalog for the whole table below.
  static var bench: Bench {
    var bench = Bench([.make("r", .contains, "x")])
    bench.developmentHosts = ["Lab1", "lab2.example.net", "10.9.9.9", "lab-device", "2001:db8::9"]
    bench.deviceTeams = [
      DeviceTeam(hostname: "CORE1", team: "SITE-AMS"), DeviceTeam(hostname: "10.0.0.5", team: "SITE-IP"),
      DeviceTeam(hostname: "empty", team: ""),
    ]
    bench.devices = [
      Device(hostname: "core1", addresses: [IPAddress("10.0.0.1")!, IPAddress("2001:db8::1")!]),
      Device(hostname: "lab-device.example.net", addresses: [IPAddress("10.0.0.2")!]),
      Device(hostname: "relay1", addresses: [IPAddress("10.0.0.3")!], attributes: #"{"site":"ams1"}"#),
    ]
    return bench
  }

  struct Expected: Sendable {
    var host: String?
    var from: HostSource
    var environment = Environment.prod
    var deviceTeam: String?
    var isKnown = false
  }

  static func syslog(_ host: String?, from peer: String) -> Sample { Sample("x", host: host).from(peer) }
  static func trap(_ agent: String?, from peer: String) -> Sample {
    Sample.trap("1.3.6", "x", agent: agent).from(peer)
  }

  @Test(arguments: [
    // Names: as sent whatever their case, then the short name.
    (syslog("lab1", from: "10.0.0.77"), Expected(host: "lab1", from: .header, environment: .dev)),
    (
      syslog("LAB1.example.net", from: "10.0.0.77"),
      Expected(host: "LAB1.example.net", from: .header, environment: .dev)
    ),
    (
      syslog("lab2.example.net", from: "10.0.0.77"),
      Expected(host: "lab2.example.net", from: .header, environment: .dev)
    ),
    (syslog("lab2", from: "10.0.0.77"), Expected(host: "lab2", from: .header)),
    (syslog(".lab1", from: "10.0.0.77"), Expected(host: ".lab1", from: .header)),
    (
      syslog("Core1.example.net", from: "10.0.0.77"),
      Expected(host: "Core1.example.net", from: .header, deviceTeam: "SITE-AMS", isKnown: true)
    ),
    (syslog("empty", from: "10.0.0.77"), Expected(host: "empty", from: .header)),
    // Addresses in the header: the device's name, the host's own entries, never a short name.
    (
      syslog("10.0.0.1", from: "10.0.0.77"),
      Expected(host: "core1", from: .devices, deviceTeam: "SITE-AMS", isKnown: true)
    ),
    (
      syslog("::ffff:10.0.0.1", from: "10.0.0.77"),
      Expected(host: "core1", from: .devices, deviceTeam: "SITE-AMS", isKnown: true)
    ),
    (
      syslog("2001:DB8:0::1", from: "10.0.0.77"),
      Expected(host: "core1", from: .devices, deviceTeam: "SITE-AMS", isKnown: true)
    ),
    (syslog("10.9.9.9", from: "10.0.0.77"), Expected(host: "10.9.9.9", from: .header, environment: .dev)),
    (syslog("10.0.0.5", from: "10.0.0.77"), Expected(host: "10.0.0.5", from: .header, deviceTeam: "SITE-IP")),
    (syslog("10.7.7.7", from: "10.0.0.77"), Expected(host: "10.7.7.7", from: .header)),
    (
      syslog("10.0.0.2", from: "10.0.0.77"),
      Expected(host: "lab-device.example.net", from: .devices, environment: .dev, isKnown: true)
    ),
    // No claim: the peer.
    (syslog(nil, from: "10.0.0.77"), Expected(host: "10.0.0.77", from: .peer)),
    (syslog("", from: "10.0.0.77"), Expected(host: "10.0.0.77", from: .peer)),
    (syslog("0.0.0.0", from: "10.0.0.77"), Expected(host: "10.0.0.77", from: .peer)),
    (syslog(nil, from: "10.9.9.9"), Expected(host: "10.9.9.9", from: .peer, environment: .dev)),
    (syslog(nil, from: "2001:db8::9"), Expected(host: "2001:db8::9", from: .peer, environment: .dev)),
    (
      syslog(nil, from: "2001:db8::1"),
      Expected(host: "core1", from: .devices, deviceTeam: "SITE-AMS", isKnown: true)
    ),
    // A relay's own address makes nothing of what it relays.
    (syslog("other", from: "10.9.9.9"), Expected(host: "other", from: .header)),
    (syslog("other", from: "10.0.0.2"), Expected(host: "other", from: .header)),
    (syslog("other", from: "10.0.0.1"), Expected(host: "other", from: .header)),
    // Traps claim by address.
    (trap(nil, from: "10.9.9.9"), Expected(host: "10.9.9.9", from: .peer, environment: .dev)),
    (trap("0.0.0.0", from: "10.0.0.77"), Expected(host: "10.0.0.77", from: .peer)),
    (trap("10.9.9.9", from: "10.0.0.77"), Expected(host: "10.9.9.9", from: .header, environment: .dev)),
    (
      trap("10.0.0.1", from: "10.0.0.77"),
      Expected(host: "core1", from: .devices, deviceTeam: "SITE-AMS", isKnown: true)
    ),
    (trap("10.7.7.7", from: "10.9.9.9"), Expected(host: "10.7.7.7", from: .header)),
  ])
  func everyoneIsBelieved(sample: Sample, expected: Expected) throws {
    try check(Self.bench, sample, expected)
  }

  @Test(arguments: [
    // From a relay the claim counts, and the relay's address does not.
    (syslog("lab1", from: "10.0.0.3"), Expected(host: "lab1", from: .header, environment: .dev)),
    (syslog("other", from: "10.0.0.3"), Expected(host: "other", from: .header)),
    (
      syslog("10.0.0.2", from: "10.0.0.3"),
      Expected(host: "lab-device.example.net", from: .devices, environment: .dev, isKnown: true)
    ),
    (syslog(nil, from: "10.0.0.3"), Expected(host: "relay1", from: .devices, isKnown: true)),
    // A known peer is itself, whatever it says.
    (
      syslog("lab1", from: "10.0.0.1"),
      Expected(host: "core1", from: .devices, deviceTeam: "SITE-AMS", isKnown: true)
    ),
    (
      trap("10.9.9.9", from: "10.0.0.1"),
      Expected(host: "core1", from: .devices, deviceTeam: "SITE-AMS", isKnown: true)
    ),
    (
      syslog("prod1", from: "10.0.0.2"),
      Expected(host: "lab-device.example.net", from: .devices, environment: .dev, isKnown: true)
    ),
    // An unknown peer's claim is only that.
    (syslog("lab1", from: "10.0.0.77"), Expected(host: "lab1", from: .claimed)),
    (syslog("lab1.example.net", from: "10.0.0.77"), Expected(host: "lab1.example.net", from: .claimed)),
    (syslog("10.9.9.9", from: "10.0.0.77"), Expected(host: "10.9.9.9", from: .claimed)),
    (
      syslog("10.0.0.2", from: "10.0.0.77"),
      Expected(host: "lab-device.example.net", from: .claimed, isKnown: true)
    ),
    (
      syslog("core1", from: "10.0.0.77"),
      Expected(host: "core1", from: .claimed, deviceTeam: "SITE-AMS", isKnown: true)
    ),
    (trap("10.9.9.9", from: "10.0.0.77"), Expected(host: "10.9.9.9", from: .claimed)),
    // But its own address is no claim.
    (syslog("whatever", from: "10.9.9.9"), Expected(host: "whatever", from: .claimed, environment: .dev)),
    (syslog("10.9.9.9", from: "10.9.9.9"), Expected(host: "10.9.9.9", from: .peer, environment: .dev)),
    (trap("10.9.9.9", from: "10.9.9.9"), Expected(host: "10.9.9.9", from: .peer, environment: .dev)),
    (syslog(nil, from: "10.0.0.77"), Expected(host: "10.0.0.77", from: .peer)),
  ])
  func onlyRelaysAreBelieved(sample: Sample, expected: Expected) throws {
    var bench = Self.bench
    bench.settings.trustedRelays = [Network("10.0.0.3/32")!, Network("2001:db8:1::/48")!]
    try check(bench, sample, expected)
  }

  func check(_ bench: Bench, _ sample: Sample, _ expected: Expected) throws {
    var matcher = try bench.matcher()
    let described = matcher.describe(sample)
    #expect(described.host == expected.host)
    #expect(described.row.hostFrom == expected.from)
    #expect(described.decision.environment == expected.environment)
    #expect(described.row.environment == expected.environment)
    #expect(described.deviceTeam == expected.deviceTeam)
    #expect((described.decision.device >= 0) == expected.isKnown)
    #expect(described.handling == (expected.environment == .dev ? "Ignore" : "Page_only"))
    #expect(described.row.forwards == (expected.environment == .prod))
    #expect(matcher.explain(sample).host == expected.host)
  }

  /// The tables list addresses; the header says the name: `devices` joins the two, whoever relays.
  @Test(arguments: ["10.0.0.8", "10.0.0.3"])
  func aDeviceListedByItsAddressIsFoundByItsName(peer: String) throws {
    var bench = Bench([.make("r", .contains, "x")])
    bench.developmentHosts = ["10.0.0.8"]
    bench.deviceTeams = [
      DeviceTeam(hostname: "10.0.0.8", team: "LAB"), DeviceTeam(hostname: "core9", team: "CORE"),
      DeviceTeam(hostname: "10.0.0.9", team: "IP"),
    ]
    bench.devices = [
      Device(hostname: "lab8", addresses: [IPAddress("10.0.0.8")!]),
      Device(hostname: "core9", addresses: [IPAddress("10.0.0.9")!]),
    ]
    try check(
      bench, Self.syslog("lab8", from: peer),
      Expected(host: "lab8", from: .header, environment: .dev, deviceTeam: "LAB", isKnown: true))
    try check(
      bench, Self.syslog("core9", from: peer),
      Expected(host: "core9", from: .header, deviceTeam: "CORE", isKnown: true))
    try check(bench, Self.syslog("other", from: peer), Expected(host: "other", from: .header))
  }

  @Test func namesAreFoundAmongManyWhateverTheirCase() {
    let names = (0..<5_000).map { "Host-\($0).Example.NET" }
    let table = NameTable(names.enumerated().map { ($1, HostFacts(device: Int32($0))) })
    for (index, name) in names.enumerated() {
      let text = Array("<\(name.uppercased())>".utf8)
      #expect(
        table.facts(of: HashedName(text.span, ByteRange(1, text.count - 1)), in: text.span).device
          == Int32(index))
      #expect(
        table.facts(of: HashedName(text.span, ByteRange(1, text.count)), in: text.span) == HostFacts())
    }
  }

  @Test func addressesAreFoundAmongManyAndTheFirstOwnerStays() {
    let addresses = (0..<5_000).map { IPAddress(v4: 0x0A00_0000 + UInt32($0)) }
    var entries = addresses.enumerated().map { (address: $1, facts: HostFacts(device: Int32($0))) }
    entries.append((addresses[7], HostFacts(device: 9_999)))
    let table = AddressTable(entries)
    for (index, address) in addresses.enumerated() {
      #expect(table.facts(of: address).device == Int32(index))
    }
    #expect(table.facts(of: IPAddress(v4: 9, 0, 0, 0)) == HostFacts())
    #expect(AddressTable().facts(of: addresses[0]) == HostFacts())
  }

  @Test func aHostMadeOfBadBytesIsMadeSafe() throws {
    var matcher = try Self.bench.matcher()
    let datagram: [UInt8] = [0x61, 0x00, 0xFF, 0x62]
    var event = Event(arrival: .absent, peer: .unspecified)
    event.host = ByteRange(0, 4)
    let text = Array("x".utf8)
    let decision = matcher.decide(event, datagram: datagram.span, text: text.span, trapOID: ObjectID())
    var row = EventRow(id: EventID(rawValue: 1), time: .absent, arrival: .absent, peer: .unspecified)
    var labels = LabelSet()
    var bytes: [UInt8] = []
    matcher.describe(
      decision, event: event, datagram: datagram.span, text: text.span, labels: &labels, row: &row,
      bytes: &bytes)
    #expect(bytes.span.text(row.host) == "a\u{FFFD}\u{FFFD}b")
    #expect(bytes.span.text(row.signature) == "a\u{FFFD}\u{FFFD}b::r")
  }
}
