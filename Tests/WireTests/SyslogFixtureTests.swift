import Model
import Testing

@testable import Wire

/// What a fixture says its datagram means; a field that is missing must be absent.
private struct Expectation: Decodable {
  var arrival: String?
  var parse: String
  var facility: Int
  var severity: Int
  var host: String?
  var app: String?
  var procid: String?
  var msgid: String?
  var structuredData: String?
  var message: String
  var time: String
  var clock: String

  enum CodingKeys: String, CodingKey {
    case arrival, parse, facility, severity, host, app, procid, msgid, message, time, clock
    case structuredData = "structured_data"
  }
}

@Suite struct SyslogFixtureTests {
  static let names = Fixtures.names(in: "syslog", suffix: ".txt")

  @Test func fixturesAreFound() {
    #expect(Self.names.count > 90)
  }

  @Test(arguments: names)
  func decodesAsTheFixtureSays(_ name: String) throws {
    let bytes = try Fixtures.bytes(name + ".txt")
    let expected = try Fixtures.json(name + ".json", as: Expectation.self)
    let received = try #require(Timestamp(rfc3339: expected.arrival ?? "2026-11-21T02:14:07.482Z"))
    var event = freshEvent(at: received)
    SyslogDecoder().decode(bytes.span, into: &event)

    #expect(event.source == .syslog)
    #expect("\(event.parse.name)" == expected.parse)
    #expect(Int(event.facility) == expected.facility)
    #expect(Int(event.severity) == expected.severity)
    #expect(bytes.span.text(event.host) == expected.host)
    #expect(bytes.span.text(event.app) == expected.app)
    #expect(bytes.span.text(event.procid) == expected.procid)
    #expect(bytes.span.text(event.msgid) == expected.msgid)
    #expect(bytes.span.text(event.structuredData) == expected.structuredData)
    #expect(bytes.span.text(event.message) == expected.message)
    #expect(event.time == Timestamp(rfc3339: expected.time))
    #expect("\(event.clock.name)" == expected.clock)
  }

  @Test(arguments: names)
  func everythingElseOfTheHeaderIsRepeatable(_ name: String) throws {
    let bytes = try Fixtures.bytes(name + ".txt")
    var one = freshEvent()
    var other = freshEvent()
    SyslogDecoder().decode(bytes.span, into: &one)
    // What stands behind the message does not change it.
    let longer = bytes + [0, 0x0D, 0x0A, 0x20]
    SyslogDecoder().decode(longer.span, into: &other)
    #expect(one.message == other.message)
    #expect(one.parse == other.parse)
    #expect(one.host == other.host)
    #expect(one.app == other.app)
  }
}
