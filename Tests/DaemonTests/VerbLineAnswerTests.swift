import Foundation
import Model
import Testing

@testable import Daemon

/// `muttd match` answers a syslog line without making its row, and must write what is written for the row.
@Suite struct VerbLineAnswerTests {
  private static var catalog: Catalog {
    var rules: [Rule] = []
    for (index, pattern) in ["alpha", "beta \"quoted\"", "gamma"].enumerated() {
      var rule = Rule(
        name: "rule \"\(pattern)\" é", matchType: .contains, matchString: pattern,
        prodHandling: index == 0 ? "Page_only" : "Log_only", devHandling: "ignore")
      rule.id = Int64(index * 1_000 + 1)
      rule.priority = index
      if index == 1 { rule.teamAssignment = "TEAM \\ B" }
      rules.append(rule)
    }
    return Catalog(
      rules: rules, developmentHosts: ["dev1", "192.0.2.9"],
      deviceTeams: [DeviceTeam(hostname: "core1", team: "CORE"), DeviceTeam(hostname: "dev1", team: "")],
      devices: [
        Device(hostname: "named-\u{FC}", addresses: [IPAddress("192.0.2.7")!]),
        Device(hostname: "core1", addresses: [IPAddress("2001:db8::1")!]),
      ])
  }

  private static let headers = [
    "<13>Nov 21 02:14:05 HOST app[77]: ", "<13>Nov 22 02:14:05 HOST app: ", "<13>Nov  3 02:14:05 HOST : ",
    "<190>1 2026-11-21T02:14:07.913Z HOST app 77 ID47 - ", "<190>1 2026-11-21T02:14:07Z HOST - - - - ",
    "<189>4512: HOST: Nov 21 02:14:05.913: %LINK-3-UPDOWN: ", "<34>", "", "<0>HOST ",
  ]
  private static let hosts = [
    "core1", "CORE1.example.net.", "dev1", "192.0.2.7", "192.0.2.9", "2001:db8::1", "[2001:db8::2]", "h\"x",
    "-",
    "n\u{F6}.example",
  ]
  private static let texts = [
    "alpha, which is a text of some length so that the usual reader takes it, up to the end",
    "beta \"quoted\" and \\ more of it \u{1F600} behind which there is text enough for two blocks of it",
    "gamma\ttab and \u{7F} and \u{1} and nul \u{0} in a line that is long enough for the usual reader",
    "nothing that a rule takes, of the length of a usual line with more than sixty bytes in it", "x", "",
  ]

  /// Every header with every host and text, and each again with bytes that are no UTF-8.
  private static var lines: [[UInt8]] {
    var lines: [[UInt8]] = []
    for header in headers {
      for host in hosts {
        for text in texts {
          let line = Array((header.replacingOccurrences(of: "HOST", with: host) + text).utf8)
          lines.append(line)
          lines.append(line + [0xC3])
          lines.append(line.map { $0 == UInt8(ascii: "o") ? 0xFF : $0 })
        }
      }
    }
    return lines
  }

  private func written(_ body: (inout VerbBlock) throws -> Void) throws -> [UInt8] {
    let file = NSTemporaryDirectory() + "/muttd-line-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    let descriptor = unsafe open(file, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    do {
      var block = VerbBlock(descriptor: descriptor)
      try body(&block)
    }
    return try [UInt8](Data(contentsOf: URL(fileURLWithPath: file)))
  }

  @Test(arguments: [
    ("", ""), ("192.0.2.7", ""), ("198.51.100.1", "2026-11-21T02:14:09Z"),
    ("2001:db8::1", "2026-11-21T02:14:09Z"),
    ("", "2026-11-22T02:14:09Z"),
  ])
  func aLineIsAnsweredAsItsRowIs(_ peer: String, _ arrival: String) throws {
    let peer = IPAddress(peer) ?? .unspecified
    let arrival = Timestamp(rfc3339: arrival) ?? .absent
    var config = Config()
    config.syslog.maxMessage = 120
    var desk = try VerbDesk(Self.catalog, config: config)
    var answer = VerbAnswer()
    let lines = Self.lines
    let found = try written { block in
      for (index, line) in lines.enumerated() {
        // Amid others, of which nothing may be taken for it.
        let amid = Array("\u{22}".utf8) + line + Array("\nbehind it \u{FC}".utf8)
        desk.answer(
          amid.span, 1..<1 + line.count, peer: peer, arrival: arrival, number: index + 1, &answer, to: &block)
      }
    }
    var other = try VerbDesk(Self.catalog, config: config)
    let expected = try written { block in
      for (index, line) in lines.enumerated() {
        let verdict = other.decide(.syslog(line), peer: peer, arrival: arrival)
        let texts = verdict.batch.bytes.span
        answer.write(verdict.row, texts, sent: texts, line: index + 1, to: &block)
      }
    }
    let pairs = zip(
      found.split(separator: 0x0A, omittingEmptySubsequences: false),
      expected.split(separator: 0x0A, omittingEmptySubsequences: false))
    for (one, two) in pairs where !one.elementsEqual(two) {
      Issue.record("\(String(decoding: one, as: UTF8.self)) is not \(String(decoding: two, as: UTF8.self))")
    }
    #expect(found.count == expected.count)
    for word in ["CORE", "TEAM", "\"dev\"", "\"forward\":true", "named-"] {
      #expect(String(decoding: expected, as: UTF8.self).contains(word))
    }
  }
}
