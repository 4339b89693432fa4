import Model

/// How a varbind looked that was read in full: its first 24 octets, and which of their bits the next one of
/// the same object has in common with it. A kind of notification has the same objects in the same order, so
/// that most varbinds are known by their shape, and neither read octet by octet nor looked up.
///
///     30 LL 06 NN  arcs of the object  arcs of the index  TT VV  value
///
/// Alike must be all but the value and the index, whose arcs are an octet each, but for one that may take
/// some; of an open shape LL and VV may differ too.
struct VarbindShape: BitwiseCopyable {
  private var octets = ByteTriple(0, 0, 0)
  // Octet 0 must be 0x30: nothing has the shape of nothing.
  private var mask = ByteTriple(0xFF, 0, 0)
  private var object: UInt32 = 0
  private var tag: UInt8 = 0
  /// Where the index and the value begin and the varbind ends, counted from its own start; an open one ends
  /// where it says.
  private var indexStep: UInt8 = 0
  private var valueStep: UInt8 = 0
  private var endStep: UInt8 = 0
  /// The octet that begins the longer arc of the index, counted likewise; 0 when there is none.
  private var longStep: UInt8 = 0
  /// The lengths that an open shape's value may have.
  private var leastCount: UInt8 = 0
  private var mostCount: UInt8 = 0

  /// Kinds of notifications whose shapes are kept: with the places, 32 KiB for whoever decodes. Two kinds
  /// that share a row displace each other's.
  static var rows: Int { 32 }
  /// Varbinds of a notification whose shapes are kept.
  static var places: Int { 16 }

  /// Where the shapes of a kind of notification begin.
  @inline(__always)
  static func row(_ kind: UInt64) -> Int {
    Int(truncatingIfNeeded: (kind &* 0x9E37_79B9_7F4A_7C15) &>> 59) &* places
  }

  /// None.
  init() {}

  /// The shape of `varbind`, whose lengths are an octet each and whose object has no other below it; nil when
  /// it goes beyond the octets that are compared, or two arcs of its index take several.
  init?(_ bytes: Span<UInt8>, _ varbind: Varbind, after other: VarbindShape) {
    let start = varbind.oid.start &- 4
    let value = varbind.value.start &- start
    guard value < ByteTriple.width, varbind.value.end &- start >= 16 else { return nil }
    // An object that has had values of other lengths will have them again.
    var isOpen = other.object == varbind.object && other.tag == varbind.tag
    object = varbind.object
    tag = varbind.tag
    indexStep = UInt8(truncatingIfNeeded: Int(varbind.indexAt) &- start)
    valueStep = UInt8(truncatingIfNeeded: value)
    endStep = UInt8(truncatingIfNeeded: varbind.value.end &- start)
    var masks: [3 of UInt64] = .init(repeating: 0)
    func mark(_ octet: Int, _ bits: UInt64) { masks[octet &>> 3] |= bits &<< UInt64(8 &* (octet & 7)) }
    for octet in 0..<Int(indexStep) { mark(octet, 0xFF) }
    for octet in Int(indexStep)..<value &- 2 { mark(octet, 0x80) }
    for octet in Int(indexStep)..<value &- 2 where bytes[start &+ octet] >= 0x80 {
      if octet > Int(indexStep), bytes[start &+ octet &- 1] >= 0x80 { continue }
      guard longStep == 0 else { return nil }
      longStep = UInt8(truncatingIfNeeded: octet)
    }
    mark(value &- 2, 0xFF)
    mark(value &- 1, 0xFF)
    switch tag {
    case BERTag.octetString:
      mostCount = 0x7F
      isOpen = true
    case BERTag.integer:
      leastCount = 1
      mostCount = 8
    case BERTag.ipAddress, BERTag.counter32, BERTag.gauge32, BERTag.timeTicks: isOpen = false
    default: return nil
    }
    mask = ByteTriple(masks[0], masks[1], masks[2])
    if isOpen {
      endStep = 0
      mask = mask & VarbindShape.all(but: 1) & VarbindShape.all(but: value &- 1)
    }
    octets = ByteTriple(bytes, start)
  }

  private static func all(but octet: Int) -> ByteTriple {
    let bits = ~(0xFF &<< UInt64(8 &* (octet & 7)) as UInt64)
    return ByteTriple(octet < 8 ? bits : .max, 8..<16 ~= octet ? bits : .max, octet >= 16 ? bits : .max)
  }

  /// The varbind at `at` of a list that ends at `end`; nil when it has another shape.
  @inline(__always)
  func read(_ bytes: Span<UInt8>, _ at: Int, _ end: Int) -> Varbind? {
    guard at &+ 16 <= end, ByteTriple(bytes, at).equals(octets, mask: mask) else { return nil }
    let valueAt = at &+ Int(valueStep)
    var next = at &+ Int(endStep)
    if endStep == 0 {
      next = openEnd(bytes, at, valueAt)
    }
    guard next <= end, longStep == 0 || bytes[at &+ Int(longStep)] != 0x80 else { return nil }
    var varbind = Varbind(
      oid: ByteRange(at &+ 4, valueAt &- 2), tag: tag, value: ByteRange(valueAt, next))
    varbind.object = object
    varbind.indexAt = UInt32(truncatingIfNeeded: at &+ Int(indexStep))
    return varbind
  }

  /// Where the varbind ends whose lengths are not known yet; beyond everything when they do not fit.
  @inline(__always)
  private func openEnd(_ bytes: Span<UInt8>, _ at: Int, _ valueAt: Int) -> Int {
    guard valueAt <= bytes.count else { return .max }
    let all = Int(bytes[at &+ 1])
    let count = Int(bytes[valueAt &- 1])
    let next = valueAt &+ count
    // One octet says each of the two.
    return next == at &+ 2 &+ all && all < 0x80 && count >= Int(leastCount) && count <= Int(mostCount)
      ? next : .max
  }
}

extension TrapDecoder {
  /// Reads varbinds as long as they have the shapes that are known of their places: the first that has not is
  /// left to be read in full.
  @inline(__always)
  static func readKnown(
    _ bytes: Span<UInt8>, _ list: inout BERReader, _ shapes: Span<VarbindShape>, _ row: Int,
    _ slots: inout MutableSpan<Varbind>, _ count: inout Int
  ) {
    let end = list.end
    while count < VarbindShape.places, list.at < end {
      guard let varbind = shapes[row &+ count].read(bytes, list.at, end) else { return }
      slots[count] = varbind
      list.at = varbind.value.end
      count &+= 1
    }
  }

  /// Keeps how `varbind` looks, if the next one of its shape is sure to be of the same object, and to say
  /// nothing of the notification itself.
  @inline(never)
  static func learn(
    _ bytes: Span<UInt8>, _ varbind: Varbind, _ names: ObjectNames, _ shape: inout VarbindShape
  ) {
    guard varbind.object > ObjectNames.snmpTrapAddress, names.objects[Int(varbind.object)].isLast,
      let new = VarbindShape(bytes, varbind, after: shape)
    else { return }
    shape = new
  }
}
