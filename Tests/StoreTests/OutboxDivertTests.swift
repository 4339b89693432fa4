import Model
import Store
import TestKit
import Testing

@Suite("Deliveries that go over to a fallback")
struct OutboxDivertTests {
  private static let now = Timestamp(seconds: 1_795_227_245)

  private static func delivery(
    _ event: Int64, to name: String = "a", rank: Int = 1, signature: String? = nil, detour: Detour? = nil
  ) -> Delivery {
    var delivery = Delivery(
      eventID: EventID(rawValue: event), eventTime: now, destination: name, host: "core1", rule: "r",
      handling: "Page_only", signature: signature ?? "s\(event)", body: [UInt8(event)], createdAt: now)
    delivery.rank = rank
    delivery.detour = detour
    return delivery
  }

  private static func open(_ directory: TemporaryDirectory) throws -> Outbox {
    try Outbox(path: directory.path + "/outbox.db", sync: .normal, notices: { _ in })
  }

  private static func add(_ deliveries: [Delivery], to outbox: Outbox) throws -> [Int64] {
    var work = Outbox.Work()
    work.deliveries = deliveries
    return try outbox.write(work).deliveryIDs
  }

  private static func diversion(
    _ from: String = "a", _ to: String = "b", isAlike: Bool = true, except: Set<Int64> = [], limit: Int = 100,
    most: Int? = nil
  ) -> Outbox.Diversion {
    Outbox.Diversion(
      from: from, to: to, isAlike: isAlike, except: except, limit: limit, most: most,
      now: now.adding(seconds: 5))
  }

  private static func events(_ outbox: Outbox, at name: String) throws -> [Int64] {
    try outbox.due(destination: name, now: now.adding(seconds: 10), limit: 100, staleBefore: .absent)
      .map(\.eventID.rawValue)
  }

  @Test("what was routed elsewhere goes back there, but for clears and what they wait for")
  func home() throws {
    let directory = TemporaryDirectory()
    let outbox = try Self.open(directory)
    var detour = Detour()
    detour.bodies = [Detour.Body(names: ["a"], bytes: nil), Detour.Body(names: ["b"], bytes: [42])]
    var all = (1...6 as ClosedRange<Int64>).map { Self.delivery($0, detour: detour) }
    all[3].signature = "flap"
    all[4].isClear = true
    let ids = try Self.add(all + [Self.delivery(7, to: "b")], to: outbox)
    func end(_ ids: [Int64], _ status: Int) throws {
      var work = Outbox.Work()
      work.outcomes = ids.map {
        DeliveryOutcome(id: $0, verdict: .retry(at: Self.now), status: status, error: "status \(status)")
      }
      _ = try outbox.write(work)
    }
    try end([ids[0]], 403)
    #expect(try outbox.divert(Self.diversion()).moved == 6)
    // Refused; only failed; not tried; refused before its clear; a clear that was refused; refused and busy;
    // refused and at home here.
    try end([0, 3, 4, 5, 6].map { ids[$0] }, 403)
    try end([ids[1]], 503)
    var clear = Self.delivery(8, to: "b", signature: "flap")
    clear.isClear = true
    _ = try Self.add([clear], to: outbox)
    let done = try outbox.sendHome(Self.diversion("b", "a", except: [ids[5]]))
    #expect(done.ids == Array(ids[0...2]) && done.moved == 3 && done.stayed == 0)
    let back = try #require(try outbox.delivery(id: ids[0]))
    #expect(back.destination == "a" && back.attempts == 0 && back.body == [1])
    #expect(back.cameFrom == "b, after 1 attempt: status 403")
    #expect(try Self.events(outbox, at: "a") == [1, 2, 3])
    // Once: what has answered it here does not get it again.
    try end([ids[0]], 403)
    let over = try outbox.divert(Self.diversion())
    #expect(over.moved == 1 && over.stayed == 2)
    // No more at a time than asked for.
    let one = try outbox.sendHome(Self.diversion("b", "a", limit: 1))
    #expect(one.moved == 1 && one.isCut)
  }

