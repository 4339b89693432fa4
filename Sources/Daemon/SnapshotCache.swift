import Intake
package import Model
import Policy
package import Store

/// The last good catalog and its compiled patterns, kept in `outbox.db`: for a start without the store, and
/// for one that should not wait until ten thousand patterns are compiled.
package struct SnapshotCache: Sendable {
  package var save: @Sendable (Catalog) -> Void
  package var load: @Sendable () -> (Catalog, Timestamp)?
  /// Rules of the last good catalog that are not retired; none without one.
  package var countRules: @Sendable () -> Int
  package var savePatterns: @Sendable ([UInt8]) -> Void
  /// Nil when there are none, or none that can be read: then they are compiled.
  package var loadPatterns: @Sendable () -> [UInt8]?
  package var saveAppliedFile: @Sendable (AppliedFile) -> Void
  package var loadAppliedFile: @Sendable () -> AppliedFile?

  package init(
    save: @escaping @Sendable (Catalog) -> Void, load: @escaping @Sendable () -> (Catalog, Timestamp)?,
    countRules: @escaping @Sendable () -> Int,
    savePatterns: @escaping @Sendable ([UInt8]) -> Void, loadPatterns: @escaping @Sendable () -> [UInt8]?,
    saveAppliedFile: @escaping @Sendable (AppliedFile) -> Void,
    loadAppliedFile: @escaping @Sendable () -> AppliedFile?
  ) {
    self.save = save
    self.load = load
    self.countRules = countRules
    self.savePatterns = savePatterns
    self.loadPatterns = loadPatterns
    self.saveAppliedFile = saveAppliedFile
    self.loadAppliedFile = loadAppliedFile
  }
}

extension SnapshotCache {
  /// The cache in `outbox.db`, read and written on the recorder's thread.
  static func outbox(through recorder: Recorder, notices: @escaping NoticeSink) -> SnapshotCache {
    @Sendable func attempt<T: Sendable>(
      _ problem: String, _ body: @escaping @Sendable (Outbox) throws(StoreError) -> T
    ) -> T? {
      do throws(StoreError) {
        return try recorder.performBlocking(body)
      } catch {
        notices(Notice(.warning, "rules", problem, [("err", .text(error.message))]))
        return nil
      }
    }
    return SnapshotCache(
      save: { catalog in
        attempt("the snapshot could not be kept") { outbox throws(StoreError) in
          try outbox.saveSnapshot(catalog, at: SystemClock.now)
        }
      },
      load: {
        attempt("the last good snapshot could not be read") { outbox throws(StoreError) in
          try outbox.loadSnapshot()
        } ?? nil
      },
      countRules: {
        attempt("the rules of the last good snapshot could not be counted") { outbox throws(StoreError) in
          try outbox.countSnapshotRules()
        } ?? 0
      },
      savePatterns: { patterns in
        attempt("the compiled patterns could not be kept") { outbox throws(StoreError) in
          try outbox.savePatterns(patterns)
        }
      },
      loadPatterns: {
        attempt("the compiled patterns could not be read") { outbox throws(StoreError) in
          try outbox.loadPatterns()
        } ?? nil
      },
      saveAppliedFile: { file in
        attempt("the digest of the rules file could not be kept") { outbox throws(StoreError) in
          try outbox.saveAppliedFile(file)
        }
      },
      loadAppliedFile: {
        attempt("the digest of the rules file could not be read") { outbox throws(StoreError) in
          try outbox.loadAppliedFile()
        } ?? nil
      })
  }
}
