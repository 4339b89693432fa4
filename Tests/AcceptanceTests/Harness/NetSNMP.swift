/// A user of SNMPv3, as the configuration and as net-snmp's tools want it.
struct SNMPUser {
  var digest: String?
  var cipher: String?
  var name: String { [digest, cipher].compactMap(\.self).joined(separator: "+") + "-user" }

  var yaml: String {
    var keys = "name: '\(name)'"
    if let digest { keys += ", auth: \(digest), auth_password: 'authentic-\(digest)'" }
    if let cipher { keys += ", privacy: \(cipher), privacy_password: 'confident-\(cipher)'" }
    return "    - {\(keys)}\n"
  }

  var options: [String] {
    var options = [
      "-v3", "-u", name, "-l", cipher != nil ? "authPriv" : digest != nil ? "authNoPriv" : "noAuthNoPriv",
    ]
    if let digest { options += ["-a", digest, "-A", "authentic-\(digest)"] }
    if let cipher { options += ["-x", cipher, "-X", "confident-\(cipher)"] }
    return options
  }
}

/// net-snmp's own senders, snmptrap and snmpinform.
enum NetSNMP {
  private static let digests = ["MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512"]
  private static let ciphers = ["DES", "AES", "AES-192", "AES-256", "AES-192-C", "AES-256-C"]

  /// Everybody: with every pair of algorithms that Debian's build offers, with less, and with none.
  static let users: [SNMPUser] =
    [SNMPUser()]
    + digests.flatMap { digest in
      [SNMPUser(digest: digest)] + ciphers.map { SNMPUser(digest: digest, cipher: $0) }
    }

  /// The part of a configuration that lets `users` speak.
  static func snmp(_ users: [SNMPUser]) -> String {
    "snmp:\n  engines: 8\n  users:\n" + users.map(\.yaml).joined()
  }

  /// One run of a sender, which sends a linkDown with `text`; its exit code tells whether it got an answer.
  @discardableResult
  static func run(
    _ command: String, _ options: [String], to agent: String, text: String, _ workspace: Workspace,
    as sender: String = "sender"
  ) async throws -> Tool.Result {
    // Where it counts the starts of its engine. Two that write there at once leave something unreadable.
    try workspace.makeDirectory(sender)
    let memory = workspace.file(sender)
    // An empty directory for MIBs: net-snmp's tools read every file of the one they are given.
    try workspace.makeDirectory("mibs")
    let notification = ["100", "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.2.1.2.2.1.2.3", "s", text]
    return try await Tool.run(
      command, ["-m", "", "-M", workspace.file("mibs")] + options + [agent] + notification, in: workspace,
      environment: ["SNMPCONFPATH": memory, "SNMP_PERSISTENT_DIR": memory])
  }
}
