import Foundation
import Model
import Policy
import Store
import Synchronization
import TestKit
import Testing

@testable import Daemon

@Suite struct ReloaderTests {
  /// What a reloader has kept and said.
  private final class Witness: Sendable {
    private let state = Mutex(State())
    private struct State {
      var patterns: [UInt8]?
      var saves = 0
      var loads: [String] = []
      var file: AppliedFile?
      var kept: Catalog?
    }

    /// What decided last, for the next start.
    var kept: Catalog? {
      get { state.withLock { $0.kept } }
      set { state.withLock { $0.kept = newValue } }
    }

    var file: AppliedFile? { state.withLock { $0.file } }

    var patterns: [UInt8]? { state.withLock { $0.patterns } }
    var saves: Int { state.withLock { $0.saves } }
    /// `cause patterns` of each set that was taken.
    var loads: [String] { state.withLock { $0.loads } }

    var cache: SnapshotCache {
      SnapshotCache(
        save: { [self] catalog in kept = catalog },
        load: { [self] in kept.map { ($0, Timestamp(nanoseconds: 1)) } },
        countRules: { [self] in kept?.rules.count(where: \.isActive) ?? 0 },
        savePatterns: { [self] bytes in
          state.withLock {
            $0.patterns = bytes
            $0.saves += 1
          }
        }, loadPatterns: { [self] in patterns },
        saveAppliedFile: { [self] file in state.withLock { $0.file = file } },
        loadAppliedFile: { [self] in file })
    }

    func hear(_ notice: Notice) {
      guard notice.message == "rules loaded" else { return }
      func text(_ key: String) -> String {
        for (name, value) in notice.fields where name == key {
          if case .text(let text) = value { return text }
        }
        return ""
      }
      let line = "\(text("cause")) \(text("patterns"))"
      state.withLock { $0.loads.append(line) }
    }
  }

  private func rule(_ number: Int, _ text: String) -> Rule {
    Rule(
      name: "r\(number)", matchType: .contains, matchString: text, prodHandling: "Page_only",
      devHandling: "Log_only")
  }

  private func run(
    _ store: MemoryStore, _ witness: Witness, tidyDelay: Int64, rulesFile: String? = nil,
    _ body: (SnapshotBox) async throws -> Void
  ) async throws {
    let snapshots = SnapshotBox()
    let settings = ReloadSettings(
      policy: PolicySettings(), rulesFile: rulesFile, guardShare: 0.5, refresh: 3_600_000_000_000)
    let reloader = Reloader(
      store: store, settings: settings, snapshots: snapshots, cache: witness.cache,
      notices: { witness.hear($0) }, announce: { _ in }, tidyDelay: tidyDelay,
      reconfigure: { .success(settings) })
    let thread = DaemonThread(name: "reloader")
    thread.start { reloader.run() }
    do {
      try await body(snapshots)
    } catch {
      reloader.stop()
      await thread.join()
      throw error
    }
    reloader.stop()
    await thread.join()
  }

  /// Waits until the reloader has said so; the suite's time limit ends a wait in vain.
  private func wait(until holds: () -> Bool) async throws {
    while !holds() { try await Task.sleep(for: .milliseconds(20)) }
  }

