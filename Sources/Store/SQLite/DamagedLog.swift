import Model

/// What stands behind a damaged place in a write-ahead log is lost, and SQLite does not say so: it takes that
/// for the end. It is said, and kept as it was for whoever can read it.
struct DamagedLog {
  /// Of the database.
  let path: String
  let component: String
  /// Whose log it is, and what becomes of it, in words.
  let name: String
  let loss: String

  static func outbox(_ path: String) -> DamagedLog {
    DamagedLog(path: path, component: "outbox", name: "the outbox", loss: "is lost")
  }

  static func store(_ path: String) -> DamagedLog {
    DamagedLog(
      path: path, component: "store", name: "the store",
      loss: "is lost, but for rows that still stand in the outbox")
  }

  var isThere: Bool {
    get throws(StoreError) { try LogWalk.damage(in: path + "-wal") != nil }
  }

  /// Nobody else has the file open.
  func save(_ notices: NoticeSink) {
    let log = path + "-wal"
    do throws(StoreError) {
      guard let damage = try LogWalk.damage(in: log) else { return }
      let aside = try Salvage.asideName(of: log, .wallClock)
      var fields: [(String, Notice.Value)] = [
        ("path", .text(log)), ("frame", .number(Int64(damage.frame))),
        ("frames_behind", .number(Int64(damage.behind))),
        ("transactions", .number(Int64(damage.transactions))), ("kept", .text(aside)),
      ]
      do throws(StoreError) {
        try FilePages.copy(log, to: aside)
      } catch {
        fields.append(("err", .text(error.message)))
      }
      fields.append(("do", .text("look after the disk: dmesg, smartctl")))
      notices(
        damage.isLast
          ? Notice(
            .warning, component,
            "the last transaction in the log of \(name) is not whole: cut off by a power cut, or damaged",
            fields)
          : Notice(
            .error, component,
            "the log of \(name) is damaged; what was committed behind the damage \(loss)", fields))
      // What is left of it is folded back, and the next log begins anew: its frames are not taken for these.
      let connection = try SQLiteConnection(path: path, access: .write)
      try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)", "folding the log back")
    } catch {
      // The file itself is looked at next, and what cannot be read of it is said then.
    }
  }
}
