import Glibc

/// The pages of a database as its last transaction left them, one by one, without SQLite between (its file
/// format, §1.3, §1.5 and §4): where the write-ahead log has a page, that one counts. Nobody else has the
/// file open, and nothing is written.
final class DatabasePages {
  private let file: Int32
  /// -1: there is none, or nothing in it was committed.
  private let log: Int32
  private let logged: LogWalk.Committed?
  /// Bytes of a page.
  let size: Int
  /// Pages are numbered from 1.
  let count: Int

  init(_ path: String) throws(StoreError) {
    logged = try LogWalk.committed(in: path + "-wal")
    file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    if file < 0 { throw StateFile.failure("opening it", path) }
    log = logged == nil ? -1 : unsafe open(path + "-wal", O_RDONLY | O_CLOEXEC)
    if logged != nil, log < 0 { throw StateFile.failure("opening it", path + "-wal") }
    let header = DatabasePages.read(file, 100, at: 0) ?? []
    size = logged?.pageSize ?? DatabasePages.pageSize(header)
    count = logged?.count ?? Int(StateFile.size(path)) / size
  }

  deinit {
    _ = Glibc.close(file)
    if log >= 0 { _ = Glibc.close(log) }
  }

  /// Nil: there is no such page, or it cannot be read.
  func page(_ number: Int) -> [UInt8]? {
    guard number >= 1, number <= count else { return nil }
    if let offset = logged?.places[number] { return DatabasePages.read(log, size, at: offset) }
    return DatabasePages.read(file, size, at: (number - 1) * size)
  }

  /// The list of free pages (§1.5): trunks, each with the numbers of others. Nil when it is not as long as
  /// the first page says.
  func free() -> PageSet? {
    guard let first = page(1) else { return nil }
    var found = PageSet(pages: count)
    var trunk = first.number(32)
    while trunk > 0 {
      guard let page = page(trunk), found.insert(trunk) else { return nil }
      let count = page.number(4)
      guard count <= page.count / 4 - 2 else { return nil }
      for index in 0..<count where !found.insert(page.number(8 + 4 * index)) { return nil }
      trunk = page.number(0)
    }
    return found.count == first.number(36) ? found : nil
  }

  /// What the header says when it is one, by the three numbers that are the same in every file; otherwise
  /// SQLite's default, which our files have.
  private static func pageSize(_ header: [UInt8]) -> Int {
    guard header.count == 100, header[21] == 64, header[22] == 32, header[23] == 32 else { return 4_096 }
    let said = header.short(16)
    // 1 stands for the one that two bytes cannot say.
    if said == 1 { return 65_536 }
    return said >= 512 && said & (said - 1) == 0 ? said : 4_096
  }

  private static func read(_ file: Int32, _ count: Int, at offset: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    let read = unsafe bytes.withUnsafeMutableBytes {
      unsafe pread(file, $0.baseAddress, $0.count, off_t(offset))
    }
    return read == count ? bytes : nil
  }
}

/// Numbers of pages: a bit for each of them, since a file may have millions.
struct PageSet {
  private var words: [UInt64]
  private let pages: Int
  private(set) var count = 0

  init(pages: Int) {
    self.pages = pages
    words = Array(repeating: 0, count: pages / 64 + 1)
  }

  func contains(_ page: Int) -> Bool {
    page >= 0 && page <= pages && words[page / 64] >> UInt64(page % 64) & 1 == 1
  }

  /// False: there is no such page, or it is in the set already.
  mutating func insert(_ page: Int) -> Bool {
    guard page >= 1, page <= pages, !contains(page) else { return false }
    words[page / 64] |= 1 << UInt64(page % 64)
    count += 1
    return true
  }
}

/// Numbers as they stand in a page: big-endian. Whoever asks has seen that the bytes are there.
extension [UInt8] {
  func short(_ at: Int) -> Int { Int(self[at]) << 8 | Int(self[at + 1]) }

  func number(_ at: Int) -> Int { short(at) << 16 | short(at + 2) }

  /// §1.6: seven bits a byte; the ninth counts whole. Nil: it does not end within the bytes.
  func varint(_ at: inout Int) -> Int64? {
    var value: UInt64 = 0
    for index in 0..<9 {
      guard at < count else { return nil }
      let byte = self[at]
      at += 1
      if index == 8 { return Int64(bitPattern: value << 8 | UInt64(byte)) }
      value = value << 7 | UInt64(byte & 0x7f)
      if byte < 0x80 { break }
    }
    return Int64(bitPattern: value)
  }
}
