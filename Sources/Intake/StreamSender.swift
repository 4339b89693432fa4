internal import CLinux
internal import Glibc
internal import Model

/// Sends to one address over TCP, or TLS over it: `muttd send`, tests.
package struct StreamSender: ~Copyable {
  private let descriptor: Int32
  private let address: ListenAddress
  private let tls: TLSSession?

  /// No call waits longer than this, ms.
  private static let patience: Int32 = 10_000

  /// Connects, and shakes hands when there is a `tls`; what the server shows is then held against its
  /// authorities and, when there are some, against `address`.
  package init(to address: ListenAddress, tls context: TLSContext? = nil) throws(IntakeError) {
    let descriptor = mutt_tcp_connect(
      address.isIPv4 ? 4 : 6, address.address.high, address.address.low, address.port, StreamSender.patience)
    guard descriptor >= 0 else {
      throw IntakeError(
        .address, call: "connect", number: -descriptor,
        message: descriptor == -ECONNREFUSED
          ? "nobody listens on tcp \(address): is the daemon running there?"
          : "tcp \(address) cannot be reached: \(errnoText(-descriptor))")
    }
    var session: TLSSession?
    if let context {
      do throws(IntakeError) {
        session = try StreamSender.shakeHands(descriptor, context, address)
      } catch {
        mutt_close(descriptor)
        throw error
      }
    }
    self.descriptor = descriptor
    self.address = address
    tls = consume session
  }

  private static func shakeHands(
    _ descriptor: Int32, _ context: TLSContext, _ address: ListenAddress
  ) throws(IntakeError) -> TLSSession {
    guard
      let session = TLSSession(
        context, connecting: descriptor, address: context.checksPeer ? "\(address.address)" : nil)
    else { throw IntakeError(.memory, call: "tls", message: "no memory for TLS") }
    switch session.handshake() {
    case .done: return session
    case .failed(_, let text):
      throw IntakeError(.address, call: "tls", message: "TLS with \(address) failed: \(text)")
    case .wantsRead, .wantsWrite:
      throw IntakeError(.address, call: "tls", message: "TLS with \(address): no answer in time")
    }
  }

  deinit { mutt_close(descriptor) }

  /// Sends all of `bytes`.
  package func send(_ bytes: [UInt8]) throws(IntakeError) {
    if tls != nil {
      let result = tls?.send(bytes) ?? 0
      if result < 0 { throw failure("send", -result, "sending to tls \(address) failed") }
      return
    }
    let result = unsafe bytes.withUnsafeBufferPointer {
      unsafe mutt_stream_send(descriptor, $0.baseAddress, $0.count)
    }
    if result < 0 { throw failure("send", -result, "sending to tcp \(address) failed") }
  }

  /// Ends the stream and waits until the receiver has read it all and closed too.
  package func finish() throws(IntakeError) {
    if let result = tls?.finish(), result < 0 {
      throw failure("tls", -result, "tls \(address) did not take everything")
    }
    let result = mutt_stream_finish(descriptor)
    if result < 0 { throw failure("shutdown", -result, "tcp \(address) did not take everything") }
  }

  private func failure(_ call: String, _ number: Int32, _ what: String) -> IntakeError {
    IntakeError(.system, call: call, number: number, message: "\(what): \(errnoText(number))")
  }
}
