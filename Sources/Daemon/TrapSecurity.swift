import Foundation
package import Intake
package import Model
package import Wire

/// Memory for opening one message, kept by who opens it.
package struct SecureBuffer: Sendable {
  /// The message with its digest blanked, then what was decrypted.
  fileprivate var scratch: [UInt8] = []
  package fileprivate(set) var plain: [UInt8] = []
  /// The Report that answers a message which was not taken; empty when none is due.
  package fileprivate(set) var report: [UInt8] = []

  package init() {}

  fileprivate mutating func prepare() {
    report.removeAll(keepingCapacity: true)
    if scratch.isEmpty {
      scratch = [UInt8](repeating: 0, count: 65_536)
      plain = scratch
    }
  }
}

/// The User-based Security Model of the receiver (RFC 3414 §3.2): who may speak, whether a message is
/// authentic and fresh, and what is answered. One for all workers, behind a lock that only SNMPv3 takes.
///
/// A trap's authoritative engine is its sender, an inform's is this one. Of an engine nothing is kept until a
/// message of it has proved to be authentic: what somebody without a password sends costs a hash and no
/// memory. net-snmp's own tables would learn before that, and forget by the handful; they are not used.
package final class TrapSecurity: @unchecked Sendable {
  /// RFC 3414 §2.2.3, seconds.
  static let window: Int64 = 150
  /// RFC 3414 §2.2.2: an engine that has come so far is never in time again.
  static let lastBoots: UInt32 = 2_147_483_647

  /// What an answer to an opened message needs.
  package struct Passage: Sendable {
    package fileprivate(set) var scoped: ByteRange
    /// `scoped` lies in the buffer's `plain`, not in the message.
    package fileprivate(set) var isDecrypted: Bool
    fileprivate var standing: Standing
    fileprivate var user: Int
    /// Of the users that number is of.
    fileprivate var generation: UInt64
    fileprivate var flags: UInt8
    fileprivate var messageID: Int64
  }

  /// What a message is, as far as could be read of it, and so what its refusal answers.
  fileprivate enum Standing {
    /// This engine is its authority, or it looks for one: it hears what is wrong.
    case own
    /// Another engine is, and what it asks could not be read. If it wants an answer it is no trap, and should
    /// have been sent to this engine: that is what it hears.
    case stray
    /// Of another engine, and it wants no answer.
    case trap
  }

  package enum Opening: Sendable {
    case opened(Passage)
    case discarded(DiscardReason)
  }

  /// This engine: its id, how often it has started, and when it did, monotonic nanoseconds.
  package let engineID: [UInt8]
  private let boots: UInt32
  private let startedAt: Int64
  private let clock: @Sendable () -> Int64
  /// Recorded messages: whose engine it is and how old they are is not asked.
  private let isOffline: Bool
  private let lock = NSLock()
  // Guarded by `lock`.
  private var users: [TrapUser] = []
  /// By user: the keys at this engine.
  private var ownKeys: [EngineTable.Keys?] = []
  private var generation: UInt64 = 0
  private var engines: EngineTable
  private var salt: UInt64
  private var statistics: [7 of UInt32] = .init(repeating: 0)

  /// - Parameters:
  ///   - engineLimit: learned engines, `snmp.engines`.
  ///   - boots: 1..<2^31, one more at every start with this `engineID`.
  ///   - known: engines of an earlier start, the most recently heard first.
  ///   - wall: the time, to tell how long ago that was.
  ///   - clock: monotonic nanoseconds.
  package init(
    users: [TrapUser], engineLimit: Int, engineID: [UInt8], boots: UInt32, isOffline: Bool = false,
    known: [EngineRecord] = [], wall: Timestamp = SystemClock.now,
    clock: @escaping @Sendable () -> Int64 = { SystemClock.monotonic }
  ) {
    self.engineID = engineID
    self.boots = boots
    self.clock = clock
    self.isOffline = isOffline
    startedAt = clock()
    engines = EngineTable(limit: engineLimit)
    salt = UInt64.random(in: .min ... .max)
    exchange(users)
    for record in known.prefix(engineLimit).reversed() where !record.id.isEmpty {
      // A clock that was set back meanwhile makes it no younger than it is, and one that was set forward
      // harms nobody: what an engine says that is later than what it said last is always in time.
      let heardAt = startedAt - max(0, wall.since(record.heardAt))
      _ = engines.insert(
        EngineTable.ID(record.id), .init(boots: record.boots, time: record.time, heardAt: heardAt), nil)
    }
  }

  /// Others may speak from now on. What is known of engines stays, their clocks above all: a replay is one
  /// whoever the users are.
  package func exchange(_ users: [TrapUser]) {
    let keys = users.indices.map { ownKeys(users[$0], $0) }
    lock.lock()
    defer { lock.unlock() }
    self.users = users
    ownKeys = keys
    generation += 1
    engines.forgetKeys()
  }

  private func ownKeys(_ user: TrapUser, _ index: Int) -> EngineTable.Keys? {
    guard let master = user.keys, !isOffline, let key = master.authenticationKey(engineID: engineID) else {
      return nil
    }
    return EngineTable.Keys(user: index, authentication: key, privacy: master.privacyKey(engineID: engineID))
  }

  /// The id of an engine of ours (RFC 3411 §5, SnmpEngineID): net-snmp's enterprise, whose cryptography this
  /// is, and eight octets of our own.
  package static func engineID(seed: Int64) -> [UInt8] {
    let random = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: seed >> Int64($0)) }
    return [0x80, 0x00, 0x1F, 0x88, 0x05] + random
  }

  /// Engines that are known now, and how many had to make room since the start.
  package var engineCounts: (known: Int, evicted: UInt64) {
    lock.withLock { (engines.count, engines.evictions) }
  }

  package var engineLimit: Int { lock.withLock { engines.limit } }

  /// Engines whose clocks have moved since they were taken, at most so many.
  package func takeMovedEngines(_ most: Int, wall: Timestamp = SystemClock.now) -> [EngineRecord] {
    lock.withLock {
      let now = clock()
      return engines.takeMoved(most).map {
        EngineRecord(
          id: $0.id.bytes, boots: $0.clock.boots, time: $0.clock.time,
          heardAt: Timestamp(nanoseconds: wall.nanoseconds - (now - $0.clock.heardAt)))
      }
    }
  }

  /// These could not be kept.
  package func giveBack(_ engines: [EngineRecord]) {
    lock.withLock {
      for engine in engines {
        if let place = self.engines.find(EngineTable.ID(engine.id)) { self.engines.noteMoved(place) }
      }
    }
  }

  /// What these engines say next is in time, whatever they said before; whoever is not known is left out.
  package func forgetEngines(_ ids: [[UInt8]]) {
    lock.withLock {
      for id in ids {
        if let place = engines.find(EngineTable.ID(id)) { engines.forgetClock(place, now: clock()) }
      }
    }
  }

  /// Seconds since the start, as the engine's time.
  private func time(_ now: Int64) -> UInt32 {
    UInt32(clamping: min(Int64(TrapSecurity.lastBoots), (now - startedAt) / 1_000_000_000))
  }

  /// Checks a message and lays its ScopedPDU open.
  package func open(
    _ bytes: Span<UInt8>, _ message: SecuredMessage, _ buffer: inout SecureBuffer
  ) -> Opening {
    buffer.prepare()
    lock.lock()
    defer { lock.unlock() }
    let now = clock()
    if message.engineID.isEmpty {
      let reason = message.isReportable ? DiscardReason.discovery : .unknownEngine
      return refuse(reason, .unknownEngineIDs, message, .own, nil, now, &buffer)
    }
    let isOurs = !isOffline && bytes.equals(message.engineID, engineID)
    var standing = isOurs ? Standing.own : .trap
    if !isOurs, !isOffline {
      standing = .stray
      if !message.isEncrypted {
        // Whom it is meant for is written in it: nobody has to prove a mistake.
        let scoped = bytes.extracting(message.data.bounds)
        guard SecuredMessage.isUnconfirmed(scoped: scoped) ?? !message.isReportable else {
          return refuse(.unknownEngine, .unknownEngineIDs, message, standing, nil, now, &buffer)
        }
        standing = .trap
      }
    }
    guard let user = users.firstIndex(where: { bytes.equals(message.user, $0.name) }) else {
      return refuse(.unknownUser, .unknownUserNames, message, standing, nil, now, &buffer)
    }
    let master = users[user].keys
    if message.isAuthenticated != (master != nil) || (message.isEncrypted && master?.privacy == nil) {
      return refuse(
        .unsupportedSecurityLevel, .unsupportedSecurityLevels, message, standing, user, now, &buffer)
    }
    guard let master else {
      return .opened(passage(message, standing, user, scoped: message.data, isDecrypted: false))
    }
    return isOurs
      ? openOwn(bytes, message, user, master, now, &buffer)
      : openForeign(bytes, message, standing, user, master, now, &buffer)
  }

  /// A message for which this engine is the authority: an inform.
  private func openOwn(
    _ bytes: Span<UInt8>, _ message: SecuredMessage, _ user: Int, _ master: TrapMasterKeys, _ now: Int64,
    _ buffer: inout SecureBuffer
  ) -> Opening {
    guard let keys = ownKeys[user],
      TrapKeys.verify(
        bytes, digest: message.digest, master.authentication, keys.authentication, scratch: &buffer.scratch)
    else { return refuse(.wrongDigest, .wrongDigests, message, .own, user, now, &buffer) }
    let age = Int64(time(now)) - Int64(message.time)
    guard message.boots == boots, boots < TrapSecurity.lastBoots, age.magnitude <= UInt64(TrapSecurity.window)
    else {
      // Nothing but zeros is how the second step of a discovery asks for our time (RFC 3414 §4).
      let isDiscovery = message.boots == 0 && message.time == 0
      return refuse(
        isDiscovery ? .discovery : .notInTimeWindow, .notInTimeWindows, message, .own, user, now, &buffer)
    }
    return decrypt(bytes, message, .own, user, master, keys.privacy, now, &buffer)
  }

  /// A message for which its sender is the authority: a trap.
  private func openForeign(
    _ bytes: Span<UInt8>, _ message: SecuredMessage, _ standing: Standing, _ user: Int,
    _ master: TrapMasterKeys, _ now: Int64, _ buffer: inout SecureBuffer
  ) -> Opening {
    let id = EngineTable.ID(bytes, message.engineID)
    var place = engines.find(id)
    let known = place.flatMap { place in engines[place].keys.first { $0.user == user } }
    let engine = known == nil ? bytes.array(message.engineID) : []
    guard let key = known?.authentication ?? master.authenticationKey(engineID: engine),
      TrapKeys.verify(
        bytes, digest: message.digest, master.authentication, key, scratch: &buffer.scratch)
    else { return refuse(.wrongDigest, .wrongDigests, message, standing, user, now, &buffer) }
    let keys =
      known
      ?? EngineTable.Keys(
        user: user, authentication: key, privacy: master.privacyKey(engineID: engine))
    let opening = decrypt(bytes, message, standing, user, master, keys.privacy, now, &buffer)
    guard case .opened(var passage) = opening else { return opening }
    if standing == .stray {
      // It is known by now for whom it is meant.
      let scoped = passage.scoped.bounds
      let isUnconfirmed = SecuredMessage.isUnconfirmed(scoped: buffer.plain.span.extracting(scoped))
      switch isUnconfirmed {
      case nil: return refuse(.decryptionError, .decryptionErrors, message, standing, user, now, &buffer)
      case false?: return refuse(.unknownEngine, .unknownEngineIDs, message, standing, user, now, &buffer)
      case true?: passage.standing = .trap
      }
    }
    // It knows the password: from here on the engine may cost memory.
    if let place {
      if known == nil { engines[place].keys.append(keys) }
      engines.touch(place)
    } else {
      let fresh = engines.insert(id, .init(boots: message.boots, time: message.time, heardAt: now), keys)
      engines.noteMoved(fresh)
      place = fresh
    }
    guard let place,
      isOffline || engines.accept(place, boots: message.boots, time: message.time, now: now)
    else { return refuse(.notInTimeWindow, .notInTimeWindows, message, .trap, user, now, &buffer) }
    return .opened(passage)
  }

  private func decrypt(
    _ bytes: Span<UInt8>, _ message: SecuredMessage, _ standing: Standing, _ user: Int,
    _ master: TrapMasterKeys, _ key: TrapKey?, _ now: Int64, _ buffer: inout SecureBuffer
  ) -> Opening {
    guard message.isEncrypted else {
      return .opened(passage(message, standing, user, scoped: message.data, isDecrypted: false))
    }
    guard let privacy = master.privacy, let key,
      let count = TrapKeys.decrypt(
        bytes, cipher: message.data, salt: message.salt, boots: message.boots, time: message.time, privacy,
        key, into: &buffer.plain)
    else { return refuse(.decryptionError, .decryptionErrors, message, standing, user, now, &buffer) }
    return .opened(passage(message, standing, user, scoped: ByteRange(0, count), isDecrypted: true))
  }

  private func passage(
    _ message: SecuredMessage, _ standing: Standing, _ user: Int, scoped: ByteRange, isDecrypted: Bool
  ) -> Passage {
    Passage(
      scoped: scoped, isDecrypted: isDecrypted, standing: standing, user: user, generation: generation,
      flags: message.flags & (SecuredMessage.authenticated | SecuredMessage.encrypted),
      messageID: message.messageID)
  }
}

