import Model
import Policy

/// What is asked before anything is decoded: who is let in, and whether a source still may. Both are off by
/// default and cost the loop nothing then.
struct GuardCases {
  private static let events = 4_096

  static func run(_ meter: Meter) throws {
    try access(meter)
    try storm(meter)
  }

  private static func access(_ meter: Meter) throws {
    let networks = (0..<1_000).map {
      Network(address: IPAddress(v4: 0x0A00_0000 + UInt32($0) << 10), prefix: 120)
    }
    let set = NetworkSet(networks)
    var admitted = 0
    meter.measure("guard/access-1000-networks", events: events) {
      for event in 0..<events where set.contains(IPAddress(v4: 0x0A00_0000 + UInt32(event) << 8)) {
        admitted += 1
      }
    }
    guard admitted == 2 * 1_000 else { throw BenchFailure("guard/access: \(admitted) were let in") }
  }

  private static func storm(_ meter: Meter) throws {
    let limit = StormLimit(rate: Rate(500, per: .second), burst: 100)
    let start = Timestamp(seconds: 1_795_219_200)
    let flood = IPAddress(v4: 192, 0, 2, 1)
    var table = StormTable(limit, seed: 7)
    table.begin(monotonic: 1_000_000_000_000, now: start)
    var passed = 0
    for _ in 0..<1_000 where table.judge(flood, arrival: start) == .passes { passed += 1 }
    meter.measure("guard/storm-shed", events: events) {
      for _ in 0..<events where table.judge(flood, arrival: start) == .passes { passed += 1 }
    }
    guard passed == 100 else { throw BenchFailure("guard/storm-shed: \(passed) passed") }

    meter.measure("guard/storm-64-sources", events: events) {
      for event in 0..<events
      where table.judge(IPAddress(v4: 0x0A00_0000 + UInt32(event & 63)), arrival: start) == .passes {
        passed += 1
      }
    }
    var spoofed: UInt32 = 0
    meter.measure("guard/storm-spoofed", events: events) {
      for _ in 0..<events {
        spoofed &+= 1
        if table.judge(IPAddress(v4: 0x0B00_0000 &+ spoofed), arrival: start) == .passes { passed += 1 }
      }
    }
    guard passed > 2 * events else { throw BenchFailure("guard/storm-spoofed: \(passed) passed") }
  }
}
