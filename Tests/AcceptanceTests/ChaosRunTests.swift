import Foundation
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension UnderLoad {
  /// Everything at once, by a seed: a receiver that does anything at all, one behind TLS that cannot be
  /// relied upon, the daemon killed with -9, its clock set back an hour and forward again, running or not.
  /// What was committed ends delivered or dead with its reason, and the receiver beside the bad ones has it
  /// all.
  ///
  /// `make chaos SECONDS=600 SEED=1` is the long one.
  @Suite struct ChaosRunTests {
    private static let variables = ProcessInfo.processInfo.environment
    private static let seconds = variables["MUTTD_CHAOS_SECONDS"].flatMap { Int($0) }
    private static let seed = variables["MUTTD_CHAOS_SEED"].flatMap { UInt64($0) } ?? 1
    /// Alerts a second: enough for something to be under way at every moment.
    private static let rate = 60

    private static let rules = """
      rules:
        - {name: page, match_type: contains, match_string: link is down, priority: 10,
           prod_handling: Page_only, dev_handling: Page_only, key: '{host}::{rule}'}
        - {name: ticket, match_type: contains, match_string: disk is full, priority: 20,
           prod_handling: Ticket_only, dev_handling: Ticket_only}
        - {name: note, match_type: contains, match_string: configured from, priority: 30,
           prod_handling: Log_only, dev_handling: Log_only}

      """

    /// What stands behind the number: texts that somebody might interpret.
    private static let texts = [
      "", "\"quoted\\\" \\u0000 '", "<script>alert(1)</script> {{host}} {{{raw}}} ${env:HOME}",
      "\u{1}\u{7}\u{1b}[31m\t", "🎉 é ﷽ \u{202e}", "%s%n%x $(reboot) `reboot` ../../etc/passwd",
    ]
    private static let hosts = ["core1", "<b>h</b>", "{{title}}", "edge\"7", "h-🎉", "x::y"]

    private static func destinations(_ receiver: ChaosReceiver, tlsPort: Int, ca: String) -> String {
      func one(_ name: String, _ url: String, _ rest: String) -> String {
        """
          - name: \(name)
            url: '\(url)'
            rate: null
            timeout: 1s
            retry: {initial: 20ms, max: 300ms}
            breaker: {failures: 5, open: 100ms, close: 2}
        \(rest)

        """
      }
      let secure = "https://127.0.0.1:\(tlsPort)/\(ChaosReceiver.tls)"
      return "destinations:\n"
        + one(ChaosReceiver.healthy, receiver.url(ChaosReceiver.healthy), "    max_age: 24h")
        + one(ChaosReceiver.wild, receiver.url(ChaosReceiver.wild), "    max_age: 24h")
        + one(ChaosReceiver.tls, secure, "    max_age: 24h\n    tls: {ca: \(ca)}")
    }

    @Test func everythingEndsDeliveredOrDead() async throws {
      let seconds = Self.seconds ?? 14
      try await Workspace.with("chaos") { workspace in
        let clock = try await SteppedClock(in: workspace)
        let certificates = try workspace.makeDirectory("tls")
        let fixtures = Repository.path + "/Tests/Fixtures"
        try await Tool.succeed("sh", [fixtures + "/tls/make-certificates", certificates], in: workspace)
        try await Tool.succeed("sh", ["-c", "head -c 200M /dev/zero | gzip >bomb"], in: workspace)
        let bomb = Array(try #require(FileManager.default.contents(atPath: workspace.file("bomb"))))
        let receiver = try ChaosReceiver(seed: Self.seed, bomb: bomb)
        defer { receiver.stop() }
        let front = try FreePort.stream()
        let child = try await Child(
          "python3",
          [fixtures + "/chaos/tls-front", "\(front)", "\(receiver.port)", certificates, "\(Self.seed)"],
          in: workspace.path, outputFile: workspace.file("front.out"), errorFile: workspace.file("front.err"))
        defer { child.signal(SIGKILL) }
        var settings = DaemonSettings(rules: Self.rules)
        settings.auditEvents = "matched"
        settings.extra = Self.destinations(receiver, tlsPort: front, ca: certificates + "/ca.pem")
        let run = ChaosRun(
          place: try DaemonPlace(workspace, settings), clock: clock, receiver: receiver, seed: Self.seed)
        let load = try Load(run.place)
        let flood = Task { await load.pour(rate: Self.rate, seed: Self.seed) }
        defer { flood.cancel() }
        let daemon = try await run.live(seconds: seconds)
        flood.cancel()
        await flood.value
        load.informs.stop()
        let last = try await run.settle(daemon, after: seconds)
        #expect(try await last.stop() == .code(0))
        #expect(last.accounting?.imbalances == [])
        try await hold(run, load, seconds)
        // A run of seconds beside other tests has too few for one in a hundred to mean anything.
        if Self.seconds != nil {
          let delay = try #require(run.delayByOthers(load), "there was no calm or no wild time")
          #expect(delay <= 50, "the healthy receiver has its alerts \(delay) ms later beside wild ones")
        }
      }
    }

    /// Everything that stands in the audit as forwarded was taken by each receiver, or is dead with a reason.
    private func hold(_ run: ChaosRun, _ load: Load, _ seconds: Int) async throws {
      let place = run.place
      let rows = try await place.audit(
        """
        SELECT CAST(id AS TEXT) AS id, raw_message AS raw, handling_decision AS handling FROM event_audit_log
        """)
      var audit: [Int: String] = [:]
      var noted: Set<Int> = []
      for row in rows {
        let number = try #require(NumberedMessage.number(in: Array((row["raw"].string ?? "").utf8)))
        if row["handling"] == "Log_only" {
          noted.insert(number)
          continue
        }
        #expect(
          audit.updateValue(row["id"].string ?? "", forKey: number) == nil, "\(number) twice in the audit")
      }
      let missing = load.informs.acknowledged.subtracting(audit.keys).subtracting(noted)
      #expect(missing.isEmpty, "acknowledged and not in the audit: \(missing.sorted().prefix(20))")
      let dead = try await Tool.sqlite(
        place.outboxDatabase,
        """
        SELECT destination, CAST(event_id AS TEXT) AS id, state, last_status AS status, last_error AS reason
        FROM deliveries
        """, in: place.workspace)
      #expect(dead.allSatisfy { $0["state"] == 1 && $0["reason"].string?.isEmpty == false })
      for name in [ChaosReceiver.healthy, ChaosReceiver.wild, ChaosReceiver.tls] {
        let fates = run.receiver.fates(name)
        let taken = fates.filter(\.value.isTaken)
        let buried = Set(dead.filter { $0["destination"] == .string(name) }.compactMap(\.["id"].string))
        let lost = audit.filter { taken[$0.key] == nil && !buried.contains($0.value) }.keys
        #expect(lost.isEmpty, "\(name): neither taken nor dead: \(lost.sorted().prefix(20))")
        let unknown = Set(fates.keys).subtracting(audit.keys)
        #expect(unknown.isEmpty, "\(name): sent and not in the audit: \(unknown.sorted().prefix(20))")
        for (number, fate) in fates where fate.keys != [audit[number] ?? ""] || fate.bodies.count != 1 {
          Issue.record("\(name): \(number) came under \(fate.keys) with \(fate.bodies.count) bodies")
        }
        judge(dead.filter { $0["destination"] == .string(name) }, at: name, audit, fates)
      }
      #expect(run.receiver.strays == [], "sent where nobody said")
      try #require(audit.count > seconds * Self.rate / 8, "too little happened to prove anything")
      run.report(load, alerts: audit.count, dead: dead)
    }

    /// Each death has a reason that the receiver knows of; at the healthy one there is none.
    private func judge(
      _ dead: [JSON], at name: String, _ audit: [Int: String], _ fates: [Int: ChaosReceiver.Fate]
    ) {
      let numbers = Dictionary(audit.map { ($1, $0) }) { first, _ in first }
      for row in dead {
        let (number, reason) = (numbers[row["id"].string ?? ""] ?? -1, row["reason"].string ?? "")
        let status = Int(row["status"].integer ?? -1)
        if ChaosReceiver.isJust(name, number, fates[number], status: status, reason: reason) { continue }
        let said = fates[number]?.statuses ?? []
        Issue.record(
          "\(name): \(number) is dead with \(status) \(reason), and was answered \(said)"
        )
      }
    }

    /// Syslog and informs with a number each, whether anybody listens or not.
    final class Load: Sendable {
      let informs: InformSender
      private let syslog: UDPSender
      private let times = Mutex<[Int: ContinuousClock.Instant]>([:])

      init(_ place: DaemonPlace) throws {
        informs = try InformSender(port: place.trapPort)
        syslog = try UDPSender(port: place.syslogPort)
      }

      var sent: [Int: ContinuousClock.Instant] { times.withLock { $0 } }

      func pour(rate: Int, seed: UInt64) async {
        var random = SeededGenerator(seed: seed)
        let start = ContinuousClock.now
        var number = 0
        while !Task.isCancelled {
          number += 1
          let words =
            ["link is down", "link is down", "disk is full", "configured from"]
            .randomElement(using: &random) ?? ""
          let text = ChaosRunTests.texts.randomElement(using: &random) ?? ""
          let host = ChaosRunTests.hosts.randomElement(using: &random) ?? ""
          let now = ContinuousClock.now
          times.withLock { [number] in $0[number] = now }
          if number % 4 == 0 {
            informs.send(number, words: words)
          } else if number % 97 == 0 {
            syslog.send(
              NumberedMessage.syslog(
                number, words: words + String(repeating: " and a long one", count: 4_000)))
          } else {
            syslog.send(NumberedMessage.syslog(number, host: host, words: words + text))
          }
          try? await Task.sleep(until: start + .microseconds(1_000_000 * number / rate), clock: .continuous)
        }
      }
    }
  }
}
