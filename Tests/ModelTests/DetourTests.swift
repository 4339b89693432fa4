import Model
import Testing

/// A delivery goes over to another destination, and to one after that.
@Suite struct DetourTests {
  private let now = Timestamp(seconds: 1_795_227_245)

  /// The delivery at `name`; nil: it may not go there, and has not changed.
  private func over(_ delivery: Delivery, _ name: String, isAlike: Bool, at time: Timestamp? = nil)
    -> Delivery?
  {
    var moved = delivery
    if moved.goOver(to: name, isAlike: isAlike, now: time ?? now) { return moved }
    #expect(moved == delivery)
    return nil
  }

  /// The delivery where it was routed to; nil: it stands there, and has not changed.
  private func home(_ delivery: Delivery) -> Delivery? {
    var moved = delivery
    if moved.goHome(isAlike: false, now: now) { return moved }
    #expect(moved == delivery)
    return nil
  }

  private func delivery() -> Delivery {
    var delivery = Delivery(
      eventID: EventID(rawValue: 1), eventTime: now, destination: "a", host: "h", rule: "r",
      handling: "Page_only", signature: "s", body: [1], createdAt: now)
    var detour = Detour()
    detour.bodies = [
      Detour.Body(names: ["a", "b"], bytes: nil), Detour.Body(names: ["c"], bytes: [3]),
      Detour.Body(names: ["d"], bytes: [4]),
    ]
    delivery.detour = detour
    return delivery
  }

  @Test("everywhere it is what is written there, and back again too")
  func bodies() throws {
    var delivery = delivery()
    for (name, body) in [("c", 3), ("b", 1), ("d", 4), ("c", 3), ("a", 1)] as [(String, UInt8)] {
      delivery = try #require(over(delivery, name, isAlike: false))
      #expect(delivery.destination == name && delivery.body == [body], "\(name)")
    }
    #expect(over(delivery, "e", isAlike: false) == nil)
    #expect(over(delivery, "e", isAlike: true)?.body == [1])
  }

  @Test("it begins anew, and says where it comes from")
  func begins() throws {
    var delivery = delivery()
    delivery.attempts = 2
    delivery.lastError = "no route"
    delivery.nextAttemptAt = now.adding(seconds: 60)
    delivery = try #require(over(delivery, "b", isAlike: true, at: now.adding(seconds: 1)))
    #expect(delivery.attempts == 0 && delivery.lastError == nil)
    #expect(delivery.nextAttemptAt == now.adding(seconds: 1) && delivery.createdAt == now)
    #expect(delivery.cameFrom == "a, after 2 attempts: no route")
    #expect(over(delivery, "c", isAlike: false)?.cameFrom == "b, where it waited")
  }

  @Test(
    "where it was answered it does not come back to; an outage, and too much at once, say nothing about it",
    arguments: [(503, 1, false), (403, 1, false), (0, 4, true), (429, 1, true), (503, 0, true)])
  func poison(status: Int, attempts: Int, returns: Bool) throws {
    var delivery = delivery()
    delivery.attempts = attempts
    delivery.lastStatus = status
    delivery = try #require(over(delivery, "b", isAlike: true))
    #expect((over(delivery, "a", isAlike: true) != nil) == returns)
  }

  @Test("it goes back to where it was routed to, however far it went, and not where it was refused since")
  func goesHome() throws {
    var delivery = delivery()
    func refused() {
      delivery.attempts = 1
      delivery.lastStatus = 403
    }
    #expect(home(delivery) == nil)
    for name in ["c", "d"] {
      refused()
      delivery = try #require(over(delivery, name, isAlike: false))
      #expect(delivery.detour?.home == "a")
    }
    refused()
    delivery = try #require(home(delivery))
    #expect(delivery.destination == "a" && delivery.body == [1] && delivery.detour?.home == nil)
    for name in ["c", "d"] { #expect(over(delivery, name, isAlike: false) == nil) }
    #expect(over(delivery, "b", isAlike: false)?.detour?.home == "a")
  }

  @Test("nobody gets it twice")
  func barred() throws {
    var delivery = delivery()
    delivery.detour?.bar("b")
    #expect(over(delivery, "b", isAlike: true) == nil)
    delivery = try #require(over(delivery, "c", isAlike: false))
    #expect(over(delivery, "b", isAlike: false) == nil)
  }
}
