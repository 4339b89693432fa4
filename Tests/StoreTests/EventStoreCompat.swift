import Model
import Store
import TestKit
import Testing

/// A way to make an empty store; the suite below runs on each. Another store joins by another line.
struct StoreMaker: Sendable, CustomTestStringConvertible {
  let testDescription: String
  /// The second keeps what the store stands on.
  let make: @Sendable () async throws -> (any EventStore, any AnyObject & Sendable)

  static let all: [StoreMaker] = [
    StoreMaker(testDescription: "memory") { (MemoryStore(), TemporaryDirectory()) },
    StoreMaker(testDescription: "sqlite") {
      let directory = TemporaryDirectory()
      let store = try SQLiteStore(
        path: directory.file("muttd.db"), mode: .daemon, migrate: true, notices: { _ in })
      return (store, directory)
    },
    // As the daemon's role, with no more rights than it has.
    StoreMaker(testDescription: "postgresql") {
      let database = try await PostgreSQLDatabase.make()
      let store = PostgresStore(
        address: { () throws(StoreError) in try PostgresAddress(database.daemonURL) }, notices: { _ in })
      return (store, database)
    },
  ]
}

/// What every `EventStore` promises.
@Suite struct EventStoreCompat {
  private let alice = EditActor(name: "alice", reason: "test", correlationID: "c-1")

  private func rule(_ name: String, id: Int64 = 0, priority: Int = 100) -> Rule {
    var rule = Rule(
      name: name, matchType: .contains, matchString: "link", prodHandling: "Page_only", devHandling: "Ignore")
    rule.id = id
    rule.priority = priority
    return rule
  }

  private func error(_ body: () throws -> Void) -> StoreError.Code? {
    do {
      try body()
      return nil
    } catch {
      return (error as? StoreError)?.code
    }
  }

  // MARK: Catalog

