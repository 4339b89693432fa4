import Intake
import Model
import Testing

@testable import Daemon

/// `listen.allow`: what it takes, what it warns of, and what it says of those who are refused.
@Suite struct AccessTests {
  private func config(_ listen: String) -> (Config?, [String]) {
    let (config, problems) = Config.parse(
      "listen: {\(listen)}\nsnmp: {communities: [any]}", file: "muttd.yaml")
    return (config, problems.map(\.description))
  }

  @Test func itIsAListOfNetworks() throws {
    let (config, problems) = config("allow: [192.0.2.0/24, '2001:db8::/32', 198.51.100.7]")
    #expect(problems == [])
    let set = try #require(config).workerSettings.allow
    for text in ["192.0.2.1", "2001:db8::1", "198.51.100.7", "::ffff:192.0.2.1"] {
      #expect(set.admits(try #require(IPAddress(text))), "\(text)")
    }
    for text in ["192.0.3.1", "2001:db9::1", "198.51.100.8", "::1", "::"] {
      #expect(!set.admits(try #require(IPAddress(text))), "\(text)")
    }
  }

  @Test func emptyLetsInEveryone() throws {
    #expect(Config().workerSettings.allow.isEmpty)
    #expect(Config().workerSettings.allow.admits(.unspecified))
  }

  @Test(arguments: [
    ("allow: [any]", #"muttd.yaml:1: listen.allow: "any" is no network; write it like 192.0.2.0/24"#),
    ("allow: 192.0.2.0/24", "muttd.yaml:1: listen.allow: must be a list, not a single value"),
    (
      "allow: ['::ffff:10.0.0.0/8']",
      #"muttd.yaml:1: listen.allow: "::ffff:10.0.0.0/8" is no network; write it like 192.0.2.0/24"#
    ),
  ])
  func whatIsNoNetworkIsAnError(listen: String, expected: String) {
    let (config, problems) = config(listen)
    #expect(config == nil)
    #expect(problems == [expected])
  }

  @Test(arguments: [
    (
      "allow: [10.1.2.3/8, 10.1.2.3]",
      [#"listen.allow: "10.1.2.3/8" is taken as 10.0.0.0/8"#, "listen.allow: 10.1.2.3/32 lies in 10.0.0.0/8"]
    ),
    (
      "allow: [10.0.0.0/8, '::ffff:10.0.0.0/104', 10.0.0.0/9]",
      ["listen.allow: 10.0.0.0/8 stands here twice", "listen.allow: 10.0.0.0/9 lies in 10.0.0.0/8"]
    ),
    (
      "allow: ['2001:db8::/32']",
      [
        "listen.allow: lets in nobody who could send to 0.0.0.0:514",
        "listen.allow: lets in nobody who could send to 0.0.0.0:162",
      ]
    ),
    (
      "syslog: ['udp://127.0.0.1:5514'], snmp: [], allow: [10.0.0.0/8]",
      ["listen.allow: lets in nobody who could send to 127.0.0.1:5514"]
    ),
    ("syslog: ['udp://[::]:5514'], snmp: [], allow: [10.0.0.0/8, 11.0.0.0/8]", []),
  ])
  func nonsenseIsWarnedOf(listen: String, expected: [String]) {
    let (config, problems) = config(listen)
    #expect(config != nil)
    #expect(problems == expected.map { "muttd.yaml:1: warning: \($0)" })
  }

  @Test func refusalsAreToldAtMostOnceAMinute() throws {
    var refusals = Refusals()
    func told(_ refusals: inout Refusals, at seconds: Int64) -> Notice? {
      refusals.due(seconds * 1_000_000_000, key: "listen.allow")
    }
    #expect(refusals.isEmpty)
    #expect(told(&refusals, at: 0) == nil)
    let first = try #require(IPAddress("192.0.2.9"))
    refusals.note(first)
    refusals.note(.unspecified)
    let notice = told(&refusals, at: 5)
    #expect(notice?.level == .warning)
    #expect(notice?.fields.map(\.0) == ["source_ip", "count", "key"])
    #expect(notice?.fields[0].1 == .text("192.0.2.9"))
    #expect(notice?.fields[1].1 == .number(2))
    #expect(told(&refusals, at: 6) == nil)
    for _ in 0..<1_000 { refusals.note(first) }
    #expect(told(&refusals, at: 64) == nil)
    #expect(told(&refusals, at: 65)?.fields[1].1 == .number(1_000))
  }
}
