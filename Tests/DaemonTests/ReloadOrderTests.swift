import Foundation
import Model
import Policy
import Store
import Synchronization
import TestKit
import Testing

@testable import Daemon

/// In which order a reload does what, and what is known of it afterwards.
@Suite struct ReloadOrderTests {
  /// What happened, in its order.
  private final class Story: Sendable {
    private let said = Mutex<[String]>([])
    func add(_ step: String) { said.withLock { $0.append(step) } }
    func take() -> [String] {
      said.withLock { said in
        defer { said = [] }
        return said
      }
    }
  }

  private final class Rig: Sendable {
    let store = MemoryStore()
    let snapshots = SnapshotBox()
    let story = Story()
    /// What the next reloads meet; nil: nothing stands against them.
    let refusal = Mutex<String?>(nil)
    let busyPort = Mutex<String?>(nil)
    let rulesFile: String?
    private let held = Mutex<Reloader?>(nil)

    var reloader: Reloader { held.withLock { $0 }! }
    var record: ReloadRecord { reloader.health.reload }

    init(rulesFile: String? = nil) {
      self.rulesFile = rulesFile
      let settings = ReloadSettings(
        policy: PolicySettings(), rulesFile: rulesFile, guardShare: 0.5, refresh: 3_600_000_000_000)
      let (story, snapshots) = (story, snapshots)
      let cache = SnapshotCache(
        save: { catalog in
          story.add("kept, \(snapshots.snapshot?.rules.count == catalog.rules.count ? "decides" : "not yet")")
        }, load: { nil }, countRules: { 0 }, savePatterns: { _ in }, loadPatterns: { nil },
        saveAppliedFile: { _ in }, loadAppliedFile: { nil })
      let reloader = Reloader(
        store: store, settings: settings, snapshots: snapshots, cache: cache, notices: { _ in },
        announce: { _ in }, retryInterval: 100_000_000
      ) { [self] in
        if let refusal = refusal.withLock({ $0 }) { return .failure(ReloadRefusal(refusal)) }
        var next = settings
        next.open = { [self] in
          if let port = busyPort.withLock({ $0 }) { return .failure(ReloadRefusal(port)) }
          let before = snapshots.snapshot?.rules.count ?? 0
          story.add("bound")
          return .success { story.add("applied, \(before) rules decide") }
        }
        return .success(next)
      }
      held.withLock { $0 = reloader }
    }

    /// Asks for a reload and waits for its answer.
    func reload(force: Bool = false) async throws -> ReloadRecord {
      let asked = record.asked
      reloader.signal(force: force)
      while record.answered <= asked { try await Task.sleep(for: .milliseconds(5)) }
      return record
    }
  }

  private func run(_ rig: Rig, rules: Int = 1, _ body: (Rig) async throws -> Void) async throws {
    try write(rules, to: rig)
    let thread = DaemonThread(name: "reloader")
    let reloader = rig.reloader
    thread.start { reloader.run() }
    do {
      while rig.snapshots.snapshot == nil { try await Task.sleep(for: .milliseconds(5)) }
      try await body(rig)
    } catch {
      reloader.stop()
      await thread.join()
      throw error
    }
    reloader.stop()
    await thread.join()
  }

  private func write(_ count: Int, to rig: Rig) throws {
    let rules = (0..<count).map { number in
      Rule(
        name: "r\(number)", matchType: .contains, matchString: "word\(number)", prodHandling: "Page_only",
        devHandling: "Log_only")
    }
    _ = try rig.store.replaceCatalog(with: Catalog(rules: rules), by: EditActor(name: "test"))
  }

