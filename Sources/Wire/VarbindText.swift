import Model

/// How a varbind reads: its name and its value as text. Names come from `ObjectNames`, numbers where unknown.
/// Everything is written into room that was made before, one varbind's worth being `room` of its octets and
/// `slack`.
enum VarbindText {
  /// No octet takes more than this many bytes of text, but for what `slack` is there for.
  @inline(__always)
  static func room(_ octets: Int) -> Int { 4 * octets }

  /// A name, a word, separators, the second arc of an identifier, the end of a block, and what the names of
  /// bits or a DISPLAY-HINT write beyond four bytes an octet.
  static var slack: Int { 512 }
  /// The longest text of bits and hints for `octets`; what would be longer is shown in hexadecimal.
  static func limit(_ octets: Int) -> Int { 4 * octets + 256 }

  /// What the line and the labels leave out: the two varbinds that say uptime and OID, and secrets.
  @inline(__always)
  static func isHidden(_ varbind: Varbind) -> Bool {
    varbind.object &- 1 < ObjectNames.lastSecret
  }

  /// Appends any varbind, a space before it.
  @inline(never)
  static func appendAny(
    _ slots: [Varbind], _ place: Int, _ bytes: Span<UInt8>, _ names: ObjectNames,
    to line: inout OutputSpan<UInt8>
  ) {
    line.append(UInt8(ascii: " "))
    appendName(slots[place], bytes, names, to: &line)
    line.append(UInt8(ascii: "="))
    appendValue(slots, place, bytes, names, to: &line)
  }

  @inline(__always)
  static func appendName(
    _ varbind: Varbind, _ bytes: Span<UInt8>, _ names: ObjectNames, to line: inout OutputSpan<UInt8>
  ) {
    if varbind.object == 0 {
      append(arcs: bytes, varbind.oid, isFirst: true, to: &line)
      return
    }
    append(names, varbind.object, to: &line)
    let start = Int(varbind.indexAt)
    let end = varbind.oid.end
    if start == end { return }
    line.append(UInt8(ascii: "."))
    if start &+ 1 == end {
      line.append(decimal: UInt64(bytes[start]))
    } else {
      append(arcs: bytes, ByteRange(start, end), isFirst: false, to: &line)
    }
  }

  /// Appends an object's own name.
  @inline(__always)
  static func append(_ names: ObjectNames, _ object: UInt32, to line: inout OutputSpan<UInt8>) {
    let found = names.objects[Int(object)]
    line.append(names.text, from: Int(found.nameAt), count: Int(found.nameCount))
  }

  /// Appends the dotted decimal of checked content octets.
  @inline(never)
  static func append(
    arcs bytes: Span<UInt8>, _ range: ByteRange, isFirst: Bool, to line: inout OutputSpan<UInt8>
  ) {
    var at = range.start
    let end = range.end
    var first = isFirst
    while at < end {
      var value = UInt64(bytes[at])
      at &+= 1
      if value >= 0x80 {
        value &= 0x7F
        while at < end {
          let byte = bytes[at]
          at &+= 1
          value = value &<< 7 | UInt64(byte & 0x7F)
          if byte < 0x80 { break }
        }
      }
      if first {
        // Two arcs in one (X.690 §8.19.4).
        first = false
        let top: UInt64 = value < 40 ? 0 : value < 80 ? 1 : 2
        line.append(decimal: top)
        line.append(UInt8(ascii: "."))
        value &-= top &* 40
      }
      line.append(decimal: value)
      if at < end { line.append(UInt8(ascii: ".")) }
    }
  }

  /// Appends varbinds as most are, from `place` on: ` ifOperStatus.3=down(2)`, of a known object, a small
  /// number being its index, the value a word, another small number or plain text. The place of the first
  /// that is not.
  @inline(never)
  static func appendUsual(
    _ slots: Span<Varbind>, from place: Int, to count: Int, _ bytes: Span<UInt8>, _ names: ObjectNames,
    to line: inout OutputSpan<UInt8>
  ) -> Int {
    var place = place
    line.write { pen in
      while place < count, pen.count < Trap.textLimit, append(usual: slots[place], bytes, names, with: &pen) {
        place &+= 1
      }
    }
    return place
  }

