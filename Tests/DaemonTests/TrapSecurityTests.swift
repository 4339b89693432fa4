import Daemon
import Intake
import Model
import Synchronization
import Testing
import Wire

/// Who may speak SNMPv3, and when: the User-based Security Model without a socket, its clock by hand.
@Suite struct TrapSecurityTests {
  /// Seconds on the receiver's clock.
  private final class Clock: Sendable {
    private let seconds = Atomic<Int64>(1_000)
    func advance(_ count: Int64) { seconds.add(count, ordering: .relaxed) }
    var reading: @Sendable () -> Int64 { { self.seconds.load(ordering: .relaxed) * 1_000_000_000 } }
  }

  private static let engine: [UInt8] = [0x80, 0, 0, 0, 1, 2, 3, 4]
  private static let ours: [UInt8] = [0x80, 0, 0x1F, 0x88, 5, 1, 1, 1, 1, 1, 1, 1, 1]

  private static func keys(
    _ authentication: TrapAuthentication = .sha1, _ privacy: TrapPrivacy? = .aes128,
    password: String = "authentic", secret: String = "confident"
  ) throws -> TrapMasterKeys {
    try #require(
      TrapMasterKeys(
        authentication, password: Array(password.utf8), privacy: privacy.map { ($0, Array(secret.utf8)) }))
  }

  private static func user(_ name: String, _ keys: TrapMasterKeys?) -> TrapUser {
    TrapUser(name: Array(name.utf8), keys: keys)
  }

  private func receiver(
    _ users: [TrapUser], limit: Int = 100, boots: UInt32 = 4, _ clock: Clock = Clock()
  ) -> TrapSecurity {
    TrapSecurity(
      users: users, engineLimit: limit, engineID: Self.ours, boots: boots, clock: clock.reading)
  }

  /// A message as a sender writes it.
  private struct Message {
    var user = "ops"
    var engine = TrapSecurityTests.engine
    var boots: UInt32 = 1
    var time: UInt32 = 500
    var isReportable = false
    var isEncrypted = true
    var kind = Trap.Kind.trap

    func bytes(_ keys: TrapMasterKeys?) throws -> [UInt8] {
      let pdu = TrapEncoder.pdu(
        kind, requestID: 9, uptimeTicks: 7, trapOID: try #require(ObjectID("1.3.6.1.6.3.1.1.5.3")),
        varbinds: [])
      let scoped = SecuredEncoder.scoped(contextEngineID: engine, pdu: pdu)
      var envelope = SecuredEncoder.Envelope(
        messageID: 11, flags: isReportable ? SecuredMessage.reportable : 0, engineID: engine, boots: boots,
        time: time, user: Array(user.utf8))
      guard let keys else { return SecuredEncoder.message(envelope, data: scoped).bytes }
      envelope.flags |=
        SecuredMessage.authenticated
        | (isEncrypted && keys.privacy != nil ? SecuredMessage.encrypted : 0)
      let seal = try #require(Seal(keys, engineID: engine))
      return try #require(seal.message(&envelope, scoped, salt: 0x0102_0304_0506_0708))
    }
  }

  /// What the receiver makes of it: the reason it was not taken, and its Report.
  private func open(_ receiver: TrapSecurity, _ bytes: [UInt8]) throws -> (DiscardReason?, report: [UInt8]) {
    var buffer = SecureBuffer()
    let message = try SecuredMessage(bytes.span)
    switch receiver.open(bytes.span, message, &buffer) {
    case .discarded(let reason): return (reason, buffer.report)
    case .opened(let passage):
      let bytes = passage.isDecrypted ? buffer.plain : bytes
      var trap = Trap()
      let verdict = TrapDecoder().decodeScoped(bytes.span.extracting(passage.scoped.bounds), into: &trap)
      #expect(verdict == .notification)
      #expect("\(trap.trapOID)" == "1.3.6.1.6.3.1.1.5.3")
      return (nil, buffer.report)
    }
  }

  @Test(arguments: TrapAuthentication.allCases) func everyPairOpens(_ digest: TrapAuthentication) throws {
    for cipher in TrapPrivacy.allCases.map(Optional.some) + [nil] {
      let keys = try Self.keys(digest, cipher)
      let receiver = receiver([Self.user("ops", keys)])
      let outcome = try open(receiver, try Message().bytes(keys))
      #expect(outcome.0 == nil, "\(digest.name) \(cipher?.name ?? "-")")
      #expect(receiver.engineCounts.known == 1)
    }
  }

  @Test func whatProvesNothingIsRefusedAndNotLearned() throws {
    let keys = try Self.keys()
    let receiver = receiver([
      Self.user("other", try Self.keys(.md5, nil)), Self.user("ops", keys), Self.user("open", nil),
      Self.user("plain", try Self.keys(.sha256, nil)),
    ])
    let wrong = try Self.keys(password: "guess-it!")
    let cases: [(String, [UInt8], DiscardReason)] = [
      ("wrong password", try Message().bytes(wrong), .wrongDigest),
      ("another digest", try Message().bytes(try Self.keys(.md5)), .wrongDigest),
      ("unknown user", try Message(user: "nobody").bytes(keys), .unknownUser),
      ("a name that begins the same", try Message(user: "op").bytes(keys), .unknownUser),
      ("user without proof", try Message().bytes(nil), .unsupportedSecurityLevel),
      ("proof for a user without keys", try Message(user: "open").bytes(keys), .unsupportedSecurityLevel),
      ("cipher for a user without one", try Message(user: "plain").bytes(keys), .unsupportedSecurityLevel),
      ("no engine", try Message(engine: []).bytes(nil), .unknownEngine),
    ]
    for (name, bytes, reason) in cases {
      let outcome = try open(receiver, bytes)
      #expect(outcome.0 == reason, "\(name)")
      // A trap is never answered.
      #expect(outcome.report.isEmpty, "\(name)")
      #expect(receiver.engineCounts.known == 0, "\(name)")
    }
    #expect(try open(receiver, try Message(user: "open").bytes(nil)).0 == nil)
    #expect(receiver.engineCounts.known == 0)
    // A user with a cipher may do without.
    #expect(try open(receiver, try Message(isEncrypted: false).bytes(keys)).0 == nil)
  }

  @Test func everyChangedByteIsNoticed() throws {
    let keys = try Self.keys()
    let receiver = receiver([Self.user("ops", keys)])
    let good = try Message().bytes(keys)
    var opened = 0
    for index in good.indices {
      var bad = good
      bad[index] ^= 1
      guard (try? SecuredMessage(bad.span)) != nil else { continue }
      if try open(receiver, bad).0 == nil { opened += 1 }
    }
    #expect(opened == 0)
    #expect(receiver.engineCounts.known == 0)
    #expect(try open(receiver, good).0 == nil)
  }

  @Test func aWrongPrivacyPasswordGivesNothingToRead() throws {
    let receiver = receiver([Self.user("ops", try Self.keys(secret: "right-secret"))])
    let wrong = try Self.keys(secret: "wrong-secret")
    let trap = try open(receiver, try Message().bytes(wrong))
    #expect(trap.0 == .decryptionError && trap.report.isEmpty)
    // One for this engine is laid open, and nothing can be read.
    let bytes = try Message(engine: Self.ours, boots: 4, time: 0).bytes(wrong)
    var buffer = SecureBuffer()
    guard case .opened(let passage) = receiver.open(bytes.span, try SecuredMessage(bytes.span), &buffer)
    else {
      Issue.record("its digest was right")
      return
    }
    var reading = Trap()
    let plain = buffer.plain
    let verdict = TrapDecoder().decodeScoped(plain.span.extracting(passage.scoped.bounds), into: &reading)
    #expect(verdict != .notification)
    #expect(!reading.hasPDU)
  }

  /// Boots and time of a message after one of (5, 1000) and `wait` seconds, and whether it is in time.
  private static let arrivals: [(boots: UInt32, time: UInt32, wait: Int64, isTaken: Bool)] = [
    (5, 1_000, 0, true), (5, 1_001, 0, true), (5, 850, 0, true), (5, 849, 0, false), (5, 1_000, 150, true),
    (5, 1_000, 151, false), (5, 1_151, 151, true), (4, 1_000, 0, false), (4, 2_000, 0, false),
    (6, 0, 10_000, true), (2_147_483_647, 1_000, 0, false),
  ]

  @Test(arguments: arrivals.indices) func aTrapIsInTimeOrNot(_ index: Int) throws {
    let arrival = Self.arrivals[index]
    let keys = try Self.keys()
    let clock = Clock()
    let receiver = receiver([Self.user("ops", keys)], clock)
    #expect(try open(receiver, try Message(boots: 5, time: 1_000).bytes(keys)).0 == nil)
    clock.advance(arrival.wait)
    let outcome = try open(receiver, try Message(boots: arrival.boots, time: arrival.time).bytes(keys))
    #expect(outcome.0 == (arrival.isTaken ? nil : .notInTimeWindow))
  }

  @Test func theClockOfAnEngineHoldsForAllItsUsers() throws {
    let (one, two) = (try Self.keys(), try Self.keys(.md5, nil))
    let receiver = receiver([Self.user("ops", one), Self.user("two", two)])
    #expect(try open(receiver, try Message(boots: 5).bytes(one)).0 == nil)
    #expect(try open(receiver, try Message(user: "two", boots: 4).bytes(two)).0 == .notInTimeWindow)
    #expect(receiver.engineCounts.known == 1)
  }

  @Test func theLeastRecentlyHeardEngineMakesRoom() throws {
    let keys = try Self.keys(.md5, nil)
    let receiver = receiver([Self.user("ops", keys)], limit: 3)
    func hear(_ number: UInt8, boots: UInt32) throws -> DiscardReason? {
      try open(receiver, try Message(engine: [0x80, 0, 0, 0, number], boots: boots).bytes(keys)).0
    }
    for number in 1...3 as ClosedRange<UInt8> { #expect(try hear(number, boots: 9) == nil) }
    #expect(try hear(1, boots: 9) == nil)
    #expect(try hear(4, boots: 9) == nil)
    #expect(receiver.engineCounts.known == 3)
    #expect(receiver.engineCounts.evicted == 1)
    // 1, 3 and 4 are remembered, 2 begins anew.
    for number in [1, 3, 4] as [UInt8] { #expect(try hear(number, boots: 8) == .notInTimeWindow) }
    #expect(try hear(2, boots: 8) == nil)
  }

  @Test func aFloodOfEnginesWithoutPasswordCostsNoMemory() throws {
    let keys = try Self.keys(.md5, nil)
    let receiver = receiver([Self.user("ops", keys)], limit: 10)
    #expect(try open(receiver, try Message(boots: 9).bytes(keys)).0 == nil)
    var forged = try Message(engine: [0x80, 0, 0, 0, 0, 0]).bytes(keys)
    let place = try SecuredMessage(forged.span).engineID
    for number in 0..<10_000 {
      forged[place.end - 1] = UInt8(truncatingIfNeeded: number)
      forged[place.end - 2] = UInt8(truncatingIfNeeded: number >> 8)
      if number == 0 { continue }
      #expect(try open(receiver, forged).0 == .wrongDigest)
    }
    #expect(receiver.engineCounts == (1, 0))
    #expect(try open(receiver, try Message(boots: 8).bytes(keys)).0 == .notInTimeWindow)
  }

  // MARK: - After a restart

  /// Seconds between what was heard last and the message after the restart, its clock, and whether it is
  /// taken.
  private static let later: [(away: Int64, boots: UInt32, time: UInt32, isTaken: Bool)] = [
    // Sent again: what is older than the window by then is refused, however long nobody listened.
    (0, 5, 1_000, true), (150, 5, 1_000, true), (151, 5, 1_000, false), (400_000, 5, 1_000, false),
    (0, 5, 850, true), (0, 5, 849, false), (0, 4, 5_000, false),
    // A clock that was set back makes nothing younger.
    (-5_000, 5, 849, false), (-5_000, 5, 1_000, true),
    // The engine itself goes on, or has started again.
    (10, 5, 1_010, true), (400_000, 5, 401_000, true), (400_000, 6, 3, true), (400_000, 5, 1_001, true),
  ]

  @Test(arguments: later.indices) func whatWasHeardBeforeARestartHolds(_ index: Int) throws {
    let arrival = Self.later[index]
    let keys = try Self.keys()
    let users = [Self.user("ops", keys)]
    let wall = Timestamp(seconds: 1_795_219_200)
    let before = receiver(users)
    #expect(try open(before, try Message(boots: 5, time: 1_000).bytes(keys)).0 == nil)
    let known = before.takeMovedEngines(10, wall: wall)
    #expect(known == [EngineRecord(id: Self.engine, boots: 5, time: 1_000, heardAt: wall)])
    let clock = Clock()
    let after = TrapSecurity(
      users: users, engineLimit: 10, engineID: Self.ours, boots: 5, known: known,
      wall: wall.adding(seconds: arrival.away), clock: clock.reading)
    #expect(after.engineCounts.known == 1)
    let outcome = try open(after, try Message(boots: arrival.boots, time: arrival.time).bytes(keys))
    #expect(outcome.0 == (arrival.isTaken ? nil : .notInTimeWindow))
    #expect(after.engineCounts.known == 1)
  }

  /// Its next word is taken whatever came before, and holds from then on; the others' clocks stay.
  @Test func whoIsForgottenBeginsAnew() throws {
    let keys = try Self.keys(.md5, nil)
    let clock = Clock()
    let receiver = receiver([Self.user("ops", keys)], limit: 3, clock)
    func hear(_ number: UInt8, boots: UInt32, time: UInt32) throws -> DiscardReason? {
      let message = Message(engine: [0x80, 0, 0, 0, number], boots: boots, time: time)
      return try open(receiver, try message.bytes(keys)).0
    }
    #expect(try hear(1, boots: 9, time: 500) == nil && hear(2, boots: 9, time: 500) == nil)
    receiver.forgetEngines([[0x80, 0, 0, 0, 1], [0x80, 0, 0, 0, 7], []])
    // What was to be kept of it is not, and it is still one of three.
    #expect(receiver.takeMovedEngines(10).map { $0.id[4] } == [2])
    #expect(receiver.engineCounts.known == 2)
    clock.advance(400)
    #expect(try hear(2, boots: 1, time: 60) == .notInTimeWindow)
    #expect(try hear(1, boots: 1, time: 60) == nil)
    #expect(try hear(1, boots: 1, time: 61) == nil)
    #expect(try hear(1, boots: 0, time: 900) == .notInTimeWindow)
    #expect(receiver.takeMovedEngines(10).map(\.boots) == [1])
    // What was recorded before is of a later start, and sets the clock back there.
    #expect(try hear(1, boots: 9, time: 500) == nil)
    #expect(try hear(1, boots: 1, time: 62) == .notInTimeWindow)
  }

  /// Each is told once until it moves again, however often it speaks.
  @Test func clocksThatMovedAreToldOnce() throws {
    let keys = try Self.keys(.md5, nil)
    let clock = Clock()
    let receiver = receiver([Self.user("ops", keys)], limit: 3, clock)
    func hear(_ number: UInt8, time: UInt32) throws {
      let message = Message(engine: [0x80, 0, 0, 0, number], time: time)
      #expect(try open(receiver, try message.bytes(keys)).0 == nil)
    }
    func told(_ most: Int = 10) -> [UInt8] { receiver.takeMovedEngines(most).map { $0.id[4] } }
    #expect(told() == [])
    for number in 1...3 as ClosedRange<UInt8> { try hear(number, time: 500) }
    for time in 501...520 as ClosedRange<UInt32> { try hear(1, time: time) }
    #expect(told(2) == [1, 2] && told(2) == [3] && told() == [])
    try hear(2, time: 500)
    try hear(3, time: 400)
    #expect(told() == [])
    try hear(2, time: 501)
    clock.advance(7)
    let wall = Timestamp(seconds: 1_795_219_200)
    let moved = receiver.takeMovedEngines(10, wall: wall)
    #expect(moved.map(\.time) == [501] && moved.map(\.heardAt) == [wall.adding(seconds: -7)])
    receiver.giveBack(moved)
    receiver.giveBack([EngineRecord(id: [1], boots: 1, time: 1, heardAt: wall)])
    // One that makes room for another leaves its place there.
    try hear(4, time: 500)
    #expect(Set(told()) == [2, 4])
  }

  // MARK: - As the authority: informs

  /// The usmStats counter that a Report shows, after its digest was checked if it has one.
  private func reported(_ bytes: [UInt8], _ keys: TrapMasterKeys? = nil) throws -> UInt8 {
    let message = try SecuredMessage(bytes.span)
    #expect(Array(bytes[message.engineID.bounds]) == Self.ours)
    #expect(!message.isReportable)
    #expect(message.messageID == 11)
    if message.isAuthenticated {
      let keys = try #require(keys)
      let key = try #require(keys.authenticationKey(engineID: Self.ours))
      var scratch = [UInt8](repeating: 0, count: bytes.count)
      #expect(
        TrapKeys.verify(bytes.span, digest: message.digest, keys.authentication, key, scratch: &scratch))
    }
    // … 0x2B 6 1 6 3 15 1 1 counter 0 Counter32 …
    let name: [UInt8] = [0x2B, 6, 1, 6, 3, 15, 1, 1]
    let data = Array(bytes[message.data.bounds])
    let at = try #require(data.indices.first { data[$0...].starts(with: name) })
    return data[at + name.count]
  }

  @Test func discoveryTellsWhoWeAreAndThenWhen() throws {
    let keys = try Self.keys()
    let clock = Clock()
    let receiver = receiver([Self.user("ops", keys)], clock)
    clock.advance(77)
    let probe = try Message(user: "", engine: [], boots: 0, time: 0, isReportable: true).bytes(nil)
    let first = try open(receiver, probe)
    #expect(first.0 == .discovery)
    #expect(try reported(first.report) == 4)
    let second = try open(
      receiver, try Message(engine: Self.ours, boots: 0, time: 0, isReportable: true).bytes(keys))
    #expect(second.0 == .discovery)
    #expect(try reported(second.report, keys) == 2)
    let told = try SecuredMessage(second.report.span)
    #expect(told.isAuthenticated)
    #expect(told.boots == 4)
    #expect(told.time == 77)
    let last = try open(
      receiver, try Message(engine: Self.ours, boots: 4, time: 77, isReportable: true).bytes(keys))
    #expect(last.0 == nil)
    #expect(last.report.isEmpty)
  }

  @Test func everyRefusalOfAnInformIsReported() throws {
    let keys = try Self.keys()
    let receiver = receiver([Self.user("ops", keys), Self.user("plain", try Self.keys(.sha256, nil))])
    let inform = Message(engine: Self.ours, boots: 4, time: 0, isReportable: true)
    func changed(_ change: (inout Message) -> Void) -> Message {
      var message = inform
      change(&message)
      return message
    }
    let cases: [(Message, TrapMasterKeys?, DiscardReason, UInt8)] = [
      (
        changed {
          $0.engine = Self.engine
          $0.kind = .inform
        }, keys, .unknownEngine, 4
      ),
      (changed { $0.user = "nobody" }, keys, .unknownUser, 3), (inform, nil, .unsupportedSecurityLevel, 1),
      (changed { $0.user = "plain" }, keys, .unsupportedSecurityLevel, 1),
      (inform, try Self.keys(password: "wrong-one"), .wrongDigest, 5),
      (changed { $0.boots = 3 }, keys, .notInTimeWindow, 2),
      (changed { $0.time = 151 }, keys, .notInTimeWindow, 2),
    ]
    for (message, sender, reason, counter) in cases {
      let outcome = try open(receiver, try message.bytes(sender))
      #expect(outcome.0 == reason)
      #expect(try reported(outcome.report, keys) == counter)
    }
    #expect(receiver.engineCounts.known == 0)
  }

  // MARK: - Of others, with a flag that asks for Reports

  /// Agents exist that set the flag in their traps too: those are traps all the same, taken or not, and never
  /// answered where it can be read that they are.
  @Test(arguments: [false, true]) func aTrapThatAsksForReportsIsATrap(_ isEncrypted: Bool) throws {
    let keys = try Self.keys()
    let receiver = receiver([Self.user("ops", keys), Self.user("open", nil)])
    let trap = Message(boots: 5, isReportable: true, isEncrypted: isEncrypted)
    let good = try open(receiver, try trap.bytes(keys))
    #expect(good.0 == nil && good.report.isEmpty)
    #expect(receiver.engineCounts.known == 1)
    var old = trap
    old.boots = 4
    let late = try open(receiver, try old.bytes(keys))
    #expect(late.0 == .notInTimeWindow && late.report.isEmpty)
    let anonymous = try open(receiver, try Message(user: "open", isReportable: true).bytes(nil))
    #expect(anonymous.0 == nil && anonymous.report.isEmpty)
    // What cannot be read may be an inform for somebody else, who has to ask for our engine first.
    var strange = trap
    strange.user = "nobody"
    for (message, sender, reason) in [
      (strange, keys, DiscardReason.unknownUser), (trap, try Self.keys(password: "guess-it!"), .wrongDigest),
    ] {
      let refused = try open(receiver, try message.bytes(sender))
      #expect(refused.0 == reason)
      #expect(refused.report.isEmpty == !isEncrypted)
      if isEncrypted { #expect(try reported(refused.report) == 4) }
    }
  }

  /// An inform that was sent to another engine than this one: whoever sent it is told to ask again, if it
  /// wants to be, and its engine is none that we know of.
  @Test(arguments: [false, true]) func anInformToAnotherEngineIsTurnedAway(_ isReportable: Bool) throws {
    let keys = try Self.keys()
    let receiver = receiver([Self.user("ops", keys), Self.user("open", nil)])
    for isEncrypted in [false, true] {
      for (user, sender) in [("ops", keys), ("open", nil)] {
        let message = Message(
          user: user, isReportable: isReportable, isEncrypted: isEncrypted, kind: .inform)
        let outcome = try open(receiver, try message.bytes(sender))
        #expect(outcome.0 == .unknownEngine)
        #expect(outcome.report.isEmpty == !isReportable)
        if isReportable { #expect(try reported(outcome.report) == 4) }
      }
    }
    let secret = try Self.keys(secret: "another-secret")
    let unreadable = try open(
      receiver, try Message(isReportable: isReportable, kind: .inform).bytes(secret))
    #expect(unreadable.0 == .decryptionError)
    #expect(unreadable.report.isEmpty == !isReportable)
    #expect(receiver.engineCounts.known == 0)
  }

  /// What was recorded before a restart is of another start.
  @Test func anInformOfBeforeARestartIsOld() throws {
    let keys = try Self.keys()
    let recorded = try Message(engine: Self.ours, boots: 4, time: 0, isReportable: true).bytes(keys)
    #expect(try open(receiver([Self.user("ops", keys)], boots: 4), recorded).0 == nil)
    #expect(try open(receiver([Self.user("ops", keys)], boots: 5), recorded).0 == .notInTimeWindow)
  }
}
