import Model

/// From a list of objects to the arrays of the look-up. A cold path: it runs once at start.
struct NameIndex {
  /// Names are at most this long (RFC 2578 §3.1), and so are words; longer ones are left out.
  static var nameLimit: Int { 64 }
  /// The words of one object.
  static var labelLimit: Int { 1_024 }

  private(set) var objects = [ObjectNames.Object()]
  private(set) var labels: [ObjectNames.Label] = []
  private(set) var heads: [ObjectNames.Head] = []
  private(set) var shortHeads: [ObjectNames.Head] = []
  private(set) var nodes: [ObjectNames.Node] = []
  private(set) var slots: [UInt32] = []
  private(set) var text: [UInt8] = []

  /// The objects that have fixed places, in their order from 1; of two with one number the later is found.
  private static let fixed: [MIBObject] = [
    MIBObject(oid: [1, 3, 6, 1, 2, 1, 1, 3], name: "sysUpTime"),
    MIBObject(oid: [1, 3, 6, 1, 6, 3, 1, 1, 4, 1], name: "snmpTrapOID"),
    MIBObject(oid: [1, 3, 6, 1, 6, 3, 18, 1, 4], name: "snmpTrapCommunity"),
    MIBObject(oid: [1, 3, 6, 1, 6, 3, 18, 1, 1, 1, 2], name: "snmpCommunityName"),
    MIBObject(oid: [1, 3, 6, 1, 2, 1, 14, 7, 1, 16], name: "ospfIfAuthKey"),
    MIBObject(oid: [1, 3, 6, 1, 2, 1, 14, 9, 1, 9], name: "ospfVirtIfAuthKey"),
    MIBObject(oid: [1, 3, 6, 1, 2, 1, 16, 9, 1, 1, 4], name: "eventCommunity"),
    MIBObject(oid: [1, 3, 6, 1, 2, 1, 16, 19, 13, 1, 2], name: "trapDestCommunity"),
    MIBObject(oid: [1, 3, 6, 1, 2, 1, 23, 3, 1, 4], name: "rip2IfConfAuthKey"),
    MIBObject(oid: [1, 3, 6, 1, 2, 1, 68, 1, 3, 1, 10], name: "vrrpOperAuthKey"),
    MIBObject(oid: [1, 3, 6, 1, 2, 1, 69, 1, 2, 1, 4], name: "docsDevNmAccessCommunity"),
    MIBObject(oid: [1, 3, 6, 1, 4, 1, 9, 9, 46, 1, 9, 1, 1, 1], name: "vtpAuthPassword"),
    MIBObject(oid: [1, 3, 6, 1, 4, 1, 9, 9, 96, 1, 1, 1, 1, 8], name: "ccCopyUserPassword"),
    MIBObject(oid: [1, 3, 6, 1, 4, 1, 9, 9, 106, 1, 2, 1, 1, 2], name: "cHsrpGrpAuth"),
    MIBObject(oid: [1, 3, 6, 1, 2, 1, 1, 3], name: "sysUpTime"),
    MIBObject(oid: [1, 3, 6, 1, 6, 3, 1, 1, 4, 1], name: "snmpTrapOID"),
    MIBObject(oid: [1, 3, 6, 1, 6, 3, 1, 1, 4, 3], name: "snmpTrapEnterprise"),
    MIBObject(oid: [1, 3, 6, 1, 6, 3, 18, 1, 3], name: "snmpTrapAddress"),
  ]

