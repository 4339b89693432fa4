import Model
import Testing

@testable import Policy

/// Who sent it, for every way a header, a peer and the relays can stand to each other: the host, by what, and
/// the words of `explain`, all through the one function that decides.
@Suite struct IdentityTests {
  private static var bench: Bench {
    var bench = Bench([.make("r", .contains, "x")])
    bench.developmentHosts = ["lab1.", "fe80::9", "lab2.example.net"]
    bench.deviceTeams = [
      DeviceTeam(hostname: "core1.", team: "AMS"), DeviceTeam(hostname: "edge.example.net", team: "EDGE"),
    ]
    bench.devices = [
      Device(hostname: "core1", addresses: [IPAddress("10.0.0.1")!, IPAddress("2001:db8::1")!]),
      Device(hostname: "fe-host", addresses: [IPAddress("fe80::1")!]),
      Device(hostname: "edge.example.net", addresses: [IPAddress("10.0.0.2")!]),
      Device(hostname: "relay1", addresses: [IPAddress("10.0.0.3")!]),
    ]
    return bench
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var claim: String?
    var peer: String
    var host: String
    var from: HostSource
    var environment: Environment = .prod
    var team: String?
    var reason: String
    var testDescription: String { "\(claim ?? "-") from \(peer)" }

    init(
      _ claim: String?, from peer: String, _ host: String, _ from: HostSource, dev: Bool = false,
      team: String? = nil, _ reason: String
    ) {
      self.claim = claim
      self.peer = peer
      self.host = host
      self.from = from
      self.environment = dev ? .dev : .prod
      self.team = team
      self.reason = reason
    }
  }

  static let believed: [Case] = [
    // Names: as sent, rooted or not, with a domain or without; the dot of the root is not shown.
    Case("core1", from: "10.0.0.77", "core1", .header, team: "AMS", "the header says so"),
    Case("CORE1.", from: "10.0.0.77", "CORE1", .header, team: "AMS", "the header says so"),
    Case(
      "core1.example.net.", from: "10.0.0.77", "core1.example.net", .header, team: "AMS",
      "the header says so"),
    Case(
      "edge.example.net.", from: "10.0.0.77", "edge.example.net", .header, team: "EDGE",
      "the header says so"),
    Case("edge", from: "10.0.0.77", "edge", .header, "the header says so"),
    Case("lab1", from: "10.0.0.77", "lab1", .header, dev: true, "the header says so"),
    Case("LAB1.", from: "10.0.0.77", "LAB1", .header, dev: true, "the header says so"),
    Case(
      "lab2.example.net.", from: "10.0.0.77", "lab2.example.net", .header, dev: true, "the header says so"),
    Case(".", from: "10.0.0.77", ".", .header, "the header says so"),
    // The peer is a device: whether it is the one of the header.
    Case("core1.", from: "10.0.0.1", "core1", .header, team: "AMS", "the header says so; devices agrees"),
    Case(
      "core1", from: "::ffff:10.0.0.1", "core1", .header, team: "AMS", "the header says so; devices agrees"),
    Case(
      "other", from: "10.0.0.1", "other", .header, "the header says so; devices says 10.0.0.1 = core1"),
    // Addresses in the header, in every form.
    Case("10.0.0.1", from: "10.0.0.77", "core1", .devices, team: "AMS", "devices says 10.0.0.1 = core1"),
    Case(
      "::ffff:10.0.0.1", from: "10.0.0.77", "core1", .devices, team: "AMS", "devices says 10.0.0.1 = core1"),
    Case(
      "2001:DB8::1", from: "10.0.0.77", "core1", .devices, team: "AMS", "devices says 2001:db8::1 = core1"),
    Case(
      "[2001:db8::1]", from: "10.0.0.77", "core1", .devices, team: "AMS", "devices says 2001:db8::1 = core1"),
    Case("fe80::1%eth0", from: "fe80::7", "fe-host", .devices, "devices says fe80::1 = fe-host"),
    Case("fe80::9%2", from: "fe80::7", "fe80::9", .header, dev: true, "the header says so"),
    Case("fe80::2%eth0", from: "fe80::7", "fe80::2", .header, "the header says so"),
    Case("fe80::2%", from: "fe80::7", "fe80::2%", .header, "the header says so"),
    Case("10.7.7.7", from: "10.0.0.77", "10.7.7.7", .header, "the header says so"),
    // No claim, or one that says nothing.
    Case(nil, from: "10.0.0.77", "10.0.0.77", .peer, "the sender's address; the header names none"),
    Case("::", from: "10.0.0.77", "10.0.0.77", .peer, "the sender's address; the header names none"),
    Case("[::]", from: "10.0.0.77", "10.0.0.77", .peer, "the sender's address; the header names none"),
    Case(nil, from: "10.0.0.1", "core1", .devices, team: "AMS", "devices says 10.0.0.1 = core1"),
    Case(nil, from: "2001:db8::77", "2001:db8::77", .peer, "the sender's address; the header names none"),
  ]

