internal import CLinux
internal import Glibc
internal import Model

/// A socket that the service manager bound before the daemon was started, and keeps while it restarts.
package struct InheritedSocket: Sendable, Equatable {
  package let descriptor: Int32
  /// What the manager calls it (`FileDescriptorName=`).
  package let name: String
  /// TCP that listens; otherwise UDP.
  package let isStream: Bool
  package let address: ListenAddress

  /// `udp 0.0.0.0:514 (syslog-udp)`.
  package var label: String { "\(isStream ? "tcp" : "udp") \(address) (\(name))" }

  func refusal(errno number: Int32) -> IntakeError {
    IntakeError(
      .system, call: "setsockopt", number: number,
      message: "\(label), which the service manager hands over, cannot be used: \(errnoText(number))")
  }
}

/// What the service manager hands over to one process (sd_listen_fds(3)): `LISTEN_FDS` descriptors from 3 on,
/// for the process `LISTEN_PID`, named in `LISTEN_FDNAMES`. A listener takes its sockets by address and port;
/// what nobody takes would fill up unread.
package struct InheritedSockets: Sendable {
  /// Those that nobody has taken yet.
  package private(set) var rest: [InheritedSocket]

  /// SD_LISTEN_FDS_START.
  private static let first: Int32 = 3
  /// More than any socket unit has; bounds a number that is none of ours.
  private static let limit: Int32 = 1_024

  /// None unless given.
  package init(rest: [InheritedSocket] = []) { self.rest = rest }

  /// - Parameters:
  ///   - environment: `LISTEN_PID`, `LISTEN_FDS`, `LISTEN_FDNAMES`.
  ///   - processID: of the process that asks; what is meant for another one is left alone.
  /// - Throws: a descriptor that is neither a UDP socket nor a TCP socket that listens.
  package init(environment: [String: String], processID: Int32 = getpid()) throws(IntakeError) {
    rest = []
    guard environment["LISTEN_PID"] == String(processID),
      let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), count > 0
    else { return }
    let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
    for index in 0..<min(count, InheritedSockets.limit) {
      let position = Int(index)
      let name = position < names.count && !names[position].isEmpty ? String(names[position]) : "unknown"
      rest.append(try InheritedSockets.inspect(InheritedSockets.first + index, name))
    }
  }

  private static func inspect(_ descriptor: Int32, _ name: String) throws(IntakeError) -> InheritedSocket {
    var about = mutt_inherited()
    let result = unsafe mutt_inherit(descriptor, &about)
    guard result == 0 else {
      throw IntakeError(
        .address, call: "getsockopt", number: -result,
        message: "descriptor \(descriptor) (\(name)), which the service manager hands over, is neither a UDP "
          + "socket nor a TCP socket that listens: take it out of muttd.socket")
    }
    return InheritedSocket(
      descriptor: descriptor, name: name, isStream: about.is_stream != 0,
      address: ListenAddress(
        address: IPAddress(high: about.address_high, low: about.address_low), port: about.port))
  }

  /// The next socket that is bound to exactly this address and port.
  package mutating func take(_ address: ListenAddress, isStream: Bool) -> InheritedSocket? {
    let place = rest.firstIndex { $0.isStream == isStream && $0.address == address }
    return place.map { rest.remove(at: $0) }
  }

  /// As many as a listener needs, or none.
  /// - Throws: there are some, but too few.
  package mutating func take(
    _ count: Int, of address: ListenAddress
  ) throws(IntakeError) -> [InheritedSocket] {
    var taken: [InheritedSocket] = []
    while taken.count < count, let next = take(address, isStream: false) { taken.append(next) }
    guard taken.isEmpty || taken.count == count else {
      throw IntakeError(
        .address, call: "sd_listen_fds",
        message:
          "the service manager hands over \(taken.count) of \(count) sockets for udp \(address): write "
          + "its ListenDatagram= line into muttd.socket as often as listen.workers says, with ReusePort=yes")
    }
    return taken
  }

  /// - Throws: a socket that no listener has taken, and what to do about it.
  package func requireNone() throws(IntakeError) {
    guard !rest.isEmpty else { return }
    throw IntakeError(
      .address, call: "sd_listen_fds",
      message:
        "the service manager hands over \(rest.map(\.label).joined(separator: ", ")), which no listener "
        + "reads: name the same address and port in listen.syslog or listen.snmp (a UDP socket for each of "
        + "listen.workers), or take it out of muttd.socket (systemctl edit muttd.socket)")
  }
}
