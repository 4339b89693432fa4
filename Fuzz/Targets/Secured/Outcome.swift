import Desk
import Intake
import Model
import Probe
import Wire

/// What holds of a message that was taken or refused, and of all that is sent back.
struct Outcome: ~Copyable {
  let bytes: [UInt8]
  let expected: Reference.Judgement
  let result: Receiver.Result

  /// `trap`: to read with.
  func check(_ users: [TrapUser], _ trap: inout Trap) {
    checkCounts()
    checkRow(&trap)
    checkReport(users, &trap)
    checkAnswer(users, &trap)
  }

  /// An event or one reason, and never both.
  private func checkCounts() {
    let tally = result.tally
    var refusals: [DiscardReason] = []
    for reason in DiscardReason.allCases {
      let count = tally.discarded[reason.rawValue]
      claim(count <= 1, "\(reason) counts \(count)")
      if count > 0 { refusals.append(reason) }
    }
    claim(tally.datagrams == 1 && tally.bytes == UInt64(bytes.count), "\(tally.datagrams) datagrams")
    claim(tally.traps + UInt64(refusals.count) == 1, "\(tally.traps) events and \(refusals)")
    claim(tally.matched + tally.unmatched == tally.traps, "\(tally.matched) and \(tally.unmatched) decided")
    var faults: UInt64 = 0
    for index in tally.faults.indices { faults += tally.faults[index] }
    claim(faults == tally.discarded[DiscardReason.malformedSNMP.rawValue], "\(faults) faults")
    switch expected.outcome {
    case .trap, .inform: claim(refusals.isEmpty, "refused as \(refusals), not \(expected.outcome)")
    case .refused(let reason): claim(refusals == [reason], "refused as \(refusals), not as \(reason)")
    }
  }

  /// What was decrypted is what is kept.
  private func checkRow(_ trap: inout Trap) {
    let batch = result.batch
    claim(batch.rows.count == Int(result.tally.traps), "\(batch.rows.count) rows")
    guard let row = batch.rows.first else { return }
    guard let message = try? SecuredMessage(bytes.span) else { return claim(false, "its envelope is broken") }
    let verdict = TrapDecoder().decodeScoped(expected.plain.span, into: &trap)
    claim(verdict == .notification, "\(verdict) when decoded again")
    trap.engineID = Array(bytes[message.engineID.bounds])
    trap.user = Array(bytes[message.user.bounds])
    var raw: [UInt8] = []
    _ = trap.appendRawJSON(expected.plain.span, to: &raw)
    claim(Array(batch.bytes[row.raw.bounds]) == raw, "another raw_message")
    JSONShape.claimObject(raw[...], "raw_message")
    if !row.snmp.isAbsent { JSONShape.claimObject(batch.bytes[row.snmp.bounds], "the snmp object") }
  }

  /// It can be read, is as short as everybody has to take, and says what was found.
  private func checkReport(_ users: [TrapUser], _ trap: inout Trap) {
    let reports = result.reports.entries
    claim(reports.count == (expected.report == nil ? 0 : 1), "\(reports.count) Reports for \(expected)")
    guard let report = expected.report, let entry = reports.first else { return }
    let sent = Array(result.reports.bytes[entry.datagram.bounds])
    claim(sent.count <= 484, "a Report of \(sent.count) bytes")
    let answer = Answer(sent, to: bytes, users, &trap)
    claim(answer.pduTag == 0xA8, "a Report with tag \(answer.pduTag)")
    claim(
      answer.flags == (report.isSigned ? SecuredMessage.authenticated : 0),
      "a Report with flags \(answer.flags)")
    let counter = SecuredEncoder.counter(ofReport: answer.scoped)
    claim(counter == report.counter, "the Report shows \(counter ?? 0), not \(report.counter)")
  }

