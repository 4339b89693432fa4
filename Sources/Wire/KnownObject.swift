import Model

/// The objects that stand in the standard notifications, known without any MIB file: SNMPv2-MIB, IF-MIB,
/// SNMP-COMMUNITY-MIB and the one of RFC 1213 that egpNeighborLoss carries.
enum KnownObject: UInt8, BitwiseCopyable {
  case unknown
  case sysDescr, sysObjectID, sysUpTime, sysContact, sysName, sysLocation
  case snmpTrapOID, snmpTrapEnterprise, snmpTrapAddress, snmpTrapCommunity
  case ifIndex, ifDescr, ifType, ifMtu, ifSpeed, ifPhysAddress, ifAdminStatus, ifOperStatus
  case ifName, ifAlias
  case egpNeighAddr

  /// Looks up the content octets of an object identifier. `index` is what follows the object's own arcs;
  /// of an unknown object it is absent.
  static func find(_ bytes: Span<UInt8>, _ oid: ByteRange) -> (object: KnownObject, index: ByteRange) {
    guard oid.count >= 7 else { return (.unknown, .absent) }
    // All the prefixes are told apart by their first eight octets, each a subidentifier of its own.
    let start = oid.start
    // A value follows its name, so an eighth octet is there even where the name has none of its own.
    guard start &+ 8 <= bytes.count else { return (.unknown, .absent) }
    var head = ByteWord.load(bytes, start).byteSwapped
    if oid.count == 7 { head &= ~0xFF }
    guard head >> 40 == 0x2B_0601 else { return (.unknown, .absent) }
    let object: KnownObject
    let columnAt: Int
    if head >> 16 == 0x2B06_0102_0101 {
      columnAt = 6
      object = system(column(bytes, oid, columnAt))
    } else if head == 0x2B06_0102_0102_0201 {
      columnAt = 8
      object = ifEntry(column(bytes, oid, columnAt))
    } else if head == 0x2B06_0102_011F_0101, column(bytes, oid, 8) == 1 {
      columnAt = 9
      object = ifXEntry(column(bytes, oid, columnAt))
    } else if head == 0x2B06_0106_0301_0104 {
      columnAt = 8
      object = snmpTrap(column(bytes, oid, columnAt))
    } else if head >> 8 == 0x2B_0601_0603_1201 {
      columnAt = 7
      object = communityMIB(column(bytes, oid, columnAt))
    } else if head == 0x2B06_0102_0108_0501 {
      columnAt = 8
      object = column(bytes, oid, columnAt) == 2 ? .egpNeighAddr : .unknown
    } else {
      return (.unknown, .absent)
    }
    if object == .unknown { return (.unknown, .absent) }
    return (object, ByteRange(oid.start + columnAt + 1, oid.end))
  }

  /// 0, which is no column, when the identifier ends before `offset`.
  private static func column(_ bytes: Span<UInt8>, _ oid: ByteRange, _ offset: Int) -> UInt8 {
    offset < Int(oid.count) ? bytes[oid.start + offset] : 0
  }

  private static func system(_ column: UInt8) -> KnownObject {
    switch column {
    case 1: .sysDescr
    case 2: .sysObjectID
    case 3: .sysUpTime
    case 4: .sysContact
    case 5: .sysName
    case 6: .sysLocation
    default: .unknown
    }
  }

  private static func ifEntry(_ column: UInt8) -> KnownObject {
    switch column {
    case 1: .ifIndex
    case 2: .ifDescr
    case 3: .ifType
    case 4: .ifMtu
    case 5: .ifSpeed
    case 6: .ifPhysAddress
    case 7: .ifAdminStatus
    case 8: .ifOperStatus
    default: .unknown
    }
  }

  private static func ifXEntry(_ column: UInt8) -> KnownObject {
    switch column {
    case 1: .ifName
    case 18: .ifAlias
    default: .unknown
    }
  }

  private static func snmpTrap(_ column: UInt8) -> KnownObject {
    switch column {
    case 1: .snmpTrapOID
    case 3: .snmpTrapEnterprise
    default: .unknown
    }
  }

  private static func communityMIB(_ column: UInt8) -> KnownObject {
    switch column {
    case 3: .snmpTrapAddress
    case 4: .snmpTrapCommunity
    default: .unknown
    }
  }

  var name: StaticString {
    switch self {
    case .unknown: ""
    case .sysDescr: "sysDescr"
    case .sysObjectID: "sysObjectID"
    case .sysUpTime: "sysUpTime"
    case .sysContact: "sysContact"
    case .sysName: "sysName"
    case .sysLocation: "sysLocation"
    case .snmpTrapOID: "snmpTrapOID"
    case .snmpTrapEnterprise: "snmpTrapEnterprise"
    case .snmpTrapAddress: "snmpTrapAddress"
    case .snmpTrapCommunity: "snmpTrapCommunity"
    case .ifIndex: "ifIndex"
    case .ifDescr: "ifDescr"
    case .ifType: "ifType"
    case .ifMtu: "ifMtu"
    case .ifSpeed: "ifSpeed"
    case .ifPhysAddress: "ifPhysAddress"
    case .ifAdminStatus: "ifAdminStatus"
    case .ifOperStatus: "ifOperStatus"
    case .ifName: "ifName"
    case .ifAlias: "ifAlias"
    case .egpNeighAddr: "egpNeighAddr"
    }
  }

  /// The word for a value of an enumerated object; nil when the object has no words or not for this value.
  func label(of value: Int64) -> StaticString? {
    switch (self, value) {
    case (.ifAdminStatus, 1), (.ifOperStatus, 1): "up"
    case (.ifAdminStatus, 2), (.ifOperStatus, 2): "down"
    case (.ifAdminStatus, 3), (.ifOperStatus, 3): "testing"
    case (.ifOperStatus, 4): "unknown"
    case (.ifOperStatus, 5): "dormant"
    case (.ifOperStatus, 6): "notPresent"
    case (.ifOperStatus, 7): "lowerLayerDown"
    default: nil
    }
  }

  /// MAC addresses and the like: bytes even where they happen to be printable.
  var isBinary: Bool { self == .ifPhysAddress }
}
