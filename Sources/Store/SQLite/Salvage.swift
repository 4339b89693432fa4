import Glibc
import Model

/// Takes what can be read of a damaged database into a fresh file, row by row, and keeps the damaged one
/// aside under a new name. Killed at any moment, the next start begins again or finds it done.
struct Salvage {
  struct Report: Sendable, Equatable {
    var saved = 0
    /// Rows that are missing: exactly so many. Nil where that cannot be told.
    var lost: Int?
    /// Pages that could not be read as a whole, and rows that the fresh file did not take.
    var gaps = 0
    var aside = ""
  }

  let path: String
  /// Makes the empty tables of a fresh file; runs before and after the rows are copied, so that triggers can
  /// wait.
  let create: (SQLiteConnection) throws(StoreError) -> Void
  let finish: (SQLiteConnection) throws(StoreError) -> Void

  private static let companions = ["", "-wal", "-shm"]
  private var fresh: String { path + ".salvage" }

  /// Puts a salvaged file in place whose renaming was cut off: then there is no file under the proper name.
  static func resume(_ path: String) throws(StoreError) {
    let fresh = path + ".salvage"
    guard !StateFile.exists(path), StateFile.exists(fresh) else { return }
    // What is left of the former file's log is none of this one.
    for suffix in ["-wal", "-shm"] { try StateFile.remove(path + suffix) }
    try StateFile.rename(fresh, to: path)
  }

  func run(now: Timestamp) throws(StoreError) -> Report {
    try removeLeftovers()
    var report: Report
    do {
      let new = try SQLiteConnection(path: fresh, access: .create)
      try new.execute(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF", "setting up")
      try create(new)
      report = try SalvageCopy.run(from: DatabasePages(path), to: new)
    }
    try complete()
    report.aside = try Salvage.asideName(of: path, now)
    for suffix in Salvage.companions where StateFile.exists(path + suffix) {
      try StateFile.rename(path + suffix, to: report.aside + suffix)
    }
    try StateFile.rename(fresh, to: path)
    try StateFile.syncDirectory(of: path)
    return report
  }

  private func removeLeftovers() throws(StoreError) {
    for suffix in Salvage.companions { try StateFile.remove(fresh + suffix) }
  }

  /// What a damaged file, or one that somebody else has put there, is called from `now` on.
  static func asideName(
    of path: String, _ now: Timestamp, _ word: String = "corrupt"
  ) throws(StoreError) -> String {
    let digits = now.rfc3339(digits: 0).filter { $0 != "-" && $0 != ":" }
    for number in 1..<1_000 {
      let name = "\(path).\(word)-\(digits)" + (number == 1 ? "" : "-\(number)")
      if !StateFile.exists(name) { return name }
    }
    throw StoreError(
      .conflict, "\(path): too many files kept aside stand beside it. Remove some.", path: path)
  }

  private func complete() throws(StoreError) {
    let new = try SQLiteConnection(path: fresh, access: .write)
    try finish(new)
    try new.execute("PRAGMA journal_mode = DELETE", "closing it")
    try FilePages.sync(fresh)
  }
}

/// Whole files, without SQLite between.
enum FilePages {
  static func copy(_ from: String, to target: String) throws(StoreError) {
    try StateFile.create(target)
    let input = unsafe open(from, O_RDONLY | O_CLOEXEC)
    if input < 0 { throw StateFile.failure("opening it", from) }
    defer { _ = Glibc.close(input) }
    let output = unsafe open(target, O_WRONLY | O_TRUNC | O_CLOEXEC)
    if output < 0 { throw StateFile.failure("opening it", target) }
    defer { _ = Glibc.close(output) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(input, $0.baseAddress, $0.count) }
      if count == 0 { return }
      if count < 0 { throw StateFile.failure("reading it", from) }
      var done = 0
      while done < count {
        let step = unsafe buffer.withUnsafeBytes {
          unsafe Glibc.write(output, $0.baseAddress.map { unsafe $0 + done }, count - done)
        }
        if step <= 0 { throw StateFile.failure("writing it", target) }
        done += step
      }
    }
  }

  static func sync(_ path: String) throws(StoreError) {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    if file < 0 { throw StateFile.failure("opening it", path) }
    defer { _ = Glibc.close(file) }
    if fsync(file) != 0 { throw StateFile.failure("writing it", path) }
  }
}
