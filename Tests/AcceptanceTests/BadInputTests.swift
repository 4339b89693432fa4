import Foundation
import Testing

/// What arrives on a socket is an event or a counted malformed trap; never a crash, never a stall.
@Suite struct BadInputTests {
  /// Bytes → the parse status they are given.
  private static let syslog: [(name: String, bytes: [UInt8], parse: String)] = [
    ("empty datagram", [], "unparsed"),
    ("65,507 bytes", Array("<13>".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 65_503), ""),
    ("no PRI", Array("hello".utf8), "unparsed"),
    ("PRI out of range", Array("<999>hello".utf8), "unparsed"),
    ("PRI without end", Array("<13".utf8), "unparsed"),
    ("NULs", Array("<13>a\0b\0\0c\0".utf8), "loose"),
    ("only NULs", [UInt8](repeating: 0, count: 64), "unparsed"),
    ("invalid UTF-8", Array("<13>caf".utf8) + [0xe9, 0x20, 0xff, 0xfe, 0xc3], ""),
    ("half an RFC 5424 header", Array("<13>1 2026-".utf8), ""),
    ("open structured data", Array("<13>1 - h a - - [x y=\"".utf8), ""),
    ("control characters", Array("<13>\u{1b}[2J\u{7}\r\n\t\u{9b}x".utf8), ""),
  ]

  private static let malformed: [(name: String, bytes: [UInt8])] = {
    let good = BER.v2c(trap: BER.linkDown)
    var lying = good
    lying[1] = 0x7f
    // The length of the inner PDU reaches past the end of the outer sequence.
    var nested = [UInt8](repeating: 0, count: 0)
    for _ in 0..<2_000 { nested = BER.sequence([nested]) }
    return [
      ("empty", []), ("one byte", [0x30]), ("truncated", Array(good.dropLast(3))), ("lying length", lying),
      ("indefinite length", [0x30, 0x80, 0x02, 0x01, 0x01, 0, 0]),
      ("length of eight octets", [0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]),
      ("nested sequences", nested),
      ("129 arcs", BER.v2c(trap: [UInt8](repeating: 1, count: 129))),
      ("enterprise of length zero", BER.v1(enterprise: [])),
      ("unending arc", BER.v2c(trap: [0x2b] + [UInt8](repeating: 0xff, count: 40))),
      ("text", Array("<13>syslog on the wrong port".utf8)),
      ("zeros", [UInt8](repeating: 0, count: 500)),
    ]
  }()

  @Test func socketsTakeEverything() async throws {
    try await withDaemon("badinput", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      let syslog = try UDPSender(port: daemon.place.syslogPort)
      for input in Self.syslog { #expect(syslog.send(input.bytes), "\(input.name)") }
      let traps = try UDPSender(port: daemon.place.trapPort)
      for input in Self.malformed { #expect(traps.send(input.bytes), "\(input.name)") }
      // Random bytes, the same ones every time.
      var random = SeededGenerator(seed: 7)
      for index in 0..<500 {
        let length = Int.random(in: 1...300, using: &random)
        let noise = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
        syslog.send(noise)
        traps.send(noise)
        // In bursts that fit the buffer a daemon gets without any rights.
        if index % 25 == 24 { try await Task.sleep(for: .milliseconds(10)) }
      }
      syslog.send(NumberedMessage.syslog(1))
      traps.send(BER.v2c(trap: BER.linkDown))

      let sent = Self.syslog.count + Self.malformed.count + 1_002
      let metrics = try await eventually("all of it is counted") {
        let metrics = try await daemon.scrape()
        return metrics.datagrams == sent ? metrics : nil
      }
      #expect(metrics.imbalances == [])
      #expect(metrics.sum("mutt_events_received_total", "source=\"syslog\"") == Self.syslog.count + 501)
      #expect(metrics.sum("mutt_events_received_total", "source=\"trap\"") == 1)
      #expect(metrics.sum("mutt_discarded_total") == Self.malformed.count + 500)
      #expect(
        metrics.sum("mutt_discarded_total", "reason=\"malformed_snmp\"")
          + metrics.sum("mutt_discarded_total", "reason=\"not_a_notification\"")
          == Self.malformed.count + 500)

      let rows = try await eventually("both good ones are in the audit") {
        let rows = try await daemon.place.audit(
          "SELECT source, parse, raw_message AS raw FROM event_audit_log ORDER BY id")
        return rows.count == Self.syslog.count + 502 ? rows : nil
      }
      let first = rows.filter { $0["source"] == "syslog" }.prefix(Self.syslog.count)
      for (row, input) in zip(first, Self.syslog) where !input.parse.isEmpty {
        #expect(row["parse"] == .string(input.parse), "\(input.name)")
      }
      #expect(try await HTTPAnswer.get("/healthz", port: daemon.place.httpPort)?.status == 200)
      #expect(try await daemon.stop() == .code(0))
      #expect(!daemon.log.utf8.contains(0x1b), "a control character reached the log")
    }
  }
}
