internal import CLinux
internal import Glibc
internal import Model

/// The text of an errno, thread-safe.
package func errnoText(_ number: Int32) -> String {
  var buffer = [CChar](repeating: 0, count: 128)
  unsafe _ = strerror_r(number, &buffer, buffer.count)
  return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// A bound UDP socket: one owner, closed when it goes.
package struct DatagramSocket: ~Copyable {
  package let descriptor: Int32
  package let address: ListenAddress
  /// Bytes the kernel keeps for us, as `receive_buffer` counts them (half of what SO_RCVBUF reports).
  package let grantedBuffer: Int

  /// Binds at once; what arrives from now on queues in the kernel until somebody reads.
  /// - Parameters:
  ///   - sharesPort: SO_REUSEPORT, for several workers on one port.
  ///   - v6Only: an IPv6 wildcard leaves IPv4 to another listener.
  ///   - tellsDestination: datagrams know where they were sent to, so that answers come from there.
  package init(
    listening address: ListenAddress, receiveBuffer: Int, sharesPort: Bool = false, v6Only: Bool = false,
    tellsDestination: Bool = false
  ) throws(IntakeError) {
    let descriptor = mutt_udp_listen(
      address.isIPv4 ? 4 : 6, address.address.high, address.address.low, address.port, v6Only ? 1 : 0,
      sharesPort ? 1 : 0, UInt32(clamping: receiveBuffer))
    guard descriptor >= 0 else { throw DatagramSocket.refusal(address, errno: -descriptor) }
    self.descriptor = descriptor
    let port = mutt_local_port(descriptor)
    self.address = ListenAddress(address: address.address, port: port > 0 ? UInt16(port) : address.port)
    self.grantedBuffer = Int(max(0, mutt_receive_buffer(descriptor))) / 2
    if tellsDestination { tellDestination() }
  }

  /// Takes a UDP socket that was bound for us; what it has queued meanwhile is received.
  package init(
    _ inherited: InheritedSocket, receiveBuffer: Int, tellsDestination: Bool = false
  ) throws(IntakeError) {
    let result = mutt_udp_adopt(inherited.descriptor, UInt32(clamping: receiveBuffer))
    guard result == 0 else { throw inherited.refusal(errno: -result) }
    descriptor = inherited.descriptor
    address = inherited.address
    grantedBuffer = Int(max(0, mutt_receive_buffer(inherited.descriptor))) / 2
    if tellsDestination { tellDestination() }
  }

  /// A socket with one address sends from that anyway. There is no UDP socket that refuses.
  private func tellDestination() {
    if address.address.isUnspecified { _ = mutt_udp_tell_destination(descriptor, address.isIPv4 ? 4 : 6) }
  }

  deinit { mutt_close(descriptor) }

  private static func refusal(_ address: ListenAddress, errno number: Int32) -> IntakeError {
    switch number {
    case EADDRINUSE:
      return IntakeError(
        .portTaken, call: "bind", number: number,
        message: "udp \(address) is taken by another program (see: ss -ulnp 'sport = :\(address.port)'): "
          + "stop it, or change listen.syslog or listen.snmp")
    case EACCES, EPERM:
      return IntakeError(
        .permission, call: "bind", number: number,
        message: "udp \(address) may not be bound by this user: below 1024 only root may, "
          + "or systemd for it (systemctl edit muttd.socket); or take a port from 1024 up"
      )
    case EADDRNOTAVAIL, EAFNOSUPPORT:
      return IntakeError(
        .address, call: "bind", number: number,
        message: "udp \(address): no interface of this machine has that address; 0.0.0.0 or [::] takes all")
    default:
      return IntakeError(
        .system, call: "bind", number: number,
        message: "udp \(address) could not be bound: \(errnoText(number))")
    }
  }
}

/// Reads a socket's kernel counters from any thread, also while its worker blocks on it.
package final class SocketMeter: Sendable {
  private let descriptor: Int32

  package init(_ socket: borrowing DatagramSocket) throws(IntakeError) {
    let copy = mutt_duplicate(socket.descriptor)
    guard copy >= 0 else {
      throw IntakeError(
        .system, call: "dup", number: -copy, message: "no descriptor left: \(errnoText(-copy))")
    }
    descriptor = copy
  }

  deinit { mutt_close(descriptor) }

  /// Datagrams the kernel dropped because our buffer was full (SO_MEMINFO; a 32-bit counter).
  package var dropped: UInt64 { UInt64(max(0, mutt_socket_drops(descriptor))) }
}

/// Sends datagrams to one address: `muttd send`, `demo`, tests.
package struct DatagramSender: ~Copyable {
  private let descriptor: Int32
  private let address: ListenAddress

  package init(to address: ListenAddress) throws(IntakeError) {
    let descriptor = mutt_udp_connect(
      address.isIPv4 ? 4 : 6, address.address.high, address.address.low, address.port)
    guard descriptor >= 0 else {
      throw IntakeError(
        .address, call: "connect", number: -descriptor,
        message: "udp \(address) cannot be reached: \(errnoText(-descriptor))")
    }
    self.descriptor = descriptor
    self.address = address
  }

  deinit { mutt_close(descriptor) }

  package func send(_ datagram: [UInt8]) throws(IntakeError) {
    let result = unsafe datagram.withUnsafeBufferPointer {
      unsafe mutt_udp_send(descriptor, $0.baseAddress, $0.count)
    }
    guard result >= 0 else {
      throw IntakeError(
        result == -ECONNREFUSED ? .address : .system, call: "send", number: -result,
        message: result == -ECONNREFUSED
          ? "nobody listens on udp \(address): is the daemon running there?"
          : "sending to udp \(address) failed: \(errnoText(-result))")
    }
  }

  /// Throws when a router or the host itself has said that nobody listens there, or says so within `wait`
  /// milliseconds: on this machine it is said at once. Silence proves nothing.
  package func finish(wait: Int32) throws(IntakeError) {
    _ = try receive(wait: wait)
  }

  /// The next datagram from there; nil when none comes within `wait` milliseconds.
  package func receive(wait: Int32) throws(IntakeError) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let result = unsafe bytes.withUnsafeMutableBufferPointer {
      unsafe mutt_udp_receive(descriptor, $0.baseAddress, $0.count, wait)
    }
    if result == -ETIMEDOUT || result == -EAGAIN { return nil }
    guard result >= 0 else {
      throw IntakeError(
        result == -ECONNREFUSED ? .address : .system, call: "recv", number: -result,
        message: result == -ECONNREFUSED
          ? "nobody listens on udp \(address): is the daemon running there?"
          : "receiving from udp \(address) failed: \(errnoText(-result))")
    }
    bytes.removeLast(bytes.count - Int(result))
    return bytes
  }
}
