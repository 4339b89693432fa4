import Model
import Wire

/// A notification in words, as `muttd send trap` and the examples of rules write it:
/// `linkDown ifIndex.3=i:3 ifDescr.3=s:GigabitEthernet0/1`.
struct VerbTrapWords: Sendable {
  var trapOID: ObjectID
  var varbinds: [TrapEncoder.NamedValue]

  private static let trapNames: [(String, String)] = [
    ("coldStart", "1.3.6.1.6.3.1.1.5.1"), ("warmStart", "1.3.6.1.6.3.1.1.5.2"),
    ("linkDown", "1.3.6.1.6.3.1.1.5.3"), ("linkUp", "1.3.6.1.6.3.1.1.5.4"),
    ("authenticationFailure", "1.3.6.1.6.3.1.1.5.5"), ("egpNeighborLoss", "1.3.6.1.6.3.1.1.5.6"),
  ]

  private static let objectNames: [(String, String)] = [
    ("sysDescr", "1.3.6.1.2.1.1.1"), ("sysObjectID", "1.3.6.1.2.1.1.2"), ("sysUpTime", "1.3.6.1.2.1.1.3"),
    ("sysContact", "1.3.6.1.2.1.1.4"), ("sysName", "1.3.6.1.2.1.1.5"), ("sysLocation", "1.3.6.1.2.1.1.6"),
    ("snmpTrapOID", "1.3.6.1.6.3.1.1.4.1"), ("snmpTrapEnterprise", "1.3.6.1.6.3.1.1.4.3"),
    ("snmpTrapAddress", "1.3.6.1.6.3.18.1.3"), ("snmpTrapCommunity", "1.3.6.1.6.3.18.1.4"),
    ("ifIndex", "1.3.6.1.2.1.2.2.1.1"), ("ifDescr", "1.3.6.1.2.1.2.2.1.2"), ("ifType", "1.3.6.1.2.1.2.2.1.3"),
    ("ifMtu", "1.3.6.1.2.1.2.2.1.4"), ("ifSpeed", "1.3.6.1.2.1.2.2.1.5"),
    ("ifPhysAddress", "1.3.6.1.2.1.2.2.1.6"), ("ifAdminStatus", "1.3.6.1.2.1.2.2.1.7"),
    ("ifOperStatus", "1.3.6.1.2.1.2.2.1.8"), ("ifName", "1.3.6.1.2.1.31.1.1.1.1"),
    ("ifAlias", "1.3.6.1.2.1.31.1.1.1.18"), ("egpNeighAddr", "1.3.6.1.2.1.8.5.1.2"),
  ]

  init(trapOID: ObjectID, varbinds: [TrapEncoder.NamedValue]) {
    self.trapOID = trapOID
    self.varbinds = varbinds
  }

  /// One packet holds at most this many: what `Trap` reads.
  private static let varbindLimit = 1_000

  init(trap: String, varbinds words: [String]) throws(DaemonFailure) {
    guard let oid = VerbTrapWords.resolve(trap, among: VerbTrapWords.trapNames), oid.count > 1 else {
      let names = VerbTrapWords.trapNames.map(\.0)
      let nearest = ConfigSpelling.nearest(trap, in: names) ?? ""
      throw DaemonFailure(
        .usage,
        "\"\(trap)\" is no trap: write an OID, or one of \(names.joined(separator: ", ")); "
          + "nearest: \(nearest)"
      )
    }
    guard words.count <= VerbTrapWords.varbindLimit else {
      throw DaemonFailure(
        .usage, "\(words.count) varbinds are more than a trap may have (\(VerbTrapWords.varbindLimit))")
    }
    trapOID = oid
    varbinds = []
    for word in words { varbinds.append(try VerbTrapWords.varbind(word)) }
  }

