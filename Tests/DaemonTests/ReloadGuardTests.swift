import Foundation
import Model
import Policy
import Store
import Synchronization
import TestKit
import Testing

@testable import Daemon

/// What a start makes of a store or a file that has lost its rules while nobody ran.
@Suite struct ReloadGuardTests {
  /// The snapshot that one run leaves for the next, and what was said of it.
  private final class Kept: Sendable {
    private let state = Mutex((catalog: Catalog?.none, file: AppliedFile?.none, said: [String]()))

    var rules: Int? { state.withLock { $0.catalog?.rules.count } }
    var said: [String] { state.withLock { $0.said } }
    func drop() { state.withLock { $0.catalog = nil } }
    func hear(_ notice: Notice) { state.withLock { $0.said.append(notice.message) } }

    var cache: SnapshotCache {
      SnapshotCache(
        save: { [self] catalog in state.withLock { $0.catalog = catalog } },
        load: { [self] in state.withLock { $0.catalog.map { ($0, Timestamp(nanoseconds: 1)) } } },
        countRules: { [self] in
          state.withLock { $0.catalog?.rules.filter(\.isActive).count ?? 0 }
        }, savePatterns: { _ in }, loadPatterns: { nil },
        saveAppliedFile: { [self] file in state.withLock { $0.file = file } },
        loadAppliedFile: { [self] in state.withLock { $0.file } })
    }
  }

  private static func rules(_ count: Int) -> [Rule] {
    (0..<count).map {
      Rule(
        name: "r\($0)", matchType: .contains, matchString: "word\($0)", prodHandling: "Page_only",
        devHandling: "Log_only")
    }
  }

  private static let actor = EditActor(name: "test")

  /// One run of the daemon, as far as rules go; `body` begins when something decides.
  private func run(
    _ store: MemoryStore, _ kept: Kept, rulesFile: String? = nil, refresh: Int64 = 50_000_000,
    borrowed: BorrowedRules = BorrowedRules(),
    _ body: (Reloader, SnapshotBox) async throws -> Void
  ) async throws {
    let snapshots = SnapshotBox()
    let settings = ReloadSettings(
      policy: PolicySettings(), rulesFile: rulesFile, guardShare: 0.5, refresh: refresh)
    let reloader = Reloader(
      store: store, settings: settings, snapshots: snapshots, cache: kept.cache,
      notices: { kept.hear($0) }, announce: { _ in }, tidyDelay: 20_000_000, retryInterval: 20_000_000,
      borrowed: borrowed, reconfigure: { .success(settings) })
    let thread = DaemonThread(name: "reloader")
    thread.start { reloader.run() }
    let outcome: Result<Void, any Error>
    do {
      try await wait { snapshots.snapshot != nil }
      outcome = .success(try await body(reloader, snapshots))
    } catch {
      outcome = .failure(error)
    }
    reloader.stop()
    await thread.join()
    try outcome.get()
  }

  private func wait(until holds: () -> Bool) async throws {
    while !holds() { try await Task.sleep(for: .milliseconds(10)) }
  }

  /// Asks for a reload and waits for its answer.
  private func reload(_ reloader: Reloader, force: Bool) async throws -> ReloadRecord {
    let asked = reloader.health.reload.asked
    reloader.signal(force: force)
    try await wait { reloader.health.reload.answered > asked }
    return reloader.health.reload
  }

  /// An earlier run that decided by six rules of the store.
  private func earlierRun() async throws -> Kept {
    let (store, kept) = (MemoryStore(), Kept())
    _ = try store.replaceCatalog(with: Catalog(rules: Self.rules(6)), by: Self.actor)
    try await run(store, kept) { _, _ in try await wait { kept.rules == 6 } }
    return kept
  }

