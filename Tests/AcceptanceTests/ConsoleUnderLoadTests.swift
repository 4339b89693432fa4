import Foundation
import Synchronization
import Testing

extension UnderLoad {
  /// Whoever asks the HTTP face takes nothing from those who decide.
  @Suite struct ConsoleUnderLoadTests {
    private static let rate = 10_000
    private static let connections = 10_000
    /// As many as are served at once.
    private static let places = 256

    /// What came of asking.
    private final class Tally: Sendable {
      let searches = Mutex<[Int]>([])
      let connections = Mutex<JSON>(.null)
      let isOver = Atomic(false)
    }

    /// Ten thousand connections that nobody but the daemon ends, and searches that read the audit to its end,
    /// beside 10,000 events a second. What each connection does stands in the script: a third asks and reads.
    @Test(.timeLimit(.minutes(5))) func whoAsksTakesNothingFromWhoSends() async throws {
      try await withDaemon("asked", DaemonSettings(rules: SampleRules.yaml)) { daemon in
        let port = daemon.place.httpPort
        let quiet = try await dropped(daemon, 0..<20_000) {}
        let before = try residentBytes(daemon)
        let tally = Tally()
        let loud = try await dropped(daemon, 20_000..<50_000) {
          try await withThrowingTaskGroup { group in
            for _ in 0..<3 {
              group.addTask {
                while !tally.isOver.load(ordering: .relaxed) {
                  let answer = try await HTTPAnswer.get("/api/v1/events?text=nobody-says-this", port: port)
                  if let status = answer?.status { tally.searches.withLock { $0.append(status) } }
                }
              }
            }
            defer { tally.isOver.store(true, ordering: .relaxed) }
            let said = try await Tool.succeed(
              Repository.path + "/Tests/Fixtures/http/connections",
              ["\(port)", "\(Self.connections)", "\(Self.places)"], in: daemon.place.workspace)
            tally.connections.withLock { $0 = JSON(said) ?? .null }
            tally.isOver.store(true, ordering: .relaxed)
            try await group.waitForAll()
          }
        }
        let grown = try residentBytes(daemon) - before
        let statuses = tally.searches.withLock { $0 }
        let connections = tally.connections.withLock { $0 }
        print(
          "console under load: \(quiet) and \(loud) dropped by the kernel, \(statuses.count) searches, "
            + "\(grown >> 20) MiB more, \(connections)")
        #expect(loud <= quiet + 300, "one in a hundred")
        #expect(grown < 64 << 20)
        // Each was answered or closed; the last ones keep their places until somebody wants them.
        let count = { (key: String) in Int(connections[key].integer ?? -1) }
        #expect(count("opened") == Self.connections && count("closed") + count("left") == Self.connections)
        #expect((0...Self.places).contains(count("left")))
        // A third of them ask; on a busy machine some are taken to be silent before they were read.
        #expect(count("answered") >= Self.connections * 3 / 10)
        #expect(statuses.contains(200) && Set(statuses).isSubset(of: [200, 503]))
        #expect(try priorities(daemon, of: "api-") == [10, 10, 10])
        #expect(try await daemon.scrape().imbalances == [])
        #expect(try await daemon.stop() == .code(0))
        #expect(daemon.accounting?.imbalances == [])
      }
    }

    /// Sends `numbers` beside `body`; how many of them the kernel dropped.
    private func dropped(
      _ daemon: DaemonProcess, _ numbers: Range<Int>, _ body: @Sendable () async throws -> Void
    ) async throws -> Int {
      let before = try await daemon.scrape()
      let sender = try UDPSender(port: daemon.place.syslogPort)
      async let sending: Void = sender.send(numbers, rate: Self.rate)
      try await body()
      try await sending
      let after = try await eventually("all have come") {
        let metrics = try await daemon.scrape()
        return metrics.datagrams + metrics.kernelDropped >= numbers.upperBound ? metrics : nil
      }
      return after.kernelDropped - before.kernelDropped
    }

    /// VmRSS.
    private func residentBytes(_ daemon: DaemonProcess) throws -> Int {
      let status = text(of: "/proc/\(daemon.pid)/status")
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
      let kilobytes = try #require(line?.split { !$0.isNumber }.first.flatMap { Int($0) })
      return kilobytes << 10
    }

    /// The nice values of threads whose names begin so, proc(5).
    private func priorities(_ daemon: DaemonProcess, of name: String) throws -> [Int] {
      let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon.pid)/task")
      return tasks.compactMap { task in
        let stat = text(of: "/proc/\(daemon.pid)/task/\(task)/stat")
        guard let end = stat.lastIndex(of: ")"), stat.contains("(\(name)") else { return nil }
        return Int(stat[end...].split(separator: " ")[17])
      }
    }
  }
}
