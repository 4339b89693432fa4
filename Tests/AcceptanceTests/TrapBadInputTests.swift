import Foundation
import TestKit
import Testing

/// What broke other receivers, sent to a running daemon's trap port: each input has its counter, none is an
/// event, memory does not follow it, and the traps that come between are taken in their order.
@Suite struct TrapBadInputTests {
  private static let settings = DaemonSettings(
    rules: SampleRules.yaml,
    extra: "snmp:\n  engines: 8\n" + SampleUser.yaml)
  private static let user = SampleUser.options
  private static let engine = "0x80000000010a0b0c0d"

  /// The reason is a fault of `mutt_malformed_snmp_total`, or else a reason of `mutt_discarded_total`.
  private typealias Input = (name: String, bytes: [UInt8], reason: String)
  private static let discards: Set<String> = [
    "not_a_notification", "unknown_user", "unsupported_security_level", "unknown_engine", "wrong_digest",
    "decryption_error",
  ]

  /// A v2c message with a PDU of this tag and these bytes as the list of its varbinds.
  private static func message(_ tag: UInt8 = 0xa7, list: [UInt8]) -> [UInt8] {
    let pdu = BER.sequence([BER.integer(1), BER.integer(0), BER.integer(0), BER.value(0x30, list)], tag: tag)
    return BER.sequence([BER.integer(1), BER.text("public"), pdu])
  }

  private static func varbind(_ oid: [UInt8], _ value: [UInt8] = [0x05, 0]) -> [UInt8] {
    BER.sequence([BER.oid(oid), value])
  }

  private static func trap(_ varbind: [UInt8]) -> [UInt8] { BER.v2c(trap: BER.linkDown, varbinds: [varbind]) }

  private static func repeated(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
    Array(repeatElement(bytes, count: count).joined())
  }

  /// Versions 1 and 2c.
  private static let plain: [Input] = {
    let good = BER.v2c(trap: BER.linkDown)
    var list: [Input] = [
      ("v1, enterprise of no octets", BER.v1(enterprise: []), "empty_enterprise"),
      (
        "v1, enterprise of 129 arcs", BER.v1(enterprise: [UInt8](repeating: 1, count: 128)),
        "oversized_object_id"
      ),
      (
        "v1, enterprise of 60,000", BER.v1(enterprise: [UInt8](repeating: 1, count: 60_000)),
        "oversized_object_id"
      ),
      ("indefinite length", [0x30, 0x80] + good.dropFirst(2) + [0, 0], "indefinite_length"),
      (
        "indefinite length inside", message(list: [0x30, 0x80, 0x06, 1, 0x2b, 5, 0, 0, 0]),
        "indefinite_length"
      ),
      (
        "length of eight octets", [0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, UInt8(good.count)] + good,
        "oversized_length"
      ),
      ("length of 2^63", [0x30, 0x88, 0x80, 0, 0, 0, 0, 0, 0, 0] + good, "oversized_length"),
      ("length of -1", [0x30, 0x84, 0xff, 0xff, 0xff, 0xff] + good, "truncated"),
      ("length of -1 inside", trap([0x30, 7, 0x06, 1, 0x2b, 0x04, 0x84, 0xff, 0xff]), "truncated"),
      ("OID of no arcs", trap(varbind([])), "bad_object_id"),
      ("OID of 129 arcs", trap(varbind([UInt8](repeating: 1, count: 128))), "oversized_object_id"),
      ("trap OID of no arcs", BER.v2c(trap: []), "missing_trap_oid"),
      ("sub-identifier of 2^32", trap(varbind([0x2b, 0x90, 0x80, 0x80, 0x80, 0])), "oversized_arc"),
      (
        "sub-identifier without end", trap(varbind([0x2b] + [UInt8](repeating: 0xff, count: 50_000))),
        "oversized_arc"
      ),
      ("no varbinds", message(list: []), "missing_trap_oid"),
      (
        "10,000 varbinds without names", message(list: repeated([0x30, 4, 6, 0, 5, 0], 10_000)),
        "bad_object_id"
      ),
      ("9,000 varbinds", message(list: repeated([0x30, 5, 6, 1, 0x2b, 5, 0], 9_000)), "too_many_varbinds"),
      (
        "bytes behind a field", BER.sequence([BER.integer(1), BER.text("public"), good, [5, 0]]),
        "trailing_bytes"
      ),
      ("a PDU of no kind", message(0xaf, list: []), "unexpected_tag"),
      ("generic-trap 7", BER.v1(enterprise: [0x2b, 6], generic: 7), "bad_generic_trap"),
      ("version 4", BER.sequence([BER.integer(4), BER.text("public")]), "unsupported_version"),
    ]
    for (name, tag) in [
      ("GetRequest", 0xa0), ("GetNextRequest", 0xa1), ("Response", 0xa2), ("SetRequest", 0xa3),
      ("GetBulkRequest", 0xa5), ("Report", 0xa8),
    ] as [(String, UInt8)] {
      list.append((name, message(tag, list: varbind([0x2b, 6, 1, 2, 1, 1, 1, 0])), "not_a_notification"))
    }
    return list
  }()

