package import Model

extension Config {
  /// One user of SNMPv3, `snmp.users`; good for every engine that speaks for it.
  package struct TrapUser: Sendable, Equatable {
    /// `name`: 1...32 bytes.
    package var name = ""
    /// `auth`: the digest; nil: messages are neither authenticated nor encrypted.
    package var authentication: TrapAuthentication?
    /// `auth_password`, `privacy_password`: 8 bytes or more.
    package var authenticationPassword: Secret?
    /// `privacy`: the cipher. With one, messages that are only authenticated are taken too.
    package var privacy: TrapPrivacy?
    package var privacyPassword: Secret?

    package init() {}
  }
}

/// `snmp.users`: a list of maps, each with the keys below.
extension ConfigReader {
  /// More users than this is a mistake; each costs some milliseconds at start.
  private static var userLimit: Int { 256 }
  private static var userKeys: [String] {
    ["name", "auth", "auth_password", "privacy", "privacy_password"]
  }

  mutating func trapUsers(_ value: YAMLValue) -> [Config.TrapUser]? {
    guard let items = list(value, limit: ConfigReader.userLimit) else { return nil }
    let before = problems.count
    var users: [Config.TrapUser] = []
    for (index, item) in items.enumerated() {
      let user = trapUser(item, at: "snmp.users[\(index)]")
      if !user.name.isEmpty, users.contains(where: { $0.name.utf8.elementsEqual(user.name.utf8) }) {
        report("a second user is called \(quoted(user.name))", at: item)
      }
      users.append(user)
    }
    key = "snmp.users"
    return problems.count == before ? users : nil
  }

  private mutating func trapUser(_ item: YAMLValue, at path: String) -> Config.TrapUser {
    var user = Config.TrapUser()
    key = path
    guard case .map(let entries) = item.content else {
      report("must be a map, not \(item.kind)", at: item)
      return user
    }
    let before = problems.count
    for entry in entries {
      key = "\(path).\(entry.key)"
      if entry.value.isNull, ConfigReader.userKeys.contains(entry.key) { continue }
      switch entry.key {
      case "name": if let name = text(entry.value, limit: 32) { user.name = name }
      case "auth":
        user.authentication = algorithm(
          entry.value, TrapAuthentication.allCases.map(\.name), TrapAuthentication.init(named:))
      case "auth_password": user.authenticationPassword = password(entry.value)
      case "privacy":
        user.privacy = algorithm(
          entry.value, TrapPrivacy.allCases.map(\.name), TrapPrivacy.init(named:))
      case "privacy_password": user.privacyPassword = password(entry.value)
      default: reportUnknown(entry, "\(path).", among: ConfigReader.userKeys.map { "\(path).\($0)" })
      }
    }
    key = path
    if problems.count == before { check(user, at: item) }
    return user
  }

  private mutating func check(_ user: Config.TrapUser, at item: YAMLValue) {
    if user.name.isEmpty { report("needs a name", at: item) }
    if user.authentication == nil, user.authenticationPassword != nil {
      report("has an auth_password and no auth; write for example auth: SHA-256", at: item)
    }
    if user.authentication != nil, user.authenticationPassword == nil {
      report("has auth and no auth_password", at: item)
    }
    if user.privacy == nil, user.privacyPassword != nil {
      report("has a privacy_password and no privacy; write for example privacy: AES", at: item)
    }
    if user.privacy != nil, user.privacyPassword == nil {
      report("has privacy and no privacy_password", at: item)
    }
    if user.privacy != nil, user.authentication == nil {
      report("has privacy without auth, which SNMPv3 does not know; add auth and auth_password", at: item)
    }
  }

  /// The value is never repeated.
  private mutating func password(_ value: YAMLValue) -> Secret? {
    guard let text = text(value, limit: 1_024) else { return nil }
    guard text.utf8.count >= 8 else { return refuse(value, "is shorter than 8 characters (RFC 3414 §11.2)") }
    return Secret(text)
  }

  private mutating func algorithm<Algorithm>(
    _ value: YAMLValue, _ names: [String], _ find: (String) -> Algorithm?
  ) -> Algorithm? {
    guard let (text, shown, _) = scalar(value) else { return nil }
    if let found = find(text) { return found }
    let nearest = ConfigSpelling.nearest(text.uppercased(), in: names).map { "; nearest: \($0)" } ?? ""
    return refuse(value, "\(quoted(shown)) is none of \(names.joined(separator: ", "))\(nearest)")
  }
}
