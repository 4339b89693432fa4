import Model
import Store
import TestKit
import Testing

/// What every `EventStore` says about changes of rules and hosts.
@Suite struct ChangeAuditTests {
  private func rule(_ name: String, priority: Int = 100) -> Rule {
    var rule = Rule(
      name: name, matchType: .contains, matchString: "link", prodHandling: "Page_only", devHandling: "Ignore")
    rule.priority = priority
    return rule
  }

  /// Six changes by two people: a rule made, changed twice and retired, a host and a team.
  private func fill(_ store: any EventStore) throws {
    let alice = EditActor(name: "alice", reason: "first", correlationID: "c-1")
    _ = try store.apply([.addRule(rule("one")), .addDevelopmentHost("Lab1")], by: alice)
    _ = try store.apply([.setRule(rule("one", priority: 7))], by: EditActor(name: "bob"))
    _ = try store.apply([.setTeam(DeviceTeam(hostname: "core1", team: "NETO"))], by: alice)
    _ = try store.apply([.setRuleActive(name: "one", false)], by: EditActor(name: "bob", reason: "storm"))
    _ = try store.apply([.removeDevelopmentHost("LAB1")], by: alice)
  }

  @Test(arguments: StoreMaker.all) func changesAreListedNewestFirst(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    try fill(store)
    let page = try store.configChanges(ChangeQuery())
    #expect(page.next == nil)
    #expect(
      page.changes.map { "\($0.operation) \($0.table) \($0.recordKey ?? "-") \($0.changedBy)" } == [
        "DELETE development_hosts Lab1 alice", "UPDATE alert_rules one bob",
        "CREATE device_teams core1 alice",
        "UPDATE alert_rules one bob", "CREATE development_hosts Lab1 alice", "CREATE alert_rules one alice",
      ])
    let made = try #require(page.changes.last)
    #expect(made.reason == "first" && made.correlationID == "c-1" && made.recordID == 1)
    #expect(made.oldValues == nil)
    #expect(made.newValues?.contains("\"version\":1") == true)
    #expect(!made.changedAt.isAbsent)
    let changed = page.changes[3]
    #expect(changed.reason == nil)
    #expect(changed.oldValues?.contains("\"priority\":100") == true)
    #expect(changed.newValues?.contains("\"priority\":7") == true)
    #expect(changed.newValues?.contains("\"version\":2") == true)
    #expect(page.changes.first?.newValues == nil)
  }

  @Test(arguments: StoreMaker.all) func filtersHoldTogether(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    try fill(store)
    let all = try store.configChanges(ChangeQuery()).changes
    func count(_ change: (inout ChangeQuery) -> Void) throws -> Int {
      var query = ChangeQuery()
      change(&query)
      let page = try store.configChanges(query)
      return page.changes.count
    }
    #expect(try count { $0.table = "alert_rules" } == 3)
    #expect(try count { $0.key = "ONE" } == 3)
    #expect(try count { $0.recordID = 1 } == 3)
    #expect(
      try count {
        $0.recordID = 99; $0.key = "lab1"
      } == 2)
    #expect(try count { $0.actor = "bob" } == 2)
    #expect(try count { $0.actor = "Bob" } == 0)
    #expect(try count { $0.operation = "create" } == 3)
    #expect(
      try count {
        $0.correlationID = "c-1"; $0.table = "devices"
      } == 0)
    #expect(try count { $0.correlationID = "c-1" } == 4)
    #expect(try count { $0.holds = #"{"priority":7}"# } == 2)
    #expect(try count { $0.holds = #"{"is_active":false}"# } == 1)
    #expect(try count { $0.holds = #"{"priority":"7"}"# } == 0)
    #expect(
      try count {
        $0.holds = #"{"hostname":"Lab1"}"#; $0.operation = "DELETE"
      } == 1)
    #expect(try count { $0.since = all[0].changedAt.adding(seconds: 1) } == 0)
    #expect(try count { $0.until = all[5].changedAt } == 0)
    #expect(try count { $0.since = all[5].changedAt } == 6)
  }

  @Test(arguments: StoreMaker.all) func pagesCoverEverythingOnce(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    try fill(store)
    var query = ChangeQuery()
    query.limit = 4
    let first = try store.configChanges(query)
    #expect(first.changes.count == 4)
    query.before = first.next
    let second = try store.configChanges(query)
    #expect(second.changes.count == 2 && second.next == nil)
    let ids = (first.changes + second.changes).map(\.id)
    #expect(ids == ids.sorted(by: >) && Set(ids).count == 6)
  }

  @Test(arguments: StoreMaker.all.dropFirst()) func whatIsNoObjectIsRefused(_ maker: StoreMaker) async throws
  {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    var query = ChangeQuery()
    query.holds = "{no json"
    #expect(throws: StoreError.self) { try store.configChanges(query) }
  }
}