  /// A message of version 3 without authentication, field by field.
  private static func secured(
    engine: [UInt8] = [0x80, 0, 0, 0, 1, 2, 3, 4], user: String = "ops", flags: UInt8 = 0,
    size: [UInt8] = [5, 0xdc],
    model: UInt8 = 3, parameters: [UInt8]? = nil, lie: (inout [UInt8]) -> Void = { _ in }
  ) -> [UInt8] {
    var usm =
      parameters
      ?? BER.sequence([
        BER.value(4, engine), BER.integer(1), BER.integer(1), BER.text(user), BER.text(""), BER.text(""),
      ])
    lie(&usm)
    let header = BER.sequence([
      BER.integer(1), BER.value(2, size), BER.value(4, [flags]), BER.integer(model),
    ])
    let pdu = BER.sequence(
      [BER.integer(1), BER.integer(0), BER.integer(0), BER.value(0x30, varbind(BER.trapOIDName))], tag: 0xa7)
    let scoped = BER.sequence([BER.value(4, engine), BER.text(""), pdu])
    return BER.sequence([BER.integer(3), header, BER.value(4, usm), scoped])
  }

  /// Version 3 that proves nothing.
  private static let unproven: [Input] = {
    let huge = [UInt8](repeating: 0x61, count: 40_000)
    return [
      ("USM: engine id longer than the rest", secured { $0[3] = 0x7f }, "truncated"),
      (
        "USM: engine id of 2^31",
        secured { $0.replaceSubrange(3...3, with: [0x84, 0x7f, 0xff, 0xff, 0xff]) }, "trailing_bytes"
      ),
      ("USM: sequence longer than its string", secured { $0[1] += 9 }, "truncated"),
      ("USM: digest longer than the rest", secured { $0[$0.count - 3] = 0x7f }, "truncated"),
      ("USM: salt longer than the rest", secured { $0[$0.count - 1] = 0x0c }, "truncated"),
      ("USM: no parameters", secured(parameters: []), "truncated"),
      (
        "USM: a digest of 40,000", secured(parameters: BER.sequence([BER.value(4, huge)])),
        "bad_security_parameters"
      ),
      (
        "engine id of 33 octets", secured(engine: [UInt8](repeating: 1, count: 33)), "bad_security_parameters"
      ),
      ("negative size", secured(size: [0xff]), "negative_integer"),
      ("size of 2^31", secured(size: [0, 0x80, 0, 0, 0]), "bad_integer"),
      ("size of 100", secured(size: [100]), "bad_integer"),
      ("another security model", secured(model: 2), "unsupported_security_model"),
      ("encrypted and not authenticated", secured(flags: 2), "bad_security_parameters"),
      ("unknown user", secured(user: "nobody"), "unknown_user"),
      ("without proof", secured(), "unsupported_security_level"),
      ("no engine", secured(engine: []), "unknown_engine"),
    ]
  }()

  /// What `snmptrap` or `snmpinform` would have sent.
  private func captured(
    _ command: String, _ options: [String], _ workspace: Workspace
  ) async throws -> [UInt8] {
    try workspace.makeDirectory("mibs")
    let socket = try LoopbackSocket(.datagram)
    try socket.bind()
    socket.limitReads(seconds: 1)
    _ = try await Tool.run(
      command,
      ["-m", "", "-M", workspace.file("mibs"), "-r", "0", "-t", "1"] + options
        + ["127.0.0.1:\(socket.port)", "100", "1.3.6.1.6.3.1.1.5.3"],
      in: workspace,
      environment: ["SNMPCONFPATH": workspace.path, "SNMP_PERSISTENT_DIR": workspace.path])
    let bytes = try await offPool { socket.receive() }
    guard !bytes.isEmpty else { throw HarnessError("\(command) sent nothing") }
    return bytes
  }

  private func changed(_ option: String, _ value: String) -> [String] {
    var options = Self.user
    if let at = options.firstIndex(of: option) { options[at + 1] = value }
    return options
  }

  /// Version 3 by net-snmp, each wrong in its way.
  private func forged(_ workspace: Workspace) async throws -> [Input] {
    let engine = ["-e", Self.engine]
    return [
      (
        "wrong password", try await captured("snmptrap", engine + changed("-A", "another-pass"), workspace),
        "wrong_digest"
      ),
      (
        "wrong privacy password",
        try await captured("snmptrap", engine + changed("-X", "another-pass"), workspace), "decryption_error"
      ),
      (
        "unknown user, signed", try await captured("snmptrap", engine + changed("-u", "nobody"), workspace),
        "unknown_user"
      ),
      (
        "an inform for another engine", try await captured("snmpinform", engine + Self.user, workspace),
        "unknown_engine"
      ),
    ]
  }

