import Foundation
import Intake
import Model
import Wire

/// SNMPv3 traps of this machine: it is the authoritative engine, with the wall clock as boots and time, so
/// that what is sent later is never older.
struct VerbSecuredTrap {
  private let user: TrapUser
  private let engineID: [UInt8]

  init(_ user: TrapUser) {
    self.user = user
    // The same at every run: a receiver remembers engines by their ids.
    let seed = FNV1a.hash(Array(ProcessInfo.processInfo.hostName.utf8).span)
    engineID = TrapSecurity.engineID(seed: Int64(bitPattern: seed))
  }

  func message(_ pdu: [UInt8], id: Int64) throws(DaemonFailure) -> [UInt8] {
    let seconds = UInt32(truncatingIfNeeded: SystemClock.now.nanoseconds / 1_000_000_000)
    return try user.message(
      pdu, id: id, engineID: engineID, boots: 1 + seconds >> 16, time: seconds & 0xFFFF, flags: 0)
  }
}

/// One conversation with a receiver of informs: finds its engine, sends, waits for the acknowledgement.
struct VerbInformSession: ~Copyable {
  private static let attempts = 5

  private let socket: DatagramSender
  private let target: String
  private let wait: Int32
  private let user: TrapUser?
  private var messageID = Int64.random(in: 1...1_000_000_000)
  /// The receiver's engine, once it has told.
  private var engine: (id: [UInt8], boots: UInt32, time: UInt32, toldAt: Int64)?

  init(to target: String, timeout: Double, user: TrapUser?) throws(DaemonFailure) {
    self.target = target
    self.user = user
    wait = Int32(max(1, timeout * 1_000))
    socket = try VerbSend.socket(to: target)
  }

  /// Sends an inform (a datagram, for SNMPv3 a PDU) until it is acknowledged.
  mutating func inform(_ packet: [UInt8]) throws(DaemonFailure) {
    for _ in 0..<VerbInformSession.attempts {
      guard let user else {
        if let answer = try exchange(packet), VerbInformSession.acknowledges(answer, packet) { return }
        continue
      }
      guard let engine else {
        try discover()
        continue
      }
      messageID += 1
      let elapsed = UInt32(truncatingIfNeeded: (SystemClock.monotonic - engine.toldAt) / 1_000_000_000)
      let message = try user.message(
        packet, id: messageID, engineID: engine.id, boots: engine.boots, time: engine.time + elapsed,
        flags: SecuredMessage.reportable)
      guard let answer = try exchange(message) else { continue }
      if try take(answer, from: user) { return }
    }
    throw DaemonFailure(
      .unavailable,
      "\(target) has not acknowledged the inform: is it let in (communities, users), and does it answer?")
  }

  private func exchange(_ bytes: [UInt8]) throws(DaemonFailure) -> [UInt8]? {
    do throws(IntakeError) {
      try socket.send(bytes)
      return try socket.receive(wait: wait)
    } catch {
      throw DaemonFailure(.unavailable, error.message)
    }
  }

  /// RFC 3416 §4.2.7: the same request, now a response.
  private static func acknowledges(_ answer: [UInt8], _ packet: [UInt8]) -> Bool {
    var trap = Trap()
    guard TrapDecoder().decode(packet.span, into: &trap) == .notification else { return false }
    var response: [UInt8] = []
    TrapEncoder.appendResponse(to: trap, packet.span, to: &response)
    return answer == response
  }

  /// RFC 3414 §4: a message without engine is answered with one.
  private mutating func discover() throws(DaemonFailure) {
    messageID += 1
    let probe = try TrapUser(name: [], keys: nil).message(
      SecuredEncoder.emptyRequest, id: messageID, engineID: [], boots: 0, time: 0,
      flags: SecuredMessage.reportable)
    guard let answer = try exchange(probe), let report = try? SecuredMessage(answer.span),
      report.messageID == messageID
    else { return }
    learn(answer, report)
  }

  private mutating func learn(_ bytes: [UInt8], _ message: SecuredMessage) {
    if message.engineID.isEmpty { return }
    engine = (bytes.span.array(message.engineID), message.boots, message.time, SystemClock.monotonic)
  }

  /// Whether this is the acknowledgement; a Report says why it is none.
  private mutating func take(_ answer: [UInt8], from user: TrapUser) throws(DaemonFailure) -> Bool {
    guard let message = try? SecuredMessage(answer.span), message.messageID == messageID, let engine else {
      return false
    }
    var plain = [UInt8](repeating: 0, count: answer.count)
    if let keys = user.keys, message.isAuthenticated {
      guard let key = keys.authenticationKey(engineID: engine.id),
        TrapKeys.verify(answer.span, digest: message.digest, keys.authentication, key, scratch: &plain)
      else { return false }
      if message.isEncrypted {
        guard let cipher = keys.privacy, let key = keys.privacyKey(engineID: engine.id),
          let count = TrapKeys.decrypt(
            answer.span, cipher: message.data, salt: message.salt, boots: message.boots, time: message.time,
            cipher, key, into: &plain)
        else { return false }
        plain.removeLast(plain.count - count)
      }
    }
    if !message.isEncrypted { plain = answer.span.array(message.data) }
    var trap = Trap()
    switch TrapDecoder().decodeScoped(plain.span, into: &trap) {
    case .notANotification(pduTag: 0xA2): return user.keys == nil || message.isAuthenticated
    case .notANotification(pduTag: 0xA8): break
    default: return false
    }
    let reason = SecuredEncoder.counter(ofReport: plain)
    if reason == 2 || reason == 4 {
      learn(answer, message)
      return false
    }
    throw DaemonFailure(.unavailable, "\(target) refuses the inform: \(VerbInformSession.words(reason))")
  }

  private static func words(_ counter: UInt8?) -> String {
    switch counter {
    case 1: "the user is not as well protected there, or better (unsupported security level)"
    case 3: "it does not know the user"
    case 5: "another --auth or --auth-password (wrong digest)"
    case 6: "another --privacy or --privacy-password (decryption error)"
    default: "it does not say why"
    }
  }
}

extension TrapUser {
  /// A message with this PDU, as well protected as the user can.
  fileprivate func message(
    _ pdu: [UInt8], id: Int64, engineID: [UInt8], boots: UInt32, time: UInt32, flags: UInt8
  ) throws(DaemonFailure) -> [UInt8] {
    let scoped = SecuredEncoder.scoped(contextEngineID: engineID, pdu: pdu)
    var envelope = SecuredEncoder.Envelope(
      messageID: id, flags: flags, engineID: engineID, boots: boots, time: time, user: name)
    guard let keys else { return SecuredEncoder.message(envelope, data: scoped).bytes }
    envelope.flags |=
      SecuredMessage.authenticated | (keys.privacy == nil ? 0 : SecuredMessage.encrypted)
    guard let seal = Seal(keys, engineID: engineID),
      let message = seal.message(&envelope, scoped, salt: UInt64.random(in: .min ... .max))
    else { throw DaemonFailure(.unavailable, "net-snmp (libsnmp) does not encrypt with these algorithms") }
    return message
  }
}