  @inline(__always)
  private static func append(
    usual varbind: Varbind, _ bytes: Span<UInt8>, _ names: ObjectNames, with pen: inout BytePen
  ) -> Bool {
    if isHidden(varbind) { return true }
    let indexAt = Int(varbind.indexAt)
    // Name, index, and a word or a number: with what blocks write beyond them less than this.
    guard varbind.object != 0, let index = smallIndex(bytes, from: indexAt, to: varbind.oid.end),
      pen.left >= 384
    else { return false }
    let start = pen.count
    let lead = names.leads[Int(varbind.object)]
    pen.append(names.text, from: Int(lead.at), count: Int(lead.count))
    append(small: index, isFollowed: true, names, with: &pen)
    switch varbind.tag {
    case BERTag.integer:
      let value = VarbindValue.integer(bytes, varbind.value)
      if let label = names.label(varbind.object, value) {
        pen.append(names.text, from: Int(label.at), count: Int(label.count))
        return true
      }
      if value >= 0, value < smallLimit {
        append(small: Int(value), isFollowed: false, names, with: &pen)
        return true
      }
    case BERTag.octetString
    where lead.isPlain && varbind.value.count < 0x80 && bytes.count >= ByteBlock.width:
      if appendPlain(bytes, varbind.value, with: &pen) { return true }
    default: break
    }
    pen.back(to: start)
    return false
  }

  /// What the table of numbers below 256 writes in two steps: a hundred times the largest, and 99.
  static var smallLimit: Int { 25_600 }