  static let doubted: [Case] = [
    // A relay is believed, over IPv4, IPv6 and IPv4-mapped.
    Case("other.", from: "10.0.0.3", "other", .header, "the header says so; devices says 10.0.0.3 = relay1"),
    Case(
      "lab1", from: "::ffff:10.0.0.3", "lab1", .header, dev: true,
      "the header says so; devices says 10.0.0.3 = relay1"),
    Case("lab1", from: "2001:db8:1::9", "lab1", .header, dev: true, "the header says so"),
    Case("fe80::1%eth0", from: "10.0.0.3", "fe-host", .devices, "devices says fe80::1 = fe-host"),
    Case(nil, from: "10.0.0.3", "relay1", .devices, "devices says 10.0.0.3 = relay1"),
    // A device is itself, whatever it says.
    Case(
      "core1.", from: "10.0.0.1", "core1", .devices, team: "AMS",
      "devices says 10.0.0.1 = core1; header agrees"),
    Case(
      "10.0.0.1", from: "10.0.0.1", "core1", .devices, team: "AMS",
      "devices says 10.0.0.1 = core1; header agrees"),
    Case(
      "lab1", from: "10.0.0.1", "core1", .devices, team: "AMS",
      "devices says 10.0.0.1 = core1; header says lab1"),
    Case(
      "fe80::9%1", from: "fe80::1", "fe-host", .devices,
      "devices says fe80::1 = fe-host; header says fe80::9%1"),
    // Everybody else claims.
    Case(
      "lab1.", from: "10.0.0.77", "lab1", .claimed,
      "the header says so, but 10.0.0.77 is neither a relay nor known"),
    Case(
      "core1", from: "10.0.0.77", "core1", .claimed, team: "AMS",
      "the header says so, but 10.0.0.77 is neither a relay nor known"),
    Case(
      "fe80::9%eth0", from: "fe80::7", "fe80::9", .claimed,
      "the header says so, but fe80::7 is neither a relay nor known"),
    Case("fe80::7%eth0", from: "fe80::7", "fe80::7", .peer, "the sender's address; the header agrees"),
    Case(
      "fe80::9%eth0", from: "fe80::9", "fe80::9", .peer, dev: true,
      "the sender's address; the header agrees"),
    Case(
      "::ffff:10.0.0.77", from: "10.0.0.77", "10.0.0.77", .peer, "the sender's address; the header agrees"),
    Case(nil, from: "10.0.0.77", "10.0.0.77", .peer, "the sender's address; the header names none"),
  ]

  @Test(arguments: believed) func everyoneIsBelieved(_ expected: Case) throws {
    try check(expected, Self.bench)
  }

  @Test(arguments: doubted) func onlyRelaysAreBelieved(_ expected: Case) throws {
    var bench = Self.bench
    bench.settings.trustedRelays = [Network("10.0.0.3")!, Network("2001:db8:1::/48")!]
    try check(expected, bench)
  }

  /// An empty list is not `any`: nobody is a relay.
  @Test func anEmptyListBelievesNobody() throws {
    var bench = Self.bench
    bench.settings.trustedRelays = []
    try check(
      Case(
        "lab1", from: "10.0.0.77", "lab1", .claimed,
        "the header says so, but 10.0.0.77 is neither a relay nor known"), bench)
  }

  private func check(_ expected: Case, _ bench: Bench) throws {
    var matcher = try bench.matcher()
    let sample = Sample("x", host: expected.claim).from(expected.peer)
    let described = matcher.describe(sample)
    #expect(described.host == expected.host)
    #expect(described.row.hostFrom == expected.from)
    #expect(described.row.environment == expected.environment)
    #expect(described.deviceTeam == expected.team)
    #expect(described.signature == "\(expected.host)::r")
    let explanation = matcher.explain(sample)
    #expect(explanation.host == expected.host)
    #expect(explanation.hostReason == expected.reason)
    #expect(explanation.decision.hostFrom == expected.from)
  }

  /// The same host is counted as one, however it writes its name.
  @Test func templatesAreCountedByTheHostNotItsSpelling() throws {
    var matcher = try Bench([.make("r", .contains, "y")]).matcher()
    func key(_ claim: String) -> UInt64 {
      let sample = Sample("x", host: claim)
      let decision = matcher.decide(sample)
      return matcher.hostKey(decision, event: sample.event, datagram: sample.datagram.span)
    }
    let plain = key("core1")
    #expect(key("CORE1.") == plain && key("core1.") == plain)
    #expect(key("core2.") != plain && key("core1.example.net") != plain)
  }
}
