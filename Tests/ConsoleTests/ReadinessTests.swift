import Foundation
import Model
import Testing

@testable import Console

@Suite struct ReadinessTests {
  private func text(_ readiness: Readiness) -> String {
    var bytes: [UInt8] = []
    readiness.appendJSON(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func theContractsExample() throws {
    var readiness = Readiness(status: .degraded, version: "0.1.0", node: 0, uptime: 86_412)
    readiness.problems = [
      Readiness.Problem(
        check: "destination", name: "moog", state: "held", since: Timestamp(rfc3339: "2026-11-21T01:58:02Z"),
        reason: "401 Unauthorized", pending: 312, oldestAge: 965, do: "renew MOOG_API_KEY, then: muttd reload"
      ),
      Readiness.Problem(
        check: "rules", name: "bgp-flap", state: "quarantined", reason: "missing ) at column 14",
        do: "muttd rules show bgp-flap"),
    ]
    readiness.rules.active = 212
    readiness.rules.quarantined = 1
    readiness.rules.generation = 41
    readiness.rules.age = 12
    readiness.rules.from = "store"
    readiness.store.isUp = true
    readiness.outbox.bytes = 401_408
    readiness.outbox.pending = 312
    readiness.disk.freeBytes = 48_318_382_080
    #expect(
      text(readiness)
        == #"{"status":"degraded","version":"0.1.0","node":0,"uptime_s":86412,"problems":["#
        + #"{"check":"destination","name":"moog","state":"held","since":"2026-11-21T01:58:02Z","#
        + #""reason":"401 Unauthorized","pending":312,"oldest_s":965,"#
        + #""do":"renew MOOG_API_KEY, then: muttd reload"},"#
        + #"{"check":"rules","name":"bgp-flap","state":"quarantined","reason":"missing ) at column 14","#
        + #""do":"muttd rules show bgp-flap"}],"intake":{"ok":true,"kernel_dropped":0},"#
        + #""rules":{"active":212,"quarantined":1,"generation":41,"age_s":12,"from":"store"},"#
        + #""store":{"up":true,"audit_pending":0,"audit_shed":0},"#
        + #""outbox":{"bytes":401408,"pending":312,"dead":0,"unrouted":0},"#
        + #""disk":{"free_bytes":48318382080,"ok":true}}"# + "\n")
    #expect(readiness.httpStatus == 200)
  }

  @Test func beforeTheFirstSnapshotNothingIsInvented() {
    let readiness = Readiness(status: .failed, version: "0.1.0", node: 7, uptime: 0)
    #expect(text(readiness).contains(#""generation":0,"age_s":null,"from":null}"#))
    #expect(readiness.httpStatus == 503)
    #expect(Readiness(status: .ok, version: "", node: 0, uptime: 0).httpStatus == 200)
  }

  @Test func thousandsOfProblemsAreCountedNotListed() throws {
    var readiness = Readiness(status: .degraded, version: "0.1.0", node: 0, uptime: 0)
    readiness.problems = (0..<5_000).map {
      Readiness.Problem(check: "rules", name: "rule \"\($0)\"", state: "quarantined", do: "muttd rules show")
    }
    let parsed = try JSONSerialization.jsonObject(with: Data(text(readiness).utf8))
    let object = try #require(parsed as? [String: Any])
    #expect((object["problems"] as? [Any])?.count == 200)
    #expect(object["problems_left_out"] as? Int == 4_800)
  }
}
