import Model
import Testing

@Suite struct EventIDTests {
  @Test func idsGrowWhateverTheClockDoes() {
    var generator = EventIDGenerator(node: 1_023, floor: nil)
    var random = SystemRandomNumberGenerator()
    var now: Int64 = 1_795_227_245_000
    var last = EventID(rawValue: 0)
    for _ in 0..<50_000 {
      // Mostly forward, sometimes an hour back.
      now += Int64.random(in: 0...1, using: &random)
      let seen = Int.random(in: 0..<100, using: &random) == 0 ? now - 3_600_000 : now
      let id: EventID
      if Bool.random(using: &random) {
        id = generator.next(now: seen)
        #expect(id > last)
        last = id
      } else {
        let count = Int64.random(in: 1...256, using: &random)
        id = generator.block(now: seen, count: count)
        #expect(id > last)
        last = EventID(rawValue: id.rawValue + count - 1)
        #expect(last.milliseconds == id.milliseconds && last.node == 1_023)
      }
    }
  }

  @Test func aFullMillisecondSpillsIntoTheNext() {
    var generator = EventIDGenerator(node: 0, floor: nil)
    let now: Int64 = 1_795_227_245_000
    for _ in 0..<4_096 { #expect(generator.next(now: now).milliseconds == now) }
    #expect(generator.next(now: now).milliseconds == now + 1)
  }

  @Test func aStartContinuesAboveTheCeiling() {
    let ceiling: Int64 = 1_795_227_247_000
    var generator = EventIDGenerator(node: 5, floor: ceiling)
    #expect(generator.next(now: ceiling - 60_000).milliseconds > ceiling)
  }

  @Test func theLayoutIsFixed() {
    let id = EventID(milliseconds: EventID.epoch + 1, node: 2, sequence: 3)
    #expect(id.rawValue == 1 << 22 | 2 << 12 | 3)
    #expect(
      EventID(milliseconds: EventID.epoch + (1 << 41) - 1, node: 1_023, sequence: 4_095).rawValue == .max)
  }
}

@Suite struct AccountsTests {
  @Test func theBooksSayWhatDoesNotBalance() {
    var accounts = Accounts()
    #expect(accounts.imbalances.isEmpty)
    let ledger = Ledger()
    _ = ledger.addListener(name: "a", isDatagram: true)
    accounts = ledger.snapshot
    var tally = WorkerTally()
    tally.datagrams = 5
    tally.syslog = 3
    tally.traps = 1
    tally.discarded[DiscardReason.malformedSNMP.rawValue] = 1
    tally.faults[Int(SNMPFault.missingTrapOID.rawValue)] = 1
    tally.matched = 1
    tally.unmatched = 3
    tally.auditPending = 2
    tally.auditSkipped = 1
    tally.auditShed = 1
    accounts.add(tally, listener: 0)
    #expect(accounts.imbalances.isEmpty)
    #expect(accounts.faults[SNMPFault.allCases.count - 1] == 1)
    accounts.audited += 1
    accounts.auditPending -= 1
    #expect(accounts.imbalances.isEmpty)
    accounts.audited += 1
    accounts.forwardable += 1
    let index = accounts.destination("moog")
    accounts.destinations[index].created += 1
    #expect(accounts.imbalances.count == 3)
    #expect(accounts.line.map(\.0).first == "datagrams" && accounts.line.map(\.0).last == "kernel_dropped")
  }

  @Test(arguments: [
    (Int64(-5), 0), (0, 0), (100_000, 0), (100_001, 1), (60_000_000_000, 16), (60_000_000_001, 17),
  ])
  func histogramBuckets(nanoseconds: Int64, bucket: Int) {
    var histogram = Histogram()
    histogram.observe(nanoseconds: nanoseconds, weight: 3)
    #expect(histogram.counts[bucket] == 3 && histogram.count == 3)
    #expect(histogram.sum == UInt64(max(0, nanoseconds)) * 3)
  }
}