  @Test(arguments: StoreMaker.all) func everyFieldOfTheCatalogComesBack(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    var full = rule("full")
    full.matchType = .regex
    full.matchString = #"a "quoted" \S+ — ünïcode 😀"#
    full.trapOID = "1.3.6.1.4.1.9"
    full.syslogSeverity = 0
    full.priority = -5
    full.teamAssignment = "NETO"
    full.isActive = false
    full.description = "line\nline"
    full.severity = 5
    full.key = "{host}"
    full.summary = "{host}: down"
    full.docURL = "https://wiki.example/x"
    full.tags = ["a", "b \"c\""]
    full.matchExamples = ["<187>one", "two\ttabs"]
    full.noMatchExamples = ["three"]
    let device = Device(
      hostname: "core1", addresses: [IPAddress(v4: 192, 0, 2, 1), try #require(IPAddress("2001:db8::1"))],
      attributes: #"{"site":"ams1"}"#)
    _ = try store.apply(
      [
        .addRule(full), .addRule(rule("bare")), .addDevelopmentHost("lab-sw1"),
        .setTeam(DeviceTeam(hostname: "core1", team: "SITE-AMS")), .setDevice(device),
      ], by: alice)
    let catalog = try store.loadCatalog()
    #expect(catalog.rules.map(\.name) == ["full", "bare"])
    var read = try #require(catalog.rules.first)
    #expect(read.id > 0)
    #expect(read.version == 1)
    #expect(read.updatedBy == "alice")
    #expect(!read.updatedAt.isAbsent)
    read.id = 0
    read.updatedAt = .absent
    read.updatedBy = nil
    #expect(read == full)
    #expect(catalog.developmentHosts == ["lab-sw1"])
    #expect(catalog.deviceTeams == [DeviceTeam(hostname: "core1", team: "SITE-AMS")])
    #expect(catalog.devices == [device])
  }

  /// A device keeps what an edit says nothing of, and an address has one owner when all edits are made.
  @Test(arguments: StoreMaker.all) func aMergedDeviceKeepsWhatItHas(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    let (one, two) = (IPAddress(v4: 192, 0, 2, 1), IPAddress(v4: 192, 0, 2, 2))
    let core1 = Device(hostname: "core1", addresses: [one], attributes: #"{"site":"ams1"}"#)
    _ = try store.apply(
      [.mergeDevice(core1), .setDevice(Device(hostname: "core2", addresses: []))], by: alice)
    _ = try store.apply([.mergeDevice(Device(hostname: "core1", addresses: [two]))], by: alice)
    var kept = core1
    kept.addresses = [two]
    #expect(try store.loadCatalog().devices.first == kept)
    let same = try store.apply([.mergeDevice(Device(hostname: "core1", addresses: []))], by: alice)
    #expect(same.isEmpty)
    for edits: [CatalogEdit] in [
      [.setDevice(Device(hostname: "core2", addresses: [two]))],
      [
        .mergeDevice(Device(hostname: "a", addresses: [one])),
        .mergeDevice(Device(hostname: "b", addresses: [one])),
      ],
    ] {
      do {
        _ = try store.apply(edits, by: alice)
        Issue.record("\(edits) went through")
      } catch { #expect(error.code == .conflict && error.message.contains("belongs to")) }
    }
    _ = try store.apply(
      [
        .setDevice(Device(hostname: "core2", addresses: [two])),
        .setDevice(Device(hostname: "core1", addresses: [one])),
      ], by: alice)
    #expect(try store.loadCatalog().devices.map(\.addresses) == [[one], [two]])
  }

  /// When a device was heard is no change of it: no version, no audit, and never an earlier time.
  @Test(arguments: StoreMaker.all) func whenDevicesWereHeardIsNoted(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    func sighting(_ host: String, _ first: Int64, _ last: Int64) -> DeviceSighting {
      let start = Timestamp(seconds: 1_795_000_000)
      return DeviceSighting(
        hostname: host, first: start.adding(seconds: first), last: start.adding(seconds: last))
    }
    func known() throws -> [DeviceSighting] {
      try store.loadCatalog().devices.map {
        DeviceSighting(hostname: $0.hostname, first: $0.firstSeenAt, last: $0.lastSeenAt)
      }
    }
    let hosts = ["core1", "Core2.example", "it's"]
    _ = try store.apply(hosts.map { .setDevice(Device(hostname: $0, addresses: [])) }, by: alice)
    let version = try store.catalogVersion()
    let changes = try store.configChanges(ChangeQuery()).changes.count
    #expect(try store.noteHeard([]) == [])
    let first = [sighting("core1", 10, 20), sighting("Core2.example", 5, 5), sighting("gone", 1, 2)]
    #expect(try store.noteHeard(first) == [])
    let quiet = DeviceSighting(hostname: "it's", first: .absent, last: .absent)
    #expect(try known() == [sighting("Core2.example", 5, 5), sighting("core1", 10, 20), quiet])
    // What comes late takes nothing back; the beginning stays.
    let second = [sighting("core1", 7, 15), sighting("Core2.example", 1, 30), sighting("it's", 8, 9)]
    #expect(try store.noteHeard(second) == [])
    let after = [sighting("Core2.example", 5, 30), sighting("core1", 10, 20), sighting("it's", 8, 9)]
    #expect(try known() == after)
    #expect(try store.catalogVersion() == version)
    #expect(try store.configChanges(ChangeQuery()).changes.count == changes)
    // A change of the device keeps them.
    let moved = Device(hostname: "CORE1", addresses: [IPAddress(v4: 192, 0, 2, 7)])
    _ = try store.apply([.setDevice(moved)], by: alice)
    #expect(try known().first { $0.hostname == "CORE1" } == sighting("CORE1", 10, 20))
    #expect(try store.catalogVersion() > version)
  }

  @Test(arguments: StoreMaker.all) func theVersionGrowsWithChangesOnly(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    let before = try store.catalogVersion()
    let change = try store.apply([.addDevelopmentHost("lab1")], by: alice)
    let after = try store.catalogVersion()
    #expect(after > before)
    #expect(change.version == after)
    #expect(try store.loadCatalog().version == after)
    let again = try store.apply([.addDevelopmentHost("LAB1")], by: alice)
    #expect(again.isEmpty)
    #expect(try store.catalogVersion() == after)
    var batch = EventBatch()
    var factory = EventFactory()
    factory.add(to: &batch, rule: nil)
    _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    #expect(try store.catalogVersion() == after)
  }

  @Test(arguments: StoreMaker.all) func editsKeepIdsAndBumpVersions(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    _ = try store.apply(
      [.addRule(rule("one")), .addRule(rule("two", id: 40)), .addRule(rule("three"))], by: alice)
    #expect(try store.loadCatalog().rules.map(\.id) == [1, 40, 41])
    let set = try store.apply([.setRule(rule("one", priority: 7))], by: EditActor(name: "bob"))
    #expect(set.changed == ["one"])
    let one = try #require(try store.loadCatalog().rules.first)
    #expect(one.priority == 7 && one.id == 1 && one.version == 2 && one.updatedBy == "bob")
    let off = try store.apply([.setRuleActive(name: "one", false)], by: alice)
    #expect(off.retired == ["one"])
    let same = try store.apply([.setRuleActive(name: "one", false)], by: alice)
    #expect(same.isEmpty)
    let on = try store.apply([.setRuleActive(name: "one", true)], by: alice)
    #expect(on.changed == ["one"])
  }

  @Test(arguments: StoreMaker.all) func hostsAreComparedWithoutCase(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    _ = try store.apply(
      [
        .addDevelopmentHost("Lab1"), .setTeam(DeviceTeam(hostname: "Core1", team: "A")),
        .setTeam(DeviceTeam(hostname: "CORE1", team: "B")),
        .setDevice(Device(hostname: "Core1", addresses: [])),
        .setDevice(Device(hostname: "core1", addresses: [IPAddress(v4: 192, 0, 2, 9)])),
      ], by: alice)
    var catalog = try store.loadCatalog()
    #expect(catalog.deviceTeams == [DeviceTeam(hostname: "CORE1", team: "B")])
    #expect(catalog.devices.map(\.hostname) == ["core1"])
    #expect(catalog.devices.first?.addresses == [IPAddress(v4: 192, 0, 2, 9)])
    let gone = try store.apply(
      [.removeDevelopmentHost("LAB1"), .removeTeam(hostname: "core1"), .removeDevice(hostname: "CORE1")],
      by: alice)
    #expect(gone.hostsRemoved == 1 && gone.teamsRemoved == 1 && gone.devicesRemoved == 1)
    catalog = try store.loadCatalog()
    #expect(catalog.developmentHosts.isEmpty && catalog.deviceTeams.isEmpty && catalog.devices.isEmpty)
  }

  @Test(arguments: StoreMaker.all) func aWrongEditIsNamedAndNothingIsDone(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    _ = try store.apply([.addRule(rule("taken", id: 10)), .addRule(rule("other", id: 11))], by: alice)
    let before = try store.loadCatalog()
    let cases: [(CatalogEdit, StoreError.Code)] = [
      (.addRule(rule("taken")), .conflict), (.addRule(rule("new", id: 10)), .conflict),
      (.setRule(rule("other", id: 10)), .conflict), (.setRule(rule("other", id: 99)), .conflict),
      (.setRule(rule("absent")), .notFound), (.setRuleActive(name: "absent", true), .notFound),
      (.addRule(rule("")), .constraint), (.addRule(rule("low", id: -1)), .constraint),
      (.removeDevelopmentHost("x"), .notFound), (.removeTeam(hostname: "x"), .notFound),
      (.removeDevice(hostname: "x"), .notFound), (.addDevelopmentHost(""), .constraint),
    ]
    for (edit, code) in cases {
      do {
        _ = try store.apply([.addDevelopmentHost("lab"), edit], by: alice)
        Issue.record("\(edit) went through")
      } catch {
        #expect(error.code == code, "\(edit)")
        #expect(error.message.hasPrefix("Edit 2 of 2: "))
      }
    }
    #expect(try store.loadCatalog() == before)
  }

  @Test(arguments: StoreMaker.all) func aFileGovernsByName(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    _ = try store.apply(
      [
        .addRule(rule("keep")), .addRule(rule("drop")), .addRule(rule("change")),
        .addDevelopmentHost("old"), .setTeam(DeviceTeam(hostname: "a", team: "A")),
        .setDevice(Device(hostname: "gone", addresses: [])),
      ], by: alice)
    let file = Catalog(
      rules: [rule("new"), rule("change", priority: 1), rule("keep"), rule("numbered", id: 50)],
      developmentHosts: ["fresh"], deviceTeams: [DeviceTeam(hostname: "a", team: "B")],
      devices: [Device(hostname: "here", addresses: [IPAddress(v4: 192, 0, 2, 5)])])
    let change = try store.replaceCatalog(with: file, by: EditActor(name: "file"))
    #expect(change.added.sorted() == ["new", "numbered"])
    #expect(change.changed == ["change"])
    #expect(change.retired == ["drop"])
    #expect(change.hostsAdded == 1 && change.hostsRemoved == 1 && change.teamsSet == 1)
    #expect(change.devicesSet == 1 && change.devicesRemoved == 1)
    let catalog = try store.loadCatalog()
    let ids = Dictionary(uniqueKeysWithValues: catalog.rules.map { ($0.name, $0.id) })
    #expect(ids["keep"] == 1 && ids["drop"] == 2 && ids["change"] == 3 && ids["numbered"] == 50)
    #expect(catalog.rules.first { $0.name == "drop" }?.isActive == false)
    #expect(catalog.developmentHosts == ["fresh"])
    #expect(catalog.deviceTeams.map(\.team) == ["B"])
    #expect(catalog.devices.map(\.hostname) == ["here"])
    #expect(try store.replaceCatalog(with: file, by: EditActor(name: "file")).isEmpty)
    #expect(try store.loadCatalog().version == catalog.version)
    // A rule that comes back is the same rule.
    var back = file
    back.rules.append(rule("drop"))
    #expect(try store.replaceCatalog(with: back, by: EditActor(name: "file")).changed == ["drop"])
    #expect(try store.loadCatalog().rules.first { $0.name == "drop" }?.id == 2)
  }

  @Test(arguments: StoreMaker.all) func aFileThatContradictsItselfOrTheStoreIsRefused(_ maker: StoreMaker)
    async throws
  {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    _ = try store.apply([.addRule(rule("first", id: 1)), .addRule(rule("second", id: 2))], by: alice)
    let before = try store.loadCatalog()
    let team = DeviceTeam(hostname: "a", team: "A")
    let wrong: [Catalog] = [
      Catalog(rules: [rule("x"), rule("x")]), Catalog(rules: [rule("x", id: 2)]),
      Catalog(rules: [rule("second", id: 3)]),
      Catalog(deviceTeams: [team, DeviceTeam(hostname: "A", team: "B")]),
    ]
    for catalog in wrong {
      #expect(error { _ = try store.replaceCatalog(with: catalog, by: alice) } == .conflict)
    }
    #expect(try store.loadCatalog() == before)
  }

  // MARK: Audit

  @Test(arguments: StoreMaker.all) func everyFieldOfARowComesBack(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    _ = try store.apply([.addRule(rule("link-down"))], by: alice)
    var batch = EventBatch()
    var factory = EventFactory()
    factory.add(
      to: &batch, raw: "<187>ünïcode \"x\" 😀", rule: (1, "link-down"), labels: #"{"interface":"Gi0/1"}"#)
    factory.add(to: &batch, rule: nil, snmp: #"{"version":"2c"}"#)
    factory.add(to: &batch, rule: (1, "link-down"), labels: #"{"a":"b"}"#, snmp: #"{"version":"1"}"#)
    factory.add(to: &batch, rule: nil, labels: "{}")
    batch.rows[3].peer = .unspecified
    batch.rows[3].host = .absent
    batch.rows[3].raw = ByteRange(0, 0)
    let result = try store.append(batch, matchedOnly: false, afterDoubt: false)
    #expect(result.written == 4 && result.alreadyThere == 0 && result.setAside.isEmpty)
    for row in batch.rows {
      var expected = AuditEvent(row, of: batch, ruleIsKnown: row.ruleID == 1)
      if row.ruleID == 1 { expected.ruleName = "link-down" } else { expected.ruleID = nil }
      #expect(try store.auditEvent(id: row.id) == expected)
    }
    #expect(try store.auditEvent(id: EventID(rawValue: 1)) == nil)
  }

  @Test(arguments: StoreMaker.all) func onlyMatchedRowsWhereOnlyThoseAreAsked(_ maker: StoreMaker)
    async throws
  {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    var batch = EventBatch()
    var factory = EventFactory()
    factory.add(to: &batch, rule: nil)
    let meta = factory.add(to: &batch, rule: nil)
    batch.rows[1].source = .internal
    batch.rows[1].parse = .internal
    #expect(try store.append(batch, matchedOnly: true, afterDoubt: false).written == 1)
    #expect(try store.auditEvents(AuditQuery()).events.map(\.id) == [meta])
    #expect(try store.append(EventBatch(), matchedOnly: true, afterDoubt: false) == AppendResult())
  }

  @Test(arguments: StoreMaker.all) func aRowIsThereExactlyOnce(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    var batch = EventBatch()
    var factory = EventFactory()
    for _ in 0..<10 { factory.add(to: &batch, rule: nil) }
    _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    factory.add(to: &batch, rule: nil)
    #expect(error { _ = try store.append(batch, matchedOnly: false, afterDoubt: false) } == .conflict)
    #expect(try store.auditEvents(AuditQuery()).events.count == 10)
    let again = try store.append(batch, matchedOnly: false, afterDoubt: true)
    #expect(again.written == 1 && again.alreadyThere == 10)
    #expect(try store.auditEvents(AuditQuery()).events.count == 11)
  }

  @Test(arguments: StoreMaker.all, [false, true])
  func aRowWhoseRuleIsGoneKeepsItsName(_ maker: StoreMaker, afterDoubt: Bool) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    var batch = EventBatch()
    var factory = EventFactory()
    for id in [99, Int64.max] { factory.add(to: &batch, rule: (id, "gone"), labels: #"{"a":"b"}"#) }
    #expect(try store.append(batch, matchedOnly: true, afterDoubt: afterDoubt).written == 2)
    for event in try store.auditEvents(AuditQuery()).events {
      #expect(event.ruleID == nil && event.ruleVersion == 7)
      #expect(event.attributes == #"{"labels":{"a":"b"},"rule":"gone"}"#)
    }
  }

  @Test(arguments: StoreMaker.all) func marksAreReportedWhenTheirRowIsThere(_ maker: StoreMaker) async throws
  {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    var batch = EventBatch()
    var factory = EventFactory()
    let id = factory.add(to: &batch, rule: nil)
    _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    let mark = DeliveredMark(eventID: id, eventTime: batch.rows[0].time)
    let unknown = DeliveredMark(eventID: EventID(rawValue: 5), eventTime: EventFactory.start)
    #expect(try store.markDelivered([unknown, mark]) == [mark])
    #expect(try store.markDelivered([mark]) == [mark])
    #expect(try store.markDelivered([]) == [])
    #expect(try store.auditEvent(id: id)?.isForwarded == true)
  }

  @Test(arguments: StoreMaker.all) func textsOfAnyLengthAndKind(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    let texts = ["", String(repeating: "x", count: 1 << 20), "%_\\'\";--", "\u{FFFD}\n\r\t"]
    var batch = EventBatch()
    var factory = EventFactory()
    for text in texts { factory.add(to: &batch, raw: text, rule: nil) }
    #expect(try store.append(batch, matchedOnly: false, afterDoubt: false).written == texts.count)
    #expect(try store.auditEvents(AuditQuery()).events.reversed().map(\.raw) == texts)
  }

  /// Texts have no NUL (`SafeText`); should one come through, it costs neither its row nor the batch.
  @Test(arguments: StoreMaker.all) func aNULIsKeptOrMadeSafe(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    var batch = EventBatch()
    var factory = EventFactory()
    factory.add(to: &batch, raw: "a\u{0}b", rule: nil)
    #expect(try store.append(batch, matchedOnly: false, afterDoubt: false).written == 1)
    let raw = try #require(try store.auditEvents(AuditQuery()).events.first?.raw)
    #expect(["a\u{0}b", "a\u{FFFD}b"].contains(raw))
  }

  @Test(arguments: StoreMaker.all) func usesOfRulesAreCounted(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    _ = try store.apply([.addRule(rule("one")), .addRule(rule("two"))], by: alice)
    var batch = EventBatch()
    var factory = EventFactory()
    for number in 0..<5 { factory.add(to: &batch, rule: number < 3 ? (1, "one") : nil) }
    _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    #expect(try store.ruleUses() == [1: RuleUse(count: 3, last: batch.rows[2].id)])
  }

  @Test(arguments: StoreMaker.all) func pagesCoverEverythingOnceNewestFirst(_ maker: StoreMaker) async throws
  {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    var batch = EventBatch()
    var factory = EventFactory()
    var ids: [EventID] = []
    for number in 0..<25 { ids.append(factory.add(to: &batch, host: "h\(number % 3)", rule: nil)) }
    _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    for limit in [1, 5, 7, 25, 100] {
      var query = AuditQuery()
      query.limit = limit
      var seen: [EventID] = []
      repeat {
        let page = try store.auditEvents(query)
        #expect(page.events.count <= limit)
        seen += page.events.map(\.id)
        query.before = page.next
      } while query.before != nil
      #expect(seen == ids.reversed(), "limit \(limit)")
    }
  }

  @Test(arguments: StoreMaker.all) func filtersHoldTogether(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    _ = try store.apply([.addRule(rule("one")), .addRule(rule("two"))], by: alice)
    var batch = EventBatch()
    var factory = EventFactory()
    for number in 0..<40 {
      let rule: (id: Int64, name: String)? = number % 4 == 0 ? (1, "one") : number % 4 == 1 ? (2, "two") : nil
      factory.add(to: &batch, host: "Host\(number % 5)", raw: "Text 100% of \(number)_x", rule: rule)
    }
    _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    func count(_ change: (inout AuditQuery) -> Void) throws -> Int {
      var query = AuditQuery()
      change(&query)
      return try store.auditEvents(query).events.count
    }
    let times = batch.rows.map(\.time)
    #expect(try count { $0.host = "HOST1" } == 8)
    #expect(try count { $0.ruleName = "one" } == 10)
    #expect(try count { $0.ruleID = 2 } == 10)
    #expect(try count { $0.ruleName = "absent" } == 0)
    #expect(try count { $0.handling = "UNMATCHED" } == 20)
    #expect(try count { $0.since = times[30] } == 10)
    #expect(try count { $0.until = times[30] } == 30)
    #expect(
      try count {
        $0.since = times[10]
        $0.until = times[30]
      } == 20)
    #expect(try count { $0.since = times[39].adding(seconds: 1) } == 0)
    #expect(try count { $0.text = "text 100% OF" } == 40)
    #expect(try count { $0.text = "1_x" } == 4)
    #expect(try count { $0.text = "%" } == 40)
    #expect(try count { $0.text = "100_" } == 0)
    #expect(
      try count {
        $0.host = "host0"
        $0.ruleName = "one"
      } == 2)
    #expect(try count { $0.limit = 0 } == 1)
  }

  @Test(arguments: StoreMaker.all) func nothingWorksAfterClose(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    store.close()
    store.close()
    #expect(error { _ = try store.loadCatalog() } == .unavailable)
    #expect(
      error { _ = try store.append(EventBatch(), matchedOnly: false, afterDoubt: false) } == .unavailable)
    withExtendedLifetime(directory) {}
  }
}
