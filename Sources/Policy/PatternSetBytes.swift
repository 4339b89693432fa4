import Model

// A compiled set as bytes, for the next start: compiling ten thousand patterns takes ten seconds, loading
// them some milliseconds.
//
// Layout, numbers little-endian: magic, version of the engine, checksum of the rest; number of entries and
// how many were compiled together; each entry with its kind, home, cost, text and note; then four
// lists of automatons (bytes and Unicode of the whole, the same of what was added).

extension PatternSet {
  /// Another layout, or another way to write a pattern for the engine, gets another number.
  private static var magic: UInt64 { 0x0006_7361_7070_646d }
  private static var engines: String { "\(ScanDatabase.version), PCRE2 \(Regex.version)" }
  /// Nothing of ours is larger; a damaged length asks for no memory.
  private static var sizeLimit: Int { 1 << 30 }

  /// Nil when the engine has no memory to write an automaton.
  package func encoded() -> [UInt8]? {
    var body: [UInt8] = []
    body.append(littleEndian: UInt64(entries.count))
    body.append(littleEndian: UInt64(fullCount))
    for entry in entries {
      body.append((entry.source.isRegex ? 1 : 0) | (entry.cost.isVague ? 2 : 0))
      body.append(entry.home.rawValue)
      body.append(littleEndian: UInt64(entry.cost.added))
      body.append(littleEndian: UInt64(entry.cost.nested))
      body.append(littleEndian: UInt64(entry.cost.ways))
      body.append(littleEndian: UInt64(entry.cost.regexBytes))
      body.append(counted: Array(entry.source.text.utf8))
      body.append(counted: Array(entry.note.utf8))
    }
    for list in [full.bytes, full.unicode, patch.bytes, patch.unicode] {
      body.append(littleEndian: UInt64(list.count))
      for database in list {
        guard let bytes = database.serialized() else { return nil }
        body.append(counted: bytes)
      }
    }
    var result: [UInt8] = []
    result.reserveCapacity(body.count + 64)
    result.append(littleEndian: PatternSet.magic)
    result.append(counted: Array(PatternSet.engines.utf8))
    result.append(littleEndian: PatternSet.checksum(body.span))
    result += body
    return result
  }

  /// Nil when the bytes are damaged, or of another version, engine or processor: then the patterns are
  /// compiled once more.
  package convenience init?(decoding bytes: [UInt8]) {
    guard bytes.count <= PatternSet.sizeLimit else { return nil }
    var reader = ByteReader(bytes)
    guard reader.number() == PatternSet.magic, reader.text() == PatternSet.engines,
      let checksum = reader.number(), checksum == PatternSet.checksum(bytes.span.extracting(reader.left)),
      let count = reader.number(), let fullCount = reader.number(), fullCount <= count
    else { return nil }
    var entries: [Entry] = []
    for _ in 0..<count {
      guard let kind = reader.byte(), let home = reader.byte().flatMap({ PatternHome(rawValue: $0) }),
        let added = reader.number(), added <= UInt64(PatternSize.addedLimit),
        let nested = reader.number(), nested <= added,
        let ways = reader.number(), ways <= UInt64(RegexWays.limit),
        let size = reader.number(), size <= UInt64(2 * RuleCheck.patternLimit), let text = reader.text(),
        let note = reader.text()
      else { return nil }
      var cost = PatternCost()
      cost.added = Int(added)
      cost.nested = Int(nested)
      cost.ways = Int(ways)
      cost.regexBytes = Int(size)
      cost.isVague = kind & 2 != 0
      let source = PatternSource(text: text, isRegex: kind & 1 != 0)
      entries.append(Entry(source: source, home: home, note: note, cost: cost))
    }
    var lists: [[ScanDatabase]] = []
    for _ in 0..<4 {
      guard let list = reader.databases() else { return nil }
      lists.append(list)
    }
    guard reader.isAtEnd else { return nil }
    self.init(
      entries: entries, fullCount: Int(fullCount), full: PatternDatabases(bytes: lists[0], unicode: lists[1]),
      patch: PatternDatabases(bytes: lists[2], unicode: lists[3]))
  }

  /// FNV-1a over words of eight bytes: against damage, not against malice.
  static func checksum(_ bytes: Span<UInt8>) -> UInt64 {
    var hash = FNV1a.seed
    var index = 0
    while index &+ 8 <= bytes.count {
      // One bound is checked for all eight: there are megabytes of it at every start.
      let part = bytes.extracting(index..<index &+ 8)
      var word: UInt64 = 0
      for step in 0..<8 { word |= UInt64(part[step]) &<< UInt64(8 &* step) }
      hash = (hash ^ word) &* 0x100_0000_01b3
      hash ^= hash &>> 29
      index &+= 8
    }
    while index < bytes.count {
      hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01b3
      index &+= 1
    }
    return hash
  }
}

/// Reads what was written above; every length is checked against what is there.
private struct ByteReader {
  private let bytes: [UInt8]
  private var at = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { at == bytes.count }
  var left: Range<Int> { at..<bytes.count }

  mutating func byte() -> UInt8? {
    guard at < bytes.count else { return nil }
    defer { at += 1 }
    return bytes[at]
  }

  mutating func number() -> UInt64? {
    guard bytes.count - at >= 8 else { return nil }
    var value: UInt64 = 0
    for step in 0..<8 { value |= UInt64(bytes[at + step]) << UInt64(8 * step) }
    at += 8
    return value
  }

  private mutating func range() -> Range<Int>? {
    guard let length = number(), length <= UInt64(bytes.count - at) else { return nil }
    defer { at += Int(length) }
    return at..<at + Int(length)
  }

  mutating func text() -> String? { range().map { String(decoding: bytes[$0], as: UTF8.self) } }

  mutating func databases() -> [ScanDatabase]? {
    guard let count = number() else { return nil }
    var list: [ScanDatabase] = []
    for _ in 0..<count {
      guard let range = range(), let database = ScanDatabase(serialized: bytes.span.extracting(range))
      else { return nil }
      list.append(database)
    }
    return list
  }
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian value: UInt64) {
    for step in 0..<8 { append(UInt8(truncatingIfNeeded: value >> UInt64(8 * step))) }
  }

  fileprivate mutating func append(counted part: [UInt8]) {
    append(littleEndian: UInt64(part.count))
    append(contentsOf: part)
  }
}
