import Foundation
import Testing

/// What real senders of syslog send, over every transport they have, arrives as what was meant.
@Suite struct SenderTests {
  /// A message and what is to become of it.
  private struct Expected {
    /// A word that only this message holds.
    var word: String
    var host: String
    var app: String?
    var severity: Int64
    var parse: String

    var text: String { "\(word) sender-test: the fan of unit 2 failed" }
  }

  private func expect(_ expected: Expected, on stage: SenderStage) async throws {
    let (row, payload) = try await stage.received(expected.word)
    let comment: Comment = "\(expected.word): \(row)"
    #expect(row["hostname"].string == expected.host, comment)
    #expect(row["severity"].integer == expected.severity, comment)
    #expect(row["parse"].string == expected.parse, comment)
    #expect(row["source_addr"] == "127.0.0.1", comment)
    #expect(payload["custom_info", "log", "syslog", "appname"].string == expected.app, comment)
    #expect(payload["custom_info", "message"].string == expected.text, comment)
    #expect(payload["custom_info", "host", "name"].string == expected.host, comment)
  }

  /// Nothing was lost, made up, refused or cut on the way.
  private func expectNothingElse(_ count: Int, on stage: SenderStage) async throws {
    let metrics = try await stage.daemon.scrape()
    #expect(metrics.imbalances == [])
    #expect(metrics.received == count)
    #expect(metrics.sum("mutt_connections_refused_total") == 0)
    #expect(metrics.sum("mutt_frames_oversized_total") == 0)
  }

