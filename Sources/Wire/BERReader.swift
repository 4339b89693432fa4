import Model

/// The universal and application tags that SNMP uses (RFC 3416 §3, RFC 2578 §7.1).
enum BERTag {
  static var integer: UInt8 { 0x02 }
  static var octetString: UInt8 { 0x04 }
  static var null: UInt8 { 0x05 }
  static var objectID: UInt8 { 0x06 }
  static var sequence: UInt8 { 0x30 }
  static var ipAddress: UInt8 { 0x40 }
  static var counter32: UInt8 { 0x41 }
  static var gauge32: UInt8 { 0x42 }
  static var timeTicks: UInt8 { 0x43 }
  static var opaque: UInt8 { 0x44 }
  static var counter64: UInt8 { 0x46 }
  static var noSuchObject: UInt8 { 0x80 }
  static var noSuchInstance: UInt8 { 0x81 }
  static var endOfMibView: UInt8 { 0x82 }
  static var trapV1: UInt8 { 0xA4 }
  static var inform: UInt8 { 0xA6 }
  static var response: UInt8 { 0xA2 }
  static var report: UInt8 { 0xA8 }
  static var trapV2: UInt8 { 0xA7 }
  /// Types of the first drafts of SNMPv2 (RFC 1442 §7.1), which old agents still send.
  static var bitString: UInt8 { 0x03 }
  static var nsapAddress: UInt8 { 0x45 }
  static var uinteger32: UInt8 { 0x47 }
  /// What values are taken for that are of no type SNMP has, or are none of their type. In a packet these
  /// tags would say that the tag goes on in the next octet, which is refused.
  static var unknown: UInt8 { 0x1F }
  static var malformed: UInt8 { 0x3F }
}

/// Reads the subset of BER that SNMP allows (RFC 3417 §8): low tags, definite lengths. Every read is held
/// inside `end`, the end of the enclosing part; the grammar's depth is the depth of the calls, so that no
/// nesting in a packet can go deeper.
struct BERReader {
  var at: Int
  var end: Int

  /// Reads tag and length, checks that the content lies inside, and steps over it.
  @inline(__always)
  mutating func element(_ bytes: Span<UInt8>) throws(TrapFault) -> (tag: UInt8, content: ByteRange) {
    guard at &+ 1 < end else { throw TrapFault(.truncated, at: end) }
    let tag = bytes[at]
    let first = bytes[at &+ 1]
    var start = at &+ 2
    var length = Int(first)
    if first >= 0x80 {
      let octets = Int(first & 0x7F)
      if octets == 0 { throw TrapFault(.indefiniteLength, at: at &+ 1) }
      if octets > 4 { throw TrapFault(.oversizedLength, at: at &+ 1) }
      guard end &- start >= octets else { throw TrapFault(.truncated, at: end) }
      length = 0
      for _ in 0..<octets {
        length = length << 8 | Int(bytes[start])
        start &+= 1
      }
    }
    guard length <= end &- start else { throw TrapFault(.truncated, at: at &+ 1) }
    at = start &+ length
    return (tag, ByteRange(start, at))
  }

  /// Reads an element that must have this tag.
  @inline(__always)
  mutating func element(_ bytes: Span<UInt8>, tag expected: UInt8) throws(TrapFault) -> ByteRange {
    let start = at
    let (tag, content) = try element(bytes)
    guard tag == expected else { throw TrapFault(.unexpectedTag, at: start) }
    return content
  }

  /// Steps into an element that must have this tag and be the last one here.
  mutating func last(_ bytes: Span<UInt8>, tag: UInt8) throws(TrapFault) -> BERReader {
    let content = try element(bytes, tag: tag)
    try finish()
    return BERReader(at: content.start, end: content.end)
  }

  /// Every byte must be accounted for.
  func finish() throws(TrapFault) {
    guard at == end else { throw TrapFault(.trailingBytes, at: at) }
  }
}

/// The values inside elements.
enum BERValue {
  /// INTEGER: two's complement, up to eight octets.
  @inline(__always)
  static func integer(_ bytes: Span<UInt8>, _ range: ByteRange) throws(TrapFault) -> Int64 {
    guard range.count >= 1, range.count <= 8 else { throw TrapFault(.badInteger, at: range.start) }
    return VarbindValue.integer(bytes, range)
  }

  /// Counter32, Gauge32, TimeTicks: at most 2^32 - 1. Some agents leave out the leading zero of a value whose
  /// top bit is set: it is read as the large number that was meant.
  static func unsigned32(_ bytes: Span<UInt8>, _ range: ByteRange) throws(TrapFault) -> UInt32 {
    let value = try unsigned(bytes, range, octets: 4)
    return UInt32(truncatingIfNeeded: value)
  }

  /// Counter64: at most 2^64 - 1.
  static func unsigned64(_ bytes: Span<UInt8>, _ range: ByteRange) throws(TrapFault) -> UInt64 {
    try unsigned(bytes, range, octets: 8)
  }

