import Foundation
import Testing

/// Who sent it and when, in the audit: the choice stands in every row, and `explain` gives its reason.
@Suite struct IdentityTests {
  private struct Case {
    var host: String
    var peer: String
    var shown: String
    var from: String
    var environment: String
    var reason: String
  }

  private static let cases = [
    Case(
      host: "lab-sw1.", peer: "127.0.0.3", shown: "lab-sw1", from: "header", environment: "dev",
      reason: "the header says so"),
    Case(
      host: "core9", peer: "127.0.0.5", shown: "lab-sw1", from: "devices", environment: "dev",
      reason: "devices says 127.0.0.5 = lab-sw1; header says core9"),
    Case(
      host: "lab-sw1", peer: "127.0.0.9", shown: "lab-sw1", from: "claimed", environment: "prod",
      reason: "the header says so, but 127.0.0.9 is neither a relay nor known"),
    Case(
      host: "fe80::2%eth0", peer: "127.0.0.3", shown: "fe80::2", from: "header", environment: "prod",
      reason: "the header says so"),
    Case(
      host: "-", peer: "127.0.0.9", shown: "127.0.0.9", from: "peer", environment: "prod",
      reason: "the sender's address; the header names none"),
  ]

  private static let settings = DaemonSettings(
    rules: SampleRules.yaml,
    extra: """
      identity: {trusted_relays: [127.0.0.3]}
      syslog: {timezones: {127.0.0.7: Asia/Tokyo}}

      """)

  @Test func everyRowSaysWhoSentItAndWhy() async throws {
    try await withDaemon("identity", Self.settings) { daemon in
      for (number, one) in Self.cases.enumerated() {
        let sender = try UDPSender(port: daemon.place.syslogPort, from: one.peer)
        sender.send(NumberedMessage.syslog(number, host: one.host))
      }
      let rows = try await rows(of: daemon, count: Self.cases.count)
      for (number, one) in Self.cases.enumerated() {
        let row = try #require(
          rows.first { NumberedMessage.number(in: Array(($0["raw_message"].string ?? "").utf8)) == number })
        #expect(row["hostname"].string == one.shown)
        #expect(row["host_from"].string == one.from)
        #expect(row["environment"].string == one.environment)
        #expect(row["source_addr"].string == one.peer)
        let id = try #require(row["id"].string)
        let why = try #require(
          JSON(try await daemon.place.muttd("explain", "--json", "--event", id).output))
        #expect(why["host_from"].string == one.from)
        #expect(why["host_reason"].string == one.reason)
        #expect(why["hostname"].string == one.shown)
        let text = try await daemon.place.muttd("explain", "--event", id).output
        #expect(text.contains("host   \(one.shown)  \(one.reason)\n"))
      }
    }
  }

  /// A stamp without a zone, two hours old: a source with a zone of its own is believed, another is not.
  @Test func aSourceWithAZoneIsBelieved() async throws {
    try await withDaemon("zones", Self.settings) { daemon in
      let format = DateFormatter()
      format.locale = Locale(identifier: "en_US_POSIX")
      format.timeZone = TimeZone(identifier: "Asia/Tokyo")
      format.dateFormat = "MMM dd HH:mm:ss"
      let stamp = format.string(from: Date(timeIntervalSinceNow: -7_200))
      for peer in ["127.0.0.7", "127.0.0.8"] {
        let sender = try UDPSender(port: daemon.place.syslogPort, from: peer)
        sender.send(Array("<187>\(stamp) edge1 app: link is down".utf8))
      }
      let rows = try await rows(of: daemon, count: 2)
      let clocks = Dictionary(
        uniqueKeysWithValues: rows.map { ($0["source_addr"].string ?? "", $0["clock"].string ?? "") })
      #expect(clocks == ["127.0.0.7": "device", "127.0.0.8": "arrival"])
      let id = try #require(rows.first { $0["source_addr"].string == "127.0.0.7" }?["id"].string)
      let why = try await daemon.place.muttd("explain", "--event", id).output
      #expect(why.contains("device clock (Asia/Tokyo by 127.0.0.7); arrived 7"))
    }
  }

  private func rows(of daemon: DaemonProcess, count: Int) async throws -> [JSON] {
    try await eventually("\(count) rows in the audit") {
      let answer = try await daemon.place.muttd("audit", "events", "--json")
      let rows = answer.output.split(separator: "\n").compactMap { JSON($0) }
      return rows.count == count ? rows : nil
    }
  }
}
