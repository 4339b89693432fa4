import Intake
import Model
import Testing

@Suite struct ProxyHeaderTests {
  private static let signature: [UInt8] = [
    0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
  ]
  private static let fromV4: [UInt8] = [192, 0, 2, 7, 198, 51, 100, 1, 0xC3, 0x50, 2, 2]

  /// A version 2 header: command, family, what follows, and the length it states (nil: the true one).
  static func v2(_ command: UInt8, _ family: UInt8, _ body: [UInt8], length: Int? = nil) -> [UInt8] {
    let length = length ?? body.count
    return signature + [command, family, UInt8(length >> 8 & 255), UInt8(length & 255)] + body
  }

  private static func read(_ bytes: [UInt8]) -> ProxyHeader.Reading { ProxyHeader.read(bytes.span) }

  private static let fromV6: [UInt8] =
    [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [9]
    + [UInt8](repeating: 1, count: 16) + [0xC3, 0x50, 2, 2]

  static let valid: [(bytes: [UInt8], peer: String?, port: UInt16)] = [
    (Array("PROXY TCP4 192.0.2.7 198.51.100.1 50000 514\r\n".utf8), "192.0.2.7", 50_000),
    (Array("PROXY TCP6 2001:db8::9 ::1 50000 514\r\n".utf8), "2001:db8::9", 50_000),
    (Array("PROXY TCP6 ::ffff:192.0.2.7 ::1 0 65535\r\n".utf8), "192.0.2.7", 0),
    (Array("PROXY UNKNOWN\r\n".utf8), nil, 0),
    (Array("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n".utf8), nil, 0),
    (v2(0x21, 0x11, fromV4), "192.0.2.7", 50_000),
    (v2(0x21, 0x12, fromV4), "192.0.2.7", 50_000),
    (v2(0x21, 0x21, fromV6), "2001:db8::9", 50_000),
    // Type-length-values behind the addresses are passed over.
    (v2(0x21, 0x11, fromV4 + [4, 0, 2, 0, 0]), "192.0.2.7", 50_000),
    (v2(0x20, 0x00, []), nil, 0),
    (v2(0x20, 0x11, fromV4), nil, 0),
    (v2(0x21, 0x00, []), nil, 0),
    (v2(0x21, 0x31, [UInt8](repeating: 0, count: 216)), nil, 0),
    (v2(0x21, 0x11, fromV4 + [UInt8](repeating: 0, count: 4_096 - 16 - 12)), "192.0.2.7", 50_000),
  ]

  @Test(arguments: valid.indices)
  func whatIsValidIsRead(index: Int) {
    let (bytes, peer, port) = Self.valid[index]
    let header = ProxyHeader(length: bytes.count, peer: peer.flatMap { IPAddress($0) }, port: port)
    #expect((header.peer == nil) == (peer == nil))
    // With what follows behind it, which is not touched.
    #expect(Self.read(bytes + Array("<13>a\n".utf8)) == .header(header))
    // Every part of it asks for more.
    for end in 0..<bytes.count { #expect(Self.read(Array(bytes[..<end])) == .more, "\(end)") }
  }

  static let malformed: [[UInt8]] =
    [
      "<13>a message\n", "PROXY TCP4 192.0.2.7 198.51.100.1 50000 514\n",
      "PROXY TCP4 192.0.2.7 198.51.100.1 50000\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 50000 514 \r\n",
      "PROXY TCP4 192.0.2.7 198.51.100.1 50000 514 9\r\n", "PROXY TCP4 192.0.2.7  198.51.100.1 50000 514\r\n",
      "PROXY TCP4 ::1 ::1 50000 514\r\n", "PROXY TCP4 192.0.2.256 198.51.100.1 50000 514\r\n",
      "PROXY TCP4 192.0.2.7 198.51.100.1 65536 514\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 00514 514\r\n",
      "PROXY TCP4 192.0.2.7 198.51.100.1 -1 514\r\n", "PROXY TCP5 192.0.2.7 198.51.100.1 1 514\r\n",
      "PROXY \r\n", "PROXY\r\n", "proxy TCP4 192.0.2.7 198.51.100.1 1 514\r\n", "GET / HTTP/1.1\r\n",
      "PROXY UNKNOWN " + String(repeating: "x", count: 100) + "\r\n",
      "PROXY UNKNOWN " + String(repeating: "x", count: 200),
    ].map { Array($0.utf8) } + [
      v2(0x11, 0x11, fromV4), v2(0x22, 0x11, fromV4), v2(0x21, 0x41, fromV4),
      // Too short for the addresses it announces.
      v2(0x21, 0x11, Array(fromV4.dropLast())), v2(0x21, 0x21, fromV4),
      // Longer than anything a proxy sends.
      v2(0x21, 0x11, fromV4, length: 4_096), v2(0x20, 0, [], length: 65_535),
      Array(signature.dropLast()) + [0x0B],
    ]

  @Test(arguments: malformed.indices)
  func whatIsMalformedIsRefused(index: Int) {
    #expect(Self.read(Self.malformed[index]) == .malformed)
  }

  @Test func everyFlippedByteIsReadOrRefused() {
    for (bytes, _, _) in Self.valid {
      for index in 0..<min(bytes.count, 120) {
        for bit in 0..<8 {
          var flipped = bytes
          flipped[index] ^= 1 << UInt8(bit)
          if case .header(let header) = Self.read(flipped) {
            #expect(header.length <= flipped.count)
          }
        }
      }
    }
  }
}
