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
      names = [path, path + "-wal", path + "-shm"]
      files = names.map { StateFile.identity($0) }
    }

    /// Somebody else has put it there.
    func isForeign(_ file: StateFile.Identity) -> Bool { file != files[0] && file != written }

    /// Whether all of them are still there.
    var isWhole: Bool {
      zip(names, files).allSatisfy { name, file in file.map { StateFile.identity(name) == $0 } ?? true }
    }
  }

  /// What `putBack` did.
  package struct PutBack: Sendable {
    /// Under which name another file is kept that stood in our place.
    package var replaced: String?
  }

  /// False: one of the files is no longer under its name, or another one is. Asks the file system only, never
  /// waits for who uses the outbox. A closed one has no place.
  package var isInPlace: Bool { home.withLock { $0?.isWhole ?? true } }

  /// Writes all that the open file holds into a fresh one under its name, and goes on with that. What
  /// somebody has put there meanwhile is kept aside. An error leaves all as it was: the open file goes on
  /// taking what is owed.
  package func putBack(now: Timestamp) throws(StoreError) -> PutBack {
    let done = try session.withLock { (session) throws(StoreError) -> PutBack in
      guard let old = session else {
        throw StoreError(.unavailable, "\(path) was closed. Open the outbox again.", path: path)
      }
      // The files of a daemon that was started here meanwhile are not touched.
      let lock = try old.lock?.standing(in: StateFile.parent(of: path))
      let copy = try completeCopy(old)
      var done = PutBack()
      let found = StateFile.identity(path)
      if let found, home.withLock({ $0?.isForeign(found) ?? true }) {
        let aside = try Salvage.asideName(of: path, now, "replaced")
        try StateFile.rename(path, to: aside)
        done.replaced = aside
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
  private func completeCopy(_ session: Session) throws(StoreError) -> String {
    let (copy, complete) = (path + ".copy", path + ".salvage")
    for suffix in ["", "-journal"] { try StateFile.remove(copy + suffix) }
    // Made first, for its mode; VACUUM takes an empty file.
    try StateFile.create(copy)
    let quoted = copy.replacingExactly("'", with: "''")
    try session.connection.execute("VACUUM INTO '\(quoted)'", "writing it again")
    try FilePages.sync(copy)
    for suffix in ["-wal", "-shm"] { try StateFile.remove(complete + suffix) }
    try StateFile.rename(copy, to: complete)
    return complete
  }
}
