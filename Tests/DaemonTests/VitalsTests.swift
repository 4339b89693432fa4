import Delivery
import Foundation
import Intake
import Model
import Store
import TestKit
import Testing

@testable import Console
@testable import Daemon

/// What `/readyz`, the metrics and the watchdog make of the state of the daemon.
@Suite struct VitalsTests {
  private struct Rig {
    let recorder = RecorderHealth()
    var policy = PolicyHealth()
    var destinations: [DeliveryWatch.State] = []
    let directory = TemporaryDirectory()

    init() {
      policy.origin = .store
      policy.active = 1
    }

    var vitals: Vitals {
      Vitals(
        ledger: Ledger(), listeners: { [] }, recorder: recorder, store: StoreHealth(),
        activity: RuleActivity(),
        policy: { [policy] in policy }, deliveryStates: { [destinations] in destinations },
        outboxBytes: { 0 }, stateDirectory: directory.path, node: 0)
    }
  }

  private static let second: Int64 = 1_000_000_000

  @Test func aWriterThatIsStuckIsSeen() throws {
    let rig = Rig()
    let now = SystemClock.monotonic
    #expect(rig.vitals.readiness.status == .ok)
    for (seconds, status, getsOn) in [
      (9, Readiness.Status.ok, true), (12, .failed, true), (60, .failed, false),
    ] {
      rig.recorder.beat(now - Int64(seconds) * Self.second)
      let readiness = rig.vitals.readiness
      #expect(readiness.status == status, "\(seconds)")
      let isNamed = readiness.problems.contains { $0.check == "outbox" && $0.state == "stuck" }
      #expect(isNamed == (status == .failed))
      #expect(rig.vitals.getsOn == getsOn, "\(seconds)")
    }
    // What it says itself is no case for the watchdog.
    rig.recorder.failed(StoreError(.io, "the disk fails"))
    #expect(rig.vitals.getsOn)
    #expect(rig.vitals.readiness.problems.map(\.state) == ["unwritable"])
    rig.recorder.succeeded()
    #expect(!rig.vitals.getsOn)
    rig.recorder.rest()
    #expect(rig.vitals.getsOn)
    #expect(rig.vitals.readiness.status == .ok)
  }

  /// What keeps rules out, and what to do about it: a set of the store, a file, or none at all.
  @Test func rulesThatAreMissingAreNamed() throws {
    var rig = Rig()
    rig.policy.active = 0
    var problem = try #require(rig.vitals.readiness.problems.first)
    #expect(rig.vitals.readiness.status == .degraded)
    #expect(problem.check == "rules" && problem.state == "none" && problem.do.contains("rules import"))
    rig.policy.quarantined = [QuarantinedRule(id: 1, name: "r", reason: "missing )")]
    #expect(rig.vitals.readiness.problems.map(\.state) == ["none", "quarantined"])
    #expect(rig.vitals.readiness.problems.first?.do == "muttd check")
    #expect(!rig.vitals.metrics.areRulesHeldBack)

    rig.policy = PolicyHealth()
    rig.policy.problem = "the store holds more rules than can decide"
    #expect(rig.vitals.readiness.status == .failed && !rig.vitals.metrics.areRulesHeldBack)
    rig.policy.active = 6
    rig.policy.origin = .cache
    rig.policy.confirmedAt = Timestamp(nanoseconds: 1)
    rig.policy.problem = "the new set has 0 usable rules"
    rig.policy.isGuarded = true
    problem = try #require(rig.vitals.readiness.problems.first)
    #expect(rig.vitals.readiness.problems.count == 1)
    #expect(problem.name == "guard" && problem.state == "guarded" && problem.since == rig.policy.confirmedAt)
    #expect(problem.do.contains("export --snapshot") && problem.do.contains("reload --force"))
    #expect(rig.vitals.metrics.areRulesHeldBack)
    // The file was refused, and what the store has decides.
    rig.policy.origin = .store
    rig.policy.fileProblem = rig.policy.problem
    rig.policy.isFileGuarded = true
    rig.policy.problem = nil
    rig.policy.isGuarded = false
    problem = try #require(rig.vitals.readiness.problems.first)
    #expect(problem.state == "guarded" && problem.do.hasPrefix("correct rules.file"))
    #expect(rig.vitals.metrics.areRulesHeldBack)
  }

  @Test func aDirectoryThatIsGoneIsSeen() throws {
    let rig = Rig()
    #expect(rig.vitals.readiness.disk.isOK)
    try FileManager.default.removeItem(atPath: rig.directory.path)
    let readiness = rig.vitals.readiness
    #expect(!readiness.disk.isOK && readiness.disk.freeBytes == 0 && readiness.status == .degraded)
    #expect(readiness.problems.map { [$0.check, $0.state] } == [["disk", "unknown"]])
  }