  /// The same from one line, words separated by spaces; a value that holds spaces stands in double quotes.
  init(line: String) throws(DaemonFailure) {
    var words: [String] = []
    var word = ""
    var isQuoted = false
    for character in line {
      if character == "\"" {
        isQuoted.toggle()
      } else if character == " ", !isQuoted {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    if !word.isEmpty { words.append(word) }
    guard let trap = words.first else {
      throw DaemonFailure(.usage, "there is no trap: write its name or OID first")
    }
    try self.init(trap: trap, varbinds: Array(words.dropFirst()))
  }

  func packet(
    version: Trap.Version, community: String, agent: IPAddress = .unspecified, requestID: Int32,
    uptimeTicks: UInt32
  ) -> [UInt8] {
    switch version {
    case .v2c:
      return TrapEncoder.v2c(
        community: Array(community.utf8), requestID: requestID, uptimeTicks: uptimeTicks, trapOID: trapOID,
        varbinds: varbinds)
    case .v1:
      let (enterprise, generic, specific) = v1Identity
      return TrapEncoder.v1(
        community: Array(community.utf8), enterprise: enterprise, agent: agent, generic: generic,
        specific: specific, uptimeTicks: uptimeTicks, varbinds: varbinds)
    }
  }

  /// RFC 3584 §3.2: a standard trap by its number, any other as enterprise and specific.
  private var v1Identity: (enterprise: ObjectID, generic: Int32, specific: Int32) {
    let standard = ObjectID("1.3.6.1.6.3.1.1.5") ?? ObjectID()
    var enterprise = trapOID
    let last = trapOID[trapOID.count - 1]
    enterprise.removeLast()
    if enterprise == standard, (1...6).contains(last) { return (standard, Int32(last) - 1, 0) }
    if enterprise.count > 1, enterprise[enterprise.count - 1] == 0 { enterprise.removeLast() }
    return (enterprise, 6, Int32(truncatingIfNeeded: last))
  }

  /// `ifIndex.3` or dotted numbers.
  private static func resolve(_ word: String, among names: [(String, String)]) -> ObjectID? {
    if let oid = ObjectID(word) { return oid }
    let parts = word.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let base = names.first(where: { $0.0.lowercased() == parts[0].lowercased() }) else { return nil }
    return ObjectID(parts.count == 2 ? "\(base.1).\(parts[1])" : base.1)
  }

  private static func varbind(_ word: String) throws(DaemonFailure) -> TrapEncoder.NamedValue {
    guard let equals = word.firstIndex(of: "=") else {
      throw DaemonFailure(
        .usage, "varbind \"\(word)\" has no value: write NAME=TYPE:VALUE, for example ifIndex.3=i:3")
    }
    let name = String(word[..<equals])
    guard let oid = resolve(name, among: objectNames) else {
      let nearest = ConfigSpelling.nearest(
        name.split(separator: ".").first.map(String.init) ?? "", in: objectNames.map(\.0))
      throw DaemonFailure(
        .usage, "\"\(name)\" is no object: write an OID or a known name; nearest: \(nearest ?? "none")")
    }
    let text = word[word.index(after: equals)...]
    guard text.dropFirst().first == ":", let type = text.first else {
      throw DaemonFailure(.usage, "varbind \"\(word)\" names no type: write NAME=TYPE:VALUE; types: \(types)")
    }
    let value = String(text.dropFirst(2))
    guard let encoded = VerbTrapWords.value(type, value) else {
      throw DaemonFailure(.usage, "\"\(value)\" is no value of type \(type) in \"\(word)\"; types: \(types)")
    }
    return (oid, encoded)
  }

  static let types =
    "i integer, u gauge, c counter, C counter64, t ticks, s text, x hexadecimal, o OID, a IPv4, n null"

  private static func value(_ type: Character, _ text: String) -> TrapValue? {
    switch type {
    case "i": Int32(text).map { .integer(Int64($0)) }
    case "u": UInt32(text).map { .gauge32($0) }
    case "c": UInt32(text).map { .counter32($0) }
    case "C": UInt64(text).map { .counter64($0) }
    case "t": UInt32(text).map { .timeTicks($0) }
    case "s": .octets(Array(text.utf8))
    case "x": text.isEmpty ? .octets([]) : VerbHex.bytes(Array(text.utf8)).map { .octets($0) }
    case "o": resolve(text, among: trapNames + objectNames).flatMap { $0.count > 1 ? .oid($0) : nil }
    case "a": IPAddress(text).flatMap { $0.v4 == nil ? nil : .address($0) }
    case "n": .null
    default: nil
    }
  }
}
