import Model
import Wire

/// A notification in words, as `muttd send trap` and the examples of rules write it:
/// `linkDown ifIndex.3=i:3 ifDescr.3=s:GigabitEthernet0/1`.
struct VerbTrapWords: Sendable {
  var trapOID: ObjectID
  var varbinds: [TrapEncoder.NamedValue]

  init(trapOID: ObjectID, varbinds: [TrapEncoder.NamedValue]) {
    self.trapOID = trapOID
    self.varbinds = varbinds
  }

  /// One packet holds at most this many: what `Trap` reads.
  private static let varbindLimit = 1_000

  init(trap: String, varbinds words: [String]) throws(DaemonFailure) {
    guard let oid = VerbTrapWords.resolve(trap, notification: true), oid.count > 1 else {
      throw DaemonFailure(
        .usage,
        "\"\(trap)\" is no trap: write an OID or a known name, such as linkDown; "
          + "nearest: \(VerbTrapWords.nearest(trap, notification: true))"
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

  /// The datagram; for v3 the PDU alone, which a `ScopedPDU` takes in.
  func packet(
    version: Trap.Version, kind: Trap.Kind = .trap, community: String = "", agent: IPAddress = .unspecified,
    requestID: Int32,
    uptimeTicks: UInt32
  ) -> [UInt8] {
    switch version {
    case .v2c:
      return TrapEncoder.v2c(
        community: Array(community.utf8), kind: kind, requestID: requestID, uptimeTicks: uptimeTicks,
        trapOID: trapOID, varbinds: varbinds)
    case .v3:
      return TrapEncoder.pdu(
        kind, requestID: requestID, uptimeTicks: uptimeTicks, trapOID: trapOID, varbinds: varbinds)
    case .v1:
      let (enterprise, generic, specific) = v1Identity
      return TrapEncoder.v1(
        community: Array(community.utf8), enterprise: enterprise,
        agent: agent.isUnspecified ? saidAddress : agent, generic: generic, specific: specific,
        uptimeTicks: uptimeTicks, varbinds: varbinds)
    }
  }

  /// Why a trap of version 1 cannot say this (RFC 3584 §3.2, §4.2.2.1); nil where it can.
  var faultInVersion1: String? {
    let (enterprise, generic, _) = v1Identity
    let last = trapOID[trapOID.count - 1]
    if generic == 6, last > UInt32(Int32.max) {
      return "\(trapOID) ends in \(last): a specific-trap of SNMP version 1 is at most \(Int32.max)"
    }
    if generic == 6, enterprise.count < 2 {
      return "\(trapOID) leaves no enterprise before its last number, which SNMP version 1 wants"
    }
    for (name, value) in varbinds {
      if case .counter64 = value { return "\(name) is a Counter64 (C:), which SNMP version 1 has not" }
    }
    return nil
  }

  /// RFC 3584 §3.2: a standard trap by its number, its enterprise being snmpTrapEnterprise.0 where there is
  /// one; any other as enterprise and specific.
  private var v1Identity: (enterprise: ObjectID, generic: Int32, specific: Int32) {
    let standard = ObjectID("1.3.6.1.6.3.1.1.5") ?? ObjectID()
    var enterprise = trapOID
    let last = trapOID[trapOID.count - 1]
    enterprise.removeLast()
    if enterprise == standard, (1...6).contains(last) {
      if case .oid(let said)? = value(of: "1.3.6.1.6.3.1.1.4.3.0") { enterprise = said }
      return (enterprise, Int32(last) - 1, 0)
    }
    if enterprise.count > 1, enterprise[enterprise.count - 1] == 0 { enterprise.removeLast() }
    return (enterprise, 6, Int32(truncatingIfNeeded: last))
  }

  /// snmpTrapAddress.0, which is the agent-addr of version 1.
  private var saidAddress: IPAddress {
    if case .address(let said)? = value(of: "1.3.6.1.6.3.18.1.3.0") { return said }
    return .unspecified
  }

  private func value(of name: String) -> TrapValue? {
    let oid = ObjectID(name)
    return varbinds.first { $0.0 == oid }?.1
  }

  /// `linkDown`, `ifIndex.3` or dotted numbers.
  private static func resolve(_ word: String, notification: Bool) -> ObjectID? {
    if let oid = ObjectID(word) { return oid }
    let parts = word.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let base = BuiltInNames.number(of: String(parts[0]), notification: notification) else { return nil }
    return parts.count == 2 ? ObjectID("\(base).\(parts[1])") : base
  }

  private static func nearest(_ word: String, notification: Bool) -> String {
    let names = BuiltInNames.objects.filter { ($0.syntax == .notification) == notification }.map(\.name)
    let bare = word.split(separator: ".").first.map(String.init) ?? ""
    return ConfigSpelling.nearest(bare, in: names) ?? "none"
  }

  private static func varbind(_ word: String) throws(DaemonFailure) -> TrapEncoder.NamedValue {
    guard let equals = word.firstIndex(of: "=") else {
      throw DaemonFailure(
        .usage, "varbind \"\(word)\" has no value: write NAME=TYPE:VALUE, for example ifIndex.3=i:3")
    }
    let name = String(word[..<equals])
    guard let oid = resolve(name, notification: false) else {
      throw DaemonFailure(
        .usage,
        "\"\(name)\" is no object: write an OID or a known name; "
          + "nearest: \(nearest(name, notification: false))")
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
    case "o":
      (resolve(text, notification: true) ?? resolve(text, notification: false)).flatMap {
        $0.count > 1 ? .oid($0) : nil
      }
    case "a": IPAddress(text).flatMap { $0.v4 == nil ? nil : .address($0) }
    case "n": .null
    default: nil
    }
  }
}
