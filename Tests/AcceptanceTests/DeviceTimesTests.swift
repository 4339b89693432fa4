import Foundation
import Testing

/// When devices were heard, from the socket to `muttd hosts device list`.
@Suite struct DeviceTimesTests {
  @Test func aDeviceThatIsHeardIsListedWithItsTimes() async throws {
    try await withDaemon("device-times", DaemonSettings()) { daemon in
      let place = daemon.place
      for (host, address) in [("core2", "127.0.0.3"), ("quiet", "127.0.0.4"), ("core1", "127.0.0.2")] {
        let set = try await place.muttd("hosts", "device", "set", host, "--address", address)
        #expect(set.ending == .code(0), "\(set.errors)")
      }
      let changes = try await place.muttd("audit", "config", "--json").output
      let syslog = try UDPSender(port: place.syslogPort, from: "127.0.0.2")
      try await eventually("a device is noted") {
        syslog.send(NumberedMessage.syslog(1, host: "-"))
        return try await times(place)["core1"] != nil
      }
      // It was the last of the three: all are known since. Who is heard within the minute is noted at the
      // stop.
      let traps = try UDPSender(port: place.trapPort, from: "127.0.0.3")
      let before = try await daemon.scrape().received
      traps.send(BER.v2c(trap: BER.linkDown))
      try await eventually("the trap is counted") { try await daemon.scrape().received > before }
      #expect(try await daemon.stop() == .code(0))
      let seen = try await times(place)
      #expect(Set(seen.keys) == ["core1", "core2"], "\(seen)")
      for (host, time) in seen { #expect(time.first <= time.last, "\(host)") }
      // As if nothing had been changed.
      #expect(try await place.muttd("audit", "config", "--json").output == changes)
      let table = try await place.muttd("hosts", "device", "list").output
      #expect(table.contains("last seen"))
    }
  }

  /// First and last by host, of those that were heard.
  private func times(_ place: DaemonPlace) async throws -> [String: (first: String, last: String)] {
    let answer = try await place.muttd("hosts", "device", "list", "--json")
    guard answer.ending == .code(0) else { throw HarnessError(answer.errors) }
    var found: [String: (first: String, last: String)] = [:]
    for device in answer.output.split(separator: "\n").compactMap({ JSON($0) }) {
      guard let first = device["first_seen_at"].string, let last = device["last_seen_at"].string else {
        continue
      }
      found[device["hostname"].string ?? ""] = (first, last)
    }
    return found
  }
}
