import Foundation

/// Syslog messages that carry a number, so that each one can be found again.
enum NumberedMessage {
  /// RFC 5424 without a time stamp: the arrival counts.
  static func syslog(_ number: Int, host: String = "core1", words: String = "link is down") -> [UInt8] {
    Array("<187>1 - \(host) numbered - - - n=\(number) \(words)".utf8)
  }

  /// The number in a message, if it has one.
  static func number(in text: String) -> Int? {
    guard let start = text.range(of: "n=") else { return nil }
    return Int(text[start.upperBound...].prefix { $0.isNumber })
  }
}

/// Sends datagrams to one port of loopback.
final class UDPSender: Sendable {
  private let socket: LoopbackSocket

  init(port: Int, from source: String = "127.0.0.1") throws {
    socket = try LoopbackSocket(.datagram)
    try socket.bind(host: source)
    try socket.connect(port: port)
  }

  /// False when the kernel said no, as it does while nobody listens.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool { socket.send(bytes) }

  /// Sends numbered messages at about `rate` a second, in small bursts as devices do.
  func send(_ numbers: Range<Int>, rate: Int, message: (Int) -> [UInt8] = { NumberedMessage.syslog($0) })
    async throws
  {
    let burst = max(1, rate / 200)
    let start = ContinuousClock.now
    for (index, number) in numbers.enumerated() {
      send(message(number))
      if index % burst == burst - 1 {
        let due = start + .microseconds(1_000_000 * (index + 1) / rate)
        try await Task.sleep(until: due, clock: .continuous)
      }
    }
  }
}
