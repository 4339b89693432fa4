import Foundation
import Model
import Testing

@testable import Wire

/// SplitMix64 with a fixed seed: the same bytes on every run.
struct SeededBytes {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func bytes(below limit: Int) -> [UInt8] {
    let count = Int(next() % UInt64(limit))
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}

/// Feeds a decoder in every way a network can: whole, every prefix, every byte changed, junk behind.
enum DecoderVerifier {
  /// Bytes that mean something to one of the decoders, tried in place of every byte.
  private static let replacements: [UInt8] = [
    0x00, 0x20, 0x22, 0x25, 0x2D, 0x30, 0x39, 0x3A, 0x3C, 0x3E, 0x5B, 0x5C, 0x5D, 0x7F, 0x80, 0x84, 0xFF,
  ]

  static func feed(_ bytes: [UInt8], to decode: ([UInt8]) -> Void) {
    decode(bytes)
    for count in 0..<bytes.count { decode(Array(bytes[..<count])) }
    for start in 0..<min(bytes.count, 64) { decode(Array(bytes[start...])) }
    var changed = bytes
    for index in bytes.indices {
      for replacement in replacements {
        changed[index] = replacement
        decode(changed)
      }
      for bit in 0..<8 {
        changed[index] = bytes[index] ^ (1 << UInt8(bit))
        decode(changed)
      }
      changed[index] = bytes[index]
    }
    for junk in [[0], [0x20], [0xFF, 0xFE], bytes] as [[UInt8]] { decode(bytes + junk) }
  }

  /// The same for many lines: every prefix, every single bit of every byte flipped, and at each byte two of
  /// the replacements, others at the next byte and in the next line; all of them when `isFull`. `isMain` says
  /// that both ways into the decoder are to be tried.
  static func feedLine(
    _ bytes: [UInt8], isFull: Bool, to decode: (_ bytes: Span<UInt8>, _ isMain: Bool) -> Void
  ) {
    let all = bytes.span
    for count in 0...bytes.count { decode(all.extracting(0..<count), true) }
    for start in 0..<min(bytes.count, 32) { decode(all.extracting(start..<bytes.count), true) }
    var changed = bytes
    var turn = bytes.count
    for index in bytes.indices {
      for step in 0..<(isFull ? replacements.count : 2) {
        changed[index] = replacements[(turn + step) % replacements.count]
        decode(changed.span, true)
      }
      for bit in 0..<8 {
        changed[index] = bytes[index] ^ (1 << UInt8(bit))
        decode(changed.span, isFull || bit == turn % 8)
      }
      turn += 3
      changed[index] = bytes[index]
    }
    for junk in [[0], [0, 0, 0], [0x20], [0xFF, 0xFE], bytes] as [[UInt8]] {
      decode((bytes + junk).span, true)
    }
  }
}

/// What must hold for every datagram.
private struct SyslogVerifier {
  /// Knows the day, as that of a worker does.
  private var decoder = SyslogDecoder()
  /// Knows the day of the line before, as that of recorded lines does.
  private var recorded = SyslogDecoder()

  mutating func verify(_ bytes: [UInt8], at time: Timestamp = arrival) { verify(bytes.span, at: time) }

  /// What a worker calls, and with `isMain` also the reader that knows no day, which must say the same.
  mutating func verify(_ bytes: Span<UInt8>, at time: Timestamp = arrival, isMain: Bool = true) {
    var other = freshEvent(at: time)
    decoder.decodeArriving(bytes, into: &other)
    verifyPromises(other, bytes)
    if !isMain { return }
    var event = freshEvent(at: time)
    decoder.decode(bytes, into: &event)
    guard isSame(event, other) else {
      Issue.record("\(bytes.text(ByteRange(0, bytes.count)) ?? "") arriving gives \(other), not \(event)")
      return
    }
    verifyRecorded(bytes)
  }

