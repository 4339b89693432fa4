import Model

/// The notation of the built-in tables, words separated by spaces:
///
///     %TruthValue true=1 false=2                      words that several objects share
///     @ifEntry 1.3.6.1.2.1.2.2.1                      a group: its node's name and number
///     ifOperStatus 8 up=1 down=2 testing=3            an object: its arc, how its values read, its words
///     + unknown=4 dormant=5                           the line before goes on
///     ifPromiscuousMode 16 %TruthValue
///     ifPhysAddress 6 mac
///     linkDown 3 trap
///
/// How values read is `trap`, `hex`, `mac`, `time`, `address`, `family` (InetAddressType), `bits` or nothing;
/// the node's name is for the reader.
struct NameNotation {
  private(set) var objects: [MIBObject] = []
  /// What could not be read, for the test that finds nothing here.
  private(set) var faults: [String] = []
  private var shared: [String: [MIBObject.Label]] = [:]
  private var group: [UInt32] = []
  /// The shared enumeration whose line may go on; empty: the last object's may.
  private var sharing = ""

  private static let syntaxes: [String: ObjectSyntax] = [
    "trap": .notification, "hex": .octets, "mac": .physicalAddress, "time": .dateAndTime,
    "address": .inetAddress, "family": .inetAddressType, "bits": .bits,
  ]

  mutating func read(_ table: StaticString) {
    read(table.description)
  }

  mutating func read(_ table: String) {
    for line in table.utf8.split(separator: UInt8(ascii: "\n")) {
      let words = line.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
      guard let first = words.first else { continue }
      switch first.utf8.first {
      case UInt8(ascii: "%"):
        sharing = String(first.dropFirst())
        shared[sharing] = words.dropFirst().compactMap { label($0) }
      case UInt8(ascii: "@"):
        group = words.last.flatMap { arcs($0) } ?? []
        if group.isEmpty || words.count != 2 { faults.append(words.joined(separator: " ")) }
      case UInt8(ascii: "+"):
        for word in words.dropFirst() { add(word) }
      default:
        sharing = ""
        guard words.count > 1, let tail = arcs(words[1]) else {
          faults.append(words.joined(separator: " "))
          continue
        }
        objects.append(MIBObject(oid: group + tail, name: first))
        for word in words.dropFirst(2) { add(word) }
      }
    }
  }

  private mutating func add(_ word: String) {
    if !sharing.isEmpty {
      if let label = label(word) { shared[sharing]?.append(label) }
      return
    }
    guard !objects.isEmpty else { return faults.append(word) }
    let last = objects.count - 1
    if word.utf8.first == UInt8(ascii: "%") {
      guard let labels = shared[String(word.dropFirst())] else { return faults.append(word) }
      objects[last].labels = labels
    } else if let syntax = NameNotation.syntaxes[word] {
      objects[last].syntax = syntax
    } else if let label = label(word) {
      objects[last].labels.append(label)
    }
  }

  private mutating func label(_ word: String) -> MIBObject.Label? {
    let parts = word.split(separator: "=")
    guard parts.count == 2, let value = Int32(parts[1]) else {
      faults.append(word)
      return nil
    }
    return MIBObject.Label(value: value, word: String(parts[0]))
  }

  private func arcs(_ text: String) -> [UInt32]? {
    var arcs: [UInt32] = []
    for part in text.split(separator: ".", omittingEmptySubsequences: false) {
      guard let arc = UInt32(part) else { return nil }
      arcs.append(arc)
    }
    return arcs
  }
}
