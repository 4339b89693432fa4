import Model
import Testing

@testable import Daemon

@Suite struct ConfigZoneTests {
  private func seconds(_ text: String) throws -> Int64 { try #require(Timestamp(rfc3339: text)).seconds }

  @Test(arguments: [
    ("Europe/Amsterdam", "2026-01-15T12:00:00Z", 3_600), ("Europe/Amsterdam", "2026-07-15T12:00:00Z", 7_200),
    ("Europe/Amsterdam", "2026-03-29T00:59:59Z", 3_600), ("Europe/Amsterdam", "2026-03-29T01:00:00Z", 7_200),
    ("Europe/Amsterdam", "2026-10-25T01:00:00Z", 3_600), ("Europe/Amsterdam", "2080-07-15T12:00:00Z", 7_200),
    ("America/New_York", "2026-07-15T12:00:00Z", -14_400), ("Asia/Kolkata", "2026-07-15T12:00:00Z", 19_800),
    ("Australia/Sydney", "2026-01-15T12:00:00Z", 39_600),
    ("Australia/Sydney", "2060-07-15T12:00:00Z", 36_000),
    ("UTC", "2026-07-15T12:00:00Z", 0),
  ])
  func offsets(name: String, at time: String, expected: Int32) throws {
    #expect(try ConfigZone.load(name).offset(at: try seconds(time)) == expected)
  }

  @Test func aRuleContinuesWhatTheFileStates() throws {
    let rule = try #require(ZoneRule(footer: "CET-1CEST,M3.5.0,M10.5.0/3"))
    var transitions = [Zone.Transition(from: .min, offset: 3_600)]
    rule.extend(&transitions, through: 2_030)
    let zone = Zone(name: "x", transitions: transitions)
    #expect(zone.offset(at: try seconds("2026-03-29T00:59:59Z")) == 3_600)
    #expect(zone.offset(at: try seconds("2026-03-29T01:00:00Z")) == 7_200)
    #expect(zone.offset(at: try seconds("2026-10-25T00:59:59Z")) == 7_200)
    #expect(zone.offset(at: try seconds("2026-10-25T01:00:00Z")) == 3_600)
    #expect(zone.transitions.count == 1 + 2 * 61)
  }

  @Test(arguments: [
    "", "UTC0", "<+03>-3", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,J60,J300", "C-1D,M3.5.0,M10.5.0",
    "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5.0/x,M10.5.0", "CETCEST,M1,M2",
  ])
  func noRules(footer: String) {
    #expect(ZoneRule(footer: footer) == nil)
  }

  @Test func rulesWithOddNamesAndTimes() throws {
    let rule = try #require(ZoneRule(footer: "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1"))
    #expect(rule.standard == -10_800)
    #expect(rule.daylight == -7_200)
    #expect(rule.start.second == -7_200)
    let other = try #require(ZoneRule(footer: "LHST-10:30LHDT-11,M10.1.0,M4.1.0"))
    #expect(other.standard == 37_800)
    #expect(other.daylight == 39_600)
  }

  @Test func damagedFilesAreRefused() throws {
    let bytes = try ConfigFile.read("/usr/share/zoneinfo/Europe/Amsterdam", limit: 1 << 20)
    #expect(ConfigZone.transitions(bytes) != nil)
    // Cut anywhere before the footer, or with lying counts: nil, never a crash.
    for count in stride(from: 0, to: bytes.count - 64, by: 13) {
      #expect(ConfigZone.transitions(Array(bytes[..<count])) == nil, "\(count) bytes")
    }
    var lying = bytes
    for index in 20..<44 { lying[index] = 0x7F }
    #expect(ConfigZone.transitions(lying) == nil)
  }
}
