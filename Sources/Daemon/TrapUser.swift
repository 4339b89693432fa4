package import Intake

/// A user of `snmp.users` with the keys of its passwords; good for every engine.
package struct TrapUser: Sendable {
  package let name: [UInt8]
  /// Nil: the user neither authenticates nor encrypts.
  package let keys: TrapMasterKeys?

  package init(name: [UInt8], keys: TrapMasterKeys?) {
    self.name = name
    self.keys = keys
  }
}
