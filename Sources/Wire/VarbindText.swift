import Model

// How a varbind reads: its name, its type, its value as text. Names come from `KnownObject`, numbers where
// unknown.

extension [UInt8] {
  /// Appends `ifIndex.3`, or the dotted numbers of an unknown object. Says where the name without its index
  /// ends, 0 when there is no index.
  @discardableResult
  mutating func append(nameOf varbind: Varbind, _ bytes: Span<UInt8>) -> Int {
    if varbind.object == .unknown {
      append(berObjectID: bytes, varbind.oid)
      return 0
    }
    append(ascii: varbind.object.name)
    if varbind.index.isEmpty { return 0 }
    let bare = count
    append(UInt8(ascii: "."))
    append(arcs: ArcReader(varbind.index, isFirst: false), bytes)
    return bare
  }

  /// Appends the dotted decimal of an object identifier's checked content octets.
  mutating func append(berObjectID bytes: Span<UInt8>, _ range: ByteRange) {
    append(arcs: ArcReader(range), bytes)
  }

  private mutating func append(arcs: ArcReader, _ bytes: Span<UInt8>) {
    // An octet becomes three digits and a dot at most; the first one two arcs.
    append(addingCapacity: 4 * arcs.octetCount + 4) { text in
      var reader = arcs
      while let (first, second) = reader.next(bytes) {
        if text.count > 0 { text.append(UInt8(ascii: ".")) }
        text.append(decimal: first)
        if let second {
          text.append(UInt8(ascii: "."))
          text.append(decimal: second)
        }
      }
    }
  }

  /// Appends the value as one line of clean text: `3`, `down(2)`, `Gi0/1`, `0x0a1b`, `192.0.2.7`.
  mutating func append(textOf varbind: Varbind, _ bytes: Span<UInt8>) {
    let value = varbind.value
    switch varbind.tag {
    case BERTag.integer:
      append(integer: VarbindValue.integer(bytes, value), of: varbind.object)
    case BERTag.counter32, BERTag.gauge32, BERTag.timeTicks, BERTag.counter64:
      append(decimal: VarbindValue.unsigned(bytes, value))
    case BERTag.objectID: append(berObjectID: bytes, value)
    case BERTag.ipAddress where value.count == 4: append(address: VarbindValue.address(bytes, value))
    case BERTag.octetString: append(octets: bytes, value, of: varbind.object)
    case BERTag.null: append(ascii: "null")
    case BERTag.noSuchObject: append(ascii: "noSuchObject")
    case BERTag.noSuchInstance: append(ascii: "noSuchInstance")
    case BERTag.endOfMibView: append(ascii: "endOfMibView")
    default: append(hex: bytes, value)
    }
  }

  private mutating func append(integer value: Int64, of object: KnownObject) {
    guard let label = object.label(of: value) else {
      append(decimal: value)
      return
    }
    append(ascii: label)
    append(UInt8(ascii: "("))
    append(decimal: value)
    append(UInt8(ascii: ")"))
  }

  /// Text where it is text, with tabs and line ends as spaces; else hexadecimal.
  private mutating func append(octets bytes: Span<UInt8>, _ range: ByteRange, of object: KnownObject) {
    let text = VarbindValue.withoutTrailingNUL(bytes, range)
    guard !object.isBinary, VarbindValue.isPrintable(bytes.extracting(text.bounds)) else {
      append(hex: bytes, range)
      return
    }
    for index in text.bounds { append(Swift.max(bytes[index], 0x20)) }
  }

  /// Appends `0x` and the octets; nothing for none.
  private mutating func append(hex bytes: Span<UInt8>, _ range: ByteRange) {
    if range.isEmpty { return }
    append(ascii: "0x")
    for index in range.bounds { append(hexByte: bytes[index]) }
  }
}

/// Values of varbinds that `TrapDecoder` has checked.
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
    default: "end_of_mib_view"
    }
  }

  static func integer(_ bytes: Span<UInt8>, _ range: ByteRange) -> Int64 {
    var value: Int64 = bytes[range.start] >= 0x80 ? -1 : 0
    for index in range.bounds { value = value << 8 | Int64(bytes[index]) }
    return value
  }

  static func unsigned(_ bytes: Span<UInt8>, _ range: ByteRange) -> UInt64 {
    var value: UInt64 = 0
    for index in range.bounds { value = value << 8 | UInt64(bytes[index]) }
    return value
  }

  static func address(_ bytes: Span<UInt8>, _ range: ByteRange) -> IPAddress {
    IPAddress(
      v4: bytes[range.start], bytes[range.start + 1], bytes[range.start + 2], bytes[range.start + 3])
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

extension OutputSpan<UInt8> {
  /// Appends up to ten digits.
  @inline(__always)
  fileprivate mutating func append(decimal value: UInt32) {
    if value < 10 {
      append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value))
      return
    }
    var divisor: UInt32 = 1
    while value / divisor >= 10 { divisor &*= 10 }
    while divisor > 0 {
      append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value / divisor % 10))
      divisor /= 10
    }
  }
}
