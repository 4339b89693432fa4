import Model

/// Values whose object says how they read: addresses, times, bits, DISPLAY-HINTs. What does not have the form
/// its object promises is shown in hexadecimal, or as text where it is text.
enum ObjectText {
  /// Appends an octet string of an object whose syntax is not plain.
  @inline(never)
  static func append(
    _ slots: [Varbind], _ place: Int, _ bytes: Span<UInt8>, _ names: ObjectNames,
    to line: inout OutputSpan<UInt8>
  ) {
    let value = slots[place].value
    let number = slots[place].object
    let object = names.objects[Int(number)]
    let before = line.count
    let isDone: Bool
    switch object.syntax {
    case .plain, .notification, .inetAddressType: isDone = false
    case .octets:
      VarbindText.append(hex: bytes, value, to: &line)
      isDone = true
    case .physicalAddress: isDone = append(physical: bytes, value, to: &line)
    case .dateAndTime: isDone = append(time: bytes, value, to: &line)
    case .inetAddress:
      isDone = append(address: bytes, value, kind: addressKind(slots, place, bytes, names), to: &line)
    case .bits: isDone = append(bits: bytes, value, number, names, to: &line)
    case .hint:
      let hint = ByteRange(Int(object.hintAt), Int(object.hintAt) + Int(object.hintCount))
      isDone = DisplayHint.append(bytes, value, hint: hint, in: names.text, to: &line)
    }
    if isDone { return }
    line.removeLast(line.count - before)
    if object.syntax == .inetAddress || object.syntax == .plain || object.syntax == .inetAddressType {
      VarbindText.append(octets: bytes, value, to: &line)
    } else {
      VarbindText.append(hex: bytes, value, to: &line)
    }
  }

  /// Appends an OBJECT IDENTIFIER: by name where it is one of an object or an instance of one.
  @inline(never)
  static func append(
    objectID value: ByteRange, _ bytes: Span<UInt8>, _ names: ObjectNames, to line: inout OutputSpan<UInt8>
  ) {
    var varbind = Varbind(oid: value, tag: 0, value: .absent)
    let (object, index) = names.find(bytes, value.start, value.end)
    varbind.object = object
    varbind.indexAt = UInt32(truncatingIfNeeded: index)
    VarbindText.appendName(varbind, bytes, names, to: &line)
  }

  /// `00:1b:21:0a:0b:0c`
  private static func append(
    physical bytes: Span<UInt8>, _ value: ByteRange, to line: inout OutputSpan<UInt8>
  ) -> Bool {
    for index in value.bounds {
      if index > value.start { line.append(UInt8(ascii: ":")) }
      VarbindText.append(hexByte: bytes[index], to: &line)
    }
    return true
  }

