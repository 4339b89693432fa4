import Model
import Testing

@testable import Policy

@Suite struct TemplateTallyTests {
  private static func counts(_ report: TemplateReport) -> [UInt64: UInt32] {
    Dictionary(report.records.map { ($0.key, $0.count) }, uniquingKeysWith: +)
  }

  @Test func countsEachPairByItself() {
    var tally = TemplateTally(capacity: 64)
    for round in 1...100 {
      for host: UInt64 in 1...3 {
        for template: UInt64 in 1...5 {
          #expect(tally.count(host: host, template: template) == (round == 1))
        }
      }
    }
    let report = tally.exchange(TemplateReport())
    #expect(report.records.count == 15)
    #expect(report.records.allSatisfy { $0.count == 100 })
    #expect(Set(report.records.map(\.key)).count == 15)
    #expect(tally.isEmpty == true)
    #expect(tally.takeLost() == 0)
  }

  @Test func aReportBeginsAnew() {
    var tally = TemplateTally(capacity: 64)
    for _ in 0..<3 { _ = tally.count(host: 1, template: 1) }
    let first = tally.exchange(TemplateReport())
    #expect(tally.count(host: 1, template: 1) == true)
    let second = tally.exchange(TemplateReport())
    #expect(first.records.map(\.count) == [3] && second.records.map(\.count) == [1])
    #expect(first.records[0].key == second.records[0].key)
  }

  @Test func whatFindsNoRoomIsCounted() {
    var tally = TemplateTally(capacity: 4)
    for template: UInt64 in 0..<10 { _ = tally.count(host: 1, template: template) }
    #expect(tally.isFull == true)
    #expect(tally.takeLost() == 6)
    #expect(tally.takeLost() == 0)
    // What is there is counted on.
    #expect(tally.count(host: 1, template: 0) == false)
    #expect(tally.takeLost() == 0)
  }

  @Test func samplesAreOfTheirKind() {
    var tally = TemplateTally(capacity: 64)
    for template: UInt64 in 1...3 {
      guard tally.count(host: 1, template: template) else { continue }
      tally.describeLast { record, bytes in
        let start = bytes.count
        bytes.append(decimal: Int(template))
        record.line = ByteRange(start, bytes.count)
      }
    }
    let report = tally.exchange(TemplateReport())
    #expect(report.records.map { report.bytes.span.text($0.line) } == ["1", "2", "3"])
    #expect(report.records.map(\.template) == [1, 2, 3])
  }

  /// Against a dictionary, over many reports.
  @Test func losesNothing() {
    var random = SeededNumbers(seed: 17)
    var tally = TemplateTally(capacity: 1_024)
    var told: [UInt64: UInt32] = [:]
    var expected: [[UInt64]: UInt32] = [:]
    for _ in 0..<50_000 {
      let pair = [random.next() % 20, random.next() % 40]
      expected[pair, default: 0] += 1
      _ = tally.count(host: pair[0], template: pair[1])
      if random.next() % 500 == 0 {
        told.merge(Self.counts(tally.exchange(TemplateReport())), uniquingKeysWith: +)
      }
    }
    told.merge(Self.counts(tally.exchange(TemplateReport())), uniquingKeysWith: +)
    #expect(told.count == expected.count)
    #expect(told.values.sorted() == expected.values.sorted())
    #expect(tally.takeLost() == 0)
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
