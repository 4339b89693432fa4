/// Why a packet on the trap socket could not be read. The names are label values of
/// `mutt_malformed_snmp_total`.
package enum SNMPFault: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  /// A length reaches beyond the end of what encloses it.
  case truncated
  /// Bytes are left after the last field of a part of the packet.
  case trailingBytes
  /// Another type stands where the grammar has none of this kind.
  case unexpectedTag
  /// Length octet 0x80: BER's indefinite form, which SNMP forbids (RFC 3417 §8).
  case indefiniteLength
  /// A length of more than four octets.
  case oversizedLength
  /// An integer of no octets or of more than its type can need.
  case badInteger
  /// An unsigned field below zero.
  case negativeInteger
  /// An object identifier that is empty, unfinished or padded.
  case badObjectID
  /// More than 128 arcs (RFC 2578 §3.5).
  case oversizedObjectID
  /// An arc of 2^32 or more.
  case oversizedArc
  /// More than `Trap.varbindLimit` varbinds.
  case tooManyVarbinds
  /// A version nobody speaks.
  case unsupportedVersion
  /// SNMPv3 with another security model than USM.
  case unsupportedSecurityModel
  /// Security parameters that USM does not allow: flags, or a field that is too long.
  case badSecurityParameters
  /// A v1 trap whose enterprise has no arcs.
  case emptyEnterprise
  /// A v1 generic-trap outside 0...6.
  case badGenericTrap
  /// A v2c notification without snmpTrapOID.0.
  case missingTrapOID

  package var name: StaticString {
    switch self {
    case .truncated: "truncated"
    case .trailingBytes: "trailing_bytes"
    case .unexpectedTag: "unexpected_tag"
    case .indefiniteLength: "indefinite_length"
    case .oversizedLength: "oversized_length"
    case .badInteger: "bad_integer"
    case .negativeInteger: "negative_integer"
    case .badObjectID: "bad_object_id"
    case .oversizedObjectID: "oversized_object_id"
    case .oversizedArc: "oversized_arc"
    case .tooManyVarbinds: "too_many_varbinds"
    case .unsupportedVersion: "unsupported_version"
    case .unsupportedSecurityModel: "unsupported_security_model"
    case .badSecurityParameters: "bad_security_parameters"
    case .emptyEnterprise: "empty_enterprise"
    case .badGenericTrap: "bad_generic_trap"
    case .missingTrapOID: "missing_trap_oid"
    }
  }
}
