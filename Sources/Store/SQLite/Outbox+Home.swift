package import Model
import Synchronization

/// `rm`, `mv`, a clean-up that knows no better: what was committed stands in the open file, which nobody
/// finds by its name any more, and is gone with the process.
extension Outbox {
  /// The files as they were opened: which ones stood under these names.
  struct Home: Sendable, Equatable {
    private var names: [String]
    private var files: [StateFile.Identity?]
    /// What was written again and could not be opened yet: ours, to be replaced without asking.
    var written: StateFile.Identity?

    init(of path: String) {
      // SQLite's log, and the index of it that all who have the file open share: one without the others
      // makes two of them write past each other.
      names = [path, path + "-wal", path + "-shm", StateLock.path(in: StateFile.parent(of: path))]
      files = names.map { StateFile.identity($0) }
    }

    /// Somebody else has put it there.
    func isForeign(_ file: StateFile.Identity) -> Bool { file != files[0] && file != written }

    /// Whether all of them are still there, and the lock that keeps others from them.
    var isWhole: Bool { hasFiles && holds(3...3) }

    var hasFiles: Bool { files[0] != nil && holds(0...2) }

    private func holds(_ places: ClosedRange<Int>) -> Bool {
      places.allSatisfy { place in files[place].map { StateFile.identity(names[place]) == $0 } ?? true }
    }
  }

  /// What `putBack` did.
  package struct PutBack: Sendable {
    /// Under which name another file is kept that stood in our place.
    package var replaced: String?
    /// Only the lock was gone.
    package var wasWhole = false
  }

  /// False: one of the files is no longer under its name, or another one is. Asks the file system only, never
  /// waits for who uses the outbox. A closed one has no place.
  package var isInPlace: Bool { home.withLock { $0?.isWhole ?? true } }

  /// Writes all that the open file holds into a fresh one under its name, and goes on with that. What
  /// somebody has put there meanwhile is kept aside. An error leaves all as it was: the open file goes on
  /// taking what is owed.
  ///
  /// - Parameter room: bytes that are free in a directory.
  package func putBack(
    now: Timestamp, room: (String) throws(StoreError) -> Int64 = StateFile.free
  ) throws(StoreError) -> PutBack {
    let free = try room(StateFile.parent(of: path))
    let done = try session.withLock { (session) throws(StoreError) -> PutBack in
      guard let old = session else {
        throw StoreError(.unavailable, "\(path) was closed. Open the outbox again.", path: path)
      }
      // The files of a daemon that was started here meanwhile are not touched.
      let lock = try old.lock?.standing(in: StateFile.parent(of: path))
      var done = PutBack()
      if home.withLock({ $0?.hasFiles ?? false }) {
        old.lock = lock
        done.wasWhole = true
        return done
      }
      let copy = try completeCopy(old, free: free)
      let found = StateFile.identity(path)
      if let found, home.withLock({ $0?.isForeign(found) ?? true }) {
        let aside = try Salvage.asideName(of: path, now, "replaced")
        try StateFile.rename(path, to: aside)
        done.replaced = aside
      } else {
        // From here on a start goes by the copy, whatever of ours is left: it may lack its log.
        try StateFile.remove(path)
      }
      // The log of another file would be read as ours. The old connection has its own open, and is not to
      // remove ours by the name when it closes.
      old.connection.keepLog()
      for suffix in ["-wal", "-shm"] { try StateFile.remove(path + suffix) }
      try StateFile.rename(copy, to: path)
      home.withLock { $0?.written = StateFile.identity(path) }
      try StateFile.syncDirectory(of: path)
      let connection = try SQLiteConnection(path: path, access: .write)
      try Outbox.setUp(connection, sync)
      let new = Session(connection, lock: lock, notices: old.notices)
      try new.recall()
      connection.waitForOthers(milliseconds: Outbox.usualWait)
      session = new
      return done
    }
    home.withLock { $0 = Home(of: path) }
    return done
  }

  /// All that the open file holds, on the disk: under the name from which a start puts it in place where this
  /// is cut off (`Salvage.resume`).
  private func completeCopy(
    _ session: Session, free: Int64
  ) throws(StoreError) -> String {
    let (copy, complete) = (path + ".copy", path + ".salvage")
    try Outbox.removeCutCopy(of: path)
    // What the removed file takes of the disk stays taken until it is closed, and alerts are committed to it
    // meanwhile: a copy that fails for lack of room would take what they need.
    let needed = (session.usedBytes ?? 0) / 4 * 5 + 1 << 20
    guard free >= needed else {
      throw StoreError(
        .full, "\(path): writing it again takes \(needed) bytes, \(free) are free. Make room.", path: path)
    }
    do throws(StoreError) {
      try StateBackup.copy(session.connection, to: copy)
    } catch {
      try? Outbox.removeCutCopy(of: path)
      throw error
    }
    for suffix in ["-wal", "-shm"] { try StateFile.remove(complete + suffix) }
    try StateFile.rename(copy, to: complete)
    try StateFile.syncDirectory(of: path)
    return complete
  }

  static func removeCutCopy(of path: String) throws(StoreError) {
    for suffix in [".copy", ".copy-journal"] { try StateFile.remove(path + suffix) }
  }
}
