import Glibc
import Intake

/// Tells systemd how the service is doing (sd_notify(3)): datagrams to the socket named by `NOTIFY_SOCKET`.
/// Without one, every call does nothing. Nothing here blocks or fails the daemon.
package struct Notify: Sendable {
  private let socketPath: String?
  /// How often `watchdog` must be called at least; half of what systemd waits. Nil: no watchdog.
  package let watchdogInterval: Duration?

  /// `environment`: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`.
  package init(environment: [String: String], processID: Int32 = getpid()) {
    let path = environment["NOTIFY_SOCKET"] ?? ""
    // Only paths and names of the abstract namespace are unix sockets; systemd may offer vsock to guests.
    socketPath = path.hasPrefix("/") || path.hasPrefix("@") ? path : nil
    let isForUs = environment["WATCHDOG_PID"].map { $0 == String(processID) } ?? true
    if isForUs, let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 {
      watchdogInterval = .microseconds(microseconds / 2)
    } else {
      watchdogInterval = nil
    }
  }

  package var isActive: Bool { socketPath != nil }

  /// The service is up, or up again after a reload.
  package func ready(_ status: String? = nil) { send("READY=1" + line(status)) }

  /// A reload begins; `ready` ends it.
  package func reloading(_ status: String? = nil) {
    send("RELOADING=1\nMONOTONIC_USEC=\(SystemClock.monotonic / 1_000)" + line(status))
  }

  package func stopping(_ status: String? = nil) { send("STOPPING=1" + line(status)) }

  /// One line for `systemctl status`.
  package func status(_ text: String) { send(String(line(text).dropFirst())) }

  package func watchdog() { send("WATCHDOG=1") }

  private func line(_ status: String?) -> String {
    guard let status else { return "" }
    return "\nSTATUS=" + status.prefix { !$0.isNewline }
  }

  private func send(_ message: String) {
    guard let socketPath else { return }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(socketPath.utf8)
    let isAbstract = name[0] == UInt8(ascii: "@")
    if isAbstract { name[0] = 0 }
    // A path is followed by its NUL, an abstract name is as long as it is.
    let room = MemoryLayout.size(ofValue: address.sun_path) - (isAbstract ? 0 : 1)
    guard name.count <= room else { return }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    let length = MemoryLayout<sa_family_t>.size + name.count + (isAbstract ? 0 : 1)

    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let bytes = Array(message.utf8)
    unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        _ = unsafe sendto(
          descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), pointer,
          socklen_t(length))
      }
    }
  }
}