// MARK: - Answers

extension TrapSecurity {
  /// The counters of usmStats (RFC 3414 §5) by the arc that names them.
  private enum Statistic: UInt8 {
    case unsupportedSecurityLevels = 1
    case notInTimeWindows, unknownUserNames, unknownEngineIDs, wrongDigests, decryptionErrors
  }

  /// What decrypted to nothing that can be read: the privacy password or algorithm is another one.
  package func refuseUnreadable(_ message: SecuredMessage, _ passage: Passage, _ buffer: inout SecureBuffer) {
    buffer.prepare()
    lock.lock()
    defer { lock.unlock() }
    let user = passage.generation == generation ? passage.user : nil
    _ = refuse(.decryptionError, .decryptionErrors, message, passage.standing, user, clock(), &buffer)
  }

  /// Counts the refusal, and writes the Report when the sender asked to hear of it (RFC 3412 §7.1 (3)).
  private func refuse(
    _ reason: DiscardReason, _ found: Statistic, _ message: SecuredMessage, _ standing: Standing,
    _ user: Int?, _ now: Int64, _ buffer: inout SecureBuffer
  ) -> Opening {
    let statistic = standing == .stray ? .unknownEngineIDs : found
    statistics[Int(statistic.rawValue)] &+= 1
    guard message.isReportable, standing != .trap, !isOffline else { return .discarded(reason) }
    let pdu = SecuredEncoder.report(
      counter: statistic.rawValue, value: statistics[Int(statistic.rawValue)], requestID: 0)
    let scoped = SecuredEncoder.scoped(contextEngineID: engineID, pdu: pdu)
    // Our boots and time stand in all of them, the first of a discovery included, which nothing proves. The
    // one that tells a sender that its idea of them is wrong is authenticated (RFC 3414 §3.2 (7a)), so that
    // nobody else can set its clock.
    let isSigned = statistic == .notInTimeWindows
    let keys = isSigned ? user.flatMap { ownKeys[$0] } : nil
    let authentication = isSigned ? user.flatMap { users[$0].keys?.authentication } : nil
    var envelope = SecuredEncoder.Envelope(
      messageID: message.messageID, flags: isSigned ? SecuredMessage.authenticated : 0, engineID: engineID,
      boots: boots, time: time(now), user: user.map { users[$0].name } ?? [])
    envelope.digestLength = authentication?.digestLength ?? 0
    var (bytes, digestAt) = SecuredEncoder.message(envelope, data: scoped)
    if isSigned {
      guard let keys, let authentication,
        TrapKeys.sign(&bytes, digestAt: digestAt, authentication, keys.authentication)
      else { return .discarded(reason) }
    }
    buffer.report = bytes
    return .discarded(reason)
  }

