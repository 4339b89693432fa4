import Glibc
import NIOCore

/// Whose process opened a connection to a socket in the file system, as the kernel noted it (SO_PEERCRED,
/// unix(7)).
enum SocketUser {
  /// `struct ucred`, which the C library shows to its own extensions only.
  private struct Credentials: BitwiseCopyable, Sendable {
    var process: Int32 = 0
    var user: UInt32 = 0
    var group: UInt32 = 0
  }

  /// Nobody's; no user has it.
  private static let unknown = UInt32.max

  static func number(of channel: any Channel) async -> UInt32 {
    guard let provider = channel as? any SocketOptionProvider else { return unknown }
    do {
      let found: Credentials = try await provider.unsafeGetSocketOption(
        level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED)
      ).get()
      return found.user
    } catch {
      // The connection has gone: nobody reads the answer.
      return unknown
    }
  }
}