  /// The name that this machine gives itself, as far as it stands in a header.
  private func hostName(in workspace: Workspace) async throws -> String {
    let name = try await Tool.succeed("uname", ["-n"], in: workspace)
    return name.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test func logger() async throws {
    try await SenderStage.with("logger") { stage in
      let modes: [(word: String, flags: [String], parse: String)] = [
        ("u3164", ["--udp", "--rfc3164"], "rfc3164"), ("u5424", ["--udp", "--rfc5424"], "rfc5424"),
        ("t3164", ["--tcp", "--rfc3164"], "rfc3164"), ("t5424", ["--tcp", "--rfc5424"], "rfc5424"),
        ("o3164", ["--tcp", "--octet-count", "--rfc3164"], "rfc3164"),
        ("o5424", ["--tcp", "--octet-count", "--rfc5424"], "rfc5424"),
        (
          "sd",
          [
            "--tcp", "--octet-count", "--rfc5424", "--msgid", "M1", "--sd-id", "unit@32473", "--sd-param",
            "name=\"a \\] b\"", "--sd-param", "number=\"2\"",
          ], "rfc5424"
        ),
      ]
      let host = try await hostName(in: stage.workspace)
      for mode in modes {
        let expected = Expected(
          word: mode.word, host: host, app: "fand", severity: 3, parse: mode.parse)
        let port = mode.flags.contains("--udp") ? stage.udp : stage.tcp
        try await Tool.succeed(
          "logger",
          ["--server", "127.0.0.1", "--port", "\(port)", "--priority", "daemon.err", "--tag", "fand"]
            + mode.flags + [expected.text], in: stage.workspace)
        try await expect(expected, on: stage)
      }
      // Many lines over one connection.
      let lines = (0..<500).map { "line\($0) sender-test" }.joined(separator: "\n") + "\n"
      let file = try stage.workspace.write(lines, to: "lines")
      for flags in [[], ["--octet-count"]] {
        try await Tool.succeed(
          "logger",
          ["--tcp", "--server", "127.0.0.1", "--port", "\(stage.tcp)", "--tag", "many", "--file", file]
            + flags,
          in: stage.workspace)
      }
      try await eventually("a thousand lines") {
        let rows = try await stage.daemon.place.auditColumn(
          "SELECT count(*) FROM event_audit_log WHERE instr(raw_message, 'many')")
        return rows == ["1000"]
      }
      try await expectNothingElse(modes.count + 1_000, on: stage)
    }
  }

  @Test func rsyslogForwards() async throws {
    try await SenderStage.with("rsyslog") { stage in
      let input = try FreePort.datagram()
      let keys = stage.certificates
      let ways = [
        ("rsudp", "port=\"\(stage.udp)\" protocol=\"udp\"", "rfc3164"),
        ("rstcp", "port=\"\(stage.tcp)\" protocol=\"tcp\"", "rfc3164"),
        ("rsoct", "port=\"\(stage.tcp)\" protocol=\"tcp\" TCP_Framing=\"octet-counted\"", "rfc3164"),
        (
          "rsnew",
          "port=\"\(stage.tcp)\" protocol=\"tcp\" TCP_Framing=\"octet-counted\" "
            + "template=\"RSYSLOG_SyslogProtocol23Format\"", "rfc5424"
        ),
        (
          "rstls",
          "port=\"\(stage.tls)\" protocol=\"tcp\" TCP_Framing=\"octet-counted\" StreamDriver=\"ossl\" "
            + "StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/certvalid\" "
            + "template=\"RSYSLOG_SyslogProtocol23Format\"", "rfc5424"
        ),
      ]
      let actions = ways.map { word, keys, _ in
        "if $msg contains '\(word) ' then action(type=\"omfwd\" target=\"127.0.0.1\" \(keys))"
      }
      let file = try stage.workspace.write(
        """
        global(workDirectory="\(stage.workspace.path)" DefaultNetstreamDriverCAFile="\(keys)/ca.pem"
          DefaultNetstreamDriverCertFile="\(keys)/client.pem"
          DefaultNetstreamDriverKeyFile="\(keys)/client.key")
        module(load="imudp")
        input(type="imudp" address="127.0.0.1" port="\(input)")
        \(actions.joined(separator: "\n"))

        """, to: "rsyslog.conf")
      let relay = try await Child(
        "rsyslogd", ["-n", "-f", file, "-i", stage.workspace.file("rsyslogd.pid")], in: stage.workspace.path,
        outputFile: stage.workspace.file("rsyslogd.out"), errorFile: stage.workspace.file("rsyslogd.err"))
      try await forwards(through: relay, port: input, ways.map { ($0.0, $0.2) }, on: stage)
    }
  }

  @Test func syslogNGForwards() async throws {
    try await SenderStage.with("syslog-ng") { stage in
      let root = Repository.path + "/.build/peers/syslog-ng"
      try #require(
        FileManager.default.isExecutableFile(atPath: root + "/usr/sbin/syslog-ng"),
        "no syslog-ng under \(root); scripts/install-packages test puts it there")
      let input = try FreePort.datagram()
      let tls =
        "tls(ca-file('\(stage.certificates)/ca.pem') cert-file('\(stage.certificates)/client.pem') "
        + "key-file('\(stage.certificates)/client.key') peer-verify(required-trusted))"
      let ways = [
        ("ngudp", "network('127.0.0.1' port(\(stage.udp)) transport('udp'))", "rfc3164"),
        ("ngtcp", "network('127.0.0.1' port(\(stage.tcp)) transport('tcp') persist-name('a'))", "rfc3164"),
        ("ngoct", "syslog('127.0.0.1' port(\(stage.tcp)) transport('tcp') persist-name('b'))", "rfc5424"),
        (
          "ngtls", "network('127.0.0.1' port(\(stage.tls)) transport('tls') persist-name('c') \(tls))",
          "rfc3164"
        ),
        (
          "ngnew", "syslog('127.0.0.1' port(\(stage.tls)) transport('tls') persist-name('d') \(tls))",
          "rfc5424"
        ),
      ]
      let paths = ways.map { word, way, _ in
        "log { source(s); filter { match('\(word) ' value('MESSAGE')) }; destination { \(way); }; };"
      }
      let file = try stage.workspace.write(
        """
        @version: 3.38
        options { keep-hostname(yes); use-dns(no); stats-freq(0); flush-lines(1); time-reopen(1); };
        source s { network(ip('127.0.0.1') port(\(input)) transport('udp')); };
        \(paths.joined(separator: "\n"))

        """, to: "syslog-ng.conf")
      let libraries = try await Tool.succeed(
        "find", [root + "/usr/lib", "-name", "libsyslog-ng-*.so.0", "-printf", "%h"], in: stage.workspace)
      let modules = try await Tool.succeed(
        "find", [root + "/usr/lib", "-name", "libafsocket.so", "-printf", "%h"], in: stage.workspace)
      let relay = try await Child(
        root + "/usr/sbin/syslog-ng",
        [
          "--foreground", "--cfgfile", file, "--module-path", modules, "--no-caps",
          "--persist-file", stage.workspace.file("ng.persist"), "--pidfile", stage.workspace.file("ng.pid"),
          "--control", stage.workspace.file("ng.ctl"),
        ], in: stage.workspace.path, environment: ["LD_LIBRARY_PATH": libraries],
        outputFile: stage.workspace.file("syslog-ng.out"), errorFile: stage.workspace.file("syslog-ng.err"))
      try await forwards(through: relay, port: input, ways.map { ($0.0, $0.2) }, on: stage)
    }
  }