  @Test(.timeLimit(.minutes(2)), arguments: [0, 2])
  func aStoreThatLostItsRulesDoesNotDecide(left: Int) async throws {
    let kept = try await earlierRun()
    let store = MemoryStore()
    _ = try store.replaceCatalog(with: Catalog(rules: Self.rules(left)), by: Self.actor)
    try await run(store, kept) { reloader, snapshots in
      try await wait { reloader.health.isGuarded }
      #expect(snapshots.snapshot?.rules.count == 6)
      #expect(reloader.health.origin == .cache)
      #expect(reloader.health.problem?.contains("\(left) usable rules, 6 decide now") == true)
      // The timer comes and goes, and so do edits of other things.
      _ = try store.apply([.addDevelopmentHost("lab1")], by: Self.actor)
      let failures = reloader.health.failures
      try await wait { reloader.health.failures > failures }
      try await Task.sleep(for: .milliseconds(1_300))
      #expect(snapshots.snapshot?.rules.count == 6)
      #expect(reloader.health.confirmedAt == Timestamp(nanoseconds: 1))
      #expect(kept.rules == 6)
      #expect(try await reload(reloader, force: false).result == .refused)
      #expect(kept.rules == 6)
      #expect(kept.said.contains { $0.contains("the last good snapshot decides: what was read has far") })
    }
    // Nor does the next start take it.
    try await run(store, kept) { reloader, snapshots in
      try await wait { reloader.health.isGuarded }
      #expect(snapshots.snapshot?.rules.count == 6)
      // Whoever means it says so.
      #expect(try await reload(reloader, force: true).result == .taken)
      #expect(snapshots.snapshot?.rules.count == left)
      #expect(reloader.health.origin == .store)
      #expect(!reloader.health.isGuarded && reloader.health.problem == nil)
      try await wait { kept.rules == left }
    }
    try await run(store, kept) { reloader, snapshots in
      try await wait { reloader.health.loadedAt.isAbsent == false }
      #expect(snapshots.snapshot?.rules.count == left)
      #expect(!reloader.health.isGuarded)
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func rulesThatAreImportedAgainDecide() async throws {
    let kept = try await earlierRun()
    let store = MemoryStore()
    try await run(store, kept) { reloader, snapshots in
      try await wait { reloader.health.isGuarded }
      _ = try store.replaceCatalog(with: Catalog(rules: Self.rules(5)), by: Self.actor)
      try await wait { reloader.health.origin == .store }
      #expect(snapshots.snapshot?.rules.count == 5)
      #expect(reloader.health.problem == nil && !reloader.health.isGuarded)
      try await wait { kept.rules == 5 }
    }
  }

  /// An id may be another rule's in a store that was put in the place of the old one.
  @Test(.timeLimit(.minutes(2)))
  func whatTheLastSnapshotDecidesIsNotWrittenUnderTheStoresRules() async throws {
    let kept = try await earlierRun()
    let store = MemoryStore()
    let other = Rule(
      name: "other", matchType: .contains, matchString: "zzz", prodHandling: "Ignore", devHandling: "Ignore")
    _ = try store.replaceCatalog(with: Catalog(rules: [other]), by: Self.actor)
    let id = try #require(try store.loadCatalog().rules.first?.id)
    let borrowed = BorrowedRules()
    var factory = EventFactory()
    var batch = EventBatch()
    factory.add(to: &batch, rule: (id: id, name: "r0"))
    factory.add(to: &batch, rule: (id: id, name: "other"))
    factory.add(to: &batch, rule: (id: id + 1, name: "r1"))
    factory.add(to: &batch, rule: nil)
    #expect(try borrowed.settle(batch, in: store).rows.map(\.ruleID) == [id, id, id + 1, 0])
    try await run(store, kept, borrowed: borrowed) { reloader, snapshots in
      try await wait { reloader.health.isGuarded }
      #expect(snapshots.snapshot?.rules.contains { $0.id == id && $0.name == "r0" } == true)
      let settled = try borrowed.settle(batch, in: store)
      #expect(settled.rows.map(\.ruleID) == [.max, id, id + 1, 0])
      // Rows of the old set may still wait when the new one decides.
      #expect(try await reload(reloader, force: true).result == .taken)
      #expect(try borrowed.settle(batch, in: store).rows.map(\.ruleID) == [.max, id, id + 1, 0])
      // Under its name the id is the same rule's.
      var renamed = other
      renamed.name = "r0"
      renamed.id = id
      borrowed.compare(with: Catalog(rules: [renamed]))
      #expect(try borrowed.settle(batch, in: store).rows.map(\.ruleID) == [id, id, id + 1, 0])
    }
  }

  /// Rules that cannot be used are not missing: they could not be used at the last start either.
  @Test(.timeLimit(.minutes(2)))
  func rulesThatCannotBeUsedAreNotTakenForLost() async throws {
    var rules = Self.rules(6)
    for index in 1..<6 {
      rules[index].matchType = .regex
      rules[index].matchString = "("
    }
    let (store, kept) = (MemoryStore(), Kept())
    _ = try store.replaceCatalog(with: Catalog(rules: rules), by: Self.actor)
    for _ in 0..<2 {
      try await run(store, kept) { reloader, snapshots in
        try await wait { reloader.health.origin == .store }
        #expect(snapshots.snapshot?.rules.count == 1)
        #expect(snapshots.snapshot?.quarantined.count == 5)
        try await wait { kept.rules == 6 }
      }
    }
    #expect(!kept.said.contains { $0.contains("the last good snapshot decides") })
  }

  @Test(.timeLimit(.minutes(2)))
  func aFirstStartTakesAnEmptySet() async throws {
    let (store, kept) = (MemoryStore(), Kept())
    try await run(store, kept) { reloader, _ in
      try await wait { kept.rules == 0 }
      #expect(reloader.health.origin == .store)
      #expect(reloader.health.problem == nil)
    }
    // One whose state directory was removed is a first start too.
    let other = try await earlierRun()
    other.drop()
    try await run(MemoryStore(), other) { reloader, snapshots in
      try await wait { reloader.health.origin != nil }
      #expect(snapshots.snapshot?.rules.isEmpty == true)
      #expect(!reloader.health.isGuarded)
    }
  }

  /// A file that was emptied while nobody ran retires nothing.
  @Test(.timeLimit(.minutes(2)))
  func aFileThatLostItsRulesLeavesTheStoreAlone() async throws {
    let directory = TemporaryDirectory()
    let file = directory.file("rules.yaml")
    func write(_ count: Int) throws {
      try RulesFile.export(Catalog(rules: Self.rules(count))).write(
        toFile: file, atomically: true, encoding: .utf8)
    }
    let (store, kept) = (MemoryStore(), Kept())
    try write(6)
    try await run(store, kept, rulesFile: file) { _, _ in try await wait { kept.rules == 6 } }
    try write(0)
    try await run(store, kept, rulesFile: file) { reloader, snapshots in
      // The store's rules of the earlier run decide, and what is wrong with the file stands beside them.
      try await wait { reloader.health.origin == .store }
      #expect(snapshots.snapshot?.rules.count == 6)
      #expect(reloader.health.isFileGuarded)
      #expect(reloader.health.fileProblem?.contains("0 usable rules") == true)
      #expect(try store.loadCatalog().rules.filter(\.isActive).count == 6)
      #expect(kept.rules == 6)
      #expect(try await reload(reloader, force: true).result == .taken)
      #expect(snapshots.snapshot?.rules.isEmpty == true)
      #expect(reloader.health.fileProblem == nil)
    }
  }
}