  /// One arc below 16,384, in one octet or two: an interface's number, on a large device too.
  @inline(__always)
  static func smallIndex(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int? {
    if start &+ 1 == end { return Int(bytes[start]) }
    guard start &+ 2 == end, bytes[start] >= 0x80 else { return nil }
    return Int(bytes[start] & 0x7F) &<< 7 | Int(bytes[start &+ 1])
  }

  /// Appends a number below `smallLimit`, and an equals sign where one follows.
  @inline(__always)
  static func append(
    small value: Int, isFollowed: Bool, _ names: ObjectNames, with pen: inout BytePen
  ) {
    var last = value
    if value > 255 {
      let hundreds = value / 100
      last = value &- 100 &* hundreds
      let number = ObjectNames.number(UInt8(truncatingIfNeeded: hundreds))
      pen.append(names.text, from: number.at, count: number.digits)
      if last < 10 { pen.append(names.text, from: ObjectNames.number(0).at, count: 1) }
    }
    let number = ObjectNames.number(UInt8(truncatingIfNeeded: last))
    pen.append(names.text, from: number.at, count: number.digits &+ (isFollowed ? 1 : 0))
  }

  /// Appends text of the printable characters of ASCII; false for what has others.
  @inline(__always)
  private static func appendPlain(_ bytes: Span<UInt8>, _ range: ByteRange, with pen: inout BytePen) -> Bool {
    var at = range.start
    let end = range.end
    while at < end {
      let isInside = at &+ ByteBlock.width <= bytes.count
      let block = isInside ? ByteBlock(bytes, at) : ByteBlock(endOf: bytes, from: at)
      let count = min(end &- at, ByteBlock.width)
      guard block.outside(block.between(0x20, 0x7E)).first >= count else { return false }
      pen.append(block, count: count)
      at &+= count
    }
    return true
  }

  /// Appends the value as one line of clean text: `3`, `down(2)`, `Gi0/1`, `0x0a1b`, `192.0.2.7`.
  @inline(__always)
  static func appendValue(
    _ slots: [Varbind], _ place: Int, _ bytes: Span<UInt8>, _ names: ObjectNames,
    to line: inout OutputSpan<UInt8>
  ) {
    let varbind = slots[place]
    switch varbind.tag {
    case BERTag.integer where varbind.object != 0:
      let value = VarbindValue.integer(bytes, varbind.value)
      if let label = names.label(varbind.object, value) {
        line.append(names.text, from: Int(label.at), count: Int(label.count))
      } else {
        append(signed: value, to: &line)
      }
    case BERTag.octetString where varbind.object != 0:
      if names.objects[Int(varbind.object)].syntax == .plain {
        append(octets: bytes, varbind.value, to: &line)
      } else {
        ObjectText.append(slots, place, bytes, names, to: &line)
      }
    case BERTag.objectID: ObjectText.append(objectID: varbind.value, bytes, names, to: &line)
    default: appendPlain(varbind.tag, varbind.value, bytes, to: &line)
    }
  }

  /// The same by the type alone.
  @inline(never)
  static func appendPlain(
    _ tag: UInt8, _ value: ByteRange, _ bytes: Span<UInt8>, to line: inout OutputSpan<UInt8>
  ) {
    switch tag {
    case BERTag.integer: append(signed: VarbindValue.integer(bytes, value), to: &line)
    case BERTag.counter32, BERTag.gauge32, BERTag.timeTicks, BERTag.counter64, BERTag.uinteger32:
      line.append(decimal: VarbindValue.unsigned(bytes, value))
    case BERTag.objectID: append(arcs: bytes, value, isFirst: true, to: &line)
    case BERTag.ipAddress where value.count == 4: append(v4: bytes, value.start, to: &line)
    case BERTag.octetString: append(octets: bytes, value, to: &line)
    case BERTag.null: line.append(ascii: "null")
    case BERTag.noSuchObject: line.append(ascii: "noSuchObject")
    case BERTag.noSuchInstance: line.append(ascii: "noSuchInstance")
    case BERTag.endOfMibView: line.append(ascii: "endOfMibView")
    default: append(hex: bytes, value, to: &line)
    }
  }

  @inline(__always)
  static func append(signed value: Int64, to line: inout OutputSpan<UInt8>) {
    if value < 0 { line.append(UInt8(ascii: "-")) }
    line.append(decimal: value.magnitude)
  }

  static func append(v4 bytes: Span<UInt8>, _ start: Int, to line: inout OutputSpan<UInt8>) {
    for step in 0..<4 {
      if step > 0 { line.append(UInt8(ascii: ".")) }
      line.append(decimal: UInt64(bytes[start &+ step]))
    }
  }

  /// Text where it is text, with tabs and line ends as spaces; else hexadecimal.
  @inline(__always)
  static func append(octets bytes: Span<UInt8>, _ range: ByteRange, to line: inout OutputSpan<UInt8>) {
    var at = range.start
    let end = range.end
    let before = line.count
    while at < end {
      guard at &+ ByteBlock.width <= bytes.count else { break }
      let block = ByteBlock(bytes, at)
      let count = min(end &- at, ByteBlock.width)
      guard block.outside(block.between(0x20, 0x7E)).first >= count else { break }
      line.append(block, count: count)
      at &+= count
    }
    if at == end { return }
    line.removeLast(line.count &- before)
    append(anyOctets: bytes, range, to: &line)
  }

  @inline(never)
  private static func append(
    anyOctets bytes: Span<UInt8>, _ range: ByteRange, to line: inout OutputSpan<UInt8>
  ) {
    let text = VarbindValue.withoutTrailingNUL(bytes, range)
    guard VarbindValue.isPrintable(bytes.extracting(text.bounds)) else {
      append(hex: bytes, range, to: &line)
      return
    }
    for index in text.bounds { line.append(max(bytes[index], 0x20)) }
  }

  /// Appends `0x` and the octets; nothing for none.
  @inline(never)
  static func append(hex bytes: Span<UInt8>, _ range: ByteRange, to line: inout OutputSpan<UInt8>) {
    if range.isEmpty { return }
    line.append(ascii: "0x")
    for index in range.bounds { append(hexByte: bytes[index], to: &line) }
  }

  static func append(hexByte byte: UInt8, to line: inout OutputSpan<UInt8>) {
    line.append(hexDigit(byte >> 4))
    line.append(hexDigit(byte & 15))
  }
}

/// Values of varbinds that `TrapDecoder` has given a type they are right for.
enum VarbindValue {
  /// The `type` of the JSON forms.
  static func typeName(_ tag: UInt8) -> StaticString {
    switch tag {
    case BERTag.integer: "integer"
    case BERTag.octetString: "octet_string"
    case BERTag.null: "null"
    case BERTag.objectID: "oid"
    case BERTag.ipAddress: "ip_address"
    case BERTag.counter32: "counter32"
    case BERTag.gauge32: "gauge32"
    case BERTag.timeTicks: "timeticks"
    case BERTag.opaque: "opaque"
    case BERTag.counter64: "counter64"
    case BERTag.noSuchObject: "no_such_object"
    case BERTag.noSuchInstance: "no_such_instance"
    case BERTag.endOfMibView: "end_of_mib_view"
    case BERTag.uinteger32: "uinteger32"
    case BERTag.nsapAddress: "nsap_address"
    case BERTag.bitString: "bit_string"
    case BERTag.malformed: "malformed"
    default: "unknown"
    }
  }