  @Test func everyInputHasItsCounter() async throws {
    try await withDaemon("trap-inputs", Self.settings) { daemon in
      let sender = try UDPSender(port: daemon.place.trapPort)
      let inputs = Self.plain + Self.unproven + (try await forged(daemon.place.workspace))
      var sent = 0
      var malformed = 0
      var discarded: [String: Int] = [:]
      for (number, input) in inputs.enumerated() {
        #expect(sender.send(input.bytes), "\(input.name)")
        sender.send(Self.numbered(number))
        sent += 2
        discarded[input.reason, default: 0] += 1
        // One at a time, so that a wrong counter is known by its input.
        let metrics = try await eventually("\(input.name) is counted") {
          let metrics = try await daemon.scrape()
          return metrics.datagrams == sent ? metrics : nil
        }
        let isFault = !Self.discards.contains(input.reason)
        if isFault { malformed += 1 }
        #expect(
          metrics.sum(
            isFault ? "mutt_malformed_snmp_total" : "mutt_discarded_total", "\"\(input.reason)\"")
            == discarded[input.reason], "\(input.name)")
        #expect(metrics.sum("mutt_malformed_snmp_total") == malformed, "\(input.name)")
        #expect(metrics.sum("mutt_discarded_total", "\"malformed_snmp\"") == malformed, "\(input.name)")
        #expect(metrics.received == number + 1, "\(input.name)")
        #expect(metrics.imbalances == [], "\(input.name)")
      }
      // What is odd and not wrong: an OID of two arcs in one octet, a v1 trap without varbinds, values that
      // are none of their type, bytes behind the message.
      sender.send(BER.v2c(trap: [0x2b]))
      sender.send(BER.v1(enterprise: [0x2b, 6, 1, 4, 1, 9]))
      for value in [BER.value(0x41, [0xff, 0]), BER.oid([]), BER.value(0x45, [0])] {
        sender.send(Self.trap(Self.varbind([0x2b, 1], value)))
      }
      sender.send(BER.v2c(trap: [0x2b, 6, 1]) + [0, 0, 0])
      let rows = try await eventually("the good ones are in the audit") {
        let rows = try await Self.numbers(daemon)
        return rows.count == inputs.count ? rows : nil
      }
      #expect(rows == Array(0..<inputs.count), "they are taken in their order")
      try await eventually("the odd ones too") {
        let odd = try await daemon.place.auditColumn(
          "SELECT json_extract(raw_message, '$.trap_oid') FROM event_audit_log ORDER BY id DESC LIMIT 6")
        return odd.map(String.init) == ["1.3.6.1"] + [String](repeating: "1.3.6.1.6.3.1.1.5.3", count: 3)
          + ["1.3.6.1.4.1.9.0.1", "1.3"]
      }
      // Nothing that is refused is remembered, not even where it was authentic and could not be read.
      #expect(try await daemon.scrape().sum("mutt_snmp_engines") == 0)
      #expect(try await daemon.stop() == .code(0))
      #expect(!daemon.log.contains("nobody") && !daemon.log.contains("-pass"))
      // Whatever was wrong, a reason is said once: all of it took less than a minute, or little more.
      for reason in ["malformed_snmp", "not_a_notification", "unknown_user", "wrong_digest"] {
        let said = daemon.logLines.filter { $0["reason"].string == reason }
        #expect((1...2).contains(said.count), "\(reason): \(said.count)")
      }
      let wrong = try #require(daemon.logLines.first { $0["reason"].string == "malformed_snmp" })
      #expect(wrong["fault"].string == "empty_enterprise" && (wrong["byte"].integer ?? 0) > 0)
      #expect(
        wrong["size"].integer == Int64(Self.plain[0].bytes.count) && wrong["hash"].string?.isEmpty == false)
    }
  }

  /// linkDown of an interface by its number.
  private static func numbered(_ number: Int) -> [UInt8] {
    trap(
      varbind(
        [0x2b, 6, 1, 2, 1, 2, 2, 1, 1, 1], BER.value(2, [0, UInt8(number >> 8), UInt8(number & 0xff)])))
  }

  private static func numbers(_ daemon: DaemonProcess) async throws -> [Int] {
    try await daemon.place.auditColumn(
      """
      SELECT json_extract(raw_message, '$.varbinds[0].value') FROM event_audit_log
      WHERE raw_message LIKE '%ifIndex.1"%' ORDER BY id
      """
    ).compactMap { Int($0) }
  }

  /// A message that was good is good again within the window, and old outside of it, by time and by boots.
  @Test func aReplayOutsideTheWindowIsOld() async throws {
    try await withDaemon("trap-replay", Self.settings) { daemon in
      let sender = try UDPSender(port: daemon.place.trapPort)
      func message(_ clock: String) async throws -> [UInt8] {
        try await captured(
          "snmptrap", ["-e", Self.engine, "-Z", clock] + Self.user, daemon.place.workspace)
      }
      let steps: [(clock: String, received: Int, old: Int)] = [
        ("5,1000", 1, 0), ("5,1100", 2, 0), ("5,1000", 3, 0), ("5,1300", 4, 0), ("5,1000", 4, 1),
        ("5,1100", 4, 2), ("6,1", 5, 2), ("5,1300", 5, 3), ("5,99999", 5, 4), ("6,2", 6, 4),
      ]
      var recorded: [String: [UInt8]] = [:]
      for step in steps {
        // The same bytes again where they were sent before.
        let known = recorded[step.clock]
        let bytes: [UInt8] =
          if let known { known } else { try await message(step.clock) }
        recorded[step.clock] = bytes
        sender.send(bytes)
        try await eventually("\(step.clock): \(step.received) taken, \(step.old) old") {
          let metrics = try await daemon.scrape()
          return metrics.received == step.received
            && metrics.sum("mutt_discarded_total", "not_in_time_window") == step.old
        }
      }
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  /// Thousands of invented engine ids cost no memory and push nobody out; those that can prove themselves are
  /// kept up to the limit, and the least recently heard of goes.
  @Test func aFloodOfEngineIDsIsBounded() async throws {
    try await withDaemon("trap-engines", Self.settings) { daemon in
      let place = daemon.place
      let sender = try UDPSender(port: place.trapPort)
      let good = try await captured(
        "snmptrap", ["-e", Self.engine, "-Z", "5,1000"] + Self.user, place.workspace)
      sender.send(good)
      try await eventually("an engine is known") { try await daemon.scrape().sum("mutt_snmp_engines") == 1 }

      let id: [UInt8] = [0x80, 0, 0, 0, 1, 0x0a, 0x0b, 0x0c, 0x0d]
      let at = try #require(good.indices.first { good[$0...].starts(with: id) })
      let before = try Self.residentBytes(daemon)
      let flood = 20_000
      for number in 0..<flood {
        var forged = good
        for step in 0..<4 { forged[at + 5 + step] = UInt8((number >> (8 * step)) & 0xff) }
        sender.send(forged)
        if number % 100 == 99 { sender.send(Self.numbered(number / 100)) }
        // In bursts that fit the buffer a daemon gets without any rights.
        if number % 50 == 49 { try await Task.sleep(for: .milliseconds(4)) }
      }
      let metrics = try await eventually("all of it is counted") {
        let metrics = try await daemon.scrape()
        return metrics.datagrams + metrics.kernelDropped == 1 + flood + flood / 100 ? metrics : nil
      }
      #expect(metrics.imbalances == [])
      #expect(metrics.sum("mutt_snmp_engines") == 1)
      #expect(metrics.sum("mutt_snmp_engine_evictions_total") == 0)
      #expect(
        metrics.sum("mutt_discarded_total", "wrong_digest") + metrics.received + metrics.kernelDropped
          == metrics.datagrams + metrics.kernelDropped)
      // What the kernel did not drop was taken, the forged as the good ones.
      #expect(metrics.sum("mutt_discarded_total", "wrong_digest") >= flood - metrics.kernelDropped)
      #expect(metrics.received >= 1 + flood / 100 - metrics.kernelDropped)
      #expect(try Self.residentBytes(daemon) - before < 32 << 20)
      // The window of who was known before holds on.
      sender.send(good)
      try await eventually("it is known still") {
        try await daemon.scrape().received == metrics.received + 1
      }

      for number in 0..<12 {
        let bytes = try await captured(
          "snmptrap", ["-e", "0x800000000200000000\(10 + number)", "-Z", "5,1000"] + Self.user,
          place.workspace)
        sender.send(bytes)
      }
      try await eventually("the table is full") {
        let metrics = try await daemon.scrape()
        return metrics.sum("mutt_snmp_engines") == 8
          && metrics.sum("mutt_snmp_engine_evictions_total") == 5
      }
      #expect(try await daemon.stop() == .code(0))
    }
  }

  /// VmRSS.
  private static func residentBytes(_ daemon: DaemonProcess) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(daemon.pid)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    guard let number = line?.split(whereSeparator: { !$0.isNumber }).first, let kilobytes = Int(number) else {
      throw HarnessError("no VmRSS in \(status)")
    }
    return kilobytes << 10
  }
}
