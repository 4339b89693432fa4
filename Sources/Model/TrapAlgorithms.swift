/// `auth` of an SNMPv3 user (RFC 3414 §6, RFC 7860 §4).
package enum TrapAuthentication: Int32, Sendable, CaseIterable {
  case md5, sha1, sha224, sha256, sha384, sha512

  package var name: String { ["MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512"][Int(rawValue)] }
}

/// `privacy` of an SNMPv3 user (RFC 3414 §8, RFC 3826). AES-192 and AES-256 extend their keys as
/// draft-blumenthal-aes-usm-04 says, those with -C as Cisco does (draft-reeder-snmpv3-usm-3desede).
package enum TrapPrivacy: Int32, Sendable, CaseIterable {
  case des, aes128, aes192, aes256, aes192Cisco, aes256Cisco

  package var name: String {
    ["DES", "AES", "AES-192", "AES-256", "AES-192-C", "AES-256-C"][Int(rawValue)]
  }
}

extension TrapAuthentication {
  /// As people write it: `SHA-256`, `sha256`; `SHA`, `SHA-1`.
  package init?(named text: String) {
    let word = plainWord(text)
    let found = TrapAuthentication.allCases.first { plainWord($0.name) == word }
    guard let found = found ?? (word == "SHA1" ? .sha1 : nil) else { return nil }
    self = found
  }
}

extension TrapPrivacy {
  /// As people write it: `AES`, `AES-128`, `aes256`, `AES-256-C`.
  package init?(named text: String) {
    let word = plainWord(text)
    let found = TrapPrivacy.allCases.first { plainWord($0.name) == word }
    guard let found = found ?? (word == "AES128" ? .aes128 : nil) else { return nil }
    self = found
  }
}

/// Without dashes, in capitals.
private func plainWord(_ text: String) -> String {
  text.uppercased().filter { $0 != "-" && $0 != "_" }
}