  @Test func theRemedyIsThatOfTheFault() throws {
    let rig = Rig()
    for (code, words) in [
      (StoreError.Code.full, "df -h"), (.corrupt, "restart muttd"), (.busy, "fuser"), (.permission, "ls -la"),
      (.io, "dmesg"),
    ] {
      rig.recorder.failed(StoreError(code, "it fails"))
      let problem = try #require(rig.vitals.readiness.problems.first)
      #expect(problem.do.contains(words), "\(code): \(problem.do)")
      #expect(problem.do.contains("restart") == (code == .corrupt))
    }
  }

  @Test func aDestinationIsMendedByAReload() {
    for (status, words) in [
      (401, "${cred:}"), (403, "${cred:}"), (404, "the url"), (302, "the url"), (418, "list"),
    ] {
      var state = DeliveryWatch.State(name: "moog")
      state.condition.kind = .held
      state.condition.status = status
      let remedy = Vitals.remedy(for: state)
      #expect(remedy.contains("muttd reload") && remedy.contains(words), "\(status): \(remedy)")
      #expect(remedy.contains("restart") == (words == "${cred:}"))
    }
  }

  /// The age of an alert, whatever a restart or the breaker has done to the destination since.
  @Test func theOldestAlertHasAnAge() throws {
    var rig = Rig()
    var state = DeliveryWatch.State(name: "moog")
    state.condition.kind = .open
    state.condition.since = SystemClock.now
    rig.destinations = [state]
    #expect(rig.vitals.readiness.problems.map(\.oldestAge) == [nil])
    let time = Timestamp(nanoseconds: SystemClock.now.nanoseconds - 965 * Self.second)
    rig.recorder.noteOldest(["moog": time])
    let age = try #require(rig.vitals.readiness.problems.first?.oldestAge)
    #expect(age >= 965 && age < 965 + 600)
  }

  /// What was written again is whole; until then, and where the start found nothing, it is said.
  @Test func anOutboxThatWasRemovedIsSeen() throws {
    let rig = Rig()
    rig.recorder.misplaced(StoreError(.full, "no space"))
    rig.recorder.beat(SystemClock.monotonic - 60 * Self.second)
    // Ended by the watchdog it would lose all.
    #expect(rig.vitals.getsOn)
    #expect(rig.vitals.readiness.status == .failed)
    #expect(rig.vitals.readiness.problems.contains { $0.check == "outbox" && $0.state == "removed" })
    rig.recorder.isInPlace()
    rig.recorder.rest()
    #expect(rig.vitals.readiness.status == .ok)
    rig.recorder.noteLost(at: SystemClock.now)
    #expect(rig.vitals.readiness.status == .degraded)
    #expect(rig.vitals.readiness.problems.map(\.state) == ["lost"])
    rig.recorder.noteLost(at: Timestamp(nanoseconds: SystemClock.now.nanoseconds - 3_601 * Self.second))
    #expect(rig.vitals.readiness.status == .ok)
  }

  @Test func aRefusedReloadIsNamedOnceAndMeasured() throws {
    var rig = Rig()
    #expect(rig.vitals.metrics.lastReloadSucceeded)
    rig.policy.reload.result = .refused
    rig.policy.reload.reason = "port 514 is taken"
    let problem = try #require(rig.vitals.readiness.problems.first)
    #expect(problem.check == "config" && problem.state == "refused")
    #expect(problem.reason == "port 514 is taken" && problem.do.contains("muttd reload"))
    #expect(rig.vitals.readiness.status == .degraded)
    // The rules say the same: one reason, one problem.
    rig.policy.problem = "port 514 is taken"
    #expect(rig.vitals.readiness.problems.map(\.check) == ["rules"])
    let metrics = rig.vitals.metrics
    #expect(!metrics.lastReloadSucceeded)
    #expect(metrics.readiness?.status == .degraded)
    #expect(metrics.diskFree?.directory == rig.directory.path)
  }

  /// The family has a sample for every check there is, and no problem goes by another name.
  @Test func everyCheckIsKnown() throws {
    let source = try String(
      contentsOf: repository.appending(path: "Sources/Daemon/VitalsReadiness.swift"), encoding: .utf8)
    let used = Set(source.matches(of: /check: "([a-z]+)"/).map { String($0.1) })
    #expect(used == Set(Readiness.checks))
  }
}
