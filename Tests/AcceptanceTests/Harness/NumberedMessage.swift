import Foundation
import TestKit

/// Syslog messages that carry a number, so that each one can be found again.
enum NumberedMessage {
  /// RFC 5424 without a time stamp: the arrival counts.
  static func syslog(_ number: Int, host: String = "core1", words: String = "link is down") -> [UInt8] {
    Array("<187>1 - \(host) numbered - - - n=\(number) \(words)".utf8)
  }

  /// The number after the first `n=`. Read from the bytes as they are: a flood has thousands of them.
  static func number(in bytes: [UInt8]) -> Int? {
    var start = 1
    while let equals = ByteSearch.first(UInt8(ascii: "="), in: bytes, from: start) {
      if bytes[equals - 1] == UInt8(ascii: "n") {
        let digits = bytes[(equals + 1)...].prefix { $0 >= 0x30 && $0 <= 0x39 }
        return digits.isEmpty ? nil : digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
      }
      start = equals + 1
    }
    return nil
  }
}

/// What these tests, which nobody optimises, leave to the C library: looking at every byte.
enum ByteSearch {
  /// Where `byte` stands first at `start` or behind it.
  static func first(_ byte: UInt8, in bytes: [UInt8], from start: Int = 0) -> Int? {
    guard start < bytes.count else { return nil }
    return unsafe bytes.withUnsafeBytes {
      let base = unsafe $0.baseAddress.unsafelyUnwrapped
      let found = unsafe memchr(base + start, Int32(byte), $0.count - start)
      return unsafe found.map { unsafe UnsafeRawPointer($0) - base }
    }
  }
}

/// Sends lines over one connection, from a thread of its own: the receiver may make it wait.
final class TCPSender: Sendable {
  private let socket: LoopbackSocket

  init(port: Int) throws {
    socket = try LoopbackSocket(.stream)
    try socket.connect(port: port)
  }

  /// Bytes as they are; false when the other side has ended the connection.
  func send(_ text: String) async throws -> Bool {
    try await offPool { [socket] in socket.sendAll(Array(text.utf8)) }
  }

  /// Sends numbered messages at about `rate` a second.
  func send(_ numbers: Range<Int>, rate: Int, message: @escaping @Sendable (Int) -> [UInt8]) async throws {
    try await offPool { [socket] in
      let burst = max(1, rate / 200)
      let start = ContinuousClock.now
      for first in stride(from: numbers.lowerBound, to: numbers.upperBound, by: burst) {
        var bytes: [UInt8] = []
        for number in first..<min(first + burst, numbers.upperBound) {
          bytes += message(number) + [UInt8(ascii: "\n")]
        }
        guard socket.sendAll(bytes) else { throw HarnessError("the connection was ended at \(first)") }
        let sent = first - numbers.lowerBound + burst
        let due = ContinuousClock.now.duration(to: start + .microseconds(1_000_000 * sent / rate))
        if due > .zero { Thread.sleep(forTimeInterval: due / .seconds(1)) }
      }
    }
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
