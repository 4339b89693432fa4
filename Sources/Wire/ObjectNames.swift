package import Model

/// What numbers are called: from the content octets of an object identifier to the object with the longest
/// known prefix, its name, its words and the part behind it, its index. Built once, never changed, shared.
///
/// The first eight octets are found by their hash as one word, what follows octet by octet in a compressed
/// trie: an interface's column takes one probe and one step. Objects of seven octets (the system group) have
/// a table of their own, shorter ones are not known.
///
/// A class, so that a notification and whoever writes it share one without a count an array.
package final class ObjectNames: Sendable {
  /// An object as the texts need it; offsets count in `text`.
  struct Object: BitwiseCopyable {
    /// A space stands before the name, a dot behind it.
    var nameAt: UInt32 = 0
    var hintAt: UInt32 = 0
    /// Where the JSON of its varbinds begins.
    var headAt: UInt32 = 0
    var headCount: UInt16 = 0
    /// The first of its labels.
    var labelAt: UInt32 = 0
    var labelCount: UInt16 = 0
    /// No other object lies below it: whatever begins like it is it.
    var isLast = false
    /// The value of the first label, when the others follow one by one.
    var firstValue: Int32 = 0
    var isDense = false
    var syntax: ObjectSyntax = .plain
    var nameCount: UInt8 = 0
    var hintCount: UInt8 = 0
  }

  /// ` ifOperStatus.` in `text`, and whether octet strings are written as they are.
  struct Lead: BitwiseCopyable {
    var at: UInt32
    var count: UInt8
    var isPlain: Bool
    /// `LikenessReader.isTame`
    var isTame: Bool
    /// The name begins with a digit, as an unknown object's numbers do.
    var isNumeric: Bool
    /// `{"oid":"1.3.6.1.2.1.2.2.1.8.` in `text`.
    var headCount: UInt16
    var headAt: UInt32
  }

  /// A value's word, written out: `down(2)`.
  struct Label: BitwiseCopyable {
    var value: Int32
    var at: UInt32
    var count: UInt8
  }

  /// A slot of a hash table; key 0 is empty, since no object begins with eight zeros.
  struct Head: BitwiseCopyable {
    var key: UInt64 = 0
    /// A node, or of seven octets the object.
    var target: UInt32 = 0
  }

  /// A fork of the trie: octets that must follow, perhaps an object that ends there, then a choice by the
  /// next octet.
  struct Node: BitwiseCopyable {
    /// Up to eight octets, the first lowest, and which bits of them count.
    var edge: UInt64 = 0
    var mask: UInt64 = 0
    var object: UInt32 = 0
    /// The slot of the octet `low`; `width` slots follow one another.
    var slots: UInt32 = 0
    var width: UInt16 = 0
    var low: UInt8 = 0
    var edgeCount: UInt8 = 0
  }

  /// A slot holds 0, a node, or with this bit an object that ends here.
  static var leaf: UInt32 { 0x8000_0000 }

  /// Objects that the decoder and the texts treat on their own have fixed places; 0 is no object. The first
  /// two are what the varbinds become that a notification's uptime and OID were read from: no look-up gives
  /// them, and others of the same names are varbinds like all. Behind them stand those whose values are
  /// secrets, up to `lastSecret`.
  static var takenUpTime: UInt32 { 1 }
  static var takenTrapOID: UInt32 { 2 }
  static var lastSecret: UInt32 { 14 }
  static var sysUpTime: UInt32 { 15 }
  static var snmpTrapOID: UInt32 { 16 }
  static var snmpTrapEnterprise: UInt32 { 17 }
  static var snmpTrapAddress: UInt32 { 18 }

  let objects: [Object]
  let labels: [Label]
  private let heads: [Head]
  private let shortHeads: [Head]
  private let nodes: [Node]
  private let slots: [UInt32]
  /// Small numbers, names, words and hints; a block can be read from every offset that is used.
  let text: [UInt8]
  /// Of each object what a usual varbind begins with.
  let leads: [Lead]

  /// What is known without any MIB file.
  package static let builtIn = ObjectNames(BuiltInNames.objects)

  /// Of two objects with one number the later one counts, but for those that mean something to the decoder:
  /// they are always there, and are called what they are. What cannot be called by its name
  /// (letters, digits and hyphens; seven octets or more) is left out.
  package init(_ list: [MIBObject]) {
    let index = NameIndex(list)
    objects = index.objects
    labels = index.labels
    heads = index.heads
    shortHeads = index.shortHeads
    nodes = index.nodes
    slots = index.slots
    text = index.text
    let text = index.text
    leads = index.objects.map {
      let name = text.span.extracting(Int($0.nameAt)..<Int($0.nameAt) + Int($0.nameCount))
      return Lead(
        at: $0.nameAt &- 1, count: $0.nameCount + 2, isPlain: $0.syntax == .plain,
        isTame: LikenessReader.isTame(name), isNumeric: name.count > 0 && isDigit(name[0]),
        headCount: $0.headCount, headAt: $0.headAt)
    }
  }

  /// Where `text` has the digits of `value`, `=` behind them, and how many they are.
  @inline(__always)
  static func number(_ value: UInt8) -> (at: Int, digits: Int) {
    (4 &* Int(value), value < 10 ? 1 : value < 100 ? 2 : 3)
  }

  /// How many objects and notifications have a name.
  package var count: Int { objects.count - 1 - Int(ObjectNames.takenTrapOID) }

  /// The object whose octets begin `bytes[start..<end]`, 0 when there is none, and where its index begins.
  @inline(__always)
  func find(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> (object: UInt32, index: Int) {
    guard end &- start >= 8 else { return findShort(bytes, start, end) }
    let node = ObjectNames.probe(heads, ByteWord.load(bytes, start))
    if node == 0 { return findShort(bytes, start, end) }
    return descend(bytes, start, end, from: Int(node))
  }

  /// Says what the varbind's object is, and where its index begins.
  @inline(__always)
  func name(_ varbind: inout Varbind, _ bytes: Span<UInt8>) {
    let (object, index) = find(bytes, varbind.oid.start, varbind.oid.end)
    varbind.object = object
    varbind.indexAt = UInt32(truncatingIfNeeded: index)
  }

  /// The target of `key`, 0 when it is not there.
  @inline(__always)
  static func probe(_ heads: [Head], _ key: UInt64) -> UInt32 {
    let mask = heads.count &- 1
    var at = ObjectNames.place(key) & mask
    while true {
      let head = heads[at]
      if head.key == key { return head.target }
      if head.key == 0 { return 0 }
      at = (at &+ 1) & mask
    }
  }

  @inline(__always)
  static func place(_ key: UInt64) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) &>> 40)
  }

  @inline(__always)
  private func descend(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, from first: Int
  ) -> (object: UInt32, index: Int) {
    var at = start &+ 8
    var node = nodes[first]
    var found: (object: UInt32, index: Int) = (0, end)
    while true {
      if node.edgeCount > 0 {
        guard matches(bytes, at, end, node) else { break }
        at &+= Int(node.edgeCount)
      }
      if node.object != 0 { found = (node.object, at) }
      guard at < end else { break }
      let branch = Int(bytes[at]) &- Int(node.low)
      guard branch >= 0, branch < Int(node.width) else { break }
      let next = slots[Int(node.slots) &+ branch]
      at &+= 1
      if next & ObjectNames.leaf != 0 { return (next & ~ObjectNames.leaf, at) }
      if next == 0 { break }
      node = nodes[Int(next)]
    }
    return found.object != 0 ? found : findShort(bytes, start, end)
  }

  @inline(__always)
  private func matches(_ bytes: Span<UInt8>, _ at: Int, _ end: Int, _ node: Node) -> Bool {
    guard end &- at >= Int(node.edgeCount) else { return false }
    if at &+ 8 <= bytes.count { return (ByteWord.load(bytes, at) ^ node.edge) & node.mask == 0 }
    for step in 0..<Int(node.edgeCount)
    where bytes[at &+ step] != UInt8(truncatingIfNeeded: node.edge &>> UInt64(8 &* step)) { return false }
    return true
  }

  @inline(never)
  private func findShort(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> (object: UInt32, index: Int) {
    guard end &- start >= 7 else { return (0, end) }
    var key: UInt64 = 0
    for step in 0..<7 { key |= UInt64(bytes[start &+ step]) &<< UInt64(8 &* step) }
    return (ObjectNames.probe(shortHeads, key), start &+ 7)
  }

  /// The notification of this number; 0 when it has no name.
  @inline(__always)
  func notification(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> UInt32 {
    let found = exactNotification(bytes, start, end)
    return found != 0 ? found : notificationWithoutZero(bytes, start, end)
  }

  @inline(__always)
  private func exactNotification(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> UInt32 {
    let (object, index) = find(bytes, start, end)
    return index == end && objects[Int(object)].syntax == .notification ? object : 0
  }

  /// A trap of version 1, and what a proxy has made of one, has a zero before its last arc (RFC 3584 §3.1),
  /// whether it is defined with one or not. Without a name of its own it is called what the number without
  /// the zero is.
  @inline(never)
  private func notificationWithoutZero(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> UInt32 {
    var last = end &- 1
    while last > start, bytes[last &- 1] >= 0x80 { last &-= 1 }
    let zero = last &- 1
    // Behind an octet that goes on, 0 ends another arc.
    guard zero > start, bytes[zero] == 0, bytes[zero &- 1] < 0x80, end &- start <= 64 else { return 0 }
    var octets: [64 of UInt8] = .init(repeating: 0)
    var count = 0
    for index in start..<end where index != zero {
      octets[count] = bytes[index]
      count &+= 1
    }
    return exactNotification(octets.span, 0, count)
  }

  /// The word for a value; nil when the object has no words or none for this value.
  @inline(__always)
  func label(_ object: UInt32, _ value: Int64) -> Label? {
    let place = Int(object)
    let count = Int64(objects[place].labelCount)
    if count == 0 { return nil }
    guard objects[place].isDense else { return search(objects[place], value) }
    let step = value &- Int64(objects[place].firstValue)
    guard step >= 0, step < count else { return nil }
    return labels[Int(objects[place].labelAt) &+ Int(step)]
  }

  @inline(never)
  private func search(_ object: Object, _ value: Int64) -> Label? {
    for at in Int(object.labelAt)..<Int(object.labelAt) + Int(object.labelCount)
    where Int64(labels[at].value) == value { return labels[at] }
    return nil
  }
}
