import Model
import Testing

@testable import Wire

/// `syslog.timezones`: whose stamp is read in which zone, and what is believed then.
@Suite struct SourceZoneTests {
  private static let tokyo = Zone(name: "Asia/Tokyo", transitions: [.init(from: .min, offset: 32_400)])
  private static let lima = Zone(name: "America/Lima", transitions: [.init(from: .min, offset: -18_000)])
  private static let delhi = Zone(name: "Asia/Kolkata", transitions: [.init(from: .min, offset: 19_800)])
  private static let berlin = SyslogClockTests.amsterdam

  private static func network(_ text: String, _ zone: Zone) -> SourceZone {
    SourceZone(.network(Network(text)!), zone)
  }

  private static let zones = [
    SourceZone(.name("Core1"), tokyo), SourceZone(.name("edge.example.net"), lima),
    network("10.0.0.0/8", berlin), network("10.1.0.0/16", lima), network("10.1.2.3", tokyo),
    network("2001:db8::/32", delhi),
  ]

  private static func decode(
    _ header: String, from peer: String, arrival: String, zones: [SourceZone] = zones
  ) -> Event {
    let bytes = Array("<13>\(header) app: x".utf8)
    var event = Event(
      arrival: Timestamp(rfc3339: arrival) ?? .absent, peer: IPAddress(peer) ?? .unspecified)
    var decoder = SyslogDecoder(defaultZone: .utc, zones: zones)
    // As it is decoded when it arrives, also by a decoder that has just had one of the same day.
    for _ in 0..<2 {
      var arriving = event
      decoder.decodeArriving(bytes.span, into: &arriving)
      var alone = event
      decoder.decode(bytes.span, into: &alone)
      #expect(arriving.time == alone.time && arriving.clock == alone.clock)
    }
    decoder.decodeArriving(bytes.span, into: &event)
    return event
  }

  /// Header without the time, peer, and how many seconds east of UTC the stamp is read.
  @Test(arguments: [
    // By name: whatever its case, rooted, with a domain that the entry does not have, before any address.
    ("core1", "10.1.2.9", 32_400), ("CORE1", "192.0.2.1", 32_400), ("core1.", "192.0.2.1", 32_400),
    ("core1.example.net", "192.0.2.1", 32_400), ("Edge.Example.Net.", "192.0.2.1", -18_000),
    // An entry with a domain is not the host without it.
    ("edge", "192.0.2.1", 0), ("core11", "192.0.2.1", 0),
    // By peer: the longest prefix, IPv6, IPv4-mapped.
    ("other", "10.9.9.9", 3_600), ("other", "10.1.9.9", -18_000), ("other", "10.1.2.3", 32_400),
    ("other", "::ffff:10.1.2.3", 32_400), ("other", "2001:db8::7", 19_800), ("other", "2001:db9::7", 0),
    ("other", "192.0.2.1", 0),
    // By the address in the header, before the relay's own.
    ("10.1.2.3", "10.9.9.9", 32_400), ("2001:DB8:0::1", "10.9.9.9", 19_800), ("192.0.2.7", "10.9.9.9", 3_600),
  ])
  func theSourceSaysTheZone(host: String, peer: String, offset: Int64) throws {
    let arrival = "2026-11-21T12:00:10Z"
    let written = try #require(Timestamp(rfc3339: "2026-11-21T12:00:00Z"))
    let shown = CivilTime(utc: written.adding(seconds: offset))
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let clock = "\(two(shown.hour)):\(two(shown.minute)):00"
    let event = Self.decode("Nov \(shown.day) \(clock) \(host)", from: peer, arrival: arrival)
    #expect(event.clock == .device)
    #expect(event.time == written)
    // Where a zone was configured for the source, and only there, a late message keeps its time.
    let late = Self.decode(
      "Nov \(shown.day) \(clock) \(host)", from: peer, arrival: "2026-11-22T11:00:00Z")
    #expect(late.clock == (offset == 0 ? .arrival : .device))
    #expect(late.time == (offset == 0 ? late.arrival : written))
  }

  @Test(arguments: [
    // -24 h … +5 min, as if the stamp named its zone.
    ("Nov 21 21:00:00", "2026-11-22T12:00:00Z", true), ("Nov 21 21:00:00", "2026-11-22T12:00:01Z", false),
    ("Nov 21 21:05:00", "2026-11-21T12:00:00Z", true), ("Nov 21 21:05:01", "2026-11-21T12:00:00Z", false),
    // Cisco's word that its clock is not set still counts.
    ("*Nov 21 21:00:00.000: core1", "2026-11-21T12:05:01Z", false),
  ])
  func whatIsBelieved(stamp: String, arrival: String, isBelieved: Bool) {
    let zones = [Self.network("10.1.2.3", Self.tokyo)]
    let event = Self.decode("\(stamp) core1", from: "10.1.2.3", arrival: arrival, zones: zones)
    #expect(event.clock == (isBelieved ? .device : .arrival))
  }

  @Test func aZoneInTheStampWinsOverTheSources() {
    let event = Self.decode(
      "2026-11-21T13:00:00+01:00 core1", from: "10.1.2.3", arrival: "2026-11-21T12:00:10Z")
    #expect(event.time == Timestamp(rfc3339: "2026-11-21T12:00:00Z"))
  }

  /// The year of a source is that of its own clock, in both directions of New Year.
  @Test(arguments: [
    ("Jan  1 00:30:00", "core1", "2026-12-31T15:30:05Z", "2026-12-31T15:30:00Z"),
    ("Dec 31 23:30:00", "edge.example.net", "2027-01-01T04:30:05Z", "2027-01-01T04:30:00Z"),
    ("Dec 31 23:30:00", "edge.example.net", "2027-01-02T04:00:00Z", "2027-01-01T04:30:00Z"),
  ])
  func newYear(stamp: String, host: String, arrival: String, time: String) {
    let event = Self.decode("\(stamp) \(host)", from: "192.0.2.1", arrival: arrival)
    #expect(event.clock == .device)
    #expect(event.time == Timestamp(rfc3339: time))
  }

  /// The hour that daylight saving repeats, from a source with a zone and from one without.
  @Test(arguments: [
    ("Oct 25 02:30:00", "2026-10-25T00:30:05Z", "2026-10-25T00:30:00Z"),
    ("Oct 25 02:30:00", "2026-10-25T01:30:05Z", "2026-10-25T01:30:00Z"),
    ("Mar 29 02:30:00", "2026-03-29T01:30:05Z", "2026-03-29T01:30:00Z"),
  ])
  func daylightSaving(stamp: String, arrival: String, time: String) {
    let own = Self.decode("\(stamp) other", from: "10.9.9.9", arrival: arrival)
    #expect(own.clock == .device && own.time == Timestamp(rfc3339: time))
    let assumed = SyslogClockTests.decode(stamp, arrival: arrival, zone: Self.berlin)
    #expect(assumed.clock == .device && assumed.time == Timestamp(rfc3339: time))
  }
}
