import Model

/// What a notification has in common with others of its kind, said without writing its line.
///
/// The line's template (docs/unmatched.md) masks numbers, addresses, times and quoted text. Of most varbinds
/// the packet shows what will stay: the object, whether the index is a number or an address, the word of a
/// value, that there is a number at all. Only strings are read. What would need the rest of the line to be
/// sure of (quotes, hexadecimal, dates, names that look like a month or like hexadecimal digits, lines
/// longer than a template looks at) is left to the line.
extension Trap {
  /// The same for two notifications only if their lines have the same template; 0: only the line says.
  ///
  /// Finer than the template here and there (an index of one arc and one of two), never by what is masked.
  ///
  /// - Parameters:
  ///   - reach: bytes of a line that its template looks at.
  ///   - text: the same for a string between `=` and a space or the end; 0 when the rest of the line, or
  ///     octets that the line does not show as they are, could change it.
  package mutating func likeness(
    _ datagram: Span<UInt8>, reach: Int, text: (Span<UInt8>) -> UInt64
  ) -> UInt64 {
    if opening.number != trapOIDNumber { readOpening() }
    var reader = LikenessReader(state: opening.hash, room: reach &- opening.room)
    // As in `appendText`: the varbinds are moved out while they are read.
    var slots: [Varbind] = []
    swap(&slots, &self.slots)
    defer { swap(&slots, &self.slots) }
    let all = slots.span
    let count = varbindCount
    var place = leadCount
    while place < count {
      guard reader.take(all[place], datagram, names, text), reader.room >= 0 else { return 0 }
      place &+= 1
    }
    return max(1, reader.state)
  }

  /// What a line begins with: the name of the notification, or its numbers.
  struct Opening {
    var number: UInt64 = 0
    var hash: UInt64 = 0
    /// Bytes that it takes at most.
    var room = 0
  }

  /// Arc by arc of its own: what is borrowed would be copied whole for each.
  @inline(never)
  private mutating func readOpening() {
    var hash = LikenessReader.seed
    for index in 0..<trapOID.count { hash = LikenessReader.mix(UInt64(trapOID[index]) &+ 1, hash) }
    // Ten digits and a dot; a name may be shorter than its numbers, or longer.
    let room = max(11 &* trapOID.count, NameIndex.nameLimit)
    opening = Opening(number: trapOIDNumber, hash: hash, room: room)
  }
}

/// Reads varbind after varbind into one hash.
struct LikenessReader {
  private(set) var state: UInt64
  /// Bytes that the line may still take.
  private(set) var room: Int
  /// The last value was a string whose end may be the month of a day, which a number behind it would be.
  private var endsLikeMonth = false

  static var seed: UInt64 { 0xD1B5_4A32_D192_ED03 }

  init(state: UInt64, room: Int) {
    self.state = state
    self.room = room
  }

  /// Multiply and fold, as the template's hash.
  @inline(__always)
  static func mix(_ first: UInt64, _ second: UInt64) -> UInt64 {
    let product = (first ^ 0xE703_7ED1_A0B4_28DB).multipliedFullWidth(by: second)
    return product.high ^ product.low
  }

  /// What an index or an object identifier looks like where its numbers are masked.
  enum Numbers {
    static var none: UInt64 { 0 }
    /// One arc.
    static var single: UInt64 { 1 }
    /// Several: a number with dots.
    static var dotted: UInt64 { 2 }
    /// Four that are an IPv4 address.
    static var address: UInt64 { 3 }
    /// Only the line says: perhaps a hardware address.
    static var unsure: UInt64 { 4 }
  }

  /// What of a value stays.
  private enum Stays {
    static var number: UInt64 { 1 }
    static var word: UInt64 { 2 }
    static var text: UInt64 { 3 }
    static var address: UInt64 { 4 }
    static var object: UInt64 { 5 }
    static var nothing: UInt64 { 6 }
  }

  /// False when only the line says.
  @inline(__always)
  mutating func take(
    _ varbind: Varbind, _ bytes: Span<UInt8>, _ names: ObjectNames, _ text: (Span<UInt8>) -> UInt64
  ) -> Bool {
    if VarbindText.isHidden(varbind) { return true }
    let lead = names.leads[Int(varbind.object)]
    let numbers: UInt64
    if varbind.object == 0 {
      guard !endsLikeMonth, LikenessReader.isLong(bytes, varbind.oid) else { return false }
      numbers = Numbers.dotted
      room &-= 4 &* Int(varbind.oid.count) &+ 4
    } else {
      guard lead.isTame else { return false }
      let start = Int(varbind.indexAt)
      let end = varbind.oid.end
      let isSingle = start &+ 1 == end || start &+ 2 == end && bytes[start] >= 0x80
      numbers = isSingle ? Numbers.single : LikenessReader.numbers(bytes, start, end)
      if numbers == Numbers.unsure { return false }
      room &-= Int(lead.count) &+ 4 &* (varbind.oid.end &- start)
    }
    endsLikeMonth = false
    let name = UInt64(varbind.object) | numbers &<< 32
    let value: UInt64
    let stays: UInt64
    switch varbind.tag {
    case BERTag.integer:
      room &-= 24
      let integer = VarbindValue.integer(bytes, varbind.value)
      if varbind.object != 0, let label = names.label(varbind.object, integer) {
        stays = Stays.word
        value = UInt64(bitPattern: integer)
        room &-= Int(label.count)
      } else {
        stays = Stays.number
        value = 0
      }
    case BERTag.octetString where lead.isPlain:
      room &-= Int(varbind.value.count) &+ 4
      stays = Stays.text
      value = varbind.value.isEmpty ? 0 : text(bytes.extracting(varbind.value.bounds))
      if value == 0, !varbind.value.isEmpty { return false }
      endsLikeMonth = LikenessReader.endsLikeMonth(bytes, varbind.value)
    default:
      guard let (kind, object) = other(varbind, bytes, names) else { return false }
      stays = kind
      value = object
    }
    state = LikenessReader.mix(name | stays &<< 40 | UInt64(varbind.tag) &<< 48, value ^ state)
    return true
  }