  private static func unsigned(
    _ bytes: Span<UInt8>, _ range: ByteRange, octets: Int
  ) throws(TrapFault) -> UInt64 {
    let count = Int(range.count)
    guard count >= 1, count <= octets + 1 else { throw TrapFault(.badInteger, at: range.start) }
    if count == octets + 1, bytes[range.start] != 0 { throw TrapFault(.badInteger, at: range.start) }
    var value: UInt64 = 0
    for index in range.bounds { value = value << 8 | UInt64(bytes[index]) }
    return value
  }

  /// An object identifier of 8 to 16 octets, each an arc of its own: two words that overlap cover it.
  @inline(__always)
  static func hasShortArcs(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> Bool {
    guard count >= 8, count <= 16 else { return false }
    let octets = ByteWord.load(bytes, start) | ByteWord.load(bytes, start &+ count &- 8)
    return octets & ByteWord.tops == 0
  }

  /// The same with arcs of up to four octets, finished and not padded: an enterprise's number, an interface's
  /// on a large device.
  @inline(__always)
  static func hasUsualArcs(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> Bool {
    guard count >= 8, count <= 16 else { return false }
    let (head, tail) = (ByteWord.load(bytes, start), ByteWord.load(bytes, start &+ count &- 8))
    if (head | tail) & ByteWord.tops == 0 { return true }
    if tail >> 63 != 0 { return false }
    let octets = UInt128(head) | UInt128(tail) &<< UInt128(8 &* (count &- 8))
    let tops = UInt128(ByteWord.tops) | UInt128(ByteWord.tops) &<< 64
    let more = octets & tops
    // Of these octets the ones that begin an arc, and the ones that say nothing: 0x80.
    let first = more & ~(more &<< 8)
    let empty = more & ~((octets & ~tops) &+ ~tops)
    let long = more & more &<< 8 & more &<< 16 & more &<< 24
    return first & empty == 0 && long == 0
  }

  /// Checks the content of an OBJECT IDENTIFIER: finished, not padded, at most 128 arcs below 2^32.
  static func checkObjectID(_ bytes: Span<UInt8>, _ range: ByteRange) throws(TrapFault) {
    guard range.count > 0 else { throw TrapFault(.badObjectID, at: range.start) }
    let end = range.end
    var at = longArc(bytes, range.start, end)
    // The first subidentifier holds two arcs (X.690 §8.19.4); those below 128 are an octet each.
    var arcs = 1 &+ at &- range.start
    while at < end {
      // The second of those two may be up to 2^32 - 1 as well.
      let next = try subidentifierEnd(
        bytes, at, end, limit: UInt64(UInt32.max) + (at == range.start ? 80 : 0))
      at = longArc(bytes, next, end)
      arcs &+= 1 &+ at &- next
    }
    guard arcs <= ObjectID.limit else { throw TrapFault(.oversizedObjectID, at: range.start) }
  }

  /// The next octet of a subidentifier of several octets, `end` when there is none.
  @inline(__always)
  private static func longArc(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    bytes.firstIndex(from: start, to: end, block: { $0.tops }, byte: { $0 >= 0x80 })
  }

  /// The end of a subidentifier of several octets (X.690 §8.19.2).
  private static func subidentifierEnd(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, limit: UInt64
  ) throws(TrapFault) -> Int {
    guard bytes[start] != 0x80 else { throw TrapFault(.badObjectID, at: start) }
    var value: UInt64 = 0
    var at = start
    while at < end {
      let byte = bytes[at]
      value = value << 7 | UInt64(byte & 0x7F)
      guard value <= limit else { throw TrapFault(.oversizedArc, at: start) }
      at &+= 1
      if byte < 0x80 { return at }
    }
    throw TrapFault(.badObjectID, at: start)
  }

  /// Reads an object identifier into `oid`.
  static func objectID(
    _ bytes: Span<UInt8>, _ range: ByteRange, into oid: inout ObjectID
  ) throws(TrapFault) {
    try checkObjectID(bytes, range)
    oid.removeAll()
    var reader = ArcReader(range)
    while let (first, second) = reader.next(bytes) {
      guard oid.append(first) else { throw TrapFault(.oversizedObjectID, at: range.start) }
      if let second, !oid.append(second) { throw TrapFault(.oversizedObjectID, at: range.start) }
    }
  }
}

/// Walks the arcs of an object identifier whose content was checked.
struct ArcReader {
  private var at: Int
  private let end: Int
  private var isFirst: Bool

  /// `isFirst: false` when `range` starts behind the first subidentifier, which holds two arcs.
  init(_ range: ByteRange, isFirst: Bool = true) {
    self.at = range.start
    self.end = range.end
    self.isFirst = isFirst
  }

  var octetCount: Int { end - at }

  /// The next arc; at the start the first two. Nil at the end.
  mutating func next(_ bytes: Span<UInt8>) -> (UInt32, UInt32?)? {
    guard at < end else { return nil }
    var value: UInt64 = 0
    while at < end {
      let byte = bytes[at]
      value = value << 7 | UInt64(byte & 0x7F)
      at &+= 1
      if byte < 0x80 { break }
    }
    if isFirst {
      isFirst = false
      let top: UInt64 = value < 40 ? 0 : value < 80 ? 1 : 2
      return (UInt32(top), UInt32(truncatingIfNeeded: value - top * 40))
    }
    return (UInt32(truncatingIfNeeded: value), nil)
  }
}