  /// An inform is acknowledged each time it comes, as well protected as it was, and by the same PDU.
  private func checkAnswer(_ users: [TrapUser], _ trap: inout Trap) {
    let answers = result.batch.answers.entries
    let isInform = expected.outcome == .inform || expected.outcome == .refused(.duplicateInform)
    claim(answers.count == (isInform ? 1 : 0), "\(answers.count) acknowledgements for \(expected.outcome)")
    guard let entry = answers.first else { return }
    claim(expected.isOurs, "an inform for another engine is acknowledged")
    let answer = Answer(Array(result.batch.answers.bytes[entry.datagram.bounds]), to: bytes, users, &trap)
    claim(answer.pduTag == 0xA2, "an acknowledgement with tag \(answer.pduTag)")
    let sent = Answer.flags(bytes) & (SecuredMessage.authenticated | SecuredMessage.encrypted)
    claim(answer.flags == sent, "flags \(sent) are answered with \(answer.flags)")
    let plain = expected.plain
    claim(TrapDecoder().decodeScoped(plain.span, into: &trap) == .notification, "no inform")
    let (id, count, tagAt) = (trap.requestID, trap.varbinds.count, trap.pdu(plain.span).start)
    var scoped: [UInt8] = []
    TrapEncoder.appendResponse(to: trap, plain.span, to: &scoped)
    claim(answer.scoped.starts(with: scoped), "another acknowledgement")
    // As an inform it would be the same one.
    scoped[tagAt] = 0xA6
    claim(TrapDecoder().decodeScoped(scoped.span, into: &trap) == .notification, "what is it now?")
    claim(trap.requestID == id, "for \(id) it says \(trap.requestID)")
    claim(trap.varbinds.count == count, "it has \(trap.varbinds.count) varbinds, not \(count)")
  }
}

/// What was sent back, as whoever gets it reads it.
struct Answer {
  let flags: UInt8
  let scoped: [UInt8]
  let pduTag: UInt8

  static func flags(_ bytes: [UInt8]) -> UInt8 { (try? SecuredMessage(bytes.span))?.flags ?? 0 }

  init(_ bytes: [UInt8], to message: [UInt8], _ users: [TrapUser], _ trap: inout Trap) {
    claim(TrapDecoder().decode(bytes.span, into: &trap) == .secured, "no message of SNMPv3 is sent back")
    guard let envelope = try? SecuredMessage(bytes.span), let asked = try? SecuredMessage(message.span) else {
      fatalError("broken promise: what is sent back cannot be read")
    }
    flags = envelope.flags
    claim(!envelope.isReportable, "the answer wants an answer")
    claim(envelope.messageID == asked.messageID, "it answers \(envelope.messageID), not \(asked.messageID)")
    claim(Array(bytes[envelope.engineID.bounds]) == Receiver.engineID, "another engine answers")
    claim(envelope.boots == Receiver.boots, "it has \(envelope.boots) boots")
    var plain = Array(bytes[envelope.data.bounds])
    if envelope.isAuthenticated {
      let name = Array(bytes[envelope.user.bounds])
      guard name == Array(message[asked.user.bounds]),
        let keys = users.first(where: { $0.name == name })?.keys
      else { fatalError("broken promise: another user answers") }
      plain = Answer.opened(bytes, envelope, keys) ?? plain
    }
    scoped = plain
    switch TrapDecoder().decodeScoped(plain.span, into: &trap) {
    case .notANotification(let tag): pduTag = tag
    case let verdict: fatalError("broken promise: the answer is \(verdict)")
    }
  }

  /// Nil for what is not encrypted.
  private static func opened(
    _ bytes: [UInt8], _ envelope: SecuredMessage, _ keys: TrapMasterKeys
  ) -> [UInt8]? {
    var plain = [UInt8](repeating: 0, count: bytes.count)
    guard let key = keys.authenticationKey(engineID: Receiver.engineID) else { return nil }
    let isProven = TrapKeys.verify(
      bytes.span, digest: envelope.digest, keys.authentication, key, scratch: &plain)
    claim(isProven, "the answer's digest is wrong")
    if !envelope.isEncrypted { return nil }
    guard let cipher = keys.privacy, let key = keys.privacyKey(engineID: Receiver.engineID),
      let count = TrapKeys.decrypt(
        bytes.span, cipher: envelope.data, salt: envelope.salt, boots: envelope.boots, time: envelope.time,
        cipher, key, into: &plain)
    else { fatalError("broken promise: the answer cannot be decrypted") }
    return Array(plain.prefix(count))
  }
}
