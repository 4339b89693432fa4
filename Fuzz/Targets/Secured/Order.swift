import Desk
import Intake
import Model
import Wire

/// A message of an input. One that begins like a message (0x30) is sent as it is, to the end of the input;
/// any other begins with eight octets of instructions, by which it is written, encrypted and signed as its
/// sender would, so that hostile content gets behind the proof of who sent it.
enum Order {
  case asItIs([UInt8])
  case written(Instructions, [UInt8])

  /// Of one input.
  private static let limit = 8

  /// The messages of an input. A length of one octet follows the instructions of all but the last.
  static func read(_ bytes: [UInt8]) -> [Order] {
    var orders: [Order] = []
    var rest = bytes[...]
    while let first = rest.first, orders.count < limit {
      if first == 0x30 { return orders + [.asItIs(Array(rest))] }
      guard rest.count > Instructions.size else { break }
      let instructions = Instructions(rest.prefix(Instructions.size))
      rest = rest.dropFirst(Instructions.size)
      var length = rest.count
      if instructions.isFollowed { length = Int(rest.removeFirst()) }
      let content = Array(rest.prefix(length))
      rest = rest.dropFirst(length)
      orders.append(instructions.content == .message ? .asItIs(content) : .written(instructions, content))
    }
    return orders
  }
}

/// Who sends a message, and what is wrong with it. Nothing but zeros: a trap without proof, of an engine of
/// its own, with nothing wrong.
struct Instructions {
  static let size = 8

  enum Content: UInt8 { case scoped, pdu, varbinds, message }

  /// What happens to the message, or to the receiver before it comes.
  enum Twist {
    case none
    /// The users come in another order, or one of them goes.
    case users(isLoss: Bool)
    /// Somebody has the receiver forget the engine's clock.
    case forgotten
    /// The content is said to be encrypted as it is.
    case notEncrypted
    case otherPassword(isPrivacy: Bool)
    /// So many octets of what was encrypted are not sent.
    case shortCipher(Int)
    case salt(Int)
    case digest(Int)
    case cut(Int)
    case junk(Int)
    /// One bit, at a part of 144 of the message.
    case bit(Int)
  }

  /// What comes may differ from what was written.
  var isTwisted: Bool {
    switch twist {
    case .none, .users, .forgotten: false
    default: true
    }
  }

  private let octets: [UInt8]

  init(_ octets: ArraySlice<UInt8>) { self.octets = Array(octets) }

  var user: Int { Int(octets[0] & 7) }
  var isOurs: Bool { octets[0] & 8 != 0 }
  var content: Content { Content(rawValue: octets[0] >> 4 & 3)! }
  var isInform: Bool { octets[0] & 0x40 != 0 }
  var isFollowed: Bool { octets[0] & 0x80 != 0 }
  /// What differs from the flags that the user should send.
  var flags: UInt8 { octets[1] }

  /// Of a sender: a few lengths, right and wrong, and of each a few engines.
  var engineID: [UInt8] {
    let length = [13, 5, 1, 12, 32, 33, 0, 8][Int(octets[2] >> 5)]
    let id: [UInt8] = [0x80, 0, 0x1F, 0x88, 5] + [UInt8](repeating: 7, count: 27) + [octets[2] & 31]
    return Array(id.suffix(length))
  }

  func boots(_ usual: Int64) -> UInt32 {
    switch Int8(bitPattern: octets[3]) {
    case 127: 2_147_483_647
    case 126: 2_147_483_646
    case -128: 0
    case let offset: UInt32(max(0, usual + Int64(offset)))
    }
  }

  func time(_ usual: Int64) -> UInt32 {
    let offset = Int16(bitPattern: UInt16(octets[4]) << 8 | UInt16(octets[5]))
    if offset == .min { return 0 }
    return offset == .max ? 2_147_483_647 : UInt32(max(0, usual + Int64(offset)))
  }

  /// Seconds that pass before it is sent.
  var wait: Int64 { Int64(octets[6]) }

  var twist: Twist {
    let count = Int(octets[7] & 15)
    switch octets[7] >> 4 {
    case 0:
      switch count {
      case 1, 2: return .users(isLoss: count == 2)
      case 3: return .notEncrypted
      case 4, 5: return .otherPassword(isPrivacy: count == 5)
      case 6...12: return .shortCipher(count - 5)
      case 13: return .forgotten
      default: return .none
      }
    case 1: return .salt(count)
    case 2: return .digest(count)
    case 3: return .cut(count)
    case 4: return .junk(count)
    case 5: return .salt(16 + count * 4)
    case 6: return .digest(16 + count * 4)
    default: return .bit(Int(octets[7]) - 0x70)
    }
  }
}

// MARK: - Writing

