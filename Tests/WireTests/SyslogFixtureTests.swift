import Foundation
import Model
import Testing

@testable import Wire

/// A datagram and what it means, as a family's file under Tests/Fixtures/syslog has it:
///
///     # who writes this, and the source
///     ## what this case shows
///     <187>Nov 21 02:14:05 core1 app[7]: text
///     arrival 2026-11-21T02:14:07Z            only when it is another than `arrival`
///     local7.err rfc3164 device 2026-11-21T02:14:05Z
///     host core1                              a field that is not named must be absent
///     message tex…                            an ellipsis: and so on to the end
///
/// Bytes that are no printable text stand as `⟨0A⟩`. With `MUTTD_WRITE_GOLDEN=1` the tests write what the
/// decoder says instead of comparing with it.
struct SyslogCase: CustomTestStringConvertible {
  var family: String
  var name: String
  var bytes: [UInt8]
  var received: Timestamp
  var expected: [String]

  var testDescription: String { "\(family): \(name)" }

  func decoded() -> Event {
    var event = freshEvent(at: received)
    SyslogDecoder().decode(bytes.span, into: &event)
    return event
  }

  /// What the decoder says, in the form of a file.
  func rendered() -> [String] {
    let event = decoded()
    let facility = Syslog.facilityName(event.facility).map { "\($0)" } ?? "-"
    let severity = Syslog.severityName(event.severity).map { "\($0)" } ?? "-"
    var lines = ["\(facility).\(severity) \(event.parse.name) \(event.clock.name)"]
    if event.clock == .device { lines[0] += " " + Self.text(event.time) }
    for (key, range) in [
      ("host", event.host), ("app", event.app), ("procid", event.procid), ("msgid", event.msgid),
      ("data", event.structuredData),
    ] where !range.isAbsent {
      lines.append("\(key) \(SyslogCases.escaped(bytes[range.bounds]))")
    }
    let message = bytes[event.message.bounds]
    let isLong = message.count > 48
    lines.append(
      "message " + SyslogCases.escaped(isLong ? message.prefix(40) : message) + (isLong ? "…" : ""))
    return lines
  }

  private static func text(_ time: Timestamp) -> String {
    let digits = [0, 3, 6].first { digits in
      let step = [0: 1_000_000_000, 3: 1_000_000, 6: 1_000][digits] ?? 1
      return time.nanoseconds % Int64(step) == 0
    }
    return time.rfc3339(digits: digits ?? 9)
  }
}

enum SyslogCases {
  static let families = Fixtures.names(in: "syslog", suffix: ".txt")
  static let all = families.flatMap { (try? read($0)) ?? [] }

  static func read(_ family: String) throws -> [SyslogCase] {
    var cases: [SyslogCase] = []
    for line in String(decoding: try Fixtures.bytes(family + ".txt"), as: UTF8.self).split(separator: "\n") {
      if line.hasPrefix("## ") {
        let name = String(line.dropFirst(3))
        cases.append(.init(family: family, name: name, bytes: [], received: arrival, expected: []))
      } else if line.hasPrefix("# ") || line == "#" {
        continue
      } else if cases[cases.count - 1].bytes.isEmpty {
        cases[cases.count - 1].bytes = unescaped(line)
      } else if line.hasPrefix("arrival ") {
        let time = try #require(Timestamp(rfc3339: String(line.dropFirst(8))))
        cases[cases.count - 1].received = time
      } else {
        cases[cases.count - 1].expected.append(String(line))
      }
    }
    return cases
  }

  /// The file with what the decoder says of each of its cases.
  static func write(_ family: String) throws {
    let cases = try read(family)
    let text = String(decoding: try Fixtures.bytes(family + ".txt"), as: UTF8.self)
    var lines = text.split(separator: "\n").prefix { !$0.hasPrefix("## ") }.map(String.init)
    for entry in cases {
      lines += ["", "## \(entry.name)", escaped(entry.bytes[...])]
      if entry.received != arrival { lines.append("arrival \(entry.received.rfc3339(digits: 0))") }
      lines += entry.rendered()
    }
    let url = Fixtures.root.appending(path: family + ".txt")
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: url)
  }

  static func escaped(_ bytes: ArraySlice<UInt8>) -> String {
    let isText = String(validating: bytes, as: UTF8.self) != nil
    var text: [UInt8] = []
    for (index, byte) in bytes.enumerated() {
      let isLastSpace = byte == 0x20 && index == bytes.count - 1
      let isPlain = byte >= 0x20 && byte < 0x7F || byte >= 0x80 && isText && !bytes.starts(with: [0xEF])
      if isPlain, !isLastSpace {
        text.append(byte)
      } else {
        text += Array("⟨".utf8)
        text.append(hexByte: byte)
        text += Array("⟩".utf8)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  static func unescaped(_ line: some StringProtocol) -> [UInt8] {
    var bytes: [UInt8] = []
    for part in line.split(separator: "⟨", omittingEmptySubsequences: false) {
      let halves = part.split(separator: "⟩", maxSplits: 1, omittingEmptySubsequences: false)
      if halves.count == 2 {
        bytes += Fixtures.hex(halves[0]) + Array(halves[1].utf8)
      } else {
        bytes += Array(part.utf8)
      }
    }
    return bytes
  }
}

@Suite struct SyslogFixtureTests {
  @Test func familiesAreFound() {
    #expect(SyslogCases.families.count > 40)
    #expect(SyslogCases.all.count > 500)
  }

  @Test(arguments: SyslogCases.families)
  func namesASource(_ family: String) throws {
    let text = String(decoding: try Fixtures.bytes(family + ".txt"), as: UTF8.self)
    #expect(text.hasPrefix("# ") && text.contains("# source: "))
  }

  @Test(arguments: SyslogCases.families)
  func decodesAsTheFixtureSays(_ family: String) throws {
    if ProcessInfo.processInfo.environment["MUTTD_WRITE_GOLDEN"] == "1" { try SyslogCases.write(family) }
    let cases = try SyslogCases.read(family)
    #expect(Set(cases.map(\.name)).count == cases.count, "two cases of one name")
    for entry in cases {
      let event = entry.decoded()
      #expect(event.source == .syslog)
      #expect(event.clock == .device || event.time == event.arrival)
      #expect(entry.rendered() == entry.expected, "\(entry.name)")
    }
  }

  @Test func whatStandsBehindTheMessageDoesNotChangeIt() {
    for entry in SyslogCases.all {
      var longer = entry
      longer.bytes += [0, 0x0D, 0x0A, 0x20]
      #expect(longer.rendered() == entry.rendered(), "\(entry.testDescription)")
    }
  }
}
