import Glibc

/// Reads a write-ahead log as SQLite does when it recovers one (file format §4.3): frames count up to the
/// first whose salts or sums are wrong, and SQLite says nothing of what stands behind that. Where that was
/// committed, somebody should know.
struct LogWalk {
  /// Committed frames stand behind one that is not as it was written.
  struct Damage: Sendable, Equatable {
    /// The first that cannot be used, counted from 1; 0: the head of the log.
    var frame: Int
    /// Frames of this log from there on, itself left out.
    var behind = 0
    /// Transactions that end among them, or with it.
    var transactions = 0
    /// Nothing follows the first of these transactions: it may have been cut off, and never confirmed.
    var isLast = true
  }

  /// What a reader of the database has to take from the log.
  struct Committed {
    let pageSize: Int
    /// Pages that the database has.
    var count = 0
    /// Where the bytes of a page stand in the log, by its number.
    var places: [Int: Int] = [:]
  }

  private static let headSize = 32
  private static let frameHeadSize = 24
  /// Bytes that are read at a time, about.
  private static let chunk = 1 << 20

  /// Nil: none, or there is no log.
  static func damage(in path: String) throws(StoreError) -> Damage? { try whole(path)?.found }

  /// The last version of each page up to the last commit that SQLite would find; nil: there is none.
  static func committed(in path: String) throws(StoreError) -> Committed? {
    guard let walk = try whole(path), walk.committed.count > 0 else { return nil }
    return walk.committed
  }

  /// Nil: there is no log, or nothing was ever in it.
  private static func whole(_ path: String) throws(StoreError) -> LogWalk? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    if file < 0 {
      if errno == ENOENT { return nil }
      throw StateFile.failure("opening it", path)
    }
    defer { _ = Glibc.close(file) }
    var head = [UInt8](repeating: 0, count: headSize)
    guard try read(file, &head, at: 0, path) == headSize else { return nil }
    var walk = LogWalk(head)
    let size = frameHeadSize + walk.pageSize
    var buffer = [UInt8](repeating: 0, count: max(1, chunk / size) * size)
    var offset = headSize
    while true {
      let count = try read(file, &buffer, at: offset, path) / size
      for index in 0..<count { walk.take(buffer.span.extracting(index * size..<(index + 1) * size)) }
      if count * size < buffer.count { break }
      offset += count * size
    }
    return walk
  }

  private static func read(
    _ file: Int32, _ buffer: inout [UInt8], at offset: Int, _ path: String
  ) throws(StoreError) -> Int {
    var done = 0
    while done < buffer.count {
      let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe pread(
          file, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done, off_t(offset + done))
      }
      if count < 0 { throw StateFile.failure("reading it", path) }
      if count == 0 { break }
      done += count
    }
    return done
  }

  // MARK: - Frame by frame

  private let pageSize: Int
  /// Sums are over words of this order; everything else is big-endian.
  private let isBigEndian: Bool
  /// Of this log; an earlier one whose frames still stand behind its end had others. Nil: the head cannot be
  /// read, and those of the first frame count.
  private var salts: UInt64?
  private var sums: (UInt32, UInt32) = (0, 0)
  private var number = 0
  private var damage: Damage?
  private var committed: Committed
  /// Pages of the transaction that is being read.
  private var pending: [Int: Int] = [:]

  private init(_ head: [UInt8]) {
    let bytes = head.span
    let magic = LogWalk.number(bytes, 0)
    let page = LogWalk.number(bytes, 8)
    isBigEndian = magic == 0x377f_0683
    sums = LogWalk.add(bytes.extracting(0..<24), to: (0, 0), isBigEndian)
    let isWhole =
      magic & ~1 == 0x377f_0682 && sums == (LogWalk.number(bytes, 24), LogWalk.number(bytes, 28))
    // Ours have SQLite's default.
    pageSize = isWhole ? Int(page) : 4_096
    committed = Committed(pageSize: pageSize)
    if isWhole { salts = LogWalk.salts(bytes, 16) } else { damage = Damage(frame: 0) }
  }

  /// One that has no committed frames lost nothing.
  private var found: Damage? { damage.flatMap { $0.transactions > 0 && $0.behind > 0 ? $0 : nil } }

  private mutating func take(_ frame: Span<UInt8>) {
    number += 1
    let own = LogWalk.salts(frame, 8)
    let isOurs = own == salts ?? own
    if salts == nil { salts = own }
    // A commit says how many pages the file has then.
    let commits = isOurs && LogWalk.number(frame, 4) != 0
    if damage == nil {
      var next = LogWalk.add(frame.extracting(0..<8), to: sums, isBigEndian)
      next = LogWalk.add(frame.extracting(LogWalk.frameHeadSize...), to: next, isBigEndian)
      let isWhole = isOurs && next == (LogWalk.number(frame, 16), LogWalk.number(frame, 20))
      if isWhole {
        sums = next
        keep(frame)
      } else {
        damage = Damage(frame: number, transactions: commits ? 1 : 0)
      }
      return
    }
    guard isOurs else { return }
    damage?.behind += 1
    if damage?.transactions ?? 0 > 0 { damage?.isLast = false }
    if commits { damage?.transactions += 1 }
  }

  private mutating func keep(_ frame: Span<UInt8>) {
    let start = LogWalk.headSize + (number - 1) * (LogWalk.frameHeadSize + pageSize)
    pending[Int(LogWalk.number(frame, 0))] = start + LogWalk.frameHeadSize
    let pages = Int(LogWalk.number(frame, 4))
    if pages == 0 { return }
    committed.count = pages
    committed.places.merge(pending) { $1 }
    pending.removeAll(keepingCapacity: true)
  }

  private static func salts(_ bytes: Span<UInt8>, _ offset: Int) -> UInt64 {
    UInt64(number(bytes, offset)) << 32 | UInt64(number(bytes, offset + 4))
  }

  private static func number(_ bytes: Span<UInt8>, _ offset: Int) -> UInt32 {
    UInt32(bytes[offset]) << 24 | UInt32(bytes[offset + 1]) << 16 | UInt32(bytes[offset + 2]) << 8
      | UInt32(bytes[offset + 3])
  }

  private static func add(
    _ bytes: Span<UInt8>, to sums: (UInt32, UInt32), _ isBigEndian: Bool
  ) -> (UInt32, UInt32) {
    var (first, second) = sums
    var offset = 0
    while offset < bytes.count {
      let (left, right) = (number(bytes, offset), number(bytes, offset + 4))
      first = first &+ (isBigEndian ? left : left.byteSwapped) &+ second
      second = second &+ (isBigEndian ? right : right.byteSwapped) &+ first
      offset += 8
    }
    return (first, second)
  }
}
