/// A user of SNMPv3 whom the daemon and net-snmp's tools know alike.
enum SampleUser {
  /// For the daemon, below `snmp:`.
  static let yaml = """
      users:
        - name: ops
          auth: SHA-256
          auth_password: authentic-pass
          privacy: AES
          privacy_password: private-pass

    """

  /// For the tools.
  static let options = [
    "-v3", "-u", "ops", "-l", "authPriv", "-a", "SHA-256", "-A", "authentic-pass", "-x", "AES", "-X",
    "private-pass",
  ]
}
