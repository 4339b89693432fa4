import Model
import Testing

@testable import Policy

@Suite struct TemplateTableTests {
  private let start = Timestamp(seconds: 1_795_219_200)

  private func hours(_ hours: Int64) -> Timestamp { start.adding(seconds: hours * 3_600) }

  @Test func countsEachPairByItself() {
    var table = TemplateTable(capacity: 1_024)
    for round in 1...100 {
      for host: UInt64 in 1...3 {
        for template: UInt64 in 1...5 {
          #expect(table.count(host: host, template: template, now: start) == round)
        }
      }
    }
    #expect(table.occupied == 15)
    #expect(table.evictions == 0)
  }

  @Test func theWindowIsADay() {
    var table = TemplateTable(capacity: 4)
    #expect(table.count(host: 1, template: 1, now: start) == 1)
    #expect(table.count(host: 1, template: 1, now: hours(12)) == 2)
    #expect(table.count(host: 1, template: 1, now: hours(20)) == 3)
    // The first has left, and never counts longer than a day.
    #expect(table.count(host: 1, template: 1, now: hours(25)) == 3)
    #expect(table.count(host: 1, template: 1, now: hours(37)) == 3)
    #expect(table.count(host: 1, template: 1, now: hours(100)) == 1)
    #expect(table.occupied == 1)
    #expect(table.evictions == 0)
  }

  @Test func aClockThatGoesBackLosesNothing() {
    var table = TemplateTable(capacity: 4)
    #expect(table.count(host: 1, template: 1, now: hours(10)) == 1)
    #expect(table.count(host: 1, template: 1, now: start) == 2)
    #expect(table.count(host: 1, template: 1, now: .absent) == 3)
    #expect(table.count(host: 1, template: 1, now: hours(10)) == 4)
  }

  @Test func theLeastRecentlyUsedGoesFirst() {
    // One set of four.
    var table = TemplateTable(capacity: 4)
    for template: UInt64 in 1...4 { table.count(host: 1, template: template, now: start) }
    #expect(table.count(host: 1, template: 1, now: start) == 2)
    #expect(table.evictions == 0)
    // 2 is the oldest now, then 3.
    #expect(table.count(host: 1, template: 5, now: start) == 1)
    #expect(table.count(host: 1, template: 6, now: start) == 1)
    #expect(table.evictions == 2)
    #expect(table.occupied == 4)
    #expect(table.count(host: 1, template: 1, now: start) == 3)
    #expect(table.count(host: 1, template: 4, now: start) == 2)
    #expect(table.count(host: 1, template: 2, now: start) == 1)
    #expect(table.evictions == 3)
  }

  @Test func whatIsOverGoesWithoutBeingMissed() {
    var table = TemplateTable(capacity: 4)
    for template: UInt64 in 1...4 { table.count(host: 1, template: template, now: start) }
    #expect(table.count(host: 1, template: 9, now: hours(48)) == 1)
    #expect(table.evictions == 0)
    #expect(table.occupied == 4)
  }

  @Test func sweepingFreesWhatIsOver() {
    var table = TemplateTable(capacity: 256)
    for template: UInt64 in 0..<100 { table.count(host: 1, template: template, now: start) }
    let evicted = Int(table.evictions)
    #expect(table.occupied == 100 - evicted)
    table.count(host: 2, template: 1, now: hours(23))
    for _ in 0..<8 { table.sweep(now: hours(23)) }
    #expect(table.occupied >= 100 - evicted)
    // Eight calls go once around 256 entries.
    for _ in 0..<8 { table.sweep(now: hours(30)) }
    #expect(table.occupied == 1)
    #expect(table.count(host: 2, template: 1, now: hours(30)) == 2)
    #expect(Int(table.evictions) == evicted)
  }

  /// Against a table without bounds: as long as nothing had to go, the counts are the same.
  @Test func countsWithoutErrorBelowItsSize() {
    var random = SeededNumbers(seed: 17)
    var table = TemplateTable(capacity: 65_536)
    var expected: [[UInt64]: Int] = [:]
    for _ in 0..<50_000 {
      let pair = [random.next() % 20, random.next() % 40]
      expected[pair, default: 0] += 1
      #expect(table.count(host: pair[0], template: pair[1], now: start) == expected[pair])
    }
    #expect(table.evictions == 0)
    #expect(table.occupied == expected.count)
  }

  @Test func takesAHundredThousandTemplates() {
    var table = TemplateTable(capacity: TemplateTable.standardCapacity)
    #expect(TemplateTable.standardCapacity * TemplateTable.entrySize == 4 << 20)
    for template: UInt64 in 0..<100_000 {
      table.count(host: 1, template: template &* 0x9E37_79B9_7F4A_7C15, now: start)
    }
    // Sets of four that overflow while others have room cost a tenth.
    #expect(table.occupied + Int(table.evictions) == 100_000)
    #expect(table.evictions < 12_000)
  }

  /// Hosts are the same by name whatever its case, by device whatever the snapshot, and apart otherwise.
  @Test func hostKeys() throws {
    var bench = Bench()
    bench.devices = [Device(hostname: "core1", addresses: [IPAddress("192.0.2.1")!])]
    let matcher = try bench.matcher()
    bench.devices.insert(Device(hostname: "access7", addresses: [IPAddress("192.0.2.7")!]), at: 0)
    let later = try bench.matcher()
    func key(_ matcher: borrowing Matcher, _ sample: Sample) -> UInt64 {
      let decision = matcher.judge(sample.event, datagram: sample.datagram.span, rank: .max)
      return matcher.hostKey(decision, event: sample.event, datagram: sample.datagram.span)
    }
    let named = key(matcher, Sample(host: "core1"))
    #expect(key(matcher, Sample(host: "CORE1")) == named)
    #expect(key(matcher, Sample(host: "192.0.2.1")) == named)
    #expect(key(later, Sample(host: "192.0.2.1")) == named)
    #expect(key(matcher, Sample(host: "core2")) != named)
    #expect(
      key(matcher, Sample(host: "core1.example.net")) == key(matcher, Sample(host: "Core1.Example.NET")))
    #expect(key(matcher, Sample(host: "core1.example.net")) != named)
    let unnamed = key(matcher, Sample().from("198.51.100.1"))
    #expect(unnamed != key(matcher, Sample().from("198.51.100.2")))
    #expect(unnamed == key(matcher, Sample(host: "198.51.100.1")))
    #expect(unnamed == key(matcher, .trap("1.3.6.1.6.3.1.1.5.1", agent: "198.51.100.1")))
  }
}
