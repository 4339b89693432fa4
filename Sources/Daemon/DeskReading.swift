import Model
import Policy
import Wire

// What recorded packets say, for verbs: read by the desk's own decoder, SNMPv3 opened with the users of the
// configuration.
extension DecisionDesk {
  /// Reads a packet into `trap` and returns the bytes that it points into: those of the packet, or what was
  /// in an SNMPv3 message. Nil when it is no notification; `reason` says why.
  private mutating func read(_ packet: [UInt8], reason: inout String) -> [UInt8]? {
    let verdict = trapDecoder.decode(packet.span, into: &trap)
    if verdict == .secured { return readSecured(packet, reason: &reason) }
    if let fault = DecisionDesk.fault(verdict) { reason = fault }
    return verdict == .notification ? packet : nil
  }

  private mutating func readSecured(_ packet: [UInt8], reason: inout String) -> [UInt8]? {
    guard let security = settings.security else {
      reason = "an SNMPv3 message, and the configuration has no snmp.users"
      return nil
    }
    var buffer = SecureBuffer()
    do throws(TrapFault) {
      let message = try SecuredMessage(packet.span)
      switch security.open(packet.span, message, &buffer) {
      case .discarded(let why):
        let advice = Refusals.advice(why)
        reason = "an SNMPv3 message: \(why.name)" + (advice.isEmpty ? "" : "; \(advice)")
        return nil
      case .opened(let passage):
        let source = passage.isDecrypted ? buffer.plain : packet
        let scoped = Array(source[passage.scoped.bounds])
        let verdict = trapDecoder.decodeScoped(scoped.span, into: &trap)
        if verdict == .notification {
          trap.engineID.append(packet.span, message.engineID)
          return scoped
        }
        let isGarbled = passage.isDecrypted && !trap.hasPDU
        reason =
          isGarbled
          ? "an SNMPv3 message: decryption_error; \(Refusals.advice(.decryptionError))"
          : DecisionDesk.fault(verdict) ?? ""
        return nil
      }
    } catch {
      reason = DecisionDesk.fault(.malformed(error)) ?? ""
      return nil
    }
  }

  private static func fault(_ verdict: TrapVerdict) -> String? {
    switch verdict {
    case .malformed(let fault): "malformed: \(fault.reason.name) at byte \(fault.offset)"
    case .notANotification(let tag): "not a notification: PDU type 0x\(String(tag, radix: 16))"
    case .notification, .secured: nil
    }
  }

  /// The line that rules look at; nil when the packet is no notification (`reason` says why).
  mutating func lineOfTrap(_ packet: [UInt8], reason: inout String) -> String? {
    guard let bytes = read(packet, reason: &reason) else { return nil }
    var text: [UInt8] = []
    return trap.appendText(bytes.span, to: &text).isAbsent ? nil : String(decoding: text, as: UTF8.self)
  }

  /// Every rule considered for a packet; nil when it is no notification (`reason` says why).
  mutating func explainTrap(
    _ packet: [UInt8], peer: IPAddress, arrival: Timestamp, reason: inout String
  ) -> (Event, Explanation)? {
    guard let bytes = read(packet, reason: &reason) else { return nil }
    var event = Event(arrival: arrival, peer: peer)
    trap.fill(&event)
    var line: [UInt8] = []
    event.message = trap.appendText(bytes.span, to: &line)
    let seen = line.span.extracting(event.message.bounds)
    return (event, matcher!.explain(event, datagram: bytes.span, text: seen, trapOID: trap.trapOID))
  }
}
