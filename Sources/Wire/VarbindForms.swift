import Model

/// The varbinds of a notification as JSON, written once for everything that is made of them: the payload says
/// names, values and texts, the audit keeps all but the texts, labels are names and texts.
///
///     {"oid":"1.3…8.3","name":"ifOperStatus.3","type":"integer","value":2,"text":"down(2)"},{…
struct VarbindForms: Sendable {
  /// An element of the list; offsets count in `bytes`.
  struct Place: BitwiseCopyable {
    var start: UInt32
    /// Behind the value.
    var valueEnd: UInt32
    /// Name and text without their quotes; no text of what is never shown.
    var name: ByteRange
    var text: ByteRange
    /// How much of the name is the object's own; 0 when there is nothing more, or the object is not known.
    var bareCount: UInt32
    /// The text holds nothing that is written differently in JSON.
    var isPlain: Bool
  }

  private(set) var bytes: [UInt8] = []
  private(set) var places: [Place] = []
  /// Of the notification at hand.
  var isWritten = false
  /// Each name says by itself what of it is the object's own.
  private(set) var isRegular = true
  /// The notification's numbers as text, and which they are.
  private(set) var oid: [UInt8] = []
  private var oidNumber: UInt64 = 0

  /// What is kept from one notification to the next, bytes; only those that blow themselves up need more.
  private static var kept: Int { 256 << 10 }

  mutating func write(_ slots: [Varbind], _ count: Int, _ datagram: Span<UInt8>, _ names: ObjectNames) {
    if bytes.capacity > VarbindForms.kept { bytes = [] }
    bytes.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    isWritten = true
    isRegular = true
    var place = 0
    while place < count {
      place = writeUsual(slots.span, place, count, datagram, names)
      guard place < count else { break }
      writeAny(slots, place, datagram, names)
      place &+= 1
    }
  }

  mutating func write(_ trapOID: ObjectID, _ number: UInt64) {
    if number == oidNumber { return }
    oidNumber = number
    oid.removeAll(keepingCapacity: true)
    oid.append(oid: trapOID)
  }

  // MARK: Writing

  /// Writes varbinds as most are, from `first` on; the place of the first that is not.
  @inline(never)
  private mutating func writeUsual(
    _ slots: Span<Varbind>, _ first: Int, _ count: Int, _ datagram: Span<UInt8>, _ names: ObjectNames
  ) -> Int {
    var place = first
    var isFirst = bytes.isEmpty
    let offset = bytes.count
    // Moved out while they are written.
    var places: [Place] = []
    swap(&places, &self.places)
    defer { swap(&places, &self.places) }
    bytes.append(addingCapacity: 2 * VarbindForms.usualRoom + 160 * min(count &- first, 16)) { json in
      json.write { pen in
        while place < count {
          let varbind = slots[place]
          if VarbindText.isHidden(varbind) {
            if varbind.object > ObjectNames.takenTrapOID { break }
          } else {
            let before = pen.count
            if !isFirst { pen.append(UInt8(ascii: ",")) }
            guard var found = VarbindForms.append(usual: varbind, datagram, names, with: &pen) else {
              pen.back(to: before)
              break
            }
            isFirst = false
            found.move(by: offset)
            places.append(found)
          }
          place &+= 1
        }
      }
    }
    return place
  }

  /// Less than this is written of a usual varbind, its object's numbers apart.
  private static var usualRoom: Int { 512 }

  /// Nil for what is not usual: of which some may be written already.
  @inline(__always)
  private static func append(
    usual varbind: Varbind, _ datagram: Span<UInt8>, _ names: ObjectNames, with pen: inout BytePen
  ) -> Place? {
    let lead = names.leads[Int(varbind.object)]
    guard varbind.object != 0, !lead.isNumeric, pen.left >= Int(lead.headCount) &+ usualRoom,
      let index = VarbindText.smallIndex(datagram, from: Int(varbind.indexAt), to: varbind.oid.end)
    else { return nil }
    var place = Place(
      start: UInt32(truncatingIfNeeded: pen.count), valueEnd: 0, name: .absent, text: .absent,
      bareCount: UInt32(lead.count) &- 2, isPlain: true)
    pen.append(names.text, from: Int(lead.headAt), count: Int(lead.headCount))
    VarbindText.append(small: index, isFollowed: false, names, with: &pen)
    pen.append(ascii: "\",\"name\":\"")
    let nameAt = pen.count
    pen.append(names.text, from: Int(lead.at) &+ 1, count: Int(lead.count) &- 1)
    VarbindText.append(small: index, isFollowed: false, names, with: &pen)
    place.name = ByteRange(nameAt, pen.count)
    switch varbind.tag {
    case BERTag.integer: appendInteger(varbind, datagram, names, &place, with: &pen)
    case BERTag.counter32, BERTag.gauge32, BERTag.timeTicks:
      pen.append(ascii: "\",\"type\":\"")
      pen.append(ascii: VarbindValue.typeName(varbind.tag))
      pen.append(ascii: "\",\"value\":")
      let at = pen.count
      pen.append(decimal: VarbindValue.unsigned(datagram, varbind.value))
      repeatAsText(from: at, &place, with: &pen)
    case BERTag.octetString
    where lead.isPlain && varbind.value.count < 0x80 && datagram.count >= ByteBlock.width:
      guard appendText(varbind, datagram, &place, with: &pen) else { return nil }
    default: return nil
    }
    pen.append(ascii: "\"}")
    return place
  }

