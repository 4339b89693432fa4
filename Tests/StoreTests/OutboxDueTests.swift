import Model
import Store
import TestKit
import Testing

/// What is read at once of the deliveries that are due.
@Suite struct OutboxDueTests {
  private let directory = TemporaryDirectory()

  private func open() throws -> Outbox {
    try Outbox(path: directory.file("outbox.db"), sync: .normal, notices: { _ in })
  }

  /// However many are due: what is read at once is bounded by what it weighs, too.
  @Test func largeOnesComeAFewAtATime() throws {
    let outbox = try open()
    var work = Outbox.Work()
    for event: Int64 in 1...20 {
      var delivery = EventFactory.delivery(EventID(rawValue: event), to: "moog", rank: event > 10 ? 0 : 1)
      delivery.signature = "port\(event)"
      delivery.body = [UInt8](repeating: 0x61, count: 1_000)
      work.deliveries.append(delivery)
    }
    _ = try outbox.write(work)
    func events(_ bytes: Int, limit: Int = 100) throws -> [Int64] {
      try outbox.due(
        destination: "moog", now: EventFactory.start, limit: limit, bytes: bytes, staleBefore: .absent
      ).map(\.eventID.rawValue)
    }
    #expect(try events(2_500) == [11, 12, 13])
    #expect(try events(10_500) == Array(11...20) + [1])
    #expect(try events(1) == [11], "one at least")
    #expect(try events(.max).count == 20)
    #expect(try events(10_000, limit: 2) == [11, 12])
  }

  /// Of all that is owed to one destination, whatever its rank; what is dead is owed no more.
  @Test func theOldestIsKnown() throws {
    let outbox = try open()
    var work = Outbox.Work()
    for (event, rank, name) in [(3, 0, "moog"), (2, 1, "moog"), (4, 1, "moog"), (1, 0, "noc")] {
      var delivery = EventFactory.delivery(EventID(rawValue: Int64(event)), to: name, rank: rank)
      delivery.createdAt = Timestamp(seconds: Int64(event), nanoseconds: 0)
      work.deliveries.append(delivery)
    }
    let ids = try outbox.write(work).deliveryIDs
    func oldest(_ name: String) throws -> Int64? {
      try outbox.oldestPending(destination: name).map { $0.nanoseconds / 1_000_000_000 }
    }
    #expect(try oldest("moog") == 2)
    #expect(try oldest("noc") == 1)
    #expect(try oldest("other") == nil)
    work = Outbox.Work()
    work.outcomes = [DeliveryOutcome(id: ids[1], verdict: .dead, status: 400, error: "no")]
    _ = try outbox.write(work)
    #expect(try oldest("moog") == 3)
  }