  @Test("pages first, in slices, whether due or not; ids stay, the dead stay, and a reopen finds them there")
  func slices() throws {
    let directory = TemporaryDirectory()
    var outbox = try Self.open(directory)
    let all = (1...6 as ClosedRange<Int64>).map { Self.delivery($0, rank: $0 > 4 ? 0 : 1) }
    let ids = try Self.add(all + [Self.delivery(7, to: "b")], to: outbox)
    var work = Outbox.Work()
    work.outcomes = [
      DeliveryOutcome(id: ids[0], verdict: .dead, status: 400, error: "no"),
      DeliveryOutcome(
        id: ids[1], verdict: .retry(at: Self.now.adding(seconds: 900)), status: 503, error: "later"),
    ]
    _ = try outbox.write(work)
    var step = Self.diversion(limit: 3)
    var done = try outbox.divert(step)
    #expect(done.moved == 3 && done.pages == 2 && done.isCut)
    #expect(try Self.events(outbox, at: "b") == [5, 6, 2, 7])
    outbox.close()
    outbox = try Self.open(directory)
    step.after = done.place
    done = try outbox.divert(step)
    #expect(done.moved == 2 && !done.isCut)
    #expect(try Self.events(outbox, at: "b") == [5, 6, 2, 3, 4, 7])
    #expect(try Self.events(outbox, at: "a") == [])
    let moved = try #require(try outbox.delivery(id: ids[1]))
    #expect(moved.cameFrom == "a, after 1 attempt: later" && moved.attempts == 0 && moved.lastError == nil)
    #expect(moved.nextAttemptAt == Self.now.adding(seconds: 5) && moved.createdAt == Self.now)
    #expect(try outbox.delivery(id: ids[0])?.state == .dead)
    #expect(try outbox.counts().map(\.destination) == ["a", "b"])
  }

  @Test("those under way stay, and so does what follows them under their signature")
  func signatures() throws {
    let outbox = try Self.open(TemporaryDirectory())
    let ids = try Self.add(
      [
        Self.delivery(1, signature: "link"), Self.delivery(2, signature: "link"),
        Self.delivery(3, signature: "fan"),
      ], to: outbox)
    var done = try outbox.divert(Self.diversion(except: [ids[0], 99]))
    #expect(done.moved == 1 && done.heldBack == 1 && done.stayed == 0)
    #expect(try Self.events(outbox, at: "a") == [1, 2])
    done = try outbox.divert(Self.diversion())
    #expect(done.moved == 2 && done.heldBack == 0)
    #expect(try Self.events(outbox, at: "b") == [1, 2, 3])
  }

  @Test("what follows one that was under way waits to the end of the round, also when that has ended")
  func ended() throws {
    let outbox = try Self.open(TemporaryDirectory())
    let ids = try Self.add(
      [
        Self.delivery(1, signature: "link"), Self.delivery(2, signature: "link"),
        Self.delivery(3, signature: "fan"), Self.delivery(4, signature: "link"),
      ], to: outbox)
    var step = Self.diversion(except: [ids[0]], limit: 3)
    var done = try outbox.divert(step)
    #expect(done.moved == 1 && done.heldBack == 1 && done.isCut)
    var work = Outbox.Work()
    work.outcomes = [DeliveryOutcome(id: ids[0], verdict: .delivered(marks: true), status: 200, error: nil)]
    _ = try outbox.write(work)
    step = Self.diversion(limit: 3)
    step.after = done.place
    done = try outbox.divert(step)
    #expect(done.moved == 0 && done.heldBack == 1, "it would come before the second")
    #expect(try outbox.divert(Self.diversion()).moved == 2)
    #expect(try Self.events(outbox, at: "b") == [2, 3, 4])
  }

