import Glibc
import Model
import Store
import TestKit
import Testing

/// Printed, not asserted: what the audit and the outbox take on this machine.
@Suite(.serialized) struct ThroughputTests {
  private func seconds() -> Double {
    var now = timespec()
    unsafe _ = clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
  }

  private func batches(rows: Int, of size: Int, matched: Int) -> [EventBatch] {
    var factory = EventFactory()
    var made: [EventBatch] = []
    let text = "<187>4512: core1: Nov 21 02:14:05.913: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down"
    for start in stride(from: 0, to: rows, by: size) {
      var batch = EventBatch()
      for number in start..<start + size {
        let rule: (id: Int64, name: String)? = number % 100 < matched ? (Int64(number % 20 + 1), "r") : nil
        factory.add(to: &batch, host: "host\(number &* 7_919 % 2_000)", raw: text, rule: rule)
      }
      made.append(batch)
    }
    return made
  }

  @Test(arguments: zip([1_000, 5_000], [5, 100]))
  func auditRows(_ size: Int, matched: Int) throws {
    let directory = TemporaryDirectory()
    let store = try SQLiteStore(
      path: directory.file("muttd.db"), mode: .daemon, migrate: true, notices: { _ in })
    var edits: [CatalogEdit] = []
    for number in 1...20 {
      edits.append(
        .addRule(Rule(name: "r\(number)", matchType: .contains, prodHandling: "P", devHandling: "I")))
    }
    _ = try store.apply(edits, by: EditActor(name: "test"))
    let made = batches(rows: 100_000, of: size, matched: matched)
    let start = seconds()
    var written = 0
    for batch in made { written += try store.append(batch, matchedOnly: false, afterDoubt: false).written }
    let spent = seconds() - start
    #expect(written == 100_000)
    print(
      "audit, batches of \(size), \(matched) % matched: \(Int(Double(written) / spent)) rows per CPU second")
  }

  @Test func spool() throws {
    let directory = TemporaryDirectory()
    let outbox = try Outbox(path: directory.file("outbox.db"), sync: .normal, notices: { _ in })
    let made = batches(rows: 100_000, of: 500, matched: 100)
    let start = seconds()
    var last: [EventID] = []
    for batch in made {
      var work = Outbox.Work()
      work.batches = [batch]
      work.removedSpool = last
      last = try outbox.write(work).spoolKeys.compactMap { $0 }
    }
    print("spool, in and out: \(Int(100_000 / (seconds() - start))) rows per CPU second")
    #expect(outbox.spoolCount == 500)
  }

  @Test func deliveries() throws {
    let directory = TemporaryDirectory()
    let outbox = try Outbox(path: directory.file("outbox.db"), sync: .normal, notices: { _ in })
    let body = [UInt8](repeating: 0x20, count: 1_200)
    let start = seconds()
    for turn in 0..<100 {
      var work = Outbox.Work()
      for number in 0..<100 {
        let id = EventID(
          milliseconds: EventFactory.start.milliseconds + Int64(turn), node: 0, sequence: Int64(number))
        var delivery = EventFactory.delivery(id, to: "moog")
        delivery.body = body
        work.deliveries.append(delivery)
      }
      let ids = try outbox.write(work).deliveryIDs
      _ = try outbox.due(destination: "moog", now: EventFactory.start, limit: 100, staleBefore: .absent)
      work = Outbox.Work()
      work.outcomes = ids.map {
        DeliveryOutcome(id: $0, verdict: .delivered(marks: true), status: 200, error: nil)
      }
      _ = try outbox.write(work)
    }
    print("deliveries, in, read and out: \(Int(10_000 / (seconds() - start))) per CPU second")
    #expect(try outbox.counts().isEmpty)
  }
}
