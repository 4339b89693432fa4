internal import CLinux
internal import Glibc
internal import Model

/// A TCP socket that listens: one owner, closed when it goes.
package struct StreamSocket: ~Copyable {
  package let descriptor: Int32
  package let address: ListenAddress

  /// Connections that wait for us in the kernel; the kernel caps it at net.core.somaxconn.
  static let backlog = 1_024

  /// Binds and listens at once; who connects from now on waits in the kernel until somebody accepts.
  /// - Parameter v6Only: an IPv6 wildcard leaves IPv4 to another listener.
  package init(listening address: ListenAddress, v6Only: Bool = false) throws(IntakeError) {
    let descriptor = mutt_tcp_listen(
      address.isIPv4 ? 4 : 6, address.address.high, address.address.low, address.port, v6Only ? 1 : 0,
      Int32(StreamSocket.backlog))
    guard descriptor >= 0 else { throw StreamSocket.refusal(address, errno: -descriptor) }
    self.descriptor = descriptor
    let port = mutt_local_port(descriptor)
    self.address = ListenAddress(address: address.address, port: port > 0 ? UInt16(port) : address.port)
  }

  /// Takes a listening TCP socket that was bound for us; who waits in it is accepted.
  package init(_ inherited: InheritedSocket) throws(IntakeError) {
    let result = mutt_tcp_adopt(inherited.descriptor, Int32(StreamSocket.backlog))
    guard result == 0 else { throw inherited.refusal(errno: -result) }
    descriptor = inherited.descriptor
    address = inherited.address
  }

  deinit { mutt_close(descriptor) }

  private static func refusal(_ address: ListenAddress, errno number: Int32) -> IntakeError {
    switch number {
    case EADDRINUSE:
      return IntakeError(
        .portTaken, call: "bind", number: number,
        message: "tcp \(address) is taken by another program (see: ss -tlnp 'sport = :\(address.port)'): "
          + "stop it, or change listen.syslog")
    case EACCES, EPERM:
      return IntakeError(
        .permission, call: "bind", number: number,
        message: "tcp \(address) may not be bound by this user: below 1024 only root may, "
          + "or systemd for it (systemctl edit muttd.socket); or take a port from 1024 up"
      )
    case EADDRNOTAVAIL, EAFNOSUPPORT:
      return IntakeError(
        .address, call: "bind", number: number,
        message: "tcp \(address): no interface of this machine has that address; 0.0.0.0 or [::] takes all")
    default:
      return IntakeError(
        .system, call: "bind", number: number,
        message: "tcp \(address) could not be bound: \(errnoText(number))")
    }
  }
}
