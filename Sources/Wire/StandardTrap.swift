import Model

/// The six notifications that every agent knows: snmpTraps, 1.3.6.1.6.3.1.1.5 (RFC 3418, RFC 2863).
enum StandardTrap {
  /// Appends 1.3.6.1.6.3.1.1.5; false when there is no room.
  static func appendPrefix(to oid: inout ObjectID) -> Bool {
    let arcs: [9 of UInt32] = [1, 3, 6, 1, 6, 3, 1, 1, 5]
    for index in arcs.indices where !oid.append(arcs[index]) { return false }
    return true
  }

  /// The notification's name; nil for every other object identifier.
  static func name(of oid: borrowing ObjectID) -> StaticString? {
    guard oid.count == 10 else { return nil }
    let arcs: [9 of UInt32] = [1, 3, 6, 1, 6, 3, 1, 1, 5]
    for index in arcs.indices where oid[index] != arcs[index] { return nil }
    switch oid[9] {
    case 1: return "coldStart"
    case 2: return "warmStart"
    case 3: return "linkDown"
    case 4: return "linkUp"
    case 5: return "authenticationFailure"
    case 6: return "egpNeighborLoss"
    default: return nil
    }
  }
}
