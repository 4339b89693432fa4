import Model
import Store
import TestKit
import Testing

@Suite("Who sends and is no device")
struct OutboxSightingsTests {
  private static let now = Timestamp(seconds: 1_795_227_245)

  private static func sighting(
    _ number: UInt32, _ host: String = "", syslog: UInt64 = 1, traps: UInt64 = 0, at seconds: Int64 = 0
  ) -> Sighting {
    Sighting(
      address: IPAddress(v4: 0x0A00_0000 + number), host: host, syslog: syslog, traps: traps,
      firstSeen: now.adding(seconds: seconds), lastSeen: now.adding(seconds: seconds + 1))
  }

  @Test("is added up by address and name, and survives a restart")
  func addsUp() throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/outbox.db"
    let outbox = try Outbox(path: path, sync: .normal, notices: { _ in })
    try outbox.add([Self.sighting(1, "core1"), Self.sighting(2, traps: 3)], now: Self.now)
    try outbox.add([Self.sighting(1, "CORE1", syslog: 7, at: 60)], now: Self.now)
    outbox.close()
    let again = try Outbox(path: path, sync: .normal, notices: { _ in })
    var merged = Self.sighting(1, "core1", syslog: 8)
    merged.lastSeen = Self.now.adding(seconds: 61)
    #expect(try again.sightings() == [merged, Self.sighting(2, traps: 3)])
    // Beside the daemon too.
    let hand = try Outbox(path: path, sync: .normal, access: .commandLine, notices: { _ in })
    #expect(try hand.sightings().count == 2)
  }

  @Test("is forgotten after thirty days, and beyond ten thousand the longest ago first")
  func isBounded() throws {
    let directory = TemporaryDirectory()
    let outbox = try Outbox(path: directory.path + "/outbox.db", sync: .normal, notices: { _ in })
    let many = (0..<UInt32(Outbox.sightingLimit + 5)).map { Self.sighting($0, at: Int64($0)) }
    try outbox.add(many, now: Self.now)
    let kept = try outbox.sightings()
    #expect(kept.count == Outbox.sightingLimit)
    #expect(kept.first == many.last && kept.last == many[5])
    try outbox.add([], now: Self.now.adding(seconds: 31 * 86_400))
    #expect(try outbox.sightings() == [])
  }
}
