import CSQLite
import Glibc

extension StoreError {
  /// The error of a failed SQLite call; `doing` completes "muttd.db: … failed".
  static func sqlite(_ code: Int32, errno: Int32, text: String, doing: String, path: String) -> StoreError {
    let kind = Code(sqlite: code, errno: errno)
    let system = errno == 0 ? "" : ", errno \(errno)"
    return StoreError(
      kind, "\(path): \(doing) failed: \(text) (SQLite \(code)\(system)). \(kind.advice)", path: path)
  }
}

extension StoreError.Code {
  init(sqlite code: Int32, errno number: Int32) {
    switch code & 0xFF {
    case SQLITE_BUSY, SQLITE_LOCKED: self = .busy
    case SQLITE_CORRUPT, SQLITE_NOTADB: self = .corrupt
    case SQLITE_FULL: self = .full
    case SQLITE_PERM, SQLITE_AUTH: self = .permission
    case SQLITE_READONLY: self = .readOnly
    case SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG: self = .constraint
    case SQLITE_ERROR, SQLITE_SCHEMA: self = .schema
    case SQLITE_CANTOPEN:
      self = number == EACCES || number == EPERM ? .permission : number == EROFS ? .readOnly : .unavailable
    case SQLITE_IOERR:
      self = number == ENOSPC || number == EDQUOT ? .full : .io
    case SQLITE_NOMEM: self = .unavailable
    default: self = .io
    }
  }

  /// What to do, as a sentence.
  var advice: String {
    switch self {
    case .unavailable: "Check that the directory exists and can be reached."
    case .busy: "Another process is writing; try again."
    case .corrupt: "The file is damaged; the daemon salvages it when it starts: restart muttd."
    case .full: "Free space on that file system."
    case .permission: "Run as the owner of the file, or as root."
    case .readOnly: "Make the file and its directory writable."
    case .constraint: "Correct the values."
    case .schema: "Run muttd db status."
    case .locked, .nodeTaken: "Stop the other daemon first."
    case .notFound, .conflict: "Check the name."
    case .io: "Check the disk and the kernel log."
    }
  }
}