  @Test("who took a raise is remembered in the same transaction, until its clear went there too")
  func standIns() throws {
    let directory = TemporaryDirectory()
    var outbox = try Self.open(directory)
    var clear = Self.delivery(3, signature: "link")
    clear.isClear = true
    _ = try Self.add([Self.delivery(1, signature: "link"), Self.delivery(2, signature: "fan")], to: outbox)
    let done = try outbox.divert(Self.diversion())
    #expect(done.gone.map(\.signature) == ["link", "fan"] && done.gone.allSatisfy { !$0.isClear })
    outbox.close()
    outbox = try Self.open(directory)
    let since = Self.now.adding(seconds: 5)
    let fan = Outbox.StandIn(signature: "fan", destination: "b", since: since)
    let link = Outbox.StandIn(signature: "link", destination: "b", since: since)
    #expect(try outbox.standIns().sorted { $0.signature < $1.signature } == [fan, link])
    _ = try Self.add([clear], to: outbox)
    #expect(try outbox.divert(Self.diversion()).gone.map(\.isClear) == [true])
    #expect(try outbox.standIns() == [fan])
    var work = Outbox.Work()
    let other = Outbox.StandIn(signature: "disk", destination: "c", since: since.adding(seconds: 1))
    work.standIns = [.took(link), .took(other), .took(other), .cleared(signature: "fan", destination: "b")]
    _ = try outbox.write(work)
    #expect(try outbox.standIns() == [link, other])
    work.standIns = [.forgotten(through: since)]
    _ = try outbox.write(work)
    #expect(try outbox.standIns() == [other])
  }

  @Test("another format brings its own body; one that carries none stays")
  func formats() throws {
    let outbox = try Self.open(TemporaryDirectory())
    var detour = Detour()
    detour.bodies = [Detour.Body(names: ["a"], bytes: nil), Detour.Body(names: ["b", "c"], bytes: [77])]
    let ids = try Self.add([Self.delivery(1, detour: detour), Self.delivery(2)], to: outbox)
    let done = try outbox.divert(Self.diversion(isAlike: false))
    #expect(done.moved == 1 && done.stayed == 1)
    #expect(try outbox.delivery(id: ids[0])?.body == [77])
    // And on to the next, with what it was written there; and back.
    #expect(try outbox.divert(Self.diversion("b", "c", isAlike: false)).moved == 1)
    #expect(try outbox.delivery(id: ids[0])?.body == [77])
    #expect(try outbox.divert(Self.diversion("c", "a", isAlike: false)).moved == 1)
    #expect(try outbox.delivery(id: ids[0])?.body == [1])
  }

  @Test("nobody gets an alert twice: not who has it, nor who took it from another")
  func twice() throws {
    let outbox = try Self.open(TemporaryDirectory())
    let ids = try Self.add(
      [
        Self.delivery(1, to: "a"), Self.delivery(1, to: "b"), Self.delivery(2, to: "a"),
        Self.delivery(2, to: "x"),
      ], to: outbox)
    #expect(try outbox.divert(Self.diversion()).stayed == 1)
    #expect(try Self.events(outbox, at: "b") == [1, 2])
    // Also when it has been delivered since.
    var work = Outbox.Work()
    work.outcomes = [DeliveryOutcome(id: ids[2], verdict: .delivered(marks: true), status: 200, error: nil)]
    _ = try outbox.write(work)
    let done = try outbox.divert(Self.diversion("x", "b"))
    #expect(done.moved == 0 && done.stayed == 1)
    #expect(try Self.events(outbox, at: "x") == [2])
  }

  @Test("one and no more, for who seeks its next trial")
  func one() throws {
    let outbox = try Self.open(TemporaryDirectory())
    var barred = Detour()
    barred.bar("b")
    _ = try Self.add([Self.delivery(1, detour: barred), Self.delivery(2), Self.delivery(3)], to: outbox)
    let done = try outbox.divert(Self.diversion(most: 1))
    #expect(done.moved == 1 && done.stayed == 1)
    #expect(try Self.events(outbox, at: "b") == [2])
  }

  @Test(
    "a value that cannot be read keeps its alert where it is",
    arguments: ["x''", "x'03'", "x'01FFFF'", "substr(detour, 1, length(detour) - 1)", "detour || x'00'"],
    [nil, "h"])
  func unreadable(value: String, home: String?) throws {
    let directory = TemporaryDirectory()
    let outbox = try Self.open(directory)
    var detour = Detour()
    detour.home = home
    detour.bodies = [Detour.Body(names: ["a"], bytes: nil), Detour.Body(names: ["b"], bytes: [77])]
    _ = try Self.add([Self.delivery(1, detour: detour)], to: outbox)
    try DatabaseFile(directory.path + "/outbox.db").run(
      "UPDATE deliveries SET detour = CAST(\(value) AS BLOB)")
    #expect(try outbox.divert(Self.diversion()).stayed == 1)
    #expect(try Self.events(outbox, at: "a") == [1])
  }
}
