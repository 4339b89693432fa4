import Desk
import Intake
import Model
import Wire

/// What RFC 3414 §3.2 says of a message, in the plainest way: no key is kept, engines are a list, and of the
/// daemon only what reads and what computes is used.
struct Reference {
  enum Outcome: Equatable {
    case trap, inform
    case refused(DiscardReason)
  }

  /// A Report that is due: which counter of usmStats it shows. The one about the time is signed.
  struct Report: Equatable {
    var counter: UInt8
    var isSigned: Bool { counter == 2 }
  }

  struct Judgement {
    var outcome: Outcome
    var report: Report?
    /// Its digest is right.
    var isProven = false
    var isOurs = false
    /// The ScopedPDU of a notification.
    var plain: [UInt8] = []
  }

  struct Engine {
    let id: [UInt8]
    var boots: UInt32
    /// Seconds, and those of the receiver's clock when that was heard.
    var time: Int64
    var heardAt: Int64
  }

  var users: [TrapUser]
  /// The one that was heard last comes first.
  private(set) var engines: [Engine] = []
  private(set) var evictions = 0
  private var informs: Set<[UInt8]> = []
  /// For whoever reads something here: it is large.
  var trap = Trap()

  init(users: [TrapUser]) { self.users = users }

  /// `clock`: seconds since the receiver started.
  mutating func judge(_ bytes: [UInt8], clock: Int64) -> Judgement {
    guard let message = try? SecuredMessage(bytes.span) else {
      return Judgement(outcome: .refused(.malformedSNMP))
    }
    let engine = Array(bytes[message.engineID.bounds])
    let isOurs = engine == Receiver.engineID
    var asks = message.isReportable
    func refused(_ reason: DiscardReason, _ counter: UInt8, isProven: Bool = false) -> Judgement {
      // Whoever wants an answer of another engine is told of that and nothing else.
      let report = Report(counter: isOurs || engine.isEmpty ? counter : 4)
      return Judgement(
        outcome: .refused(reason), report: asks ? report : nil, isProven: isProven, isOurs: isOurs)
    }
    if engine.isEmpty { return refused(asks ? .discovery : .unknownEngine, 4) }
    var plain = Array(bytes[message.data.bounds])
    if !isOurs, !message.isEncrypted {
      guard SecuredMessage.isUnconfirmed(scoped: plain.span) ?? !asks else {
        return refused(.unknownEngine, 4)
      }
      asks = false
    }
    guard let user = users.first(where: { $0.name == Array(bytes[message.user.bounds]) }) else {
      return refused(.unknownUser, 3)
    }
    guard message.isAuthenticated == (user.keys != nil), !message.isEncrypted || user.keys?.privacy != nil
    else { return refused(.unsupportedSecurityLevel, 1) }
    if let keys = user.keys {
      guard isProven(bytes, message, keys, engine) else { return refused(.wrongDigest, 5) }
      if isOurs, message.boots != Receiver.boots || abs(Int64(message.time) - clock) > 150 {
        let asksForTime = message.boots == 0 && message.time == 0
        return refused(asksForTime ? .discovery : .notInTimeWindow, 2, isProven: true)
      }
      if message.isEncrypted {
        guard let found = decrypted(bytes, message, keys, engine) else {
          return refused(.decryptionError, 6, isProven: true)
        }
        plain = found
      }
      if !isOurs {
        if message.isEncrypted {
          guard let isUnconfirmed = SecuredMessage.isUnconfirmed(scoped: plain.span) else {
            return refused(.decryptionError, 4, isProven: true)
          }
          guard isUnconfirmed else { return refused(.unknownEngine, 4, isProven: true) }
          asks = false
        }
        guard hear(engine, message, clock) else { return refused(.notInTimeWindow, 2, isProven: true) }
      }
    }
    var judgement = content(plain, engine, user, isEncrypted: message.isEncrypted)
    if judgement.outcome == .refused(.decryptionError), asks { judgement.report = Report(counter: 6) }
    judgement.isProven = user.keys != nil
    judgement.isOurs = isOurs
    return judgement
  }

  /// Signed anew it is the same message.
  private func isProven(
    _ bytes: [UInt8], _ message: SecuredMessage, _ keys: TrapMasterKeys, _ engine: [UInt8]
  ) -> Bool {
    guard message.digest.bounds.count == keys.authentication.digestLength,
      let key = keys.authenticationKey(engineID: engine)
    else { return false }
    var again = bytes
    for index in message.digest.bounds { again[index] = 0 }
    let isSigned = TrapKeys.sign(&again, digestAt: message.digest.start, keys.authentication, key)
    return isSigned && again == bytes
  }

  private func decrypted(
    _ bytes: [UInt8], _ message: SecuredMessage, _ keys: TrapMasterKeys, _ engine: [UInt8]
  ) -> [UInt8]? {
    var plain = [UInt8](repeating: 0, count: bytes.count)
    // Whole blocks (RFC 3414 §8.1.1.2).
    if keys.privacy == .des, message.data.bounds.count % 8 != 0 { return nil }
    guard let cipher = keys.privacy, let key = keys.privacyKey(engineID: engine),
      let count = TrapKeys.decrypt(
        bytes.span, cipher: message.data, salt: message.salt, boots: message.boots, time: message.time,
        cipher, key, into: &plain)
    else { return nil }
    return Array(plain.prefix(count))
  }

  /// Whatever the engine says next is later.
  mutating func forget(_ id: [UInt8], clock: Int64) {
    guard let place = engines.firstIndex(where: { $0.id == id }) else { return }
    engines[place] = Engine(id: id, boots: 0, time: 0, heardAt: clock)
  }

  /// An engine has proved to be who it is: whether its message is in time (RFC 3414 §3.2 (7b)).
  private mutating func hear(_ id: [UInt8], _ message: SecuredMessage, _ clock: Int64) -> Bool {
    let (boots, time) = (message.boots, Int64(message.time))
    var engine = Engine(id: id, boots: boots, time: time, heardAt: clock)
    if let place = engines.firstIndex(where: { $0.id == id }) {
      let known = engines.remove(at: place)
      if boots < known.boots || (boots == known.boots && time <= known.time) { engine = known }
    }
    engines.insert(engine, at: 0)
    if engines.count > Receiver.engineLimit {
      engines.removeLast()
      evictions += 1
    }
    if engine.boots == 2_147_483_647 || boots < engine.boots { return false }
    return time >= engine.time + (clock - engine.heardAt) - 150
  }

  private mutating func content(
    _ plain: [UInt8], _ engine: [UInt8], _ user: TrapUser, isEncrypted: Bool
  ) -> Judgement {
    switch TrapDecoder().decodeScoped(plain.span, into: &trap) {
    case .malformed:
      return Judgement(outcome: .refused(isEncrypted && !trap.hasPDU ? .decryptionError : .malformedSNMP))
    case .notANotification, .secured: return Judgement(outcome: .refused(.notANotification))
    case .notification where trap.kind == .trap: return Judgement(outcome: .trap, plain: plain)
    case .notification:
      // Who sent it, and the PDU; the time of the message is another when it is sent again.
      let parts = [engine, user.name, Array(plain[trap.pdu(plain.span).bounds])]
      let isNew = informs.insert(Array(parts.joined(separator: [0xFF, 0, 0xFF]))).inserted
      return Judgement(outcome: isNew ? .inform : .refused(.duplicateInform), plain: plain)
    }
  }
}