  @inline(__always)
  private static func appendInteger(
    _ varbind: Varbind, _ datagram: Span<UInt8>, _ names: ObjectNames, _ place: inout Place,
    with pen: inout BytePen
  ) {
    pen.append(ascii: "\",\"type\":\"integer\",\"value\":")
    let value = VarbindValue.integer(datagram, varbind.value)
    let at = pen.count
    if value >= 0, value < VarbindText.smallLimit {
      VarbindText.append(small: Int(value), isFollowed: false, names, with: &pen)
    } else {
      if value < 0 { pen.append(UInt8(ascii: "-")) }
      pen.append(decimal: value.magnitude)
    }
    guard let label = names.label(varbind.object, value) else {
      return repeatAsText(from: at, &place, with: &pen)
    }
    place.valueEnd = UInt32(truncatingIfNeeded: pen.count)
    pen.append(ascii: ",\"text\":\"")
    let textAt = pen.count
    pen.append(names.text, from: Int(label.at), count: Int(label.count))
    place.text = ByteRange(textAt, pen.count)
  }

  /// A text of printable ASCII that JSON writes as it is; false for what has others.
  @inline(__always)
  private static func appendText(
    _ varbind: Varbind, _ datagram: Span<UInt8>, _ place: inout Place, with pen: inout BytePen
  ) -> Bool {
    pen.append(ascii: "\",\"type\":\"octet_string\",\"value\":\"")
    let from = pen.count
    var at = varbind.value.start
    let end = varbind.value.end
    while at < end {
      let isInside = at &+ ByteBlock.width <= datagram.count
      let block = isInside ? ByteBlock(datagram, at) : ByteBlock(endOf: datagram, from: at)
      let count = min(end &- at, ByteBlock.width)
      guard JSONText.needsCare(block).first >= count else { return false }
      pen.append(block, count: count)
      at &+= count
    }
    let count = pen.count &- from
    pen.append(UInt8(ascii: "\""))
    place.valueEnd = UInt32(truncatingIfNeeded: pen.count)
    pen.append(ascii: ",\"text\":\"")
    let textAt = pen.count
    pen.repeatOwn(from: from, count: count)
    place.text = ByteRange(textAt, pen.count)
    return true
  }

  /// Ends a value that reads as its text does.
  @inline(__always)
  private static func repeatAsText(from at: Int, _ place: inout Place, with pen: inout BytePen) {
    let count = pen.count &- at
    place.valueEnd = UInt32(truncatingIfNeeded: pen.count)
    pen.append(ascii: ",\"text\":\"")
    let textAt = pen.count
    pen.repeatOwn(from: at, count: count)
    place.text = ByteRange(textAt, pen.count)
  }

  /// Writes any varbind but the two that say uptime and OID.
  @inline(never)
  private mutating func writeAny(
    _ slots: [Varbind], _ slot: Int, _ datagram: Span<UInt8>, _ names: ObjectNames
  ) {
    let varbind = slots[slot]
    let isSecret = VarbindText.isHidden(varbind)
    if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
    var place = Place(
      start: UInt32(truncatingIfNeeded: bytes.count), valueEnd: 0, name: .absent, text: .absent,
      bareCount: 0, isPlain: false)
    place.name = bytes.append(jsonHeadOf: varbind, datagram, names)
    if varbind.object != 0, !varbind.index.isEmpty {
      place.bareCount = UInt32(names.objects[Int(varbind.object)].nameCount)
    }
    if names.leads[Int(varbind.object)].isNumeric { isRegular = false }
    if isSecret { bytes.append(ascii: "null") } else { bytes.append(jsonValueOf: varbind, datagram) }
    place.valueEnd = UInt32(truncatingIfNeeded: bytes.count)
    if isSecret {
      bytes.append(ascii: ",\"text\":null}")
    } else {
      place.text = bytes.append(jsonTextOf: slot, slots, datagram, names)
      place.isPlain = JSONText.isPlain(bytes.span, place.text)
      bytes.append(UInt8(ascii: "}"))
    }
    places.append(place)
  }
}