  init(_ list: [MIBObject]) {
    for value in 0...255 {
      text.append(decimal: value)
      text.append(UInt8(ascii: "="))
      while text.count < ObjectNames.number(UInt8(value)).at + 4 { text.append(0) }
    }
    var octets: [[UInt8]] = [[]]
    var places: [[UInt8]: Int] = [:]
    for item in NameIndex.fixed {
      octets.append(NameIndex.content(item.oid))
      if let place = places.updateValue(objects.count, forKey: octets[objects.count]) { octets[place] = [] }
      objects.append(makeObject(item))
    }
    for item in list {
      let content = NameIndex.content(item.oid)
      guard content.count >= 7, NameIndex.isName(item.name) else { continue }
      if let place = places[content] {
        if place > NameIndex.fixed.count { objects[place] = makeObject(item) }
      } else {
        places[content] = objects.count
        octets.append(content)
        objects.append(makeObject(item))
      }
    }
    // A block may be read from behind the last byte on.
    text.append(contentsOf: [UInt8](repeating: 0, count: ByteBlock.width))
    index(octets)
  }

  /// The content octets of an object identifier (X.690 §8.19); none for what cannot be one.
  static func content(_ arcs: [UInt32]) -> [UInt8] {
    guard arcs.count >= 2, arcs.count <= ObjectID.limit, arcs[0] <= 2, arcs[0] == 2 || arcs[1] < 40 else {
      return []
    }
    var content: [UInt8] = []
    append(UInt64(arcs[0]) * 40 + UInt64(arcs[1]), to: &content)
    for arc in arcs.dropFirst(2) { append(UInt64(arc), to: &content) }
    return content
  }

  /// Appends one subidentifier.
  static func append(_ value: UInt64, to content: inout [UInt8]) {
    var shift: UInt64 = 63
    while shift > 0, value &>> shift == 0 { shift -= 7 }
    while shift > 0 {
      content.append(UInt8(truncatingIfNeeded: value &>> shift) | 0x80)
      shift -= 7
    }
    content.append(UInt8(truncatingIfNeeded: value) & 0x7F)
  }

  private static func isName(_ name: String) -> Bool {
    guard !name.isEmpty, name.utf8.count <= nameLimit else { return false }
    return name.utf8.allSatisfy {
      isDigit($0) || lowered($0) &- 0x61 < 26 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
    }
  }

  private mutating func makeObject(_ item: MIBObject) -> ObjectNames.Object {
    var object = ObjectNames.Object()
    object.syntax = item.syntax
    // As it stands in a line, with an index behind it.
    text.append(UInt8(ascii: " "))
    object.nameAt = UInt32(text.count)
    object.nameCount = UInt8(item.name.utf8.count)
    text.append(text: item.name)
    text.append(UInt8(ascii: "."))
    object.headAt = UInt32(text.count)
    text.append(ascii: "{\"oid\":\"")
    for arc in item.oid {
      text.append(decimal: UInt64(arc))
      text.append(UInt8(ascii: "."))
    }
    object.headCount = UInt16(text.count - Int(object.headAt))
    if item.syntax == .hint, item.hint.utf8.count <= 255 {
      object.hintAt = UInt32(text.count)
      object.hintCount = UInt8(item.hint.utf8.count)
      text.append(text: item.hint)
    }
    let usable = item.labels.filter { NameIndex.isName($0.word) }.prefix(NameIndex.labelLimit)
      .sorted { $0.value < $1.value }
    guard let first = usable.first, let last = usable.last else { return object }
    object.labelAt = UInt32(labels.count)
    object.labelCount = UInt16(usable.count)
    object.firstValue = first.value
    // Each value is there once.
    object.isDense =
      Int(last.value) - Int(first.value) == usable.count - 1
      && zip(usable, usable.dropFirst()).allSatisfy { $0.value < $1.value }
    for label in usable {
      let at = text.count
      text.append(text: label.word)
      text.append(UInt8(ascii: "("))
      text.append(decimal: Int64(label.value))
      text.append(UInt8(ascii: ")"))
      labels.append(ObjectNames.Label(value: label.value, at: UInt32(at), count: UInt8(text.count - at)))
    }
    return object
  }

