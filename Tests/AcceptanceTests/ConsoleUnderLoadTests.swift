import Foundation
import Synchronization
import Testing

extension UnderLoad {
  /// Whoever asks the HTTP face takes nothing from those who decide.
  @Suite struct ConsoleUnderLoadTests {
    private static let rate = 10_000
    private static let connections = 2_000

    /// What came of asking.
    private final class Tally: Sendable {
      let answered = Atomic(0)
      let searches = Mutex<[Int]>([])
      let isOver = Atomic(false)
    }

    /// Thousands of connections in turns, of which one in four asks and reads, and searches that read the
    /// audit to its end, beside 10,000 events a second.
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
            try await offPool { try Self.connect(port, tally) }
            tally.isOver.store(true, ordering: .relaxed)
            try await group.waitForAll()
          }
        }
        let grown = try residentBytes(daemon) - before
        let statuses = tally.searches.withLock { $0 }
        print(
          "console under load: \(quiet) and \(loud) dropped by the kernel, \(statuses.count) searches, "
            + "\(grown >> 20) MiB more")
        #expect(loud <= quiet + 300, "one in a hundred")
        #expect(grown < 64 << 20)
        #expect(tally.answered.load(ordering: .relaxed) == Self.connections / 4)
        #expect(statuses.contains(200) && Set(statuses).isSubset(of: [200, 503]))
        #expect(try priorities(daemon, of: "api-") == [10, 10])
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

    /// Of each four one asks and reads the answer, one breaks off within its request, one says nothing and
    /// one does not read what it asked for. The last hundred are open at a time.
    private static func connect(_ port: Int, _ tally: Tally) throws {
      var open: [LoopbackSocket] = []
      for number in 0..<connections {
        let socket = try LoopbackSocket(.stream)
        try socket.connect(port: port)
        socket.limitReads(seconds: 30)
        switch number % 4 {
        case 0:
          socket.send(Array("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
          if String(decoding: socket.receive(), as: UTF8.self).hasPrefix("HTTP/1.1 200") {
            tally.answered.add(1, ordering: .relaxed)
          }
        case 1: socket.send(Array("GET /api/v1/status HTTP/1.1\r\nHost: ".utf8))
        case 2: break
        default: socket.send(Array("GET /api/v1/events?limit=50 HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
        }
        open.append(socket)
        if open.count > 100 { open.removeFirst() }
      }
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
