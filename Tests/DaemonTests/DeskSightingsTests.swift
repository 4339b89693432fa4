import Intake
import Model
import Policy
import Testing
import Wire

@testable import Daemon

/// Which events are of nobody that `devices` knows, and under which address they are noted.
@Suite struct DeskSightingsTests {
  private let now = Timestamp(seconds: 1_795_219_200)

  private func desk(
    relays: [Network]?, templates: Int = 0, sightings: Int = 64
  ) throws -> DecisionDesk {
    var config = Config()
    config.identity.trustedRelays = relays
    let catalog = Catalog(
      rules: [], developmentHosts: [], deviceTeams: [],
      devices: [Device(hostname: "core1", addresses: [IPAddress(v4: 192, 0, 2, 1)])], version: 1)
    var desk = DecisionDesk(settings: WorkerSettings(), templates: templates, sightings: sightings)
    try desk.adopt(VerbDesk.compile(catalog, config))
    return desk
  }

  private func about(_ last: UInt8) -> Datagram {
    Datagram(peer: IPAddress(v4: 192, 0, 2, last), port: 514, arrival: now)
  }

  private func noted(_ desk: inout DecisionDesk) -> [String] {
    desk.sightings.take(monotonic: 0).map {
      "\($0.address) \($0.host.isEmpty ? "-" : $0.host) \($0.syslog)+\($0.traps)"
    }.sorted()
  }

  /// The header, the last octet of the peer, and what is noted with any relay and with 192.0.2.9 alone.
  static let lines: [(line: String, peer: UInt8, open: String?, listed: String?)] = [
    // By name, by address in the header, by the peer's address: the device.
    ("core1", 77, nil, "192.0.2.77 core1 1+0"), ("CORE1.example", 9, nil, nil), ("192.0.2.1", 9, nil, nil),
    ("-", 1, nil, nil), ("core7", 1, "192.0.2.1 core7 1+0", nil),
    // Nobody.
    ("core7.", 9, "192.0.2.9 core7 1+0", "192.0.2.9 core7 1+0"),
    ("198.51.100.7", 9, "198.51.100.7 - 1+0", "198.51.100.7 - 1+0"),
    ("198.51.100.7", 77, "198.51.100.7 - 1+0", "192.0.2.77 198.51.100.7 1+0"),
    ("-", 77, "192.0.2.77 - 1+0", "192.0.2.77 - 1+0"),
  ]

  @Test(arguments: lines.indices) func syslogIsNoted(_ index: Int) throws {
    let one = Self.lines[index]
    for isOpen in [true, false] {
      let relay = Network(address: IPAddress(v4: 192, 0, 2, 9), prefix: 128)
      var desk = try desk(relays: isOpen ? nil : [relay])
      var tally = WorkerTally()
      let bytes = Array("<187>1 - \(one.line) app - - - text".utf8)
      desk.syslog(bytes.span, about(one.peer), id: EventID(rawValue: 1), now: now, &tally)
      let expected = isOpen ? one.open : one.listed
      #expect(noted(&desk) == (expected.map { [$0] } ?? []), "\(one.line) of \(one.peer), open: \(isOpen)")
    }
  }

  /// An event is of the device or of somebody who is none, never of both.
  @Test(arguments: lines.indices) func devicesAreHeard(_ index: Int) throws {
    let one = Self.lines[index]
    for isOpen in [true, false] {
      let relay = Network(address: IPAddress(v4: 192, 0, 2, 9), prefix: 128)
      var desk = try desk(relays: isOpen ? nil : [relay])
      var tally = WorkerTally()
      let bytes = Array("<187>1 - \(one.line) app - - - text".utf8)
      desk.syslog(bytes.span, about(one.peer), id: EventID(rawValue: 1), now: now, &tally)
      let isHeard = (isOpen ? one.open : one.listed) == nil
      #expect(desk.heard.times == [isHeard ? now.nanoseconds : 0], "\(one.line) of \(one.peer)")
    }
  }

  /// An unmatched event has the same key whether its sender is noted, whose name is hashed for that, or not.
  @Test(arguments: lines.indices) func theKeyOfTheHostIsTheSame(_ index: Int) throws {
    let one = Self.lines[index]
    for isOpen in [true, false] {
      let relay = Network(address: IPAddress(v4: 192, 0, 2, 9), prefix: 128)
      let keys = try [0, 64].map { sightings in
        var desk = try desk(relays: isOpen ? nil : [relay], templates: 1_024, sightings: sightings)
        var tally = WorkerTally()
        for host in [one.line, one.line.uppercased()] {
          let bytes = Array("<187>1 - \(host) app - - - text".utf8)
          desk.syslog(bytes.span, about(one.peer), id: EventID(rawValue: 1), now: now, &tally)
        }
        return desk.exchangeReport(TemplateReport()).records.map(\.key)
      }
      #expect(keys[0].count == 1 && keys[0] == keys[1], "\(one.line) of \(one.peer), open: \(isOpen)")
    }
  }

  @Test func trapsAreNoted() throws {
    var desk = try desk(relays: nil)
    var tally = WorkerTally()
    for (agent, peer) in [("192.0.2.1", 77), ("198.51.100.7", 77), ("0.0.0.0", 78), ("0.0.0.0", 1)] {
      let words = try VerbTrapWords(line: "linkDown")
      let packet = words.packet(
        version: .v1, agent: try #require(IPAddress(agent)), requestID: 1, uptimeTicks: 1)
      desk.trap(packet.span, about(UInt8(peer)), id: EventID(rawValue: 1), now: now, &tally)
    }
    #expect(tally.traps == 4)
    #expect(noted(&desk) == ["192.0.2.78 - 0+1", "198.51.100.7 - 0+1"])
    #expect(desk.heard.times == [now.nanoseconds])
  }

  @Test func whatHadToGoIsCounted() throws {
    var desk = DecisionDesk(settings: WorkerSettings(), sightings: 8)
    try desk.adopt(VerbDesk.compile(Catalog(), Config()))
    var tally = WorkerTally()
    let bytes = Array("<13>x".utf8)
    for peer: UInt8 in 1...11 {
      desk.syslog(bytes.span, about(peer), id: EventID(rawValue: 1), now: now, &tally)
    }
    desk.finish(&tally)
    #expect(tally.sightingEvictions == 3)
    tally = WorkerTally()
    desk.finish(&tally)
    #expect(tally.sightingEvictions == 0)
  }
}