  /// The rarer values; nil when only the line says.
  @inline(never)
  private mutating func other(
    _ varbind: Varbind, _ bytes: Span<UInt8>, _ names: ObjectNames
  ) -> (stays: UInt64, value: UInt64)? {
    room &-= 24
    switch varbind.tag {
    case BERTag.counter32, BERTag.gauge32, BERTag.timeTicks, BERTag.counter64, BERTag.uinteger32:
      return (Stays.number, 0)
    case BERTag.ipAddress where varbind.value.count == 4: return (Stays.address, 0)
    case BERTag.null, BERTag.noSuchObject, BERTag.noSuchInstance, BERTag.endOfMibView:
      return (Stays.nothing, 0)
    case BERTag.objectID:
      room &-= 4 &* Int(varbind.value.count)
      let (object, index) = names.find(bytes, varbind.value.start, varbind.value.end)
      if object == 0 {
        return LikenessReader.isLong(bytes, varbind.value) ? (Stays.object, 0) : nil
      }
      let lead = names.leads[Int(object)]
      let numbers = LikenessReader.numbers(bytes, index, varbind.value.end)
      guard lead.isTame, numbers != Numbers.unsure else { return nil }
      room &-= Int(lead.count)
      return (Stays.object, UInt64(object) | numbers &<< 32)
    default: return nil
    }
  }

  /// What the arcs of `bytes[start..<end]` are where a dot stands before them.
  @inline(never)
  static func numbers(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> UInt64 {
    var (arcs, digits, most, first) = (0, 0, UInt64(0), UInt64(0))
    var value: UInt64 = 0
    var at = start
    while at < end {
      value = value &<< 7 | UInt64(bytes[at] & 0x7F)
      if bytes[at] < 0x80 {
        if arcs == 0 { first = value }
        arcs &+= 1
        digits &+= value < 10 ? 1 : value < 100 ? 2 : value < 1_000 ? 3 : 4
        most = max(most, value)
        value = 0
      }
      at &+= 1
    }
    if arcs < 2 { return arcs == 0 ? Numbers.none : Numbers.single }
    // Three groups of four digits are a hardware address; an IPv4 address takes 15 characters at most.
    if first >= 1_000 && first < 10_000 || arcs == 4 && most >= 10_000 { return Numbers.unsure }
    return arcs == 4 && digits <= 12 ? Numbers.address : Numbers.dotted
  }

  /// An identifier whose numbers are too many for an address.
  @inline(__always)
  private static func isLong(_ bytes: Span<UInt8>, _ oid: ByteRange) -> Bool {
    var arcs = 1
    for index in oid.bounds where bytes[index] < 0x80 { arcs &+= 1 }
    return arcs >= 5
  }

  /// `Nov` or `Nov ` at the end, and some more that are none.
  @inline(__always)
  private static func endsLikeMonth(_ bytes: Span<UInt8>, _ value: ByteRange) -> Bool {
    value.count >= 3
      && (bytes[value.end &- 1] == UInt8(ascii: " ") || bytes[value.end &- 3] &- UInt8(ascii: "A") < 26)
  }

  /// A name that stays as it is, its digits masked, whatever stands around it: letters and digits, first a
  /// small letter, as no month begins, and behind the last digit a letter that is no hexadecimal digit, so
  /// that no address goes on into its index.
  static func isTame(_ name: Span<UInt8>) -> Bool {
    guard name.count > 0, name[0] &- UInt8(ascii: "a") < 26 else { return false }
    var isOpen = true
    for index in 0..<name.count {
      let byte = name[index]
      if byte &- UInt8(ascii: "0") < 10 {
        isOpen = true
      } else if (byte | 0x20) &- UInt8(ascii: "a") < 26 {
        if (byte | 0x20) &- UInt8(ascii: "a") >= 6 { isOpen = false }
      } else {
        return false
      }
    }
    return !isOpen
  }
}
