/// An object identifier as its arcs; at most 128 of them, each below 2^32 (RFC 2578 §3.5).
/// Stored in line, 520 bytes, so that decoding a trap allocates nothing; pass it `borrowing` or `inout`.
package struct ObjectID: BitwiseCopyable, Sendable {
  package static var limit: Int { 128 }

  package private(set) var count: Int
  private var arcs: [128 of UInt32]

  package init() {
    self.count = 0
    self.arcs = .init(repeating: 0)
  }

  /// Reads dotted text; a leading dot is accepted. Nil for anything that is no OID of 1 to 128 arcs.
  package init?(_ text: String) {
    self.init()
    var rest = Substring(text)
    if rest.first == "." { rest = rest.dropFirst() }
    for part in rest.split(separator: ".", omittingEmptySubsequences: false) {
      guard part.utf8.allSatisfy(isDigit), let arc = UInt32(part), append(arc) else { return nil }
    }
    if isEmpty { return nil }
  }

  /// Nil for no arcs and for more than 128.
  package init?(arcs: [UInt32]) {
    self.init()
    for arc in arcs where !append(arc) { return nil }
    if isEmpty { return nil }
  }

  package var isEmpty: Bool { count == 0 }

  package subscript(index: Int) -> UInt32 {
    precondition(index < count, "arc \(index) of \(count)")
    return arcs[index]
  }

  /// False when there is no room for another arc; nothing is changed then.
  package mutating func append(_ arc: UInt32) -> Bool {
    guard count < ObjectID.limit else { return false }
    arcs[count] = arc
    count &+= 1
    return true
  }

  /// The identifier whose content octets `bytes[start..<end]` are, each below 128 an arc of its own but for
  /// the first, which is two (X.690 §8.19.4). At most sixteen octets.
  package mutating func setShort(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) {
    precondition(start < end && end &- start <= 16, "a short object identifier")
    let first = UInt32(bytes[start])
    let top: UInt32 = first < 40 ? 0 : first < 80 ? 1 : 2
    arcs[0] = top
    arcs[1] = first &- top &* 40
    var place = 2
    for index in start &+ 1..<end {
      arcs[place] = UInt32(bytes[index])
      place &+= 1
    }
    count = place
  }

  package mutating func removeAll() { count = 0 }

  package mutating func removeLast() { count -= 1 }

  /// True when every arc of `prefix` stands at the start of this one: 1.3.6.1.4.1.9 is a prefix of
  /// 1.3.6.1.4.1.9.9.41 and not of 1.3.6.1.4.1.99.
  package func starts(with prefix: ObjectID) -> Bool {
    guard prefix.count <= count else { return false }
    for index in 0..<prefix.count where arcs[index] != prefix.arcs[index] { return false }
    return true
  }
}

extension ObjectID: Equatable {
  package static func == (left: ObjectID, right: ObjectID) -> Bool {
    left.count == right.count && left.starts(with: right)
  }
}

extension ObjectID: CustomStringConvertible {
  package var description: String {
    var bytes: [UInt8] = []
    bytes.append(oid: self)
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension [UInt8] {
  /// Appends dotted decimal without a leading dot.
  package mutating func append(oid: ObjectID) {
    // An arc has ten digits at the most, and its dot.
    append(addingCapacity: 11 * oid.count) { text in
      for index in 0..<oid.count {
        if index > 0 { text.append(UInt8(ascii: ".")) }
        text.append(decimal: UInt64(oid[index]))
      }
    }
  }
}
