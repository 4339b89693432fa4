import Glibc
import NIOCore

extension NIOBSDSocket.Option {
  /// SO_REUSEPORT: sockets that all have it, of one user, may be bound to one port.
  static var sharedPort: NIOBSDSocket.Option { NIOBSDSocket.Option(rawValue: SO_REUSEPORT) }
}
