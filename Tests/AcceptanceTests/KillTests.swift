import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension UnderLoad {
  /// kill -9 at any moment loses no alert that was committed.
  @Suite struct KillTests {
    private static let kills = 50

    /// Sends numbered messages for as long as it lives, whether anybody listens or not.
    private func pour(into port: Int) -> Task<Void, any Error> {
      Task {
        let sender = try UDPSender(port: port)
        var number = 0
        while !Task.isCancelled {
          for _ in 0..<10 {
            number += 1
            sender.send(NumberedMessage.syslog(number))
          }
          try await Task.sleep(for: .milliseconds(4))
        }
      }
    }

    /// The numbers whose delivery stands committed in the outbox. A copy is read, so that the daemon finds
    /// the files as the kill left them.
    private func committed(_ place: DaemonPlace) async throws -> Set<Int> {
      let copy = try place.workspace.makeDirectory("outbox-copy")
      for suffix in ["", "-wal"] {
        try? FileManager.default.removeItem(atPath: copy + "/outbox.db" + suffix)
        try? FileManager.default.copyItem(
          atPath: place.outboxDatabase + suffix, toPath: copy + "/outbox.db" + suffix)
      }
      try? FileManager.default.removeItem(atPath: copy + "/outbox.db-shm")
      // A kill can come before there is a table.
      let tables = try await Tool.sqliteColumn(
        copy + "/outbox.db", "SELECT name FROM sqlite_master WHERE name = 'deliveries'", in: place.workspace)
      if tables.isEmpty { return [] }
      let rows = try await Tool.sqliteColumn(
        copy + "/outbox.db",
        """
        SELECT substr(text, instr(text, 'n=') + 2, 9)
        FROM (SELECT CAST(body AS TEXT) AS text FROM deliveries)
        """, in: place.workspace)
      return Set(rows.compactMap { Int($0.prefix { $0.isNumber }) })
    }

    @Test func everyObservedCommitIsDelivered() async throws {
      var random = SeededGenerator(seed: 50)
      // Slow and unreliable enough that there is always something pending.
      let receiver = try WebhookReceiver { _, index in
        switch index % 11 {
        case 4: .status(500)
        case 8: .hangUp
        default: .status(200)
        }
      }
      defer { receiver.stop() }
      let settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
      try await Workspace.with("kills") { workspace in
        let place = try DaemonPlace(workspace, settings)
        let flood = pour(into: place.syslogPort)
        defer { flood.cancel() }
        var observed: Set<Int> = []
        var foundInOutbox = 0
        for kill in 0..<Self.kills {
          let daemon = try await place.launch()
          // Any moment: some kills come before the daemon is ready, some well after.
          if kill % 3 == 0 { try await daemon.waitUntilReady() }
          try await Task.sleep(for: .milliseconds(Int.random(in: 5...600, using: &random)))
          if let ending = daemon.child.poll() { throw HarnessError("\(ending) by itself:\n\(daemon.log)") }
          await daemon.kill()
          if FileManager.default.fileExists(atPath: place.outboxDatabase) {
            let found = try await committed(place)
            foundInOutbox += found.count
            observed.formUnion(found)
          }
        }
        flood.cancel()
        observed.formUnion(receiver.received.compactMap(\.number))
        try #require(foundInOutbox > 100, "the kills found too little in the outbox to prove anything")

        let daemon = try await place.start()
        try await eventually("the outbox is empty", within: .seconds(120)) {
          let metrics = try await daemon.scrape()
          #expect(metrics.imbalances == [])
          return metrics.pending == 0 && metrics.auditPending == 0
        }
        #expect(try await daemon.stop() == .code(0))
        #expect(daemon.accounting?.imbalances == [])
        try await hold(observed, against: receiver, place)
      }
    }

    private func hold(_ observed: Set<Int>, against receiver: WebhookReceiver, _ place: DaemonPlace)
      async throws
    {
      var keys: [Int: Set<String>] = [:]
      var bodies: [String: Set<[UInt8]>] = [:]
      for request in receiver.received {
        let number = try #require(request.number)
        keys[number, default: []].insert(request.key)
        bodies[request.key, default: []].insert(request.body)
      }
      let missing = observed.subtracting(keys.keys)
      #expect(missing.isEmpty, "committed and never delivered: \(missing.sorted().prefix(20))")
      #expect(keys.allSatisfy { $0.value.count == 1 }, "one number under several keys")
      #expect(bodies.allSatisfy { $0.value.count == 1 }, "one key with several bodies")
      #expect(bodies.count == keys.count, "one key for several numbers")

      let twice = try await place.audit(
        "SELECT raw_message FROM event_audit_log GROUP BY raw_message HAVING count(*) > 1")
      #expect(twice == [])
      let rows = try await place.auditColumn(
        "SELECT raw_message FROM event_audit_log WHERE forwarded_to_moog")
      let marked = Set(rows.compactMap { NumberedMessage.number(in: Array($0.utf8)) })
      let unmarked = Set(keys.keys).subtracting(marked)
      #expect(unmarked.isEmpty, "delivered, and the audit does not say so: \(unmarked.sorted().prefix(20))")
      print("\(Self.kills) kills: \(observed.count) commits observed, \(receiver.count) requests")
    }
  }
}
