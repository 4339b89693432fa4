package import Model

/// Who changes something, and why: written to `config_audit_log` beside the change.
package struct EditActor: Sendable, Equatable {
  /// A login, `file`, `api:alice` …; never empty.
  package var name: String
  package var reason: String?
  package var correlationID: String?

  package init(name: String, reason: String? = nil, correlationID: String? = nil) {
    self.name = name
    self.reason = reason
    self.correlationID = correlationID
  }
}

/// One change of what people maintain. Host names are compared without regard to case.
package enum CatalogEdit: Sendable, Equatable {
  /// A new rule; `id` 0 lets the store give one.
  case addRule(Rule)
  /// Replaces the rule of this name; its id stays, `version`, `updatedAt` and `updatedBy` are the store's.
  case setRule(Rule)
  case setRuleActive(name: String, Bool)
  /// Adding a host that is there already changes nothing.
  case addDevelopmentHost(String)
  case removeDevelopmentHost(String)
  /// Sets or replaces.
  case setTeam(DeviceTeam)
  case removeTeam(hostname: String)
  /// Sets or replaces; times of sighting are kept.
  case setDevice(Device)
  /// The same of what the device says: without addresses it keeps those it has, and without attributes too.
  case mergeDevice(Device)
  case removeDevice(hostname: String)
}

extension CatalogEdit {
  /// The device that it sets or merges; nil: another edit, which setting it leaves as it is.
  var device: Device? {
    get {
      switch self {
      case .setDevice(let device), .mergeDevice(let device): device
      default: nil
      }
    }
    set {
      guard let newValue else { return }
      switch self {
      case .setDevice: self = .setDevice(newValue)
      case .mergeDevice: self = .mergeDevice(newValue)
      default: break
      }
    }
  }
}

/// What a change of the catalog came to.
package struct CatalogChange: Sendable, Equatable {
  /// Names of rules.
  package var added: [String] = []
  package var changed: [String] = []
  /// Rules that were active and no longer are.
  package var retired: [String] = []
  package var hostsAdded = 0
  package var hostsRemoved = 0
  package var teamsSet = 0
  package var teamsRemoved = 0
  package var devicesSet = 0
  package var devicesRemoved = 0
  /// Of the catalog afterwards.
  package var version: Int64 = 0

  package init() {}

  package var isEmpty: Bool {
    added.isEmpty && changed.isEmpty && retired.isEmpty
      && hostsAdded + hostsRemoved + teamsSet + teamsRemoved + devicesSet + devicesRemoved == 0
  }
}
