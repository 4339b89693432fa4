package import Model

/// Where a listener listens: `udp://192.0.2.1:514`, `udp://[::]:162`.
package struct ListenAddress: Sendable, Hashable {
  package var address: IPAddress
  package var port: UInt16

  package init(address: IPAddress, port: UInt16) {
    self.address = address
    self.port = port
  }

  /// Reads `host:port` where host is an IPv4 address or an IPv6 address in brackets. Names are not looked
  /// up: a listener must not depend on a resolver. Port 0 lets the kernel choose.
  package init(parsing text: String) throws(IntakeError) {
    guard let colon = text.lastIndex(of: ":") else {
      throw ListenAddress.unreadable(text)
    }
    var host = String(text[..<colon])
    let bracketed = host.hasPrefix("[") && host.hasSuffix("]")
    if bracketed { host = String(host.dropFirst().dropLast()) }
    guard let address = IPAddress(host), let port = UInt16(text[text.index(after: colon)...]),
      bracketed == (address.v4 == nil)
    else { throw ListenAddress.unreadable(text) }
    self.init(address: address, port: port)
  }

  private static func unreadable(_ text: String) -> IntakeError {
    IntakeError(
      .address, call: "parse",
      message: "'\(text)' is no listen address: write ADDRESS:PORT, for example 0.0.0.0:514 or [::]:514")
  }

  package var isIPv4: Bool { address.v4 != nil }
}

extension ListenAddress: CustomStringConvertible {
  package var description: String { isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
}
