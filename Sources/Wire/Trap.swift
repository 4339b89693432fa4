package import Model

/// One name and value of a notification, as ranges into the datagram.
package struct Varbind: BitwiseCopyable, Sendable {
  /// The content octets of the object identifier, checked: 1 to 128 arcs below 2^32.
  package var oid: ByteRange
  /// What the value is: its BER tag, or `BERTag.unknown` and `BERTag.malformed`.
  package var tag: UInt8
  /// The content octets of the value, checked for its type.
  package var value: ByteRange
  /// What the name is known as, 0 unknown, and where the arcs behind the object's own begin; looked up once,
  /// read by every form.
  var object: UInt32 = 0
  var indexAt: UInt32 = 0

  package init(oid: ByteRange, tag: UInt8, value: ByteRange) {
    self.oid = oid
    self.tag = tag
    self.value = value
  }

  /// The arcs behind the object's own; everything of an unknown one.
  var index: ByteRange { ByteRange(Int(indexAt), oid.end) }
}

/// The content octets of an object identifier, 8 to 16 of them: told from any other by two words and their
/// number.
struct ShortName: BitwiseCopyable, Equatable {
  private var head: UInt64 = 0
  private var tail: UInt64 = 0
  private var count: UInt32 = 0

  /// None.
  init() {}

  @inline(__always)
  init(_ bytes: Span<UInt8>, _ range: ByteRange) {
    head = ByteWord.load(bytes, range.start)
    tail = ByteWord.load(bytes, range.end &- 8)
    count = range.count
  }
}

/// A decoded notification. Keep one and decode every packet into it: its memory is taken once.
package struct Trap: Sendable {
  package enum Version: UInt8, BitwiseCopyable, Sendable {
    case v1, v2c, v3
    package var name: StaticString {
      switch self {
      case .v1: "1"
      case .v2c: "2c"
      case .v3: "3"
      }
    }
  }

  package enum Kind: UInt8, BitwiseCopyable, Sendable {
    case trap, inform
    package var name: StaticString { self == .trap ? "trap" : "inform" }
  }

  /// A packet of 65,507 bytes could hold 4,600 varbinds; no notification of a real device comes near 100.
  package static var varbindLimit: Int { 1_000 }

  package internal(set) var version: Version = .v1
  package internal(set) var kind: Kind = .trap
  /// The community's bytes in the datagram: to be compared with the configured ones, never to be shown.
  package internal(set) var community: ByteRange = .absent
  /// v3: the authoritative engine of the message, the user it was sent for and its context; else empty.
  /// They are no part of the bytes that the ranges point into.
  package var engineID: [UInt8] = []
  package var user: [UInt8] = []
  package internal(set) var contextName: ByteRange = .absent
  /// snmpTrapOID.0, for v1 made by RFC 3584 §3.1.
  package internal(set) var trapOID = ObjectID()
  /// Another one for each reading that wrote `trapOID` anew, so that what was found out about it need not be
  /// asked for again; 0 before the first.
  package internal(set) var trapOIDNumber: UInt64 = 0
  /// v1: the enterprise; v2c: snmpTrapEnterprise.0, empty when absent.
  package internal(set) var enterprise = ObjectID()
  /// v1: 0...6; v2c: -1.
  package internal(set) var genericTrap: Int32 = -1
  /// v1: 0 or more; v2c: -1.
  package internal(set) var specificTrap: Int32 = -1
  /// v1: agent-addr; v2c: snmpTrapAddress.0. Unspecified when absent, 0.0.0.0 or unreadable.
  package internal(set) var agentAddress: IPAddress = .unspecified
  /// Hundredths of a second since the agent started, 0..<2^32; -1 absent.
  package internal(set) var uptimeTicks: Int64 = -1
  /// v2c; 0 for v1.
  package internal(set) var requestID: Int64 = 0
  /// What the packet's varbinds are called.
  package let names: ObjectNames
  /// The notification's name among `names`, 0 unknown.
  var notification: UInt32 = 0
  /// What `trapOID` was read from, and its name among `names`.
  var lastName = ShortName()
  var lastNotification: UInt32 = 0
  /// What its line begins with, as `likeness` needs it.
  var opening = Opening()
  /// As many as a notification may have; the first `varbindCount` are this one's.
  var slots: [Varbind]
  package internal(set) var varbindCount = 0
  /// As many at the start are left out of every text: sysUpTime.0 and snmpTrapOID.0 where they should be, and
  /// of version 1 none.
  var leadCount = 0
  /// How varbinds looked, by kind of notification and place.
  var shapes = [VarbindShape](
    repeating: VarbindShape(), count: VarbindShape.rows * VarbindShape.places)
  /// What its JSON is made of, once somebody has asked for it.
  var forms = VarbindForms()
  /// A v1 trap's snmpTrapOID as content octets, when it is none of the generic ones.
  var derived: [UInt8] = []

  // Where an inform becomes its response: the PDU's tag, and error-status with error-index.
  var pduTagOffset = 0
  var errorStatus: ByteRange = .absent
  var errorIndex: ByteRange = .absent
  /// Where the message ends, of v3 the ScopedPDU, behind which DES pads; 0: with the datagram.
  var end = 0

  /// The reading of an SNMPv3 message came as far as its PDU.
  package var hasPDU: Bool { pduTagOffset > 0 }

  /// The PDU with its tag, in the datagram that was read, for v3 in the ScopedPDU.
  package func pdu(_ bytes: Span<UInt8>) -> ByteRange {
    ByteRange(pduTagOffset, end == 0 ? bytes.count : end)
  }

  package init(names: ObjectNames = .builtIn) {
    self.names = names
    let empty = Varbind(oid: .absent, tag: 0, value: .absent)
    slots = [Varbind](repeating: empty, count: Trap.varbindLimit)
    derived.reserveCapacity(5 * ObjectID.limit)
  }

  /// In the order of the packet. For cold paths: the texts read the slots.
  package var varbinds: ArraySlice<Varbind> { slots[..<varbindCount] }

  /// Back to empty, memory kept, and the notification's OID, which every reading writes anew.
  @inline(__always)
  mutating func clear() {
    version = .v1
    kind = .trap
    community = .absent
    if !engineID.isEmpty { engineID.removeAll(keepingCapacity: true) }
    if !user.isEmpty { user.removeAll(keepingCapacity: true) }
    contextName = .absent
    end = 0
    enterprise.removeAll()
    genericTrap = -1
    specificTrap = -1
    agentAddress = .unspecified
    uptimeTicks = -1
    requestID = 0
    notification = 0
    varbindCount = 0
    pduTagOffset = 0
    errorStatus = .absent
    errorIndex = .absent
    forms.isWritten = false
  }

  /// Makes `event` this notification. `event` comes with arrival, peer and time; a notification has no
  /// clock of its own, so the time stays that of arrival.
  ///
  /// Mutating, though nothing changes: see `appendText`.
  package mutating func fill(_ event: inout Event) {
    event.source = .trap
    event.parse = .trap
    event.clock = .arrival
    event.facility = -1
    event.severity = -1
    event.claimedAddress = agentAddress
  }
}