extension VarbindForms.Place {
  /// Its bytes stand behind `offset` others.
  @inline(__always)
  fileprivate mutating func move(by offset: Int) {
    let step = UInt32(truncatingIfNeeded: offset)
    start &+= step
    valueEnd &+= step
    name.offset &+= step
    text.offset &+= step
  }
}

extension [UInt8] {
  /// Appends `{"oid":"…","name":"…","type":"…","value":` and says where the name stands.
  fileprivate mutating func append(
    jsonHeadOf varbind: Varbind, _ bytes: Span<UInt8>, _ names: ObjectNames
  ) -> ByteRange {
    let start = count
    var nameAt = 0
    var nameEnd = 0
    append(addingCapacity: 2 * VarbindText.room(Int(varbind.oid.count)) + 2 * VarbindText.slack) { json in
      json.append(ascii: "{\"oid\":\"")
      VarbindText.append(arcs: bytes, varbind.oid, isFirst: true, to: &json)
      json.append(ascii: "\",\"name\":\"")
      nameAt = json.count
      VarbindText.appendName(varbind, bytes, names, to: &json)
      nameEnd = json.count
      json.append(ascii: "\",\"type\":\"")
      json.append(ascii: VarbindValue.typeName(varbind.tag))
      json.append(ascii: "\",\"value\":")
    }
    return ByteRange(start &+ nameAt, start &+ nameEnd)
  }

  /// A number for what fits JSON's numbers, null for no value, else a string; what an object's words and
  /// forms would say is left to the text, so that a value can be read back.
  fileprivate mutating func append(jsonValueOf varbind: Varbind, _ bytes: Span<UInt8>) {
    switch varbind.tag {
    case BERTag.noSuchObject, BERTag.noSuchInstance, BERTag.endOfMibView: append(ascii: "null")
    case BERTag.integer, BERTag.counter32, BERTag.gauge32, BERTag.timeTicks, BERTag.uinteger32, BERTag.null:
      append(plainValueOf: varbind, bytes)
    default:
      append(UInt8(ascii: "\""))
      let start = count
      append(plainValueOf: varbind, bytes)
      if varbind.tag == BERTag.octetString { escapeQuotes(from: start) }
      append(UInt8(ascii: "\""))
    }
  }

  /// Appends the value by its type alone, so that it can be read back: no words, no addresses, no times.
  private mutating func append(plainValueOf varbind: Varbind, _ bytes: Span<UInt8>) {
    append(addingCapacity: VarbindText.room(Int(varbind.value.count)) + VarbindText.slack) {
      VarbindText.appendPlain(varbind.tag, varbind.value, bytes, to: &$0)
    }
  }

  /// Appends `,"text":"…"` and says where the text stands.
  fileprivate mutating func append(
    jsonTextOf place: Int, _ slots: [Varbind], _ bytes: Span<UInt8>, _ names: ObjectNames
  ) -> ByteRange {
    append(ascii: ",\"text\":\"")
    let start = count
    append(textOf: place, slots, bytes, names)
    if slots[place].tag == BERTag.octetString { escapeQuotes(from: start) }
    let end = count
    append(UInt8(ascii: "\""))
    return ByteRange(start, end)
  }

  /// Puts a backslash before each quote and backslash from `start` on, in place and from the back. The text
  /// of a value is clean and without controls, and they only occur in octet strings.
  private mutating func escapeQuotes(from start: Int) {
    var extra = [UInt8].extraBytes(span, from: start)
    if extra == 0 { return }
    var source = count
    for _ in 0..<extra { append(0) }
    var target = count
    while extra > 0 {
      source -= 1
      target -= 1
      self[target] = self[source]
      guard [UInt8].needsBackslash(self[source]) else { continue }
      target -= 1
      self[target] = UInt8(ascii: "\\")
      extra -= 1
    }
  }

  /// How many quotes and backslashes there are from `start` on.
  private static func extraBytes(_ bytes: Span<UInt8>, from start: Int) -> Int {
    var at = start
    // Most texts have none: sixteen bytes at a time.
    while at &+ ByteBlock.width <= bytes.count {
      if JSONText.needsCare(ByteBlock(bytes, at)).first < ByteBlock.width { break }
      at &+= ByteBlock.width
    }
    var extra = 0
    while at < bytes.count {
      if needsBackslash(bytes[at]) { extra += 1 }
      at &+= 1
    }
    return extra
  }

  private static func needsBackslash(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }
}
