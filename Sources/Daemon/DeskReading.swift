import Model
import Policy
import Wire

// What recorded packets say, for verbs: read by the desk's own decoder, SNMPv3 opened with the users of the
// configuration.
extension DecisionDesk {
  /// Reads a packet into `trap` and returns the bytes that it points into: those of the packet, or what was
  /// in an SNMPv3 message. Nil when it becomes no event; `fault` says why.
  private mutating func read(_ packet: [UInt8], fault: inout PacketFault?) -> [UInt8]? {
    let verdict = trapDecoder.decode(packet.span, into: &trap)
    if verdict == .secured { return readSecured(packet, fault: &fault) }
    fault = PacketFault(verdict)
    return verdict == .notification ? packet : nil
  }

  private mutating func readSecured(_ packet: [UInt8], fault: inout PacketFault?) -> [UInt8]? {
    var buffer = SecureBuffer()
    do throws(TrapFault) {
      let message = try SecuredMessage(packet.span)
      guard let security = settings.security else {
        fault = PacketFault(
          reason: .unknownUser, text: "an SNMPv3 message, and the configuration has no snmp.users",
          isSealed: true)
        return nil
      }
      switch security.open(packet.span, message, &buffer) {
      case .discarded(let why):
        fault = DecisionDesk.refusal(why)
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
        fault = isGarbled ? DecisionDesk.refusal(.decryptionError) : PacketFault(verdict)
        return nil
      }
    } catch {
      fault = PacketFault(.malformed(error))
      return nil
    }
  }

  private static func refusal(_ reason: DiscardReason) -> PacketFault {
    let advice = Refusals.advice(reason)
    return PacketFault(
      reason: reason, text: "an SNMPv3 message: \(reason.name)" + (advice.isEmpty ? "" : "; \(advice)"))
  }

  /// The line that rules look at; nil when the packet is no notification (`fault` says why).
  mutating func lineOfTrap(_ packet: [UInt8], fault: inout PacketFault?) -> String? {
    guard let bytes = read(packet, fault: &fault) else { return nil }
    var text: [UInt8] = []
    return trap.appendText(bytes.span, to: &text).isAbsent ? nil : String(decoding: text, as: UTF8.self)
  }

  /// Every rule considered for a packet; nil when it is no notification (`fault` says why).
  mutating func explainTrap(
    _ packet: [UInt8], peer: IPAddress, arrival: Timestamp, fault: inout PacketFault?
  ) -> (Event, Explanation)? {
    guard let bytes = read(packet, fault: &fault) else { return nil }
    var event = Event(arrival: arrival, peer: peer)
    trap.fill(&event)
    var line: [UInt8] = []
    event.message = trap.appendText(bytes.span, to: &line)
    let seen = line.span.extracting(event.message.bounds)
    return (event, matcher!.explain(event, datagram: bytes.span, text: seen, trapOID: trap.trapOID))
  }
}
