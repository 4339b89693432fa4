import Console
import Delivery
import Synchronization
import Testing

@testable import Daemon

/// How long nobody has heard anything, and what the heartbeat makes of it.
@Suite struct DeliveryWatchTests {
  private final class Clock: Sendable {
    private let minutes = Atomic<Int64>(7)
    func pass(minutes count: Int64) { minutes.add(count, ordering: .relaxed) }
    var now: Int64 { minutes.load(ordering: .relaxed) * 60_000_000_000 }
  }

  private let clock = Clock()
  private let watch: DeliveryWatch

  init() {
    watch = DeliveryWatch(["moog", "ops", "spare"]) { [clock] in clock.now }
  }

  private func set(_ kind: DestinationCondition.Kind, isTrying: Bool = false, _ places: Int...) {
    for place in places { watch.note(DestinationCondition(kind: kind, isTrying: isTrying), of: place) }
  }

  private func isWithheld(_ status: Readiness.Status = .degraded, listeners: Set<String>? = nil) -> Bool {
    Heartbeat.objection(status, watch, listeners: listeners) != nil
  }

  @Test func oneThatWorksIsEnoughWithoutSelfAlerts() {
    set(.held, 0, 1)
    clock.pass(minutes: 60)
    #expect(!isWithheld())
    set(.open, 2)
    clock.pass(minutes: 5)
    #expect(!isWithheld(), "five minutes are not over yet")
    clock.pass(minutes: 1)
    #expect(isWithheld())
    #expect(
      Heartbeat.objection(.ok, watch, listeners: nil)
        == Heartbeat.Problem(
          reason: "moog, ops, spare took no alert for more than five minutes: nothing is sent",
          remedy: "muttd destinations list"))
    set(.works, 1)
    #expect(!isWithheld())
  }

  @Test func withSelfAlertsOnlyWhoIsToldCounts() {
    set(.held, 1)
    clock.pass(minutes: 6)
    #expect(!isWithheld())
    #expect(isWithheld(listeners: ["ops"]))
    #expect(!isWithheld(listeners: ["ops", "spare"]), "its fallback hears it")
    set(.open, 2)
    #expect(!isWithheld(listeners: ["ops", "spare"]))
    clock.pass(minutes: 6)
    #expect(isWithheld(listeners: ["ops", "spare"]))
  }

  /// One outage, whatever it is called on the way.
  @Test func trialsAndOtherReasonsDoNotBeginItAnew() {
    set(.open, 0, 1, 2)
    clock.pass(minutes: 3)
    set(.held, 0, 1, 2)
    clock.pass(minutes: 2)
    set(.held, isTrying: true, 0, 1, 2)
    clock.pass(minutes: 1)
    #expect(isWithheld())
    set(.failing, 0)
    #expect(!isWithheld(), "alerts still leave")
    set(.open, 0)
    clock.pass(minutes: 5)
    #expect(!isWithheld())
  }

  @Test func aReloadBeginsItAnew() {
    set(.held, 0, 1, 2)
    clock.pass(minutes: 60)
    watch.replace(["moog", "ops", "spare", "new"], without: [0, 1, 2])
    #expect(!isWithheld())
    watch.note(DestinationCondition(kind: .held), of: 3)
    clock.pass(minutes: 6)
    #expect(isWithheld())
    watch.replace(["moog", "ops", "spare", "new"], without: [3])
    #expect(!isWithheld(), "moog, ops and spare are back")
  }

  @Test func withoutDestinationsOrUnfit() {
    #expect(Heartbeat.objection(.ok, DeliveryWatch([]), listeners: nil) == nil)
    #expect(isWithheld(.failed))
    #expect(!isWithheld(.ok))
  }
}