  /// An edit that is announced while a reload is asked for decides, however that reload ends.
  @Test(.timeLimit(.minutes(2)))
  func aRefusedReloadSwallowsNoEdit() async throws {
    let store = MemoryStore()
    let actor = EditActor(name: "test")
    _ = try store.replaceCatalog(with: Catalog(rules: [rule(1, "one")]), by: actor)
    let witness = Witness()
    let settings = ReloadSettings(
      policy: PolicySettings(), rulesFile: nil, guardShare: 0.5, refresh: 3_600_000_000_000)
    let held = Mutex<Reloader?>(nil)
    let asked = Mutex(0)
    let edited = Catalog(rules: [rule(1, "two")])
    let snapshots = SnapshotBox()
    let reloader = Reloader(
      store: store, settings: settings, snapshots: snapshots, cache: witness.cache,
      notices: { witness.hear($0) }, announce: { _ in }, polls: false
    ) {
      // Both stand before it when it looks again.
      if asked.withLock({
        $0 += 1; return $0
      }) == 1 {
        _ = try? store.replaceCatalog(with: edited, by: actor)
        held.withLock { $0 }?.changed()
        held.withLock { $0 }?.signal(force: false)
      }
      return .failure(ReloadRefusal("no"))
    }
    held.withLock { $0 = reloader }
    let thread = DaemonThread(name: "reloader")
    thread.start { reloader.run() }
    try await wait { snapshots.snapshot != nil }
    reloader.signal(force: false)
    try await wait { snapshots.snapshot?.rules.first?.matchString == "two" || Task.isCancelled }
    #expect(asked.withLock { $0 } == 2)
    reloader.stop()
    await thread.join()
    held.withLock { $0 = nil }
  }

  @Test(.timeLimit(.minutes(2)))
  func editsStandBesideTheOthersUntilNobodyEdits() async throws {
    let store = MemoryStore()
    let actor = EditActor(name: "test", reason: "test")
    var rules = (0..<300).map { rule($0, "word\($0)!") }
    _ = try store.replaceCatalog(with: Catalog(rules: rules), by: actor)
    let witness = Witness()
    try await run(store, witness, tidyDelay: 600_000_000) { snapshots in
      try await wait { witness.loads.count >= 1 }
      #expect(witness.loads == ["start compiled"])
      try await wait { witness.saves == 1 }
      rules[7].matchString = "edited"
      _ = try store.replaceCatalog(with: Catalog(rules: rules), by: actor)
      try await wait { witness.loads.count >= 3 }
      #expect(witness.loads == ["start compiled", "change patched", "tidy compiled"])
      #expect(snapshots.snapshot?.isTidy == true)
      try await wait { witness.saves == 3 }
    }
    // The next start compiles nothing and has nothing to tidy.
    try await run(store, witness, tidyDelay: 0) { _ in
      try await wait { witness.loads.count == 4 }
      try await Task.sleep(for: .milliseconds(600))
      #expect(witness.loads.last == "start kept")
      #expect(witness.saves == 3)
    }
  }

  /// A set that the guard keeps out is refused once: what waits to be compiled together is not in the store.
  @Test(.timeLimit(.minutes(2)))
  func aGuardedSetIsNotTriedAgainToTidyUp() async throws {
    let store = MemoryStore()
    let actor = EditActor(name: "test", reason: "test")
    var rules = (0..<300).map { rule($0, "word\($0)!") }
    _ = try store.replaceCatalog(with: Catalog(rules: rules), by: actor)
    let snapshots = SnapshotBox()
    let witness = Witness()
    let settings = ReloadSettings(
      policy: PolicySettings(), rulesFile: nil, guardShare: 0.5, refresh: 3_600_000_000_000)
    let reloader = Reloader(
      store: store, settings: settings, snapshots: snapshots, cache: witness.cache,
      notices: { witness.hear($0) }, announce: { _ in }, tidyDelay: 4_000_000_000, retryInterval: 0,
      reconfigure: { .success(settings) })
    let thread = DaemonThread(name: "reloader")
    thread.start { reloader.run() }
    try await wait { witness.loads.count >= 1 || Task.isCancelled }
    rules[7].matchString = "edited"
    _ = try store.replaceCatalog(with: Catalog(rules: rules), by: actor)
    try await wait { witness.loads.count >= 2 || Task.isCancelled }
    _ = try store.replaceCatalog(with: Catalog(rules: Array(rules.prefix(120))), by: actor)
    try await wait { reloader.health.failures > 0 || Task.isCancelled }
    // Twice as long as it would take to begin again.
    try await Task.sleep(for: .seconds(8))
    #expect(reloader.health.failures == 1)
    #expect(reloader.health.isGuarded)
    #expect(witness.loads == ["start compiled", "change patched"])
    // Taken after all, it is tidied.
    _ = try store.replaceCatalog(with: Catalog(rules: rules), by: actor)
    try await wait { witness.loads.count >= 4 || Task.isCancelled }
    #expect(witness.loads.dropFirst(2) == ["change kept", "tidy compiled"])
    reloader.stop()
    await thread.join()
  }