  /// Sockets once the rules are compiled, then routes and rules in one moment, then what can wait.
  @Test(.timeLimit(.minutes(2)))
  func whatMayFailComesFirstAndTheSwapIsOne() async throws {
    try await run(Rig()) { rig in
      let record = try await rig.reload()
      #expect(record.result == .taken && record.reason == nil)
      // When the second is answered, the first has been kept.
      _ = try await rig.reload()
      let reload = ["bound", "applied, 1 rules decide", "kept, decides"]
      let told = rig.story.take().drop { $0 != "bound" }
      #expect(told.prefix(5) == (reload + reload).prefix(5), "\(told)")
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func whatTheGuardRefusesBindsAndChangesNothing() async throws {
    try await run(Rig(), rules: 10) { rig in
      _ = rig.story.take()
      try write(1, to: rig)
      let refused = try await rig.reload()
      #expect(refused.result == .refused)
      #expect(refused.reason?.contains("rules.guard") == true)
      #expect(!rig.story.take().contains("bound"))
      #expect(rig.snapshots.snapshot?.rules.count == 10)
      #expect(try await rig.reload(force: true).result == .taken)
      #expect(rig.snapshots.snapshot?.rules.count == 1)
    }
  }

  /// A port that is taken: the rules file has not been written to the store either.
  @Test(.timeLimit(.minutes(2)))
  func aSocketThatCannotBeHadChangesNothing() async throws {
    let directory = TemporaryDirectory()
    let file = directory.file("rules.yaml")
    func write(_ text: String) throws {
      let rule = """
        rules:
          - name: r
            match_type: contains
            match_string: \(text)
            prod_handling: Page_only
            dev_handling: Ignore
        """
      try rule.write(toFile: file, atomically: true, encoding: .utf8)
    }
    try write("one")
    try await run(Rig(rulesFile: file), rules: 0) { rig in
      _ = rig.story.take()
      try write("two")
      rig.busyPort.withLock { $0 = "port 514 is taken" }
      let refused = try await rig.reload()
      #expect(refused.refusal == "port 514 is taken")
      #expect(try rig.store.loadCatalog().rules.first?.matchString == "one")
      #expect(rig.snapshots.snapshot?.rules.first?.matchString == "one")
      #expect(rig.story.take().allSatisfy { !$0.hasPrefix("applied") })
      rig.busyPort.withLock { $0 = nil }
      #expect(try await rig.reload().result == .taken)
      #expect(try rig.store.loadCatalog().rules.first?.matchString == "two")
    }
  }

  /// A rule that a file has above an older one is asked behind it: whoever reloads hears of it.
  @Test(.timeLimit(.minutes(2)))
  func aRuleThatCanNeverWinIsToldToWhoeverReloads() async throws {
    let directory = TemporaryDirectory()
    let file = directory.file("rules.yaml")
    func write(_ rules: [(name: String, text: String, priority: Int)]) throws {
      let lines = rules.map {
        "  - {name: \($0.name), match_type: contains, match_string: '\($0.text)', priority: \($0.priority), "
          + "prod_handling: Page_only, dev_handling: Ignore}\n"
      }
      try ("rules:\n" + lines.joined()).write(toFile: file, atomically: true, encoding: .utf8)
    }
    try write([("any-link", "link", 100)])
    try await run(Rig(rulesFile: file), rules: 0) { rig in
      #expect(try await rig.reload().reason == nil)
      try write([("core-link", "core link", 100), ("any-link", "link", 100)])
      let late = try await rig.reload()
      #expect(late.result == .taken && late.refusal == nil)
      let reason = "rule core-link can never win (decided before by any-link): see muttd check"
      #expect(late.reason == reason)
      #expect(try await rig.reload().reason == reason)
      try write([("core-link", "core link", 99), ("any-link", "link", 100)])
      #expect(try await rig.reload().reason == nil)
    }
  }

  /// Comparing rules costs as much as compiling them, and whoever reloads waits for it.
  @Test func rulesAreComparedOnceAndNotTooMany() throws {
    func snapshot(_ texts: [String], team: String = "NETO") throws -> Snapshot {
      let rules = texts.enumerated().map { index, text in
        var rule = Rule(
          name: "r\(index)", matchType: .contains, matchString: text, prodHandling: "Page_only",
          devHandling: "Ignore")
        rule.id = Int64(index + 1)
        return rule
      }
      var settings = PolicySettings()
      settings.defaultTeam = team
      return try Snapshot.compile(Catalog(rules: rules), settings: settings, generation: 1)
    }
    var book = ShadowBook()
    var searches = 0
    func summary(_ snapshot: Snapshot) -> String? {
      book.shadows(of: snapshot) {
        searches += 1
        return RuleShadows(snapshot)
      }.summary
    }
    let reason = "rule r1 can never win (decided before by r0): see muttd check"
    for _ in 0..<3 { #expect(summary(try snapshot(["link", "core link"])) == reason) }
    #expect(searches == 1)
    #expect(summary(try snapshot(["link", "core line"])) == nil)
    #expect(searches == 2)
    #expect(summary(try snapshot(["link", "core link"])) == reason)
    _ = summary(try snapshot(["link", "core link"], team: "NOC"))
    #expect(searches == 4)

    let two = try snapshot(["link", "line", "core link", "core line"])
    let found = RuleShadows(two, limit: 2)
    #expect(found.notices.count == 2 && found.summary != nil)
    let skipped = RuleShadows(two, limit: 1)
    #expect(skipped.summary == nil && skipped.isFinal)
    #expect(skipped.notices.map(\.message) == ["rules that can never win were not looked for"])
  }

  private static func file(_ id: Int, _ text: String) -> String {
    """
    rules:
      - name: r
        id: \(id)
        match_type: contains
        match_string: \(text)
        prod_handling: Page_only
        dev_handling: Ignore
    """
  }

  /// The store has the rule under another id, and ids never change: all or nothing, and not once more
  /// whenever the store is looked at.
  @Test(.timeLimit(.minutes(2)))
  func aFileThatTheStoreRefusesChangesNothing() async throws {
    let directory = TemporaryDirectory()
    let file = directory.file("rules.yaml")
    try Self.file(3, "one").write(toFile: file, atomically: true, encoding: .utf8)
    try await run(Rig(rulesFile: file), rules: 0) { rig in
      _ = rig.story.take()
      try Self.file(4, "two").write(toFile: file, atomically: true, encoding: .utf8)
      let refused = try await rig.reload()
      #expect(refused.result == .refused)
      #expect(refused.refusal?.contains("ids never change") == true)
      #expect(rig.story.take().allSatisfy { !$0.hasPrefix("applied") })
      let failures = rig.reloader.health.failures
      // An edit of somebody's is read and decides; the file is left alone.
      let before = rig.reloader.health.generation
      _ = try rig.store.apply([.addDevelopmentHost("lab1")], by: EditActor(name: "test"))
      while rig.reloader.health.generation == before { try await Task.sleep(for: .milliseconds(5)) }
      #expect(rig.reloader.health.failures == failures)
      #expect(rig.reloader.health.fileProblem?.contains("ids never change") == true)
      #expect(rig.snapshots.snapshot?.rules.first?.matchString == "one")
      try Self.file(3, "two").write(toFile: file, atomically: true, encoding: .utf8)
      #expect(try await rig.reload().result == .taken)
      #expect(rig.snapshots.snapshot?.rules.first?.matchString == "two")
    }
  }

  /// What a store says of itself is no reason to refuse the rest; what it says of the file is.
  @Test(
    .timeLimit(.minutes(2)),
    arguments: StoreError.Code.allCases.filter { $0 != .notFound && $0 != .nodeTaken })
  func theStoreIsAwayOrRefuses(code: StoreError.Code) async throws {
    let refuses: Set<StoreError.Code> = [.permission, .constraint, .schema, .conflict]
    let directory = TemporaryDirectory()
    let file = directory.file("rules.yaml")
    try Self.file(3, "one").write(toFile: file, atomically: true, encoding: .utf8)
    try await run(Rig(rulesFile: file), rules: 0) { rig in
      // The quarterly look may meet the failure first.
      var record = rig.record
      for _ in 0..<20 where record.reason != "so it is" {
        _ = rig.story.take()
        rig.store.fail([StoreError(code, "so it is")])
        record = try await rig.reload()
      }
      #expect(record.reason == "so it is")
      #expect(record.result == (refuses.contains(code) ? .refused : .partly))
      #expect(rig.story.take().contains { $0.hasPrefix("applied") } == !refuses.contains(code))
    }
  }

  /// The rules that decide are as new as ever; that the configuration on disk is not the one in force is
  /// another matter.
  @Test(.timeLimit(.minutes(2)))
  func aRefusedConfigurationStaysRefusedWhateverTheRulesDo() async throws {
    try await run(Rig()) { rig in
      #expect(rig.record.refusal == nil)
      rig.refusal.withLock { $0 = "muttd.yaml:3 no" }
      #expect(try await rig.reload().refusal == "muttd.yaml:3 no")
      // What is wrong with the configuration is not wrong with the rules.
      #expect(rig.reloader.health.problem == nil)
      try write(2, to: rig)
      while rig.snapshots.snapshot?.rules.count != 2 { try await Task.sleep(for: .milliseconds(5)) }
      #expect(rig.record.refusal == "muttd.yaml:3 no")
      rig.refusal.withLock { $0 = nil }
      #expect(try await rig.reload().refusal == nil)
    }
  }

  /// A store that is away says nothing against the configuration.
  @Test(.timeLimit(.minutes(2)))
  func withoutTheStoreTheRestIsTaken() async throws {
    try await run(Rig()) { rig in
      _ = rig.story.take()
      rig.store.fail(Array(repeating: StoreError(.unavailable, "the store is away"), count: 3))
      // The quarterly look may meet the failures first.
      var record = try await rig.reload()
      for _ in 0..<20 where record.result != .partly {
        rig.store.fail(Array(repeating: StoreError(.unavailable, "the store is away"), count: 3))
        record = try await rig.reload()
      }
      #expect(record.result == .partly)
      #expect(record.reason == "the store is away")
      #expect(record.refusal == nil)
      #expect(rig.story.take().contains { $0.hasPrefix("applied") })
    }
  }

  /// Nobody changes a rule meanwhile: what the reload says of them holds as soon as the store can be read,
  /// and that it could not is no trouble any more.
  @Test(.timeLimit(.minutes(2)))
  func whenTheStoreIsBackItIsTakenAltogether() async throws {
    try await run(Rig()) { rig in
      let before = rig.reloader.health.generation
      var record = rig.record
      for _ in 0..<20 where record.result != .partly {
        rig.store.fail(Array(repeating: StoreError(.unavailable, "the store is away"), count: 3))
        record = try await rig.reload()
      }
      try #require(record.result == .partly)
      while rig.reloader.health.generation == before || rig.reloader.health.problem != nil {
        try await Task.sleep(for: .milliseconds(5))
      }
      #expect(rig.snapshots.snapshot?.rules.count == 1)
    }
  }
}