  /// The same for lines that nobody knows the arrival of.
  private mutating func verifyRecorded(_ bytes: Span<UInt8>) {
    var event = freshEvent(at: .absent)
    decoder.decode(bytes, into: &event)
    var other = freshEvent(at: .absent)
    recorded.decodeRecorded(bytes, into: &other)
    // Once more: now its own day is known.
    var again = freshEvent(at: .absent)
    recorded.decodeRecorded(bytes, into: &again)
    guard isSame(event, other), isSame(event, again) else {
      Issue.record("\(bytes.text(ByteRange(0, bytes.count)) ?? "") recorded gives \(other), not \(event)")
      return
    }
  }

  private func isSame(_ one: Event, _ other: Event) -> Bool {
    one.parse == other.parse && one.time == other.time && one.clock == other.clock && one.host == other.host
      && one.app == other.app && one.procid == other.procid && one.msgid == other.msgid
      && one.structuredData == other.structuredData && one.message == other.message
      && one.facility == other.facility && one.severity == other.severity
  }
}

private func verifyPromises(_ event: Event, _ bytes: Span<UInt8>) {
  func isInside(_ range: ByteRange) -> Bool { range.isAbsent || range.end <= bytes.count }
  let areInside =
    isInside(event.host) && isInside(event.app) && isInside(event.procid) && isInside(event.msgid)
    && isInside(event.structuredData)
  let hasMessage = !event.message.isAbsent && event.message.end <= bytes.count
  let isKept = event.parse != .unparsed || event.message.start == 0
  // A body may say how bad it is where no PRI does.
  let hasPriority = event.parse == .unparsed ? event.severity < 0 : event.severity >= 0 || event.facility < 0
  let isTimed = event.clock == .device || event.time == event.arrival
  guard areInside, hasMessage, isKept, hasPriority, isTimed else {
    Issue.record("\(bytes.text(ByteRange(0, bytes.count)) ?? "") gives \(event)")
    return
  }
}

private func verifyTrap(_ bytes: [UInt8]) {
  var trap = Trap()
  let verdict = TrapDecoder().decode(bytes.span, into: &trap)
  switch verdict {
  case .malformed(let fault):
    guard fault.offset >= 0, fault.offset <= bytes.count else {
      Issue.record("\(bytes) fails at \(fault.offset)")
      return
    }
  case .notANotification: break
  case .secured: verifySecured(bytes)
  case .notification:
    let isInside =
      trap.community.end <= bytes.count
      && trap.varbinds.allSatisfy { $0.oid.end <= bytes.count && $0.value.end <= bytes.count }
    var text: [UInt8] = []
    let line = trap.appendText(bytes.span, to: &text)
    let isClean = text.allSatisfy { $0 >= 0x20 && $0 != 0x7F } && SafeText.isClean(text.span)
    _ = trap.appendRawJSON(bytes.span, to: &text)
    _ = trap.appendSNMPJSON(bytes.span, to: &text)
    var labels = LabelSet()
    trap.appendLabels(bytes.span, to: &labels)
    guard isInside, isClean, line.count > 0, !trap.trapOID.isEmpty else {
      Issue.record("\(bytes) gives \(trap)")
      return
    }
  }
}

/// The envelope of an SNMPv3 message and what it says in the clear: every part lies inside, whatever it
/// claims.
private func verifySecured(_ bytes: [UInt8]) {
  let message: SecuredMessage
  do throws(TrapFault) {
    message = try SecuredMessage(bytes.span)
  } catch {
    if error.offset < 0 || error.offset > bytes.count { Issue.record("\(bytes) fails at \(error.offset)") }
    return
  }
  let parts = [message.engineID, message.user, message.digest, message.salt, message.data]
  guard parts.allSatisfy({ !$0.isAbsent && $0.end <= bytes.count }), message.engineID.count <= 32,
    message.user.count <= 32, message.isAuthenticated || !message.isEncrypted
  else {
    Issue.record("\(bytes) gives \(message)")
    return
  }
  let scoped = bytes.span.extracting(message.data.bounds)
  var trap = Trap()
  switch TrapDecoder().decodeScoped(scoped, into: &trap) {
  case .malformed(let fault):
    if fault.offset < 0 || fault.offset > scoped.count { Issue.record("\(bytes) fails at \(fault.offset)") }
  case .notification:
    var text: [UInt8] = []
    let line = trap.appendText(scoped, to: &text)
    let isClean = text.allSatisfy { $0 >= 0x20 && $0 != 0x7F } && SafeText.isClean(text.span)
    let isInside = trap.varbinds.allSatisfy { $0.oid.end <= scoped.count && $0.value.end <= scoped.count }
    if !isInside || !isClean || line.isEmpty || trap.version != .v3 { Issue.record("\(bytes) gives \(trap)") }
  case .notANotification, .secured: break
  }
}

@Suite struct DecoderVerifierTests {
  /// Every replacement at every byte of every line, both ways: some minutes of a debug build.
  private static let isFull = ProcessInfo.processInfo.environment["MUTTD_VERIFY_ALL"] == "1"

