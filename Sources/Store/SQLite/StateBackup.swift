import Glibc
import Model

/// A consistent copy of files of the state directory, while the daemon goes on writing to them.
///
/// `VACUUM INTO` reads one moment of a file: the backup interface of SQLite would begin anew at every write
/// of another process, and so never end beside a busy daemon. The directory appears under its name when the
/// copies are complete, checked and on the disk, or not at all.
package enum StateBackup {
  package struct Copy: Sendable, Equatable {
    /// `outbox.db`
    package var name: String
    package var bytes: Int64
  }

  /// - Parameters:
  ///   - names: files in `state`, copied in this order.
  ///   - directory: without a slash at its end; must not be there, or be empty; its parent must be.
  ///   - reserve: bytes that stay free beside the copies, so that a backup never stops the audit.
  package static func make(_ names: [String], of state: String, in directory: String, reserve: Int64)
    throws(StoreError) -> [Copy]
  {
    try refuseTaken(directory)
    try requireSpace(names.map { "\(state)/\($0)" }, beside: directory, reserve)
    let partial = "\(directory).partial-\(getpid())"
    if unsafe mkdir(partial, 0o700) != 0 { throw StateFile.failure("making it", partial) }
    do throws(StoreError) {
      var copies: [Copy] = []
      for name in names {
        try copy("\(state)/\(name)", to: "\(partial)/\(name)")
        copies.append(Copy(name: name, bytes: StateFile.size("\(partial)/\(name)")))
      }
      try StateFile.syncDirectory(of: "\(partial)/.")
      try StateFile.rename(partial, to: directory)
      try StateFile.syncDirectory(of: directory)
      return copies
    } catch {
      remove(names, partial)
      throw error
    }
  }

  private static func refuseTaken(_ directory: String) throws(StoreError) {
    guard StateFile.exists(directory) else { return }
    // An empty one is replaced by the rename.
    guard let list = unsafe opendir(directory) else { throw StateFile.failure("opening it", directory) }
    defer { unsafe _ = closedir(list) }
    var count = 0
    while unsafe readdir(list) != nil { count += 1 }
    if count > 2 {
      throw StoreError(
        .conflict, "\(directory) is not empty. Give every backup a directory of its own.", path: directory)
    }
  }

  private static func requireSpace(_ files: [String], beside directory: String, _ reserve: Int64)
    throws(StoreError)
  {
    let free = try StateFile.free(StateFile.parent(of: directory))
    let needed = files.reduce(reserve) { $0 + StateFile.size($1) + StateFile.size($1 + "-wal") }
    if free >= needed { return }
    throw StoreError(
      .full,
      "\(directory): the copies need \(needed) bytes with what is to stay free, and \(free) are. Name a "
        + "place with more room.", path: directory)
  }

  private static func copy(_ file: String, to copy: String) throws(StoreError) {
    try StateBackup.copy(SQLiteConnection(path: file, access: .read), to: copy)
    try check(copy)
  }

  /// All that an open file holds, in a file of its own, on the disk.
  static func copy(_ source: SQLiteConnection, to copy: String) throws(StoreError) {
    // Made first, for its mode; VACUUM takes an empty file.
    try StateFile.create(copy)
    let quoted = copy.replacingExactly("'", with: "''")
    try source.execute("VACUUM INTO '\(quoted)'", "copying it to \(copy)")
    try FilePages.sync(copy)
  }

  private static func check(_ copy: String) throws(StoreError) {
    let connection = try SQLiteConnection(path: copy, access: .read)
    let row = try connection.prepare("PRAGMA quick_check(1)", "checking the copy")
    guard try row.step(), row.text(0) == "ok" else {
      throw StoreError(
        .corrupt, "\(copy): the copy is damaged (\(row.text(0) ?? "no answer")). Try again, elsewhere.",
        path: copy)
    }
  }

  private static func remove(_ names: [String], _ directory: String) {
    for name in names {
      for suffix in ["", "-journal", "-wal", "-shm"] { unsafe _ = unlink("\(directory)/\(name)\(suffix)") }
    }
    unsafe _ = rmdir(directory)
  }
}