  /// A stop leaves whoever looks for rules that can never win; what was taken decides at the next start.
  @Test(.timeLimit(.minutes(2)))
  func whatAReloadTookOutlivesAStopRightBehindIt() async throws {
    let directory = TemporaryDirectory()
    let file = directory.file("rules.yaml")
    try RulesFile.export(Catalog(rules: [rule(1, "one"), rule(2, "two"), rule(3, "three")])).write(
      toFile: file, atomically: true, encoding: .utf8)
    let (snapshots, witness) = (SnapshotBox(), Witness())
    let held = Mutex<Reloader?>(nil)
    let thread = DaemonThread(name: "reloader")
    let settings = ReloadSettings(
      policy: PolicySettings(), rulesFile: file, guardShare: 0.5, refresh: 3_600_000_000_000)
    let reloader = Reloader(
      store: MemoryStore(), settings: settings, snapshots: snapshots, cache: witness.cache,
      notices: { witness.hear($0) }, announce: { _ in }
    ) {
      var next = settings
      // The stop comes when all is compiled and before it decides.
      next.open = { .success { held.withLock { $0 }?.stop { thread.leave() } } }
      return .success(next)
    }
    held.withLock { $0 = reloader }
    thread.start { reloader.run() }
    try await wait { witness.kept?.rules.count == 3 && witness.file != nil || Task.isCancelled }
    let before = witness.file
    try RulesFile.export(Catalog(rules: [rule(1, "one")])).write(
      toFile: file, atomically: true, encoding: .utf8)
    reloader.signal(force: true)
    await thread.join()
    #expect(snapshots.snapshot?.rules.count == 1)
    #expect(witness.kept?.rules.count(where: \.isActive) == 1)
    #expect(witness.file != nil && witness.file?.file != before?.file)
    held.withLock { $0 = nil }
  }

  /// Whoever is compiling is left there, and touches nothing any more.
  @Test(.timeLimit(.minutes(2)))
  func workThatNothingInterruptsIsLeftBehind() async throws {
    let work = LongWork()
    let (thread, begun) = (DaemonThread(name: "long"), EndSignal())
    let isOver = Atomic(false)
    let mayEnd = Atomic(false)
    thread.start {
      work.run {
        begun.give()
        while !mayEnd.load(ordering: .relaxed) { DaemonThread.pause(milliseconds: 5) }
      }
      isOver.store(true, ordering: .relaxed)
    }
    await begun.wait()
    #expect(!work.isLeft)
    work.stop { thread.leave() }
    await thread.join()
    #expect(work.isLeft)
    mayEnd.store(true, ordering: .relaxed)
    // Nor does anybody begin any more.
    let later = DaemonThread(name: "later")
    work.stop { later.leave() }
    later.start {
      work.run {}
      isOver.store(true, ordering: .relaxed)
    }
    await later.join()
    try await Task.sleep(for: .milliseconds(200))
    let hasGoneOn = isOver.load(ordering: .relaxed)
    #expect(!hasGoneOn)
  }

  /// More text than a set takes.
  private var tooLarge: [Rule] {
    (0..<400).map { rule($0, String(repeating: "x", count: 3_990) + "\($0)") }
  }