  @Test(arguments: SyslogCases.families)
  func syslogHoldsUnderEveryChange(_ family: String) throws {
    var verifier = SyslogVerifier()
    for entry in try SyslogCases.read(family) {
      DecoderVerifier.feedLine(entry.bytes, isFull: Self.isFull) {
        verifier.verify($0, at: entry.received, isMain: $1)
      }
    }
  }

  @Test(arguments: TrapFixtureTests.names)
  func trapsHoldUnderEveryChange(_ name: String) throws {
    DecoderVerifier.feed(try Fixtures.hexFile(name + ".hex"), to: verifyTrap)
  }

  private static let secured = "snmpv3/noauth-trap"

  @Test func securedMessagesHoldUnderEveryChange() throws {
    let bytes = try Fixtures.hexFile(Self.secured + ".hex")
    var trap = Trap()
    #expect(TrapDecoder().decode(bytes.span, into: &trap) == .secured)
    DecoderVerifier.feed(bytes, to: verifyTrap)
    // The same where the first look at it is stepped over.
    DecoderVerifier.feed(bytes, to: verifySecured)
  }

  /// Encrypted, authenticated, and neither.
  @Test(arguments: 0..<5) func protectedMessagesHoldUnderEveryChange(_ index: Int) throws {
    let file = String(decoding: try Fixtures.bytes("command-line/traps-v3.hex"), as: UTF8.self)
    let lines = file.split(separator: "\n")
    #expect(lines.count == 5)
    DecoderVerifier.feed(Fixtures.hex(String(lines[index])), to: verifyTrap)
  }

  @Test func everyPrefixOfATrapIsMalformed() throws {
    for name in TrapFixtureTests.names + [Self.secured] {
      let bytes = try Fixtures.hexFile(name + ".hex")
      for count in 0..<bytes.count {
        var trap = Trap()
        let prefix = Array(bytes[..<count])
        guard case .malformed = TrapDecoder().decode(prefix.span, into: &trap) else {
          Issue.record("\(name) cut at \(count) is not malformed")
          return
        }
      }
    }
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func randomBytesNeverTrap(_ seed: UInt64) {
    var random = SeededBytes(seed: seed)
    var verifier = SyslogVerifier()
    for _ in 0..<2_000 {
      let bytes = random.bytes(below: 300)
      verifier.verify(bytes)
      verifier.verify(Array("<13>".utf8) + bytes)
      verifier.verify(Array("<13>1 2026-11-21T02:14:05Z a b c d ".utf8) + bytes)
      verifier.verify(Array("<13>Nov 21 02:14:05".utf8) + bytes)
      verifyTrap(bytes)
      verifyTrap(TrapBuilder.packet2(0xA7, TrapBuilder.trapOID + bytes))
      verifyTrap(TrapBuilder.v2c(TrapBuilder.varbind(TrapEncoder.element(0x04, bytes))))
      let tag = UInt8(truncatingIfNeeded: random.next())
      verifyTrap(TrapBuilder.v2c(TrapBuilder.varbind(TrapEncoder.element(tag, bytes))))
    }
  }
}
