internal import CNetSNMP
package import Model

/// The cryptography of SNMPv3's User-based Security Model, done by net-snmp: the only file that sees it.
/// Nothing here keeps state, and net-snmp's global tables of users and engines are never touched: keys are
/// values of our own, and any thread may use them.

extension TrapAuthentication {
  /// Bytes of msgAuthenticationParameters.
  package var digestLength: Int { Int(max(0, mutt_usm_mac_length(rawValue))) }
}

extension TrapPrivacy {
  /// Whether the installed net-snmp can do it.
  package func isAvailable(with authentication: TrapAuthentication) -> Bool {
    mutt_usm_knows(authentication.rawValue, rawValue) == 1
  }
}

/// The keys of a user's passwords, good for every engine. Making one hashes two million octets.
package struct TrapMasterKeys: Sendable {
  package let authentication: TrapAuthentication
  package let privacy: TrapPrivacy?
  private let authenticationKey: [UInt8]
  private let privacyKey: [UInt8]

  /// Nil when net-snmp refuses: a password below 8 bytes, or an algorithm it was built without.
  package init?(
    _ authentication: TrapAuthentication, password: [UInt8], privacy: (TrapPrivacy, password: [UInt8])?
  ) {
    self.authentication = authentication
    self.privacy = privacy?.0
    guard let key = TrapMasterKeys.key(authentication, password) else { return nil }
    authenticationKey = key
    if let (cipher, secret) = privacy {
      guard cipher.isAvailable(with: authentication), let key = TrapMasterKeys.key(authentication, secret)
      else { return nil }
      privacyKey = key
    } else {
      privacyKey = []
    }
  }

  private static func key(_ authentication: TrapAuthentication, _ password: [UInt8]) -> [UInt8]? {
    unsafe TrapKeys.bytes {
      unsafe mutt_usm_master_key(authentication.rawValue, password, password.count, $0)
    }
  }

  /// The key that authenticates messages of `engineID`: one hash.
  package func authenticationKey(engineID: [UInt8]) -> TrapKey? {
    unsafe TrapKeys.bytes {
      unsafe mutt_usm_local_key(
        authentication.rawValue, authenticationKey, authenticationKey.count, engineID, engineID.count, $0)
    }.map { TrapKey(bytes: $0) }
  }

  /// The key that encrypts messages of `engineID`; nil without privacy. Cisco's extension hashes a million
  /// octets: only for engines whose messages have proved to be authentic.
  package func privacyKey(engineID: [UInt8]) -> TrapKey? {
    guard let privacy else { return nil }
    return unsafe TrapKeys.bytes {
      unsafe mutt_usm_privacy_key(
        authentication.rawValue, privacy.rawValue, privacyKey, privacyKey.count, engineID, engineID.count, $0)
    }.map { TrapKey(bytes: $0) }
  }
}

/// A localised key; never shown.
package struct TrapKey: Sendable, CustomStringConvertible, CustomReflectable {
  fileprivate let bytes: [UInt8]
  package var description: String { "(secret)" }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// What is done with keys.
package enum TrapKeys {
  /// Whether the bytes at `digest` are the digest of `message`. `scratch` holds at least as many bytes as the
  /// message.
  package static func verify(
    _ message: Span<UInt8>, digest: ByteRange, _ authentication: TrapAuthentication, _ key: TrapKey,
    scratch: inout [UInt8]
  ) -> Bool {
    guard scratch.count >= message.count, digest.end <= message.count else { return false }
    return unsafe message.withUnsafeBufferPointer { message in
      unsafe scratch.withUnsafeMutableBufferPointer { scratch in
        unsafe mutt_usm_verify(
          authentication.rawValue, key.bytes, key.bytes.count, message.baseAddress, message.count,
          digest.start, digest.bounds.count, scratch.baseAddress) == 1
      }
    }
  }

  /// Writes the digest of `message` to its place there, which is blank.
  package static func sign(
    _ message: inout [UInt8], digestAt: Int, _ authentication: TrapAuthentication, _ key: TrapKey
  ) -> Bool {
    let count = message.count
    return unsafe message.withUnsafeMutableBufferPointer {
      unsafe mutt_usm_sign(
        authentication.rawValue, key.bytes, key.bytes.count, $0.baseAddress, count, digestAt) == 0
    }
  }

  /// Decrypts `cipher` of `message` into `plain`, which holds at least as many bytes; how many were written,
  /// or nil. `salt`: the 8 bytes of msgPrivacyParameters.
  package static func decrypt(
    _ message: Span<UInt8>, cipher: ByteRange, salt: ByteRange, boots: UInt32, time: UInt32,
    _ privacy: TrapPrivacy, _ key: TrapKey, into plain: inout [UInt8]
  ) -> Int? {
    guard salt.bounds.count == 8, salt.end <= message.count, cipher.end <= message.count,
      plain.count >= cipher.bounds.count
    else { return nil }
    let written = unsafe message.withUnsafeBufferPointer { message -> Int32 in
      guard let start = message.baseAddress else { return -1 }
      return unsafe plain.withUnsafeMutableBufferPointer {
        unsafe mutt_usm_decrypt(
          privacy.rawValue, key.bytes, key.bytes.count, boots, time, start + salt.start, start + cipher.start,
          cipher.bounds.count, $0.baseAddress)
      }
    }
    return written > 0 ? Int(written) : nil
  }

  /// The encrypted form of `plain`; nil when net-snmp refuses.
  package static func encrypt(
    _ plain: [UInt8], salt: [UInt8], boots: UInt32, time: UInt32, _ privacy: TrapPrivacy, _ key: TrapKey
  ) -> [UInt8]? {
    guard salt.count == 8 else { return nil }
    var cipher = [UInt8](repeating: 0, count: plain.count + 8)
    let written = unsafe cipher.withUnsafeMutableBufferPointer {
      unsafe mutt_usm_encrypt(
        privacy.rawValue, key.bytes, key.bytes.count, boots, time, salt, plain, plain.count, $0.baseAddress)
    }
    guard written > 0 else { return nil }
    cipher.removeLast(cipher.count - Int(written))
    return cipher
  }

  /// A key that net-snmp writes, cut to the length it says.
  fileprivate static func bytes(_ write: (UnsafeMutablePointer<UInt8>) -> Int32) -> [UInt8]? {
    var key = [UInt8](repeating: 0, count: Int(MUTT_USM_KEY))
    let length = unsafe key.withUnsafeMutableBufferPointer { unsafe write($0.baseAddress!) }
    guard length > 0 else { return nil }
    return Array(key.prefix(Int(length)))
  }
}