  /// Enters `octets[object]`, from 1 on, of every object.
  private mutating func index(_ octets: [[UInt8]]) {
    nodes = [ObjectNames.Node()]
    slots = []
    var short: [(UInt64, UInt32)] = []
    var groups: [UInt64: [Int]] = [:]
    for object in octets.indices.dropFirst() where !octets[object].isEmpty {
      let content = octets[object]
      if content.count == 7 {
        short.append((NameIndex.word(content, 0, 7), UInt32(object)))
      } else {
        groups[NameIndex.word(content, 0, 8), default: []].append(object)
      }
    }
    var long: [(UInt64, UInt32)] = []
    for (key, members) in groups.sorted(by: { $0.key < $1.key }) {
      let sorted = members.sorted { octets[$0].lexicographicallyPrecedes(octets[$1]) }
      long.append((key, addNode(sorted[...], 8, octets)))
    }
    heads = NameIndex.table(long)
    shortHeads = NameIndex.table(short)
    // In their order the objects below another one follow it.
    let order = octets.indices.dropFirst().sorted { octets[$0].lexicographicallyPrecedes(octets[$1]) }
    for (place, object) in order.enumerated() {
      let next = place + 1 < order.count ? octets[order[place + 1]] : []
      objects[object].isLast = !next.starts(with: octets[object])
    }
  }

  private static func table(_ entries: [(key: UInt64, target: UInt32)]) -> [ObjectNames.Head] {
    var size = 16
    while size < 2 * entries.count { size *= 2 }
    var heads = [ObjectNames.Head](repeating: ObjectNames.Head(), count: size)
    for (key, target) in entries {
      var at = ObjectNames.place(key) & (size - 1)
      while heads[at].key != 0 { at = (at + 1) & (size - 1) }
      heads[at] = ObjectNames.Head(key: key, target: target)
    }
    return heads
  }

  /// The node for `members`, sorted and alike in their first `depth` octets.
  private mutating func addNode(_ members: ArraySlice<Int>, _ depth: Int, _ octets: [[UInt8]]) -> UInt32 {
    let first = octets[members[members.startIndex]]
    let last = octets[members[members.endIndex - 1]]
    // Sorted, so that what the first and the last share is shared by all.
    let most = min(8, min(first.count, last.count) - depth)
    var common = 0
    while common < most, first[depth + common] == last[depth + common] { common += 1 }
    var node = ObjectNames.Node()
    node.edge = NameIndex.word(first, depth, common)
    node.mask = common == 8 ? .max : (1 << UInt64(8 * common)) - 1
    node.edgeCount = UInt8(common)
    let fork = depth + common
    var rest = members
    if first.count == fork {
      node.object = UInt32(rest[rest.startIndex])
      rest = rest.dropFirst()
    }
    let place = nodes.count
    nodes.append(node)
    if rest.isEmpty { return UInt32(place) }
    let low = octets[rest[rest.startIndex]][fork]
    let high = octets[rest[rest.endIndex - 1]][fork]
    nodes[place].low = low
    nodes[place].width = UInt16(high - low) + 1
    nodes[place].slots = UInt32(slots.count)
    let base = slots.count
    slots.append(contentsOf: [UInt32](repeating: 0, count: Int(nodes[place].width)))
    while let start = rest.first {
      let octet = octets[start][fork]
      let count = rest.prefix { octets[$0][fork] == octet }.count
      let isLeaf = count == 1 && octets[start].count == fork + 1
      slots[base + Int(octet - low)] =
        isLeaf ? UInt32(start) | ObjectNames.leaf : addNode(rest.prefix(count), fork + 1, octets)
      rest = rest.dropFirst(count)
    }
    return UInt32(place)
  }

  /// Up to eight octets as a number, the first lowest.
  private static func word(_ octets: [UInt8], _ start: Int, _ count: Int) -> UInt64 {
    var word: UInt64 = 0
    for step in 0..<count { word |= UInt64(octets[start + step]) << UInt64(8 * step) }
    return word
  }
}
