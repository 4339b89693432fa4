package import Model

/// The notifications that devices commonly send, the objects in them and the words of their enumerations,
/// known without any MIB file. What stands in no table here stays numeric.
package enum BuiltInNames {
  /// In the order of reading: a shared enumeration stands before its first use.
  static var tables: [StaticString] {
    [interfaces, equipment, routing, cisco, ciscoFeatures, wireless, juniper]
  }

  /// Every object and notification of the tables.
  package static let objects: [MIBObject] = {
    var notation = NameNotation()
    for table in tables { notation.read(table) }
    return notation.objects
  }()

  /// What a notification is called whose number has no zero before its last arc, and which a trap of version
  /// 1 does not say by its generic-trap: from such a trap comes another number. Nil for all others. For cold
  /// paths.
  package static func notificationWithoutZero(_ oid: ObjectID) -> String? {
    let arcs = (0..<oid.count).map { oid[$0] }
    guard arcs.count > 2, arcs[arcs.count - 2] != 0, !arcs.starts(with: [1, 3, 6, 1, 6, 3, 1, 1, 5]) else {
      return nil
    }
    return notifications[arcs]
  }

  private static let notifications: [[UInt32]: String] = {
    let all = objects.filter { $0.syntax == .notification }
    return Dictionary(all.map { ($0.oid, $0.name) }) { first, _ in first }
  }()

  /// The number of a name, whatever its case; the names of notifications or those of objects. For cold paths.
  package static func number(of name: String, notification: Bool) -> ObjectID? {
    let wanted = name.lowercased()
    let found = objects.first {
      ($0.syntax == .notification) == notification && $0.name.lowercased() == wanted
    }
    return found.flatMap { ObjectID(arcs: $0.oid) }
  }
}
