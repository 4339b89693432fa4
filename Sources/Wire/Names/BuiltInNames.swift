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

  /// The number of a name, whatever its case; the names of notifications or those of objects. For cold paths.
  package static func number(of name: String, notification: Bool) -> ObjectID? {
    let wanted = name.lowercased()
    let found = objects.first {
      ($0.syntax == .notification) == notification && $0.name.lowercased() == wanted
    }
    return found.flatMap { ObjectID(arcs: $0.oid) }
  }
}
