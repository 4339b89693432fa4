import Policy

/// Compiled patterns that the next compilation may take over, and those that are kept for the next start.
/// Only touched on the reloader's thread.
struct PatternShelf {
  private let cache: SnapshotCache
  /// Of the set that decides, or of the last start.
  private var current: PatternSet?
  /// Of a set that was compiled on trial and is about to be taken.
  private var trial: PatternSet?
  /// What `outbox.db` holds for the next start.
  private(set) var kept: PatternSet?
  /// What it held for this one, still being read; nil once it was taken up.
  private var reading: HeadStart<PatternSet?>?

  init(_ cache: SnapshotCache) { self.cache = cache }

  /// Begins to read what was kept, beside the reading of the rules.
  mutating func read() {
    reading = HeadStart("patterns") { [cache] in cache.loadPatterns().flatMap { PatternSet(decoding: $0) } }
  }

  mutating func takeUp() {
    guard let reading else { return }
    kept = reading.value
    current = kept
    self.reading = nil
  }

  /// What may be taken over; what was compiled on trial, once.
  mutating func take() -> PatternSet? {
    defer { trial = nil }
    return trial ?? current
  }

  mutating func put(trial snapshot: Snapshot) { trial = snapshot.patterns }

  mutating func put(_ snapshot: Snapshot) { current = snapshot.patterns }

  /// Keeps those that decide for the next start; only when they are others than those kept.
  mutating func keep() {
    guard let current, current !== kept, let bytes = current.encoded() else { return }
    cache.savePatterns(bytes)
    kept = current
  }
}
