import Foundation
import Intake
package import Model
import Policy
package import Store
import Synchronization

/// Keeps the snapshot fresh, on its own thread, off the hot path: reads the store, compiles, swaps whole.
///
/// Asked by the timer (`rules.refresh`), by a change of the store (polled twice a second) and by SIGHUP. All
/// that can fail happens before the swap; what decides goes on deciding until then.
package final class Reloader: @unchecked Sendable {
  private let condition = WaitCondition()
  // Guarded by `condition`.
  private var isStopping = false
  private var signalled = false
  private var forced = false
  private var announced = false

  private let store: any EventStore
  private let snapshots: SnapshotBox
  private let cache: SnapshotCache
  private let notices: NoticeSink
  /// Called around a reload asked for by a signal: systemd wants to know.
  private let announce: @Sendable (_ begins: Bool) -> Void
  /// Reads the configuration again; problems are sentences.
  private let reconfigure: @Sendable () -> Result<ReloadSettings, ReloadRefusal>
  private let state = Mutex(PolicyHealth())
  private let compiling = LongWork()
  // Only touched on the reloader's thread.
  private var settings: ReloadSettings
  private var knownVersion: Int64?
  /// Of the load at hand: a set from `rules.file` is compiled before the store has it.
  private var started = SystemClock.monotonic
  private var compiled: UInt64 = 0
  private var retryAt: Int64 = 0
  private var shelf: PatternShelf
  private var shadowBook = ShadowBook()
  /// The rest of the configuration, which a reload takes over together with the rules; nil between reloads.
  private var takeover: ReloadSettings.Takeover?
  /// Why the reload under way was not taken.
  private var objection: String?
  /// When to compile all patterns together; nil: they are.
  private var tidyAt: Int64?

  /// How often a change of the store is looked for, seconds: an edit decides within one, compiling included.
  private static let pollInterval: TimeInterval = 0.5
  /// How soon a changed store that could not be taken is tried again, nanoseconds.
  package static let retryInterval: Int64 = 5_000_000_000
  private let retryInterval: Int64
  /// How long after the last edit all patterns are compiled together, nanoseconds: another is likely.
  package static let tidyDelay: Int64 = 30_000_000_000
  private let tidyDelay: Int64
  /// Whether the store is asked for changes all the time, or tells of them (`changed`).
  private let polls: Bool
  /// The store did not answer a moment ago, when it was asked for the first time.
  private let startsWithoutStore: Bool
  private let borrowed: BorrowedRules
  /// `rules.file` waits for a store that could not write when it should have taken it.
  private var fileIsOwed = false

  package init(
    store: any EventStore, settings: ReloadSettings, snapshots: SnapshotBox, cache: SnapshotCache,
    notices: @escaping NoticeSink, announce: @escaping @Sendable (Bool) -> Void,
    tidyDelay: Int64 = Reloader.tidyDelay, retryInterval: Int64 = Reloader.retryInterval, polls: Bool = true,
    startsWithoutStore: Bool = false, borrowed: BorrowedRules = BorrowedRules(),
    reconfigure: @escaping @Sendable () -> Result<ReloadSettings, ReloadRefusal>
  ) {
    self.store = store
    self.settings = settings
    self.snapshots = snapshots
    self.cache = cache
    shelf = PatternShelf(cache)
    self.notices = notices
    self.announce = announce
    self.tidyDelay = tidyDelay
    self.retryInterval = retryInterval
    self.polls = polls
    self.startsWithoutStore = startsWithoutStore
    self.borrowed = borrowed
    self.reconfigure = reconfigure
  }

  package var health: PolicyHealth { state.withLock { $0 } }

  /// SIGHUP, `muttd reload`.
  package func signal(force: Bool) {
    condition.lock()
    signalled = true
    state.withLock { $0.reload.asked += 1 }
    forced = forced || force
    condition.signal()
    condition.unlock()
  }

  /// The store has changed, or may have while nobody could see it.
  package func changed() {
    condition.lock()
    announced = true
    condition.signal()
    condition.unlock()
  }

  /// - Parameter leave: called when its thread is compiling, or begins to, and is not to be awaited: it stays
  ///   where it is then. Nil: it ends when it has compiled.
  package func stop(_ leave: (@Sendable () -> Void)? = nil) {
    condition.lock()
    isStopping = true
    condition.signal()
    condition.unlock()
    if let leave { compiling.stop(leave) }
  }

  /// Its thread was left behind, compiling.
  var isLeft: Bool { compiling.isLeft }

  package func run() {
    shelf.read()
    // A store that was silent may be silent for longer: whoever can decide without it does.
    if startsWithoutStore { loadCached(.storeIsSilent) }
    load(.start, force: false)
    if snapshots.snapshot == nil, !startsWithoutStore { loadCached(.storeIsSilent) }
    if let notice = ReloadNotice.engine { notices(notice) }
    // From here on somebody decides already, and whoever receives goes before whoever compiles.
    DaemonThread.lowerPriority()
    var nextRefresh = SystemClock.monotonic + settings.refresh
    while true {
      condition.lock()
      if !isStopping, !signalled, !announced || SystemClock.monotonic < retryAt {
        _ = condition.wait(seconds: polls ? Reloader.pollInterval : 1)
      }
      let (ends, isSignal, force) = (isStopping, signalled, forced)
      let asked = state.withLock { $0.reload.asked }
      (signalled, forced) = (false, false)
      let mayHaveChanged = announced && SystemClock.monotonic >= retryAt
      if mayHaveChanged { announced = false }
      condition.unlock()
      if ends { return }
      if isSignal {
        reload(force: force, asked: asked)
        // Whatever came of it: what was announced is looked for too.
        if mayHaveChanged { changed() }
      } else if SystemClock.monotonic >= nextRefresh {
        load(.timer, force: false)
      } else if polls || mayHaveChanged, hasChanged() {
        load(.change, force: false)
        continue
      } else if let tidyAt, SystemClock.monotonic >= tidyAt {
        // Compiling sets it anew; a store that cannot be read is not asked all the time.
        self.tidyAt = SystemClock.monotonic + tidyDelay
        load(.tidy, force: false)
        continue
      } else {
        continue
      }
      nextRefresh = SystemClock.monotonic + settings.refresh
    }
  }

  private func hasChanged() -> Bool {
    // What failed a moment ago is not tried all the time.
    if SystemClock.monotonic < retryAt { return false }
    do throws(StoreError) {
      return try store.catalogVersion() != knownVersion
    } catch {
      // Said by the next timed load, with its reason; every second would be noise.
      if !polls {
        retryAt = SystemClock.monotonic + retryInterval
        changed()
      }
      return false
    }
  }

  /// Configuration, then file, then store; all or nothing.
  private func reload(force: Bool, asked: UInt64) {
    announce(true)
    objection = nil
    defer {
      takeover = nil
      announce(false)
    }
    switch reconfigure() {
    case .success(let next):
      let previous = settings
      settings = next
      takeover = ReloadSettings.Takeover(open: next.open)
      switch load(.signal, force: force) {
      case .taken:
        // Last of all: a stop leaves the thread at it. Whoever asked waits for it.
        let shadows = snapshots.snapshot.map { snapshot in
          shadowBook.shadows(of: snapshot) { compiling.run { RuleShadows(snapshot) } }
        }
        conclude(.taken, asked, shadows?.summary)
        shadows?.notices.forEach(notices)
      case .unreachable:
        // A store that is away says nothing against the configuration.
        let reason = objection
        if open() {
          takeover?.apply?()
          conclude(.partly, asked, reason)
        } else {
          settings = previous
          conclude(.refused, asked, objection)
        }
      case .refused:
        settings = previous
        conclude(.refused, asked, objection)
      }
    case .failure(let refusal):
      refuseConfiguration(refusal.message)
      conclude(.refused, asked, objection)
    }
  }

  private func conclude(_ result: ReloadRecord.Result, _ asked: UInt64, _ reason: String?) {
    state.withLock { health in
      health.reload.answered = asked
      health.reload.result = result
      health.reload.at = SystemClock.now
      health.reload.reason = reason
    }
  }

  /// Binds the sockets of a reload, once nothing else stands against it: somebody outside notices, and what
  /// arrives there is to be decided. False: it stays as it was.
  private func open() -> Bool {
    guard let takeover, takeover.apply == nil else { return true }
    switch takeover.open() {
    case .success(let apply):
      self.takeover?.apply = apply
      return true
    case .failure(let refusal):
      refuseConfiguration(refusal.message)
      return false
    }
  }

  private func refuseConfiguration(_ reason: String) {
    objection = reason
    state.withLock { $0.failures += 1 }
    notices(ReloadNotice.configurationRefused(reason))
  }

  private enum Loading {
    /// `unreachable`: the store could not be asked.
    case taken, refused, unreachable
  }

  @discardableResult
  private func load(_ cause: Cause, force: Bool) -> Loading {
    started = SystemClock.monotonic
    do throws(StoreError) {
      var file = FileOutcome.none
      let ahead = cause == .start && settings.rulesFile != nil ? readAhead() : nil
      if cause == .start || cause == .signal || fileIsOwed {
        fileIsOwed = false
        file = takeFile(cause, force: force, known: cache.loadAppliedFile())
        // At a start the store's rules of an earlier run decide then; a reload is all or nothing.
        if file == .refused, cause == .signal { return fileIsOwed ? .unreachable : .refused }
      }
      if let ahead {
        // What it read is as good as ever when the file changed nothing; and whatever else touches the store
        // had better not do so at the same time.
        let read = ahead.value
        if case .unchanged(let applied) = file, case .success(let (version, catalog, fingerprint)) = read,
          fingerprint == applied.catalog
        {
          return take(catalog, cause, origin: .store, force: force, version: version) ? .taken : .refused
        }
      }
      let version = try store.catalogVersion()
      if cause == .timer, version == knownVersion, snapshots.snapshot != nil {
        // What was refused confirms nothing.
        state.withLock { if $0.problem == nil { $0.confirmedAt = SystemClock.now } }
        return .taken
      }
      var catalog = try store.loadCatalog()
      if case .unchanged(let applied) = file, catalog.fingerprint != applied.catalog {
        file = takeFile(cause, force: force, known: nil)
        if file == .refused, cause == .signal { return fileIsOwed ? .unreachable : .refused }
        catalog = try store.loadCatalog()
      }
      guard take(catalog, cause, origin: .store, force: force, version: version) else { return .refused }
      if case .applied(let file, let version) = file, version == catalog.version {
        cache.saveAppliedFile(AppliedFile(file: file, catalog: catalog.fingerprint))
      }
      return .taken
    } catch {
      refuse(cause, error.message)
      // What could not be asked is asked again and taken, although nobody has changed the rules: what a
      // reload says of them is not in force yet, and what was just said to be wrong is over then.
      knownVersion = nil
      if !polls { changed() }
      return .unreachable
    }
  }

  /// A start reads the store beside the file, which most often says what it said at the last one.
  private func readAhead() -> HeadStart<Result<(Int64, Catalog, fingerprint: Int64), StoreError>> {
    HeadStart("catalog") { [store] in
      Result { () throws(StoreError) in
        let version = try store.catalogVersion()
        let catalog = try store.loadCatalog()
        return (version, catalog, catalog.fingerprint)
      }
    }
  }

  private enum FileOutcome: Equatable {
    /// There is no `rules.file`.
    case none
    case refused
    /// The store was equal to it once; the fingerprint says whether it still is.
    case unchanged(AppliedFile)
    /// The store was made equal to it, and had this version then.
    case applied(String, version: Int64)
  }

  /// With `rules.file` the file governs: the store is made equal to it in one transaction, after the file has
  /// been read, compiled and passed by the guard, so that a refused file changes nothing. `known`: a file
  /// that need not be read again, when it is this one.
  private func takeFile(_ cause: Cause, force: Bool, known: AppliedFile?) -> FileOutcome {
    guard let file = settings.rulesFile else {
      state.withLock { $0.fileProblem = nil }
      return .none
    }
    let text: String
    switch RulesFile.readText(file) {
    case .success(let read): text = read
    case .failure(let problem): return refuseFile(cause, "\(problem)")
    }
    let name = "\(SHA256.hex(text)) \(Version.text) \(file)"
    if let known, known.file == name {
      state.withLock { $0.fileProblem = nil }
      return .unchanged(known)
    }
    let (rules, problems) = RulesFile.parse(text, fileName: file)
    guard let rules else {
      return refuseFile(cause, problems.map { "\($0)" }.joined(separator: "; "))
    }
    if let objection = trialObjection(to: rules.catalog, force: force) {
      return refuseFile(cause, objection.text, isGuarded: objection.isGuard)
    }
    if !open() { return .refused }
    do throws(StoreError) {
      let change = try store.replaceCatalog(with: rules.catalog, by: EditActor(name: "file", reason: file))
      state.withLock { $0.fileProblem = nil }
      if let notice = ReloadNotice.equal(change, to: file) { notices(notice) }
      return .applied(name, version: change.version)
    } catch {
      // What the store has against the file it will have at the next try too.
      fileIsOwed = error.mayPass
      return refuseFile(cause, error.message)
    }
  }

  private func refuseFile(_ cause: Cause, _ problem: String, isGuarded: Bool = false) -> FileOutcome {
    refuse(cause, problem, isGuarded: isGuarded)
    state.withLock {
      $0.fileProblem = problem
      $0.isFileGuarded = isGuarded
    }
    return .refused
  }

  private func trialObjection(to catalog: Catalog, force: Bool) -> (text: String, isGuard: Bool)? {
    shelf.takeUp()
    defer { Snapshot.returnFreePages() }
    do throws(PolicyError) {
      let trial = try compile(catalog, .signal)
      if !force {
        standIn(for: trial)
        if let objection = guardObjection(to: trial) { return (objection, true) }
      }
      shelf.put(trial: trial)
      return nil
    } catch {
      return ("\(error)", false)
    }
  }

  private func loadCached(_ need: ReloadNotice.Need) {
    let outer = started
    started = SystemClock.monotonic
    defer { started = outer }
    guard let (catalog, savedAt) = cache.load() else {
      if need == .storeIsSilent { notices(ReloadNotice.nothingCached) }
      return
    }
    borrowed.lend(catalog)
    guard take(catalog, .start, origin: .cache, force: true, version: nil) else { return }
    state.withLock { $0.confirmedAt = savedAt }
    notices(ReloadNotice.cached(savedAt, need))
  }

  /// Before anything decides, what decided last is what a set is measured by: a store may have lost
  /// its rules, or a file, while nobody ran. Rules that cannot be used are not lost: of those that decided
  /// last they are counted too. True: it decides now.
  @discardableResult
  private func standIn(for snapshot: Snapshot) -> Bool {
    guard snapshots.snapshot == nil, takeover == nil,
      settings.isShort(snapshot.rules.count + snapshot.quarantined.count, beside: cache.countRules())
    else { return false }
    loadCached(.setIsShort)
    return snapshots.snapshot != nil
  }

  /// Compiles and swaps, unless the guard objects. What a reload changes besides is taken over in the same
  /// moment, routes before the rules whose alerts go there; then all of it is kept for the next start.
  private func take(
    _ catalog: Catalog, _ cause: Cause, origin: PolicyHealth.Origin, force: Bool, version: Int64?
  ) -> Bool {
    if origin == .store { borrowed.compare(with: catalog) }
    // Last of all, whatever comes of it.
    defer { Snapshot.returnFreePages() }
    shelf.takeUp()
    let earlier = snapshots.snapshot?.patterns ?? shelf.kept
    let snapshot: Snapshot
    do throws(PolicyError) {
      snapshot = try compile(catalog, cause)
    } catch {
      // The store has another set than the one that decides: there is nothing to tidy until one is taken.
      tidyAt = nil
      // The same set would be too large in five seconds too; memory may be there then.
      if error.code != .outOfMemory { knownVersion = version }
      refuse(cause, "\(error)")
      return false
    }
    // Anew: its generation is another now, and some of what decided last may be unusable.
    if !force, standIn(for: snapshot) {
      return take(catalog, cause, origin: origin, force: false, version: version)
    }
    if !force, let objection = guardObjection(to: snapshot) {
      // Seen: it is said once, not every second; the next change or a reload tries again.
      knownVersion = version
      tidyAt = nil
      refuse(cause, objection, isGuarded: true)
      return false
    }
    guard open() else { return false }
    compiled += 1
    let isNews = cause != .tidy || version != knownVersion
    knownVersion = version
    takeover?.apply?()
    snapshots.publish(snapshot)
    shelf.put(snapshot)
    tidyAt = snapshot.isTidy ? nil : SystemClock.monotonic + tidyDelay
    let took = SystemClock.monotonic - started
    let now = SystemClock.now
    state.withLock { health in
      health.origin = origin
      health.active = snapshot.rules.count
      health.quarantined = snapshot.quarantined
      health.generation = compiled
      health.loadedAt = now
      health.confirmedAt = now
      health.problem = nil
      health.isGuarded = false
    }
    // Before anything that a stop does not await: the next start decides by what decides now.
    if origin == .store { borrowed.giveBack() }
    if origin == .store, isNews { cache.save(catalog) }
    let how = snapshot.patterns === earlier ? "kept" : snapshot.isTidy ? "compiled" : "patched"
    ReloadNotice.loaded(snapshot, cause, origin, patterns: how, generation: compiled, took: took)
      .forEach(notices)
    shelf.keep()
    return true
  }

  /// What is new is compiled beside what stands; all together when nobody has edited for a while.
  private func compile(_ catalog: Catalog, _ cause: Cause) throws(PolicyError) -> Snapshot {
    let (policy, generation, earlier) = (settings.policy, compiled + 1, shelf.take())
    return try compiling.run { () throws(PolicyError) in
      try Snapshot.compile(
        catalog, settings: policy, generation: generation, reusing: earlier,
        effort: cause == .tidy ? .thorough : .quick,
        foretold: { [notices] in notices(ReloadNotice.beyondBounds($0)) })
    }
  }

  private func guardObjection(to snapshot: Snapshot) -> String? {
    guard let current = snapshots.snapshot,
      settings.isShort(snapshot.rules.count, beside: current.rules.count)
    else { return nil }
    return "the new set has \(snapshot.rules.count) usable rules, \(current.rules.count) decide now: "
      + "the old set stays (rules.guard); to take the new one: muttd reload --force"
  }

  private func refuse(_ cause: Cause, _ problem: String, isGuarded: Bool = false) {
    retryAt = SystemClock.monotonic + retryInterval
    objection = problem
    state.withLock {
      $0.failures += 1
      $0.problem = problem
      $0.isGuarded = isGuarded
    }
    notices(ReloadNotice.refused(cause, problem))
  }
}
