import Model

/// Walks over a JSON object without building it: the plain values of its keys, and of the keys one level
/// below. Takes anything and says only what it understood; one pass, no matter how it is nested.
struct JSONKeys: BitwiseCopyable {
  /// A key and its string (without the quotes), number or word; ranges of the datagram.
  struct Pair: BitwiseCopyable {
    /// The key whose object this pair is in; absent in the outermost.
    var parent: ByteRange
    var key: ByteRange
    var value: ByteRange

    var isNested: Bool { !parent.isAbsent }
  }

  private var at: Int
  private var depth = 0
  /// The depth of the outermost list one is in, where nothing is looked at; 0 outside of lists.
  private var hidden = 0
  private var parent: ByteRange = .absent
  private var key: ByteRange = .absent
  /// A string that may be a key, if a colon follows.
  private var text: ByteRange = .absent

  init(_ start: Int) { at = start }

  /// The next pair; nil behind the last one.
  mutating func next(_ bytes: Span<UInt8>, _ end: Int) -> Pair? {
    while at < end {
      let byte = bytes[at]
      switch byte {
      case UInt8(ascii: "\""):
        readText(bytes, end)
        if let pair = take(text) { return pair }
      case UInt8(ascii: ":"):
        key = text
        text = .absent
        at &+= 1
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        open(isObject: byte == UInt8(ascii: "{"))
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == hidden { hidden = 0 }
        depth &-= 1
        if depth <= 1 { parent = .absent }
        key = .absent
        at &+= 1
      case UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D:
        at &+= 1
      default:
        let start = at
        while at < end, !JSONKeys.endsWord(bytes[at]) { at &+= 1 }
        if at == start { at &+= 1 }
        if let pair = take(ByteRange(start, at)) { return pair }
      }
    }
    return nil
  }

  private mutating func open(isObject: Bool) {
    depth &+= 1
    if depth == 2 { parent = isObject ? key : .absent }
    if !isObject, hidden == 0 { hidden = depth }
    key = .absent
    at &+= 1
  }

  /// A value belongs to the key before it.
  private mutating func take(_ value: ByteRange) -> Pair? {
    if key.isAbsent { return nil }
    let pair = Pair(parent: parent, key: key, value: value)
    key = .absent
    text = .absent
    return hidden == 0 && (depth == 1 || depth == 2 && !parent.isAbsent) ? pair : nil
  }

  /// Steps over a string; `text` is what stands in it, with its escapes.
  private mutating func readText(_ bytes: Span<UInt8>, _ end: Int) {
    let start = at &+ 1
    at = start
    while at < end, bytes[at] != UInt8(ascii: "\"") { at &+= bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
    at = min(at, end)
    text = ByteRange(start, at)
    at = min(at &+ 1, end)
  }

  private static func endsWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0...0x20, UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "}"), UInt8(ascii: "]"),
      UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""):
      true
    default: false
    }
  }
}