  /// The message that carries `scoped` back to who sent the one that was opened, as well protected as that
  /// was; nil when net-snmp refuses.
  package func seal(_ scoped: [UInt8], for passage: Passage) -> [UInt8]? {
    lock.lock()
    defer { lock.unlock() }
    // Its user may be another by now; whoever asked asks again.
    guard passage.generation == generation else { return nil }
    let now = clock()
    var envelope = SecuredEncoder.Envelope(
      messageID: passage.messageID, flags: passage.flags, engineID: engineID, boots: boots, time: time(now),
      user: users[passage.user].name)
    guard let master = users[passage.user].keys, let keys = ownKeys[passage.user] else {
      return passage.flags == 0 ? SecuredEncoder.message(envelope, data: scoped).bytes : nil
    }
    return Seal(master: master, authentication: keys.authentication, privacy: keys.privacy)
      .message(&envelope, scoped, salt: nextSalt(master.privacy))
  }

  /// Never the same twice under one key: counted from a random start (RFC 3826 §3.1.2.1), for DES behind our
  /// boots (RFC 3414 §8.1.1.1).
  private func nextSalt(_ privacy: TrapPrivacy?) -> UInt64 {
    salt &+= 1
    return privacy == .des ? UInt64(boots) << 32 | salt & 0xFFFF_FFFF : salt
  }
}

