import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// One IPv4 socket on loopback, closed with its last owner.
final class LoopbackSocket: Sendable {
  enum Kind { case datagram, stream }

  let descriptor: Int32

  init(_ kind: Kind) throws {
    let type = Int32((kind == .datagram ? SOCK_DGRAM : SOCK_STREAM).rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    descriptor = socket(AF_INET, type, 0)
    guard descriptor >= 0 else { throw HarnessError("socket: errno \(errno)") }
  }

  init(owning descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  func bind(host: String = "127.0.0.1", port: Int = 0) throws {
    var one: Int32 = 1
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    guard unsafe withAddress(host, port, { unsafe Glibc.bind(descriptor, $0, $1) }) == 0 else {
      throw HarnessError("bind \(host):\(port): errno \(errno)")
    }
  }

  func connect(host: String = "127.0.0.1", port: Int) throws {
    guard unsafe withAddress(host, port, { unsafe Glibc.connect(descriptor, $0, $1) }) == 0 else {
      throw HarnessError("connect \(host):\(port): errno \(errno)")
    }
  }

  /// The port the kernel gave.
  var port: Int {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = unsafe getsockname(descriptor, $0, &length)
      }
    }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  /// How long one read may block.
  func limitReads(seconds: Int) {
    var limit = timeval(tv_sec: seconds, tv_usec: 0)
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Sends in one call; false when the kernel refuses.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
  }

  /// Sends all bytes of a stream.
  func sendAll(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.send(
          descriptor, $0.baseAddress.unsafelyUnwrapped + sent, bytes.count - sent,
          Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// What is there, at most 64 KiB; empty at the end or after an error.
  func receive() -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
      unsafe count = max(0, recv(descriptor, buffer.baseAddress, 65536, 0))
    }
  }

  private func withAddress(
    _ host: String, _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    unsafe inet_pton(AF_INET, host, &address.sin_addr)
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}

/// Ports on loopback that nobody listens on, and that the kernel gives to nobody: they lie below the range
/// from which senders and clients get theirs, so that a daemon finds its port free again after a restart.
enum FreePort {
  private static let given = Mutex<Set<Int>>([])
  /// Two processes of tests run at once: one has the odd ports, the other the even ones.
  private static let half = CommandLine.arguments.contains("--skip") ? 0 : 1

  static func datagram() throws -> Int { try take(.datagram) }
  static func stream() throws -> Int { try take(.stream) }

  private static func take(_ kind: LoopbackSocket.Kind) throws -> Int {
    for _ in 0..<1_000 {
      let port = Int.random(in: 5_120..<16_384) * 2 + half
      guard given.withLock({ $0.insert(port).inserted }) else { continue }
      let socket = try LoopbackSocket(kind)
      if (try? socket.bind(port: port)) != nil { return port }
    }
    throw HarnessError("no free port")
  }
}