  /// Sends one message for each way to the relay until it is through, and looks at what arrived.
  private func forwards(
    through relay: Child, port: Int, _ ways: [(word: String, parse: String)], on stage: SenderStage
  ) async throws {
    let device = try UDPSender(port: port)
    do {
      for way in ways {
        let expected = Expected(
          word: way.word, host: "core7", app: "fand", severity: 2, parse: way.parse)
        try await eventually("\(way.word) is through", every: .milliseconds(200)) {
          // The relay may not listen yet: devices repeat themselves too.
          device.send(Array("<26>Oct 13 14:02:11 core7 fand[7]: \(expected.text)".utf8))
          return stage.receiver.received.contains {
            String(decoding: $0.body, as: UTF8.self).contains(way.word)
          }
        }
        try await expect(expected, on: stage)
      }
    } catch {
      await relay.destroy()
      throw HarnessError("\(error)\n\(relay.name): \(relay.output)\(relay.errors)")
    }
    await relay.destroy()
    let metrics = try await stage.daemon.scrape()
    #expect(metrics.imbalances == [])
    #expect(metrics.sum("mutt_tls_handshake_failures_total") == 0)
    #expect(metrics.sum("mutt_connections_closed_total", "reason=\"framing\"") == 0)
  }

  /// `SysLogHandler` ends a message over TCP with NUL and nothing else.
  @Test func pythonsSysLogHandler() async throws {
    try await SenderStage.with("python") { stage in
      let expected = [
        Expected(word: "pyudp", host: "pyhost", app: "fand", severity: 3, parse: "rfc3164"),
        Expected(word: "pytcp", host: "pyhost", app: "fand", severity: 3, parse: "rfc3164"),
        Expected(word: "pytwo", host: "pyhost", app: "fand", severity: 4, parse: "rfc3164"),
      ]
      let script = try stage.workspace.write(
        """
        import logging, logging.handlers, socket
        form = logging.Formatter('%(asctime)s pyhost fand[%(process)d]: %(message)s', '%b %d %H:%M:%S')
        def logger(name, port, kind):
            handler = logging.handlers.SysLogHandler(('127.0.0.1', port), 'daemon', kind)
            handler.setFormatter(form)
            logger = logging.getLogger(name)
            logger.addHandler(handler)
            return logger
        logger('udp', \(stage.udp), socket.SOCK_DGRAM).error('\(expected[0].text)')
        stream = logger('tcp', \(stage.tcp), socket.SOCK_STREAM)
        stream.error('\(expected[1].text)')
        stream.warning('\(expected[2].text)')

        """, to: "send.py")
      try await Tool.succeed("python3", [script], in: stage.workspace)
      for one in expected { try await expect(one, on: stage) }
      try await expectNothingElse(3, on: stage)
    }
  }

  @Test(arguments: [true, false]) func opensslClient(asksClients: Bool) async throws {
    try await SenderStage.with("s-client", asksClients: asksClients) { stage in
      let stamp = "2026-11-21T02:14:05Z"
      func send(_ word: String, _ flags: [String]) async throws -> Tool.Result {
        let expected = Expected(word: word, host: "tlshost", app: "fand", severity: 1, parse: "rfc5424")
        let message = "<25>1 \(stamp) tlshost fand 7 - - \(expected.text)"
        let file = try stage.workspace.write("\(message.utf8.count) \(message)", to: word)
        return try await Tool.run(
          "sh",
          [
            "-c", "openssl s_client -connect 127.0.0.1:\(stage.tls) -quiet -no_ign_eof \"$@\" <'\(file)'",
            "sh",
          ] + flags, in: stage.workspace)
      }
      let keys = stage.certificates
      for (word, version) in [("tls13", "-tls1_3"), ("tls12", "-tls1_2")] {
        _ = try await send(
          word, [version, "-cert", "\(keys)/client.pem", "-key", "\(keys)/client.key"])
        try await expect(
          Expected(word: word, host: "tlshost", app: "fand", severity: 1, parse: "rfc5424"), on: stage)
      }
      _ = try await send("nocert", [])
      if asksClients {
        try await eventually("the refusal is counted") {
          try await stage.daemon.scrape()
            .sum("mutt_tls_handshake_failures_total", "reason=\"no_certificate\"") == 1
        }
        _ = try await send("stranger", ["-cert", "\(keys)/stranger.pem", "-key", "\(keys)/stranger.key"])
        try await eventually("the other refusal is counted") {
          try await stage.daemon.scrape()
            .sum("mutt_tls_handshake_failures_total", "reason=\"bad_certificate\"") == 1
        }
      } else {
        try await expect(
          Expected(word: "nocert", host: "tlshost", app: "fand", severity: 1, parse: "rfc5424"), on: stage)
      }
      let old = try await send("tls11", ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])
      #expect(old.ending != .code(0))
      try await expectNothingElse(asksClients ? 2 : 3, on: stage)
    }
  }
}