  /// What is too large is refused once, not every few seconds, and what decided goes on deciding.
  @Test(.timeLimit(.minutes(4)))
  func aSetThatIsTooLargeIsRefusedOnce() async throws {
    let store = MemoryStore()
    let actor = EditActor(name: "test")
    let good = rule(1, "good")
    _ = try store.replaceCatalog(with: Catalog(rules: [good]), by: actor)
    let snapshots = SnapshotBox()
    let settings = ReloadSettings(
      policy: PolicySettings(), rulesFile: nil, guardShare: 0.5, refresh: 3_600_000_000_000)
    let reloader = Reloader(
      store: store, settings: settings, snapshots: snapshots, cache: Witness().cache, notices: { _ in },
      announce: { _ in }, retryInterval: 0, reconfigure: { .success(settings) })
    let thread = DaemonThread(name: "reloader")
    thread.start { reloader.run() }
    try await wait { snapshots.snapshot != nil }
    _ = try store.replaceCatalog(with: Catalog(rules: tooLarge), by: actor)
    try await wait { reloader.health.failures > 0 || Task.isCancelled }
    #expect(reloader.health.problem?.contains("bytes in all, more than 1500000") == true)
    // Several looks at the store later.
    try await Task.sleep(for: .seconds(2))
    #expect(reloader.health.failures == 1)
    #expect(reloader.health.active == 1)
    #expect(snapshots.snapshot?.rules.first?.matchString == "good")
    // A pattern that is too large by itself takes nothing else down.
    let huge = rule(2, String(repeating: "x", count: 1 << 20))
    _ = try store.replaceCatalog(with: Catalog(rules: [good, huge]), by: actor)
    try await wait { reloader.health.problem == nil || Task.isCancelled }
    #expect(reloader.health.active == 1)
    #expect(
      reloader.health.quarantined.map(\.reason) == ["match_string has 1048576 bytes, more than 4000"])
    #expect(reloader.health.failures == 1)
    reloader.stop()
    await thread.join()
  }

  /// A start takes a rules file as little as a reload does, and leaves the store as it was.
  @Test(.timeLimit(.minutes(4)))
  func aRulesFileThatIsTooLargeDoesNotReachTheStore() async throws {
    let directory = TemporaryDirectory()
    let file = directory.file("rules.yaml")
    try RulesFile.export(Catalog(rules: tooLarge)).write(
      toFile: file, atomically: true, encoding: .utf8)
    let store = MemoryStore()
    _ = try store.replaceCatalog(with: Catalog(rules: [rule(1, "good")]), by: EditActor(name: "test"))
    try await run(store, Witness(), tidyDelay: 0, rulesFile: file) { snapshots in
      try await wait { snapshots.snapshot != nil || Task.isCancelled }
      #expect(snapshots.snapshot?.rules.map(\.matchString) == ["good"])
    }
    #expect(try store.loadCatalog().rules.map(\.matchString) == ["good"])
  }

  /// What a start would find out by reading ten thousand rules, it knows by a digest of them; and neither an
  /// edit of the file nor one of the store goes unseen.
  @Test(.timeLimit(.minutes(2)))
  func aRulesFileIsReadWhenItOrTheStoreHasChanged() async throws {
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
    let store = MemoryStore()
    let witness = Witness()
    func start() async throws -> String? {
      var text: String?
      try await run(store, witness, tidyDelay: 0, rulesFile: file) { snapshots in
        try await wait { snapshots.snapshot != nil }
        text = snapshots.snapshot?.rules.first?.matchString
      }
      return text
    }
    try write("one")
    #expect(try await start() == "one")
    let applied = try #require(witness.file)
    let version = try store.catalogVersion()
    #expect(try await start() == "one")
    #expect(witness.file == applied)
    #expect(try store.catalogVersion() == version)
    try write("two")
    #expect(try await start() == "two")
    let second = try #require(witness.file)
    #expect(second.file != applied.file && second.catalog != applied.catalog)
    // Somebody has changed the store behind the file's back.
    var rule = try #require(try store.loadCatalog().rules.first)
    rule.matchString = "three"
    _ = try store.apply([.setRule(rule)], by: EditActor(name: "test"))
    #expect(try await start() == "two")
    #expect(try store.loadCatalog().rules.first?.matchString == "two")
  }
}
