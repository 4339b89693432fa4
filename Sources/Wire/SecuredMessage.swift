package import Model

/// The envelope of an SNMPv3 message (RFC 3412 §6) with the parameters of the User-based Security Model
/// (RFC 3414 §2.4): numbers, and ranges into the datagram.
///
///     SEQUENCE { 3, SEQUENCE { msgID, msgMaxSize, msgFlags, msgSecurityModel },
///                OCTET STRING { SEQUENCE { engine id, boots, time, user, digest, salt } }, data }
///
/// Every length is read from the datagram and held inside what encloses it before anything is done with it.
package struct SecuredMessage: BitwiseCopyable, Sendable {
  /// 0..<2^31.
  package internal(set) var messageID: Int64 = 0
  package internal(set) var flags: UInt8 = 0
  /// The authoritative engine: the sender of a trap, the receiver of an inform. At most 32 bytes; empty in
  /// the first step of a discovery.
  package internal(set) var engineID: ByteRange = .absent
  /// 0..<2^31; seconds for `time`.
  package internal(set) var boots: UInt32 = 0
  package internal(set) var time: UInt32 = 0
  /// At most 32 bytes.
  package internal(set) var user: ByteRange = .absent
  /// msgAuthenticationParameters and msgPrivacyParameters.
  package internal(set) var digest: ByteRange = .absent
  package internal(set) var salt: ByteRange = .absent
  /// The ScopedPDU with its tag, or what was encrypted, without it.
  package internal(set) var data: ByteRange = .absent

  /// Bits of msgFlags (RFC 3412 §6.4).
  package static var authenticated: UInt8 { 1 }
  package static var encrypted: UInt8 { 2 }
  package static var reportable: UInt8 { 4 }

  package var isAuthenticated: Bool { flags & SecuredMessage.authenticated != 0 }
  package var isEncrypted: Bool { flags & SecuredMessage.encrypted != 0 }
  /// The sender wants to hear why its message was not taken: an inform or a request, and no trap. RFC 3412
  /// §6.4 has it as an aid where the PDU cannot be read: there are agents that set it in their traps too.
  package var isReportable: Bool { flags & SecuredMessage.reportable != 0 }

  /// Reads the envelope of a datagram.
  package init(_ bytes: Span<UInt8>) throws(TrapFault) {
    var packet = BERReader(at: 0, end: bytes.count)
    var message = try packet.last(bytes, tag: BERTag.sequence)
    let version = try message.element(bytes, tag: BERTag.integer)
    guard try BERValue.integer(bytes, version) == 3 else {
      throw TrapFault(.unsupportedVersion, at: version.start)
    }
    try readHeader(bytes, try message.element(bytes, tag: BERTag.sequence))
    try readParameters(bytes, try message.element(bytes, tag: BERTag.octetString))
    let start = message.at
    if isEncrypted {
      data = try message.element(bytes, tag: BERTag.octetString)
    } else {
      _ = try message.element(bytes, tag: BERTag.sequence)
      data = ByteRange(start, message.at)
    }
    try message.finish()
  }

  /// Whether a ScopedPDU holds a PDU that nobody waits for an answer to: a trap, a response, a Report
  /// (RFC 3411 §2.8). Of what cannot be read that is not known; nil.
  package static func isUnconfirmed(scoped bytes: Span<UInt8>) -> Bool? {
    guard let scoped = try? ScopedPDU(bytes) else { return nil }
    return [BERTag.trapV1, BERTag.trapV2, BERTag.response, BERTag.report].contains(scoped.tag)
  }

  private mutating func readHeader(_ bytes: Span<UInt8>, _ content: ByteRange) throws(TrapFault) {
    var header = BERReader(at: content.start, end: content.end)
    messageID = try SecuredMessage.number(bytes, &header)
    let sizeAt = header.at
    // RFC 3412 §6.3: nobody may take less than 484 bytes.
    guard try SecuredMessage.number(bytes, &header) >= 484 else { throw TrapFault(.badInteger, at: sizeAt) }
    let field = try header.element(bytes, tag: BERTag.octetString)
    guard field.count == 1 else { throw TrapFault(.badSecurityParameters, at: field.start) }
    flags = bytes[field.start]
    // RFC 3412 §7.2 (5d): nothing is encrypted without being authenticated.
    if isEncrypted, !isAuthenticated { throw TrapFault(.badSecurityParameters, at: field.start) }
    let modelAt = header.at
    guard try SecuredMessage.number(bytes, &header) == 3 else {
      throw TrapFault(.unsupportedSecurityModel, at: modelAt)
    }
    try header.finish()
  }

  private mutating func readParameters(_ bytes: Span<UInt8>, _ content: ByteRange) throws(TrapFault) {
    var outer = BERReader(at: content.start, end: content.end)
    var parameters = try outer.last(bytes, tag: BERTag.sequence)
    engineID = try SecuredMessage.octets(bytes, &parameters, limit: 32)
    boots = UInt32(try SecuredMessage.number(bytes, &parameters))
    time = UInt32(try SecuredMessage.number(bytes, &parameters))
    user = try SecuredMessage.octets(bytes, &parameters, limit: 32)
    digest = try SecuredMessage.octets(bytes, &parameters, limit: 64)
    salt = try SecuredMessage.octets(bytes, &parameters, limit: 64)
    try parameters.finish()
  }

  /// An INTEGER (0..2147483647).
  private static func number(_ bytes: Span<UInt8>, _ reader: inout BERReader) throws(TrapFault) -> Int64 {
    let field = try reader.element(bytes, tag: BERTag.integer)
    let value = try BERValue.integer(bytes, field)
    guard value >= 0 else { throw TrapFault(.negativeInteger, at: field.start) }
    guard value <= Int64(Int32.max) else { throw TrapFault(.badInteger, at: field.start) }
    return value
  }

  private static func octets(
    _ bytes: Span<UInt8>, _ reader: inout BERReader, limit: Int
  ) throws(TrapFault) -> ByteRange {
    let field = try reader.element(bytes, tag: BERTag.octetString)
    guard field.count <= limit else { throw TrapFault(.badSecurityParameters, at: field.start) }
    return field
  }
}