  @inline(__always)
  static func integer(_ bytes: Span<UInt8>, _ range: ByteRange) -> Int64 {
    if range.count == 1 { return Int64(Int8(bitPattern: bytes[range.start])) }
    let beyond = UInt64(64 &- 8 &* Int(range.count))
    return Int64(bitPattern: lastWord(bytes, range) &<< beyond) &>> Int64(beyond)
  }

  @inline(__always)
  static func unsigned(_ bytes: Span<UInt8>, _ range: ByteRange) -> UInt64 {
    let beyond = UInt64(64 &- 8 &* min(8, Int(range.count)))
    return (lastWord(bytes, range) << beyond) >> beyond
  }

  /// Whatever the range is preceded by and its octets, the last lowest, eight in all.
  @inline(__always)
  private static func lastWord(_ bytes: Span<UInt8>, _ range: ByteRange) -> UInt64 {
    let end = range.end
    if end >= 8 { return ByteWord.load(bytes, end &- 8).byteSwapped }
    var word: UInt64 = 0
    for index in range.bounds { word = word &<< 8 | UInt64(bytes[index]) }
    return word
  }

  /// Many agents count the terminator of a C string as part of it.
  static func withoutTrailingNUL(_ bytes: Span<UInt8>, _ range: ByteRange) -> ByteRange {
    var end = range.end
    while end > range.start, bytes[end - 1] == 0 { end -= 1 }
    return end == range.start ? range : ByteRange(range.start, end)
  }

  /// Valid UTF-8 whose only controls are tab and line ends: no ESC, no C1, no bidirectional controls.
  static func isPrintable(_ bytes: Span<UInt8>) -> Bool {
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte < 0x80 {
        guard byte >= 0x20 && byte != 0x7F || byte == 9 || byte == 10 || byte == 13 else { return false }
        index += 1
        continue
      }
      let length = SafeText.sequenceLength(bytes, at: index)
      guard length > 0, !isFormatting(bytes, at: index, length) else { return false }
      index += length
    }
    return true
  }

  /// C1 controls (U+0080-9F), U+061C, U+200E-200F, U+2028-202E and U+2066-2069, as UTF-8: they move the
  /// cursor, break the line or turn the reading direction.
  private static func isFormatting(_ bytes: Span<UInt8>, at index: Int, _ length: Int) -> Bool {
    let first = bytes[index]
    let second = bytes[index + 1]
    if length == 2 { return first == 0xC2 && second < 0xA0 || first == 0xD8 && second == 0x9C }
    guard length == 3, first == 0xE2 else { return false }
    let third = bytes[index + 2]
    if second == 0x80 { return third == 0x8E || third == 0x8F || third >= 0xA8 && third <= 0xAE }
    return second == 0x81 && third >= 0xA6 && third <= 0xA9
  }
}
