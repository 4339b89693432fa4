import Intake
import Model
import Testing
import Wire

@testable import Daemon

/// Informs as an agent writes them, for a receiver whose engine this knows too.
struct InformWriter {
  static let engine: [UInt8] = [0x80, 0, 0x1F, 0x88, 5, 1, 1, 1, 1, 1, 1, 1, 1]

  enum Level: CaseIterable, Sendable {
    case version2, open, authentic, confident
  }

  let level: Level
  private let keys: TrapMasterKeys?
  private var messages: Int64 = 0

  init(_ level: Level) throws {
    self.level = level
    keys =
      level == .authentic || level == .confident
      ? try #require(
        TrapMasterKeys(
          .sha256, password: Array("authentic".utf8),
          privacy: level == .confident ? (.aes128, Array("confident".utf8)) : nil)) : nil
  }

  /// Who is to take them: nil for those without SNMPv3.
  var security: TrapSecurity? {
    if level == .version2 { return nil }
    return TrapSecurity(
      users: [TrapUser(name: Array("ops".utf8), keys: keys)], engineLimit: 8, engineID: InformWriter.engine,
      boots: 4)
  }

  /// A linkDown of one interface: each time in another message.
  mutating func inform(
    requestID: Int32, ifIndex: Int64, trapOID: String = "1.3.6.1.6.3.1.1.5.3"
  ) throws -> [UInt8] {
    let oid = try #require(ObjectID(trapOID))
    let name = try #require(ObjectID("1.3.6.1.2.1.2.2.1.1.\(ifIndex)"))
    let varbinds: [TrapEncoder.NamedValue] = [(name, .integer(ifIndex))]
    if level == .version2 {
      return TrapEncoder.v2c(
        community: Array("public".utf8), kind: .inform, requestID: requestID, uptimeTicks: 7, trapOID: oid,
        varbinds: varbinds)
    }
    messages += 1
    let pdu = TrapEncoder.pdu(
      .inform, requestID: requestID, uptimeTicks: 7, trapOID: oid, varbinds: varbinds)
    let scoped = SecuredEncoder.scoped(contextEngineID: InformWriter.engine, pdu: pdu)
    var envelope = SecuredEncoder.Envelope(
      messageID: messages, flags: SecuredMessage.reportable, engineID: InformWriter.engine, boots: 4,
      time: UInt32(messages), user: Array("ops".utf8))
    guard let keys else { return SecuredEncoder.message(envelope, data: scoped).bytes }
    envelope.flags |=
      SecuredMessage.authenticated | (level == .confident ? SecuredMessage.encrypted : 0)
    let seal = try #require(Seal(keys, engineID: InformWriter.engine))
    return try #require(seal.message(&envelope, scoped, salt: UInt64(messages)))
  }
}
