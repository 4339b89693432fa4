import Intake
import Model
import Wire

// SNMPv3 and informs: what happens around the decision of a notification.
extension DecisionDesk {
  /// Opens an SNMPv3 message and decides what is in it.
  mutating func secured(
    _ bytes: Span<UInt8>, _ about: Datagram, id: EventID, now: Timestamp,
    _ tally: inout WorkerTally
  ) {
    let message: SecuredMessage
    do throws(TrapFault) {
      message = try SecuredMessage(bytes)
    } catch {
      return noteFault(error, bytes, about, &tally)
    }
    guard let security = settings.security else { return refuse(.unknownUser, about, &tally) }
    // Moved out while it is read: the rest of the desk changes meanwhile.
    var buffer = SecureBuffer()
    swap(&buffer, &secureBuffer)
    defer { secureBuffer = buffer }
    switch security.open(bytes, message, &buffer) {
    case .discarded(let reason):
      refuse(reason, about, &tally)
    case .opened(let passage):
      let plain = passage.isDecrypted ? buffer.plain : []
      let isRead =
        passage.isDecrypted
        ? takeScoped(
          plain.span.extracting(passage.scoped.bounds), bytes, message, passage, about, id: id,
          now: now, &tally)
        : takeScoped(
          bytes.extracting(passage.scoped.bounds), bytes, message, passage, about, id: id, now: now,
          &tally)
      if !isRead { security.refuseUnreadable(message, passage, &buffer) }
    }
    if buffer.report.isEmpty { return }
    reports.add(to: about.peer, about.port) { $0 += buffer.report }
    awaitsPath = true
  }

  /// False when what was decrypted is nothing that can be read.
  private mutating func takeScoped(
    _ scoped: Span<UInt8>, _ bytes: Span<UInt8>, _ message: SecuredMessage, _ passage: TrapSecurity.Passage,
    _ about: Datagram, id: EventID, now: Timestamp, _ tally: inout WorkerTally
  ) -> Bool {
    switch trapDecoder.decodeScoped(scoped, into: &trap) {
    case .malformed(let fault):
      if passage.isDecrypted, !trap.hasPDU {
        refuse(.decryptionError, about, &tally)
        return false
      }
      noteFault(fault, bytes, about, &tally)
    case .notANotification, .secured:
      refuse(.notANotification, about, &tally)
    case .notification:
      trap.engineID.append(bytes, message.engineID)
      trap.user.append(bytes, message.user)
      notification(scoped, about, id: id, now: now, passage, &tally)
    }
    return true
  }

  /// Puts the acknowledgement of an inform into the batch, behind all that is to be committed before it, and
  /// says whether the inform is new. One that is sent again is acknowledged again: at the earliest with this
  /// batch, and so after the event it became.
  mutating func takeInform(
    _ bytes: Span<UInt8>, _ about: Datagram, id: EventID, _ passage: TrapSecurity.Passage?,
    _ tally: inout WorkerTally
  ) -> Bool {
    let inform = number(ofInform: bytes, about)
    let isRepeated = informs.isRepeated(inform, now: SystemClock.monotonic)
    let event = isRepeated ? EventID(rawValue: 0) : id
    batch.answers.add(to: about.peer, about.port, inform: inform, event: event) { target in
      guard let passage else { return TrapEncoder.appendResponse(to: trap, bytes, to: &target) }
      var scoped: [UInt8] = []
      TrapEncoder.appendResponse(to: trap, bytes, to: &scoped)
      if let message = settings.security?.seal(scoped, for: passage) { target += message }
    }
    awaitsPath = true
    if !isRepeated { return true }
    tally.discarded[DiscardReason.duplicateInform.rawValue] &+= 1
    return false
  }

  /// The same whenever it is sent, and for no other one.
  private func number(ofInform bytes: Span<UInt8>, _ about: Datagram) -> UInt64 {
    // What is sent again is the same PDU, whatever the message around it says of time. Its request id alone
    // tells nothing: there are agents that never change it, or begin anew with every start.
    var hasher = Hasher()
    hasher.combine(about.peer)
    hasher.combine(about.port)
    hasher.combine(trap.engineID)
    hasher.combine(trap.user)
    hasher.combine(bytes, trap.community)
    hasher.combine(bytes, trap.pdu(bytes))
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }

  /// What became of these informs is lost, and their senders have heard nothing: the next time each is new.
  mutating func forget(informs numbers: [UInt64]) {
    for number in numbers { informs.forget(number) }
  }

  /// Counts a message that was not taken, and remembers who sent it for the log.
  mutating func refuse(_ reason: DiscardReason, _ about: Datagram, _ tally: inout WorkerTally) {
    tally.discarded[reason.rawValue] &+= 1
    // Asking for our engine id is how every conversation begins.
    if reason == .discovery { return }
    if refusals.isEmpty {
      refusals = [Refusals](repeating: Refusals(), count: DiscardReason.allCases.count)
    }
    refusals[reason.rawValue].note(about.peer)
    hasRefusals = true
  }

  /// Says now and then, for each reason, whose messages are not taken.
  mutating func reportRefusals(to notices: NoticeSink, monotonic: Int64) {
    guard hasRefusals else { return }
    hasRefusals = false
    for reason in DiscardReason.allCases where !refusals[reason.rawValue].isEmpty {
      if let notice = refusals[reason.rawValue].due(monotonic, reason: reason) {
        notices(notice)
      } else {
        hasRefusals = true
      }
    }
  }
}

extension Hasher {
  fileprivate mutating func combine(_ bytes: Span<UInt8>, _ range: ByteRange) {
    combine(range.bounds.count)
    unsafe bytes.extracting(range.bounds).withUnsafeBytes { unsafe combine(bytes: $0) }
  }
}