  /// Behind one that has failed and is tried again, at the same destination, until that has ended.
  @Test(arguments: [true, false]) func aClearWaitsForItsRaise(isDelivered: Bool) throws {
    let outbox = try open()
    func delivery(_ event: Int64, _ signature: String, isClear: Bool, to name: String = "moog") -> Delivery {
      var delivery = EventFactory.delivery(EventID(rawValue: event), to: name)
      delivery.signature = signature
      delivery.isClear = isClear
      return delivery
    }
    func due() throws -> [Int64] {
      try outbox.due(
        destination: "moog", now: EventFactory.start.adding(seconds: 60), limit: 10, staleBefore: .absent
      ).map(\.eventID.rawValue)
    }
    func record(_ id: Int64, _ verdict: DeliveryOutcome.Verdict) throws {
      var work = Outbox.Work()
      work.outcomes = [DeliveryOutcome(id: id, verdict: verdict, status: 503, error: "no")]
      _ = try outbox.write(work)
    }
    var work = Outbox.Work()
    work.deliveries = [
      delivery(1, "link", isClear: true), delivery(2, "link", isClear: false),
      delivery(3, "link", isClear: true), delivery(4, "fan", isClear: true),
      delivery(5, "disk", isClear: false), delivery(6, "", isClear: false), delivery(7, "", isClear: true),
      delivery(8, "link", isClear: true, to: "pager"),
    ]
    let ids = try outbox.write(work).deliveryIDs
    #expect(try due() == [1, 2, 3, 4, 5, 6, 7])
    try record(ids[5], .retry(at: EventFactory.start))
    try record(ids[1], .retry(at: EventFactory.start.adding(seconds: 3_600)))
    #expect(try due() == [1, 4, 5, 6, 7])
    try record(ids[1], .retry(at: EventFactory.start))
    #expect(try due() == [1, 2, 4, 5, 6, 7])
    // The next raise lets it go first.
    work.deliveries = [delivery(9, "link", isClear: false)]
    let raise = try #require(try outbox.write(work).deliveryIDs.first)
    #expect(try due() == [1, 2, 4, 5, 6, 7, 3, 9])
    try record(raise, .delivered(marks: false))
    #expect(try due() == [1, 2, 4, 5, 6, 7])
    try record(ids[1], isDelivered ? .delivered(marks: false) : .dead)
    #expect(try due() == [1, 3, 4, 5, 6, 7])
    #expect(
      try outbox.due(destination: "pager", now: EventFactory.start, limit: 1, staleBefore: .absent).count == 1
    )
  }

  /// A device flapped while its destination was away: thousands of clears of one signature. They come in
  /// bounded pieces, each before the raises behind it, and everything comes.
  @Test(arguments: [Int.max, 3_000]) func aFlappingSignatureComesInPieces(bytes: Int) throws {
    let outbox = try open()
    var work = Outbox.Work()
    for event: Int64 in 1...2_000 {
      var delivery = EventFactory.delivery(EventID(rawValue: event << 22), to: "moog")
      delivery.signature = event % 10 == 0 ? "fan" : "link"
      delivery.isClear = event / 10 % 2 == 1
      delivery.body = [UInt8](repeating: 0x61, count: 500)
      work.deliveries.append(delivery)
    }
    let first = try #require(try outbox.write(work).deliveryIDs.first)
    // The very first is tried again later, so that clears are kept back; half of all are stale.
    func record(_ ids: [Int64], _ verdict: DeliveryOutcome.Verdict) throws {
      var work = Outbox.Work()
      work.outcomes = ids.map { DeliveryOutcome(id: $0, verdict: verdict, status: 200, error: nil) }
      _ = try outbox.write(work)
    }
    try record([first], .retry(at: EventFactory.start.adding(seconds: 9_000)))
    var seen: [String: [(event: Int64, isClear: Bool)]] = [:]
    var rounds = 0
    while rounds < 2_000 {
      let found = try outbox.due(
        destination: "moog", now: EventFactory.start.adding(seconds: 60), limit: 64, bytes: bytes,
        staleBefore: Timestamp(milliseconds: EventID.epoch + 1_000))
      #expect(found.count <= 3 * 64)
      if found.isEmpty { break }
      for delivery in found {
        let event = delivery.eventID.rawValue
        // No clear comes behind a raise that is newer.
        if delivery.isClear {
          let isLate = seen[delivery.signature, default: []].contains { !$0.isClear && $0.event > event }
          #expect(!isLate, "\(event >> 22)")
        }
        seen[delivery.signature, default: []].append((event, delivery.isClear))
      }
      try record(found.map(\.id), .delivered(marks: false))
      rounds += 1
    }
    let count = seen.values.reduce(0) { $0 + $1.count }
    // What is left are the clears behind the last raise, which wait for the one that is tried again.
    #expect(count >= 1_900 && count < 2_000)
  }

  /// Of a backlog a part is read at once, fresh ones and pages first: an earlier first attempt of a signature
  /// comes with the later one all the same, or the old "down" would arrive behind its fresh "up".
  @Test(arguments: [true, false], [Int.max, 4_000])
  func aBacklogKeepsTheOrderOfASignature(isClear: Bool, bytes: Int) throws {
    let outbox = try open()
    var work = Outbox.Work()
    for event: Int64 in 1...600 {
      // A raise of each of a hundred ports long ago, tickets and pages between, and what ends them lately.
      let isEnd = event > 500
      var delivery = EventFactory.delivery(
        EventID(rawValue: event << 22), to: "moog", rank: isEnd || event % 3 == 0 ? 0 : 1)
      delivery.signature = event <= 100 ? "port\(event)" : isEnd ? "port\(event - 500)" : "fan\(event)"
      delivery.isClear = isEnd && isClear
      delivery.body = [UInt8](repeating: 0x61, count: 500)
      work.deliveries.append(delivery)
    }
    _ = try outbox.write(work)
    var seen: [String: Int64] = [:]
    var count = 0
    for _ in 0..<600 {
      let found = try outbox.due(
        destination: "moog", now: EventFactory.start.adding(seconds: 60), limit: 16, bytes: bytes,
        staleBefore: Timestamp(milliseconds: EventID.epoch + 400))
      if found.isEmpty { break }
      #expect(found.count <= 3 * 16)
      // Those of one answer leave in order (`ReadyLine`).
      for delivery in found.sorted(by: { $0.eventID < $1.eventID }) {
        #expect(seen[delivery.signature, default: 0] < delivery.eventID.rawValue, "\(delivery.signature)")
        seen[delivery.signature] = delivery.eventID.rawValue
      }
      count += found.count
      var work = Outbox.Work()
      work.outcomes = found.map {
        DeliveryOutcome(id: $0.id, verdict: .delivered(marks: false), status: 200, error: nil)
      }
      _ = try outbox.write(work)
    }
    #expect(count == 600)
  }
}
