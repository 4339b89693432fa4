/// Names and values that belong to one event: a winner's named captures, a trap's varbinds. Reused from
/// event to event, so that collecting them allocates nothing in the steady state.
package struct LabelSet: Sendable {
  package struct Entry: BitwiseCopyable, Sendable {
    package var name: ByteRange
    package var value: ByteRange
  }

  /// An event has at most this many labels; the rest is left out.
  package static var limit: Int { 64 }

  package private(set) var entries: [Entry] = []
  package var bytes: [UInt8] = []
  /// JSON writes every name and value as it stands here.
  private var isPlain = true

  package init() {
    entries.reserveCapacity(LabelSet.limit)
    bytes.reserveCapacity(4_096)
  }

  package mutating func clear() {
    entries.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
    isPlain = true
  }

  /// Adds a label whose name and value have just been appended to `bytes`. The first of a name stays.
  /// `isPlain`: neither holds anything that JSON writes differently.
  package mutating func add(name: ByteRange, value: ByteRange, isPlain: Bool = false) {
    guard entries.count < LabelSet.limit, self.value(of: bytes.span, name) == nil else { return }
    entries.append(Entry(name: name, value: value))
    if !isPlain { self.isPlain = false }
  }

  /// The value of the label called `text[name]`; nil when there is none.
  package func value(of text: Span<UInt8>, _ name: ByteRange) -> ByteRange? {
    for entry in entries where entry.name.count == name.count {
      var same = true
      for step in 0..<Int(name.count) where bytes[entry.name.start + step] != text[name.start + step] {
        same = false
        break
      }
      if same { return entry.value }
    }
    return nil
  }

  /// Appends the labels as a JSON object in their order.
  package func appendJSON(to target: inout [UInt8]) {
    if isPlain { return appendPlainJSON(to: &target) }
    target.append(UInt8(ascii: "{"))
    for (index, entry) in entries.enumerated() {
      if index > 0 { target.append(UInt8(ascii: ",")) }
      JSONText.append(bytes.span, entry.name, to: &target)
      target.append(UInt8(ascii: ":"))
      JSONText.append(bytes.span, entry.value, to: &target)
    }
    target.append(UInt8(ascii: "}"))
  }

  private func appendPlainJSON(to target: inout [UInt8]) {
    let text = bytes.span
    let entries = entries.span
    var size = 2
    for index in entries.indices {
      size &+= Int(entries[index].name.count) &+ Int(entries[index].value.count) &+ 6
    }
    target.append(addingCapacity: size) { json in
      json.write { pen in
        pen.append(UInt8(ascii: "{"))
        for index in entries.indices {
          pen.append(ascii: index > 0 ? ",\"" : "\"")
          pen.append(text, entries[index].name)
          pen.append(ascii: "\":\"")
          pen.append(text, entries[index].value)
          pen.append(UInt8(ascii: "\""))
        }
        pen.append(UInt8(ascii: "}"))
      }
    }
  }
}