/// Keys at one engine, for writing messages under its authority.
package struct Seal: Sendable {
  fileprivate let master: TrapMasterKeys
  fileprivate let authentication: TrapKey
  fileprivate let privacy: TrapKey?

  fileprivate init(master: TrapMasterKeys, authentication: TrapKey, privacy: TrapKey?) {
    self.master = master
    self.authentication = authentication
    self.privacy = privacy
  }

  /// Nil when net-snmp makes no key for such an id.
  package init?(_ master: TrapMasterKeys, engineID: [UInt8]) {
    guard let key = master.authenticationKey(engineID: engineID) else { return nil }
    self.init(master: master, authentication: key, privacy: master.privacyKey(engineID: engineID))
  }

  /// The message, encrypted and signed as the envelope's flags say.
  package func message(_ envelope: inout SecuredEncoder.Envelope, _ scoped: [UInt8], salt: UInt64) -> [UInt8]?
  {
    var data = scoped
    envelope.digestLength = master.authentication.digestLength
    if envelope.flags & SecuredMessage.encrypted != 0 {
      guard let cipher = master.privacy, let privacy else { return nil }
      envelope.salt = stride(from: 56, through: 0, by: -8).map {
        UInt8(truncatingIfNeeded: salt >> UInt64($0))
      }
      guard
        let encrypted = TrapKeys.encrypt(
          scoped, salt: envelope.salt, boots: envelope.boots, time: envelope.time, cipher, privacy)
      else { return nil }
      data = encrypted
    }
    var (bytes, digestAt) = SecuredEncoder.message(envelope, data: data)
    return TrapKeys.sign(&bytes, digestAt: digestAt, master.authentication, authentication) ? bytes : nil
  }
}

extension Span where Element == UInt8 {
  fileprivate func equals(_ range: ByteRange, _ other: [UInt8]) -> Bool {
    guard range.bounds.count == other.count else { return false }
    var index = 0
    while index < other.count {
      if self[range.start + index] != other[index] { return false }
      index += 1
    }
    return true
  }

  func array(_ range: ByteRange) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(self, range)
    return bytes
  }
}
