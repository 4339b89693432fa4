import Model

/// Writes SNMPv3 messages: acknowledgements of informs, Reports, and what `muttd send` sends.
package enum SecuredEncoder {
  /// What stands around a ScopedPDU.
  package struct Envelope: Sendable {
    /// 0..<2^31.
    package var messageID: Int64
    package var flags: UInt8
    package var engineID: [UInt8]
    package var boots: UInt32
    package var time: UInt32
    package var user: [UInt8]
    /// Bytes kept blank for the digest; 0 for a message that is not authenticated.
    package var digestLength: Int
    package var salt: [UInt8]

    package init(
      messageID: Int64, flags: UInt8, engineID: [UInt8], boots: UInt32, time: UInt32, user: [UInt8],
      digestLength: Int = 0, salt: [UInt8] = []
    ) {
      self.messageID = messageID
      self.flags = flags
      self.engineID = engineID
      self.boots = boots
      self.time = time
      self.user = user
      self.digestLength = digestLength
      self.salt = salt
    }
  }

  /// UDP's largest payload over IPv4: what we take (msgMaxSize).
  private static var largestMessage: Int64 { 65_507 }

  /// The message, and where its digest belongs. `data`: a ScopedPDU, or the cipher text of one when the
  /// envelope's flags say so.
  package static func message(_ envelope: Envelope, data: [UInt8]) -> (bytes: [UInt8], digestAt: Int) {
    let header =
      number(envelope.messageID) + number(largestMessage)
      + TrapEncoder.element(BERTag.octetString, [envelope.flags]) + number(3)
    let salt = TrapEncoder.element(BERTag.octetString, envelope.salt)
    let parameters = TrapEncoder.element(
      BERTag.sequence,
      TrapEncoder.element(BERTag.octetString, envelope.engineID) + number(Int64(envelope.boots))
        + number(Int64(envelope.time)) + TrapEncoder.element(BERTag.octetString, envelope.user)
        + TrapEncoder.element(
          BERTag.octetString, [UInt8](repeating: 0, count: envelope.digestLength)) + salt)
    let isEncrypted = envelope.flags & SecuredMessage.encrypted != 0
    let tail = isEncrypted ? TrapEncoder.element(BERTag.octetString, data) : data
    let bytes = TrapEncoder.element(
      BERTag.sequence,
      number(3) + TrapEncoder.element(BERTag.sequence, header)
        + TrapEncoder.element(BERTag.octetString, parameters) + tail)
    return (bytes, bytes.count - tail.count - salt.count - envelope.digestLength)
  }

  /// ScopedPDU (RFC 3412 §6.8) around an encoded PDU.
  package static func scoped(contextEngineID: [UInt8], contextName: [UInt8] = [], pdu: [UInt8]) -> [UInt8] {
    TrapEncoder.element(
      BERTag.sequence,
      TrapEncoder.element(BERTag.octetString, contextEngineID)
        + TrapEncoder.element(BERTag.octetString, contextName) + pdu)
  }

  /// A Report-PDU (RFC 3414 §3.2) that shows `usmStats` counter `counter`, the last but one arc of
  /// 1.3.6.1.6.3.15.1.1.*.0, with `value`.
  package static func report(counter: UInt8, value: UInt32, requestID: Int64) -> [UInt8] {
    let name: [UInt8] = [0x2B, 6, 1, 6, 3, 15, 1, 1, counter, 0]
    let pair = TrapEncoder.element(
      BERTag.sequence,
      TrapEncoder.element(BERTag.objectID, name)
        + TrapEncoder.element(BERTag.counter32, TrapEncoder.integer(Int64(value))))
    return TrapEncoder.element(
      BERTag.report,
      number(requestID) + number(0) + number(0) + TrapEncoder.element(BERTag.sequence, pair))
  }

  /// A GetRequest-PDU that asks for nothing: how a discovery begins (RFC 3414 §4).
  package static var emptyRequest: [UInt8] {
    TrapEncoder.element(0xA0, number(1) + number(0) + number(0) + TrapEncoder.element(BERTag.sequence, []))
  }

  /// Which counter of usmStats a Report shows; `scoped` is its ScopedPDU.
  package static func counter(ofReport scoped: [UInt8]) -> UInt8? {
    let name: [UInt8] = [0x2B, 6, 1, 6, 3, 15, 1, 1]
    guard let at = scoped.indices.first(where: { scoped[$0...].starts(with: name) }),
      at + name.count < scoped.count
    else { return nil }
    return scoped[at + name.count]
  }

  private static func number(_ value: Int64) -> [UInt8] {
    TrapEncoder.element(BERTag.integer, TrapEncoder.integer(value))
  }
}
