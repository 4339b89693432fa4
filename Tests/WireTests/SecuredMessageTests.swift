import Model
import Testing
import Wire

/// The envelope of SNMPv3: what is read, what is refused, and that what we write is read again.
@Suite struct SecuredMessageTests {
  private typealias Build = TrapBuilder

  private static let plainHeader = Build.tlv(
    0x30, Build.tlv(0x02, [1]), Build.tlv(0x02, [0x05, 0xDC]), Build.tlv(0x04, [0]), Build.tlv(0x02, [3]))
  private static let scoped = Build.tlv(0x30, Build.tlv(0x04), Build.tlv(0x04), Build.tlv(0xA7))

  private static func message(
    header: [UInt8] = plainHeader, parameters: [UInt8] = parameters(), data: [UInt8] = scoped
  ) -> [UInt8] {
    Build.tlv(0x30, Build.tlv(0x02, [3]), header, Build.tlv(0x04, parameters), data)
  }

  private static func header(
    id: [UInt8] = [1], size: [UInt8] = [0x05, 0xDC], flags: [UInt8] = [0], model: [UInt8] = [3]
  ) -> [UInt8] {
    Build.tlv(
      0x30, Build.tlv(0x02, id), Build.tlv(0x02, size), Build.tlv(0x04, flags), Build.tlv(0x02, model))
  }

  private static func parameters(
    engine: [UInt8] = [0x80, 0, 0, 1, 5], boots: [UInt8] = [1], time: [UInt8] = [9],
    user: [UInt8] = [0x61], digest: [UInt8] = [], salt: [UInt8] = [], after: [UInt8] = []
  ) -> [UInt8] {
    Build.tlv(
      0x30, Build.tlv(0x04, engine), Build.tlv(0x02, boots), Build.tlv(0x02, time), Build.tlv(0x04, user),
      Build.tlv(0x04, digest), Build.tlv(0x04, salt), after)
  }

  static let faults: [(String, [UInt8], TrapFault.Reason)] = [
    ("nothing behind the version", Build.tlv(0x30, Build.tlv(0x02, [3])), .truncated),
    ("another version", Build.tlv(0x30, Build.tlv(0x02, [1])), .unsupportedVersion),
    ("bytes behind the data", message(data: scoped + [5, 0]), .trailingBytes),
    ("bytes behind the header", message(header: plainHeader + [5, 0]), .unexpectedTag),
    ("message id of 2^31", message(header: header(id: [0, 0x80, 0, 0, 0])), .badInteger),
    ("message id of -1", message(header: header(id: [0xFF])), .negativeInteger),
    ("maximum size of 483", message(header: header(size: [0x01, 0xE3])), .badInteger),
    ("no flags", message(header: header(flags: [])), .badSecurityParameters),
    ("two octets of flags", message(header: header(flags: [0, 0])), .badSecurityParameters),
    ("encrypted and not authenticated", message(header: header(flags: [2])), .badSecurityParameters),
    ("community model", message(header: header(model: [2])), .unsupportedSecurityModel),
    ("model 0", message(header: header(model: [0])), .unsupportedSecurityModel),
    (
      "engine id of 33 bytes", message(parameters: parameters(engine: [UInt8](repeating: 1, count: 33))),
      .badSecurityParameters
    ),
    (
      "user of 33 bytes", message(parameters: parameters(user: [UInt8](repeating: 1, count: 33))),
      .badSecurityParameters
    ),
    (
      "digest of 65 bytes", message(parameters: parameters(digest: [UInt8](repeating: 1, count: 65))),
      .badSecurityParameters
    ),
    ("boots of -1", message(parameters: parameters(boots: [0xFF])), .negativeInteger),
    ("time of 2^31", message(parameters: parameters(time: [0, 0x80, 0, 0, 0])), .badInteger),
    ("bytes behind the salt", message(parameters: parameters(after: [5, 0])), .trailingBytes),
    ("bytes behind the parameters", message(parameters: parameters() + [5, 0]), .trailingBytes),
    ("parameters longer than the message", message(parameters: [0x30, 0x82, 0xFF, 0xFF]), .truncated),
    (
      "engine id longer than the parameters", message(parameters: [0x30, 2, 0x04, 0x7F]), .truncated
    ),
    ("indefinite parameters", message(parameters: [0x30, 0x80, 0, 0]), .indefiniteLength),
    ("64-bit length", message(parameters: [0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 1]), .oversizedLength),
    ("plain data that is a string", message(data: Build.tlv(0x04, [1])), .unexpectedTag),
    ("cipher text that is a sequence", message(header: header(flags: [3])), .unexpectedTag),
  ]

