internal import CTLS
package import Model
internal import Synchronization

/// PEM files that make a side of TLS.
package struct TLSFiles: Sendable, Equatable {
  /// The certificate, with the chain up to its authority behind it.
  package var certificate: String?
  package var key: String?
  /// The authorities whose certificates the other side must show; nil: it need not show any.
  package var authorities: String?

  package init(certificate: String? = nil, key: String? = nil, authorities: String? = nil) {
    self.certificate = certificate
    self.key = key
    self.authorities = authorities
  }
}

/// Certificate and key as read from their files, for any number of connections. The only file that sees TLS.
@safe package final class TLSContext: Sendable {
  package enum Side: Sendable { case server, client }

  // OpenSSL counts references to it atomically and changes nothing in it after it is made.
  fileprivate nonisolated(unsafe) let pointer: OpaquePointer
  /// The other side must show a certificate of known authorities.
  package let checksPeer: Bool
  /// From when to when the certificate holds; absent without one.
  package let validity: (from: Timestamp, to: Timestamp)

  /// Reads the files. The error says which one is at fault, why, and what to do; never what is in it.
  package init(_ side: Side, _ files: TLSFiles) throws(IntakeError) {
    var part: Int32 = 0
    var text = [CChar](repeating: 0, count: 256)
    let make = side == .server ? unsafe mutt_tls_server_create : unsafe mutt_tls_client_create
    let made = unsafe TLSContext.withPath(files.certificate) { certificate in
      unsafe TLSContext.withPath(files.key) { key in
        unsafe TLSContext.withPath(files.authorities) { authorities in
          unsafe make(certificate, key, authorities, &part, &text, text.count)
        }
      }
    }
    guard let made = unsafe made else {
      let reason = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw TLSContext.failure(part, files, reason)
    }
    var (from, to): (Int64, Int64) = (0, 0)
    unsafe mutt_tls_validity(made, &from, &to)
    validity = (
      from == 0 ? .absent : Timestamp(seconds: from, nanoseconds: 0),
      to == 0 ? .absent : Timestamp(seconds: to, nanoseconds: 0)
    )
    checksPeer = files.authorities != nil
    unsafe pointer = made
  }

  deinit { unsafe mutt_tls_context_destroy(pointer) }

  @unsafe private static func withPath<T>(_ path: String?, _ body: (UnsafePointer<CChar>?) -> T) -> T {
    guard let path else { return body(nil) }
    return unsafe path.withCString { unsafe body($0) }
  }

  private static func failure(_ part: Int32, _ files: TLSFiles, _ reason: String) -> IntakeError {
    func unusable(_ what: String, _ path: String?, _ advice: String) -> String {
      "the \(what) \(path ?? "") cannot be used: \(reason); \(advice)"
    }
    let message =
      switch Int(part) {
      case MUTT_TLS_CERTIFICATE:
        unusable(
          "certificate", files.certificate, "it must be PEM, readable by this user, with its chain")
      case MUTT_TLS_KEY:
        unusable("key", files.key, "it must be PEM, readable by this user and without a passphrase")
      case MUTT_TLS_PAIR:
        "the key \(files.key ?? "") does not belong to the certificate \(files.certificate ?? ""): "
          + "\(reason); name the key it was made with"
      case MUTT_TLS_CA:
        unusable("file of authorities", files.authorities, "it must be PEM and readable by this user")
      default: "TLS cannot be had: \(reason)"
      }
    return IntakeError(.certificate, call: "tls", message: message)
  }
}

/// What TLS listeners show, exchangeable while they run: connections that are open keep what they began with.
package final class TLSIdentity: Sendable {
  private let context: Mutex<TLSContext>

  package init(_ context: TLSContext) { self.context = Mutex(context) }

  package convenience init(_ files: TLSFiles) throws(IntakeError) { self.init(try TLSIdentity.read(files)) }

  package var current: TLSContext { context.withLock { $0 } }

  /// What `replace` takes.
  package static func read(_ files: TLSFiles) throws(IntakeError) -> TLSContext {
    try TLSContext(.server, files)
  }

  package func replace(with fresh: TLSContext) { context.withLock { $0 = fresh } }
}

/// TLS on one connection, whose descriptor somebody else owns and closes afterwards.
@safe struct TLSSession: ~Copyable {
  enum Progress {
    case done, wantsRead, wantsWrite
    case failed(HandshakeFault, String)
  }

  private let pointer: OpaquePointer

  /// The server's side; nil without memory.
  init?(_ context: TLSContext, accepting descriptor: Int32) {
    guard let made = unsafe mutt_tls_accept(context.pointer, descriptor) else { return nil }
    unsafe pointer = made
  }

  /// The client's side; `address` (nil: not checked) must stand in the server's certificate.
  init?(_ context: TLSContext, connecting descriptor: Int32, address: String?) {
    var made: OpaquePointer?
    if let address {
      unsafe made = unsafe address.withCString { unsafe mutt_tls_connect(context.pointer, descriptor, $0) }
    } else {
      unsafe made = unsafe mutt_tls_connect(context.pointer, descriptor, nil)
    }
    guard let made = unsafe made else { return nil }
    unsafe pointer = made
  }

  deinit { unsafe mutt_tls_destroy(pointer) }

  func handshake() -> Progress {
    var fault: Int32 = 0
    var text = [CChar](repeating: 0, count: 200)
    switch Int(unsafe mutt_tls_handshake(pointer, &fault, &text, text.count)) {
    case MUTT_TLS_DONE: return .done
    case MUTT_TLS_WANT_READ: return .wantsRead
    case MUTT_TLS_WANT_WRITE: return .wantsWrite
    default:
      return .failed(
        HandshakeFault(rawValue: Int(fault)) ?? .other,
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
  }

  /// As `mutt_tls_receive`.
  @unsafe func receive(into target: UnsafeMutablePointer<UInt8>, count: Int) -> Int {
    unsafe Int(mutt_tls_receive(pointer, target, count))
  }

  /// Sends all of it: 0, or -errno.
  func send(_ bytes: [UInt8]) -> Int32 {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return 0 }
      return unsafe mutt_tls_send(pointer, base, buffer.count)
    }
  }

  /// Says that nothing more comes: 0, or -errno.
  func finish() -> Int32 { unsafe mutt_tls_finish(pointer) }
}
