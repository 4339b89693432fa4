import Foundation
import Testing

/// `muttd hosts device unmapped` beside a running daemon, after it, and before its first start.
@Suite struct UnmappedTests {
  @Test func whoIsNoDeviceIsListedUntilItIs() async throws {
    try await withDaemon("unmapped", DaemonSettings()) { daemon in
      let place = daemon.place
      let known = try await place.muttd("hosts", "device", "set", "core1", "--address", "127.0.0.2")
      #expect(known.ending == .code(0), "\(known.errors)")
      for (source, host) in [("127.0.0.2", "-"), ("127.0.0.3", "edge\u{1b}7"), ("127.0.0.4", "-")] {
        let syslog = try UDPSender(port: place.syslogPort, from: source)
        for number in 0..<3 { syslog.send(NumberedMessage.syslog(number, host: host)) }
      }
      let traps = try UDPSender(port: place.trapPort, from: "127.0.0.5")
      traps.send(BER.v2c(trap: BER.linkDown))
      try await eventually("three are listed") {
        try await list(place).map { sighting in
          let counts = ["syslog", "traps"].map { "\(sighting[$0].integer ?? -1)" }
          return ([sighting["address"].string ?? ""] + counts).joined(separator: " ")
        }.sorted()
          == ["127.0.0.3 3 0", "127.0.0.4 3 0", "127.0.0.5 0 1"]
      }
      let table = try await place.muttd("hosts", "device", "unmapped")
      #expect(table.ending == .code(0))
      #expect(table.output.contains("calls itself"))
      #expect(table.output.contains("muttd hosts device set"))
      #expect(!table.output.utf8.contains(0x1b))

      // A device that is added is missing no more, whether it still sends or not.
      let added = try await place.muttd("hosts", "device", "set", "edge4", "--address", "127.0.0.4")
      #expect(added.ending == .code(0))
      #expect(
        try await list(place).compactMap { $0["address"].string }.sorted() == ["127.0.0.3", "127.0.0.5"])

      // What was heard last is kept by the stop.
      let late = try UDPSender(port: place.syslogPort, from: "127.0.0.6")
      late.send(NumberedMessage.syslog(9, host: "late"))
      try await eventually("it is counted") { try await daemon.scrape().received == 11 }
      #expect(try await daemon.stop() == .code(0))
      #expect(try await list(place).compactMap { $0["host"].string }.contains("late"))
    }
  }

  @Test func beforeTheFirstStartItSaysWhatItNeeds() async throws {
    try await Workspace.with("unmapped-none") { workspace in
      let place = try DaemonPlace(workspace, DaemonSettings())
      let answer = try await place.muttd("hosts", "device", "unmapped")
      #expect(answer.ending == .code(69))
      #expect(answer.errors.contains("nobody was heard yet: muttd run notes who sends"))
    }
  }

  private func list(_ place: DaemonPlace) async throws -> [JSON] {
    let answer = try await place.muttd("hosts", "device", "unmapped", "--json")
    guard answer.ending == .code(0) else { throw HarnessError(answer.errors) }
    return answer.output.split(separator: "\n").compactMap { JSON($0) }
  }
}
