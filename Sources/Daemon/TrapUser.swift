package import Intake
import Model

/// A user of `snmp.users` with the keys of its passwords; good for every engine.
package struct TrapUser: Sendable {
  package let name: [UInt8]
  /// Nil: the user neither authenticates nor encrypts.
  package let keys: TrapMasterKeys?
}

extension Config {
  /// The users with their keys.
  var readyTrapUsers: [Daemon.TrapUser] {
    get throws(DaemonFailure) {
      var ready: [Daemon.TrapUser] = []
      for user in snmp.users {
        guard let keys = user.ready else {
          throw DaemonFailure(
            .configuration, "snmp.users: net-snmp (libsnmp) makes no keys for \"\(user.name)\"")
        }
        ready.append(keys)
      }
      return ready
    }
  }
}

extension Config.TrapUser {
  /// The user with its keys; nil when net-snmp refuses, which reading the configuration has ruled out.
  package var ready: Daemon.TrapUser? {
    let name = Array(name.utf8)
    guard let authentication, let authenticationPassword else {
      return Daemon.TrapUser(name: name, keys: nil)
    }
    var cipher: (TrapPrivacy, password: [UInt8])?
    if let privacy, let privacyPassword { cipher = (privacy, Array(privacyPassword.revealed.utf8)) }
    let keys = TrapMasterKeys(
      authentication, password: Array(authenticationPassword.revealed.utf8), privacy: cipher)
    return keys.map { Daemon.TrapUser(name: name, keys: $0) }
  }
}