extension Instructions {
  /// The message and what is in it; `clock`: seconds since the receiver started.
  func message(_ content: [UInt8], clock: Int64) -> (bytes: [UInt8], scoped: [UInt8]) {
    let sender = Sender.all[user]
    let engine = isOurs ? Receiver.engineID : engineID
    let usual = isOurs ? (boots: Int64(Receiver.boots), time: clock) : (boots: 100, time: 10_000 + clock)
    var envelope = SecuredEncoder.Envelope(
      messageID: 0x0102_0304, flags: sender.flags ^ flags, engineID: engine, boots: boots(usual.boots),
      time: time(usual.time), user: sender.user.name)
    let scoped = scoped(content, engine)
    var data = scoped
    if envelope.flags & SecuredMessage.encrypted != 0 {
      // Like every salt: never the same twice for messages that differ.
      let salt = [UInt8](FNV1a.hash(data.span).bigEndianOctets)
      data = encrypted(data, salt, envelope, sender, engine) ?? data
      envelope.salt = salt
      if case .shortCipher(let count) = twist { data.removeLast(min(count, data.count)) }
    }
    let isSigned = envelope.flags & SecuredMessage.authenticated != 0
    if isSigned { envelope.digestLength = sender.user.keys?.authentication.digestLength ?? 12 }
    if case .salt(let count) = twist {
      envelope.salt = Array((envelope.salt + [UInt8](repeating: 1, count: count)).prefix(count))
    }
    if case .digest(let count) = twist { envelope.digestLength = count }
    var (bytes, digestAt) = SecuredEncoder.message(envelope, data: data)
    if isSigned {
      let digest = digest(bytes, sender, engine).prefix(envelope.digestLength)
      bytes.replaceSubrange(digestAt..<digestAt + digest.count, with: digest)
    }
    return (damaged(bytes), scoped)
  }

  /// As long as it is for these keys, however much room there is: one that is cut short proves nothing.
  private func digest(_ bytes: [UInt8], _ sender: Sender, _ engine: [UInt8]) -> [UInt8] {
    var signed = bytes
    guard let keys = keys(sender, isPrivacy: false), let key = keys.authenticationKey(engineID: engine),
      TrapKeys.sign(&signed, digestAt: 0, keys.authentication, key)
    else { return [] }
    return Array(signed.prefix(keys.authentication.digestLength))
  }

  private func keys(_ sender: Sender, isPrivacy: Bool) -> TrapMasterKeys? {
    if case .otherPassword(isPrivacy) = twist { return sender.otherKeys }
    return sender.user.keys
  }

  private func encrypted(
    _ plain: [UInt8], _ salt: [UInt8], _ envelope: SecuredEncoder.Envelope, _ sender: Sender,
    _ engine: [UInt8]
  ) -> [UInt8]? {
    if case .notEncrypted = twist { return nil }
    guard let keys = keys(sender, isPrivacy: true), let cipher = keys.privacy,
      let key = keys.privacyKey(engineID: engine)
    else { return nil }
    return TrapKeys.encrypt(plain, salt: salt, boots: envelope.boots, time: envelope.time, cipher, key)
  }

  /// The content with what is missing around it.
  private func scoped(_ content: [UInt8], _ engine: [UInt8]) -> [UInt8] {
    switch self.content {
    case .scoped, .message: return content
    case .pdu: return SecuredEncoder.scoped(contextEngineID: engine, pdu: content)
    case .varbinds:
      let head = TrapEncoder.pdu(
        isInform ? .inform : .trap, requestID: 9, uptimeTicks: 7, trapOID: Instructions.linkDown, varbinds: []
      )
      // Tag, length; request id, error-status and error-index; tag and length of the list.
      let list = element(0x30, Array(head[13...]) + content)
      let pdu = element(head[0], Array(head[2..<11]) + list)
      return SecuredEncoder.scoped(contextEngineID: engine, contextName: Array("vrf".utf8), pdu: pdu)
    }
  }

  private func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    let length = [0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)]
    return [tag] + (content.count < 0x80 ? [UInt8(content.count)] : length) + content
  }

  private static let linkDown = ObjectID("1.3.6.1.6.3.1.1.5.3")!

  private func damaged(_ bytes: [UInt8]) -> [UInt8] {
    switch twist {
    case .cut(let count): return bytes.dropLast(count)
    case .junk(let count): return bytes + [UInt8](repeating: 0, count: count)
    case .bit(let part):
      var bytes = bytes
      bytes[part * bytes.count / 144] ^= 1 << UInt8(part & 7)
      return bytes
    default: return bytes
    }
  }
}

extension UInt64 {
  fileprivate var bigEndianOctets: [UInt8] {
    stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> UInt64($0)) }
  }
}

/// Somebody who sends: the receiver's users, and two that it does not know.
struct Sender: Sendable {
  let user: TrapUser
  /// The same algorithms with other passwords.
  let otherKeys: TrapMasterKeys?
  /// As its messages should be protected.
  let flags: UInt8

  private init(_ name: String, _ authentication: TrapAuthentication? = nil, _ privacy: TrapPrivacy? = nil) {
    func keys(_ suffix: String) -> TrapMasterKeys? {
      guard let authentication else { return nil }
      let secret = privacy.map { ($0, password: Array("confident-\(suffix)".utf8)) }
      return TrapMasterKeys(authentication, password: Array("authentic-\(suffix)".utf8), privacy: secret)
    }
    user = TrapUser(name: Array(name.utf8), keys: keys(name))
    otherKeys = keys("another")
    flags =
      (authentication == nil ? 0 : SecuredMessage.authenticated)
      | (privacy == nil ? 0 : SecuredMessage.encrypted)
  }

  /// The algorithms that agents have, one whose key has to be made longer, and of the lengths of digests.
  static let all = [
    Sender("open"), Sender("sha", .sha1), Sender("sha-aes", .sha1, .aes128),
    Sender("sha256-aes256", .sha256, .aes256), Sender("md5-des", .md5, .des),
    Sender("sha-aes256", .sha1, .aes256), Sender("nobody", .sha1), Sender(""),
  ]
  static let known = all.prefix(6).map(\.user)
}
