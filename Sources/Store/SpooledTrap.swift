import Model

/// The `snmp` object of a trap's row, read for what the row's other texts say again: `raw_message`, which has
/// the same varbinds without their texts, and the labels, which are their names and texts.
struct SpooledTrap {
  private struct Varbind {
    /// From its bracket to the end of its value.
    var element: ByteRange
    var name: ByteRange
    /// Without its quotes, escaped; absent where it is null.
    var text: ByteRange
  }

  private let version: ByteRange
  private let uptime: ByteRange
  private let oid: ByteRange
  private var varbinds: [Varbind] = []

  /// Nil for what is no such object.
  init?(_ bytes: Span<UInt8>, _ object: ByteRange) {
    guard !object.isAbsent, object.end <= bytes.count else { return nil }
    var scan = ObjectScan(object)
    guard let version = scan.text(after: "{\"version\":\"", bytes),
      scan.find("\"uptime_ticks\":", bytes) != nil, let uptime = scan.upTo(UInt8(ascii: ","), bytes),
      let oid = scan.text(after: ",\"trap\":{\"oid\":\"", bytes),
      scan.find("},\"varbinds\":[", bytes) != nil
    else { return nil }
    self.version = version
    self.uptime = uptime
    self.oid = oid
    while !scan.takes("]}", bytes) {
      if !varbinds.isEmpty, !scan.takes(",", bytes) { return nil }
      guard let varbind = SpooledTrap.next(&scan, bytes) else { return nil }
      varbinds.append(varbind)
    }
    if scan.at != object.end { return nil }
  }

  private static func next(_ scan: inout ObjectScan, _ bytes: Span<UInt8>) -> Varbind? {
    let start = scan.at
    guard let name = scan.text(after: "\",\"name\":\"", bytes),
      let end = scan.find(",\"text\":", bytes)
    else { return nil }
    var text = ByteRange.absent
    if !scan.takes("null", bytes) {
      guard scan.takes("\"", bytes), let found = scan.string(bytes) else { return nil }
      text = found
    }
    guard scan.takes("}", bytes) else { return nil }
    return Varbind(element: ByteRange(start, end), name: name, text: text)
  }

  /// Appends `raw_message`.
  func appendRaw(from bytes: Span<UInt8>, to target: inout [UInt8]) -> ByteRange {
    let start = target.count
    target.append(ascii: "{\"version\":\"")
    target.append(bytes, version)
    target.append(ascii: "\",\"trap_oid\":\"")
    target.append(bytes, oid)
    target.append(ascii: "\",\"uptime\":")
    target.append(bytes, uptime)
    target.append(ascii: ",\"varbinds\":[")
    for (index, varbind) in varbinds.enumerated() {
      if index > 0 { target.append(UInt8(ascii: ",")) }
      target.append(bytes, varbind.element)
      target.append(UInt8(ascii: "}"))
    }
    target.append(ascii: "]}")
    return ByteRange(start, target.count)
  }

  /// Appends the labels: of each varbind that is shown its name and, where still free, the object's own, up
  /// to the first dot. An unknown object's name is numbers.
  func appendLabels(from bytes: Span<UInt8>, to target: inout [UInt8]) -> ByteRange {
    var labels = LabelSet()
    for varbind in varbinds where !varbind.text.isAbsent {
      let name = labels.bytes.append(bytes, varbind.name)
      let value = JSONText.appendUnquoted(bytes, varbind.text, to: &labels.bytes)
      labels.add(name: name, value: value)
      guard !name.isEmpty, !isDigit(labels.bytes[name.start]) else { continue }
      if let dot = labels.bytes[name.bounds].firstIndex(of: UInt8(ascii: ".")) {
        labels.add(name: ByteRange(name.start, dot), value: value)
      }
    }
    let start = target.count
    labels.appendJSON(to: &target)
    return ByteRange(start, target.count)
  }
}

/// Goes through an object that this program has written: keys in one order, no blanks. A quote inside a text
/// has a backslash before it, so that no text holds what is looked for here.
private struct ObjectScan {
  private let end: Int
  private(set) var at: Int

  init(_ object: ByteRange) {
    at = object.start
    end = object.end
  }

  /// Goes behind `words` if they come next.
  mutating func takes(_ words: StaticString, _ bytes: Span<UInt8>) -> Bool {
    let size = words.utf8CodeUnitCount
    guard end - at >= size, bytes.equalsASCII(ByteRange(at, at + size), words) else { return false }
    at += size
    return true
  }

  /// Goes behind the next `words`; where they begin.
  mutating func find(_ words: StaticString, _ bytes: Span<UInt8>) -> Int? {
    while at < end {
      let start = at
      if takes(words, bytes) { return start }
      at += 1
    }
    return nil
  }

  /// What comes before the next `stop`, which is gone to.
  mutating func upTo(_ stop: UInt8, _ bytes: Span<UInt8>) -> ByteRange? {
    let start = at
    while at < end, bytes[at] != stop { at += 1 }
    return at < end ? ByteRange(start, at) : nil
  }

  /// What stands in quotes behind the next `words`, which end in the first quote.
  mutating func text(after words: StaticString, _ bytes: Span<UInt8>) -> ByteRange? {
    guard find(words, bytes) != nil else { return nil }
    return upTo(UInt8(ascii: "\""), bytes)
  }

  /// The rest of a string whose first quote has been taken.
  mutating func string(_ bytes: Span<UInt8>) -> ByteRange? {
    let start = at
    while at < end, bytes[at] != UInt8(ascii: "\"") { at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
    guard at < end else { return nil }
    at += 1
    return ByteRange(start, at - 1)
  }
}