  @Test(arguments: faults.indices) func aFaultHasItsReason(_ index: Int) {
    let (name, packet, reason) = Self.faults[index]
    #expect(throws: TrapFault.self, "\(name)") { try SecuredMessage(packet.span) }
    do throws(TrapFault) {
      _ = try SecuredMessage(packet.span)
    } catch {
      #expect(error.reason == reason, "\(name)")
      #expect(error.offset >= 0 && error.offset <= packet.count, "\(name)")
    }
  }

  /// Every beginning of a message is no message.
  @Test func noBeginningIsAMessage() {
    let packet = Self.message()
    for count in 0..<packet.count {
      #expect(throws: TrapFault.self) { try SecuredMessage(packet.span.extracting(0..<count)) }
    }
  }

  @Test func theEnvelopeIsRead() throws {
    let packet = Self.message(
      header: Self.header(id: [0x12, 0x34], flags: [5]),
      parameters: Self.parameters(boots: [7], time: [0x01, 0x00], digest: [1, 2, 3]))
    let message = try SecuredMessage(packet.span)
    #expect(message.messageID == 0x1234)
    #expect(message.isAuthenticated && message.isReportable && !message.isEncrypted)
    #expect(message.boots == 7)
    #expect(message.time == 256)
    #expect(packet[message.engineID.bounds] == [0x80, 0, 0, 1, 5])
    #expect(packet[message.user.bounds] == [0x61])
    #expect(packet[message.digest.bounds] == [1, 2, 3])
    #expect(message.salt.isEmpty)
    #expect(Array(packet[message.data.bounds]) == Self.scoped)
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let pdu = TrapEncoder.pdu(
      .inform, requestID: 77, uptimeTicks: 5, trapOID: try #require(ObjectID("1.3.6.1.6.3.1.1.5.3")),
      varbinds: [])
    let scoped = SecuredEncoder.scoped(contextEngineID: [9, 9], contextName: Array("east".utf8), pdu: pdu)
    let envelope = SecuredEncoder.Envelope(
      messageID: 2_147_483_647, flags: SecuredMessage.authenticated, engineID: [1, 2, 3, 4, 5], boots: 3,
      time: 2_147_483_647, user: Array("ops".utf8), digestLength: 12)
    let (bytes, digestAt) = SecuredEncoder.message(envelope, data: scoped)
    let message = try SecuredMessage(bytes.span)
    #expect(message.digest.bounds == digestAt..<digestAt + 12)
    #expect(message.time == 2_147_483_647)
    #expect(message.messageID == 2_147_483_647)
    var trap = Trap()
    // As DES would have padded it.
    let padded = Array(bytes[message.data.bounds]) + [3, 3, 3]
    #expect(TrapDecoder().decodeScoped(padded.span, into: &trap) == .notification)
    #expect(trap.version == .v3)
    #expect(trap.kind == .inform)
    #expect(trap.requestID == 77)
    #expect(padded.span.text(trap.contextName) == "east")
    var response: [UInt8] = []
    TrapEncoder.appendResponse(to: trap, padded.span, to: &response)
    #expect(response.count == scoped.count)
    #expect(
      TrapDecoder().decodeScoped(response.span, into: &trap) == .notANotification(pduTag: 0xA2))
  }

  /// What net-snmp's snmptrap sent for a user without keys.
  @Test func aPacketOfNetSNMPIsRead() throws {
    let packet = try Fixtures.hexFile("snmpv3/noauth-trap.hex")
    var trap = Trap()
    #expect(TrapDecoder().decode(packet.span, into: &trap) == .secured)
    let message = try SecuredMessage(packet.span)
    #expect(packet.span.text(message.user) == "nobody")
    let scoped = packet.span.extracting(message.data.bounds)
    #expect(TrapDecoder().decodeScoped(scoped, into: &trap) == .notification)
    #expect("\(trap.trapOID)" == "1.3.6.1.6.3.1.1.5.1")
  }

  @Test func aReportIsNoNotification() {
    let report = SecuredEncoder.report(counter: 4, value: 4_294_967_295, requestID: 0)
    let scoped = SecuredEncoder.scoped(contextEngineID: [1], pdu: report)
    var trap = Trap()
    #expect(TrapDecoder().decodeScoped(scoped.span, into: &trap) == .notANotification(pduTag: 0xA8))
  }
}