  /// `2026-11-21T02:14:05.9+01:00`; without an offset where the device gives none.
  private static func append(
    time bytes: Span<UInt8>, _ value: ByteRange, to line: inout OutputSpan<UInt8>
  ) -> Bool {
    let at = value.start
    guard value.count == 8 || value.count == 11, 1...12 ~= bytes[at + 2], 1...31 ~= bytes[at + 3],
      bytes[at + 4] < 24, bytes[at + 5] < 60, bytes[at + 6] <= 60, bytes[at + 7] < 10
    else { return false }
    let year = UInt64(bytes[at]) << 8 | UInt64(bytes[at + 1])
    guard year >= 1_000, year <= 9_999 else { return false }
    line.append(decimal: year)
    append(UInt8(ascii: "-"), bytes[at + 2], to: &line)
    append(UInt8(ascii: "-"), bytes[at + 3], to: &line)
    append(UInt8(ascii: "T"), bytes[at + 4], to: &line)
    append(UInt8(ascii: ":"), bytes[at + 5], to: &line)
    append(UInt8(ascii: ":"), bytes[at + 6], to: &line)
    line.append(UInt8(ascii: "."))
    line.append(UInt8(ascii: "0") + bytes[at + 7])
    if value.count == 8 { return true }
    let sign = bytes[at + 8]
    guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), bytes[at + 9] <= 14, bytes[at + 10] < 60
    else { return false }
    if bytes[at + 9] == 0, bytes[at + 10] == 0 {
      line.append(UInt8(ascii: "Z"))
    } else {
      append(sign, bytes[at + 9], to: &line)
      append(UInt8(ascii: ":"), bytes[at + 10], to: &line)
    }
    return true
  }

  /// A separator and two digits.
  private static func append(_ separator: UInt8, _ number: UInt8, to line: inout OutputSpan<UInt8>) {
    line.append(separator)
    line.append(UInt8(ascii: "0") + number / 10)
    line.append(UInt8(ascii: "0") + number % 10)
  }

  /// The value of the InetAddressType that stands nearest before the address in the same notification; 0,
  /// which is unknown, when there is none.
  private static func addressKind(
    _ slots: [Varbind], _ place: Int, _ bytes: Span<UInt8>, _ names: ObjectNames
  ) -> Int64 {
    var at = place
    while at > 0 {
      at -= 1
      let varbind = slots[at]
      if varbind.tag == BERTag.integer,
        names.objects[Int(varbind.object)].syntax == .inetAddressType
      {
        return VarbindValue.integer(bytes, varbind.value)
      }
    }
    return 0
  }

  /// An InetAddress of a kind (RFC 4001 §3: 1 IPv4, 2 IPv6, 3 and 4 the same with a zone, 16 a name); of
  /// kind 0 as its length says, where no name is likely to have that length.
  private static func append(
    address bytes: Span<UInt8>, _ value: ByteRange, kind: Int64, to line: inout OutputSpan<UInt8>
  ) -> Bool {
    switch (kind, value.count) {
    case (0, 4), (1, 4): VarbindText.append(v4: bytes, value.start, to: &line)
    case (0, 16), (2, 16): append(v6: bytes, value.start, to: &line)
    case (3, 8):
      VarbindText.append(v4: bytes, value.start, to: &line)
      append(zone: bytes, value.start + 4, to: &line)
    case (4, 20):
      append(v6: bytes, value.start, to: &line)
      append(zone: bytes, value.start + 16, to: &line)
    default: return false
    }
    return true
  }

  private static func append(zone bytes: Span<UInt8>, _ start: Int, to line: inout OutputSpan<UInt8>) {
    line.append(UInt8(ascii: "%"))
    line.append(decimal: VarbindValue.unsigned(bytes, ByteRange(start, start + 4)))
  }

  /// RFC 5952: the longest run of zeros, the first of equals, is left out.
  private static func append(v6 bytes: Span<UInt8>, _ start: Int, to line: inout OutputSpan<UInt8>) {
    var gap = 0..<0
    var group = 0
    while group < 8 {
      var end = group
      while end < 8, bytes[start + 2 * end] == 0, bytes[start + 2 * end + 1] == 0 { end += 1 }
      if end - group > max(gap.count, 1) { gap = group..<end }
      group = max(end, group + 1)
    }
    group = 0
    while group < 8 {
      if group == gap.lowerBound, !gap.isEmpty {
        line.append(ascii: "::")
        group = gap.upperBound
        continue
      }
      if group > 0, group != gap.upperBound || gap.isEmpty { line.append(UInt8(ascii: ":")) }
      let value = UInt16(bytes[start + 2 * group]) << 8 | UInt16(bytes[start + 2 * group + 1])
      var shift: UInt16 = 12
      while shift > 0, value >> shift == 0 { shift -= 4 }
      while true {
        line.append(hexDigit(UInt8(truncatingIfNeeded: value >> shift) & 15))
        if shift == 0 { break }
        shift -= 4
      }
      group += 1
    }
  }

  /// `deny(0),overdraw(1)`: the set bits of a BITS value, the first being the top bit of the first octet
  /// (RFC 3417 §8). False when none is set, or one that has no name.
  private static func append(
    bits bytes: Span<UInt8>, _ value: ByteRange, _ object: UInt32, _ names: ObjectNames,
    to line: inout OutputSpan<UInt8>
  ) -> Bool {
    let before = line.count
    for bit in 0..<8 * Int(value.count)
    where bytes[value.start + bit / 8] & (0x80 >> UInt8(bit % 8)) != 0 {
      guard let label = names.label(object, Int64(bit)),
        line.count - before + Int(label.count) < VarbindText.limit(Int(value.count))
      else { return false }
      if line.count > before { line.append(UInt8(ascii: ",")) }
      line.append(names.text, from: Int(label.at), count: Int(label.count))
    }
    return line.count > before
  }
}
