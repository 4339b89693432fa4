/// An IPv4 or IPv6 address, 16 bytes; IPv4 is kept as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2), so that a device is
/// the same device on a dual-stack socket.
package struct IPAddress: BitwiseCopyable, Hashable, Sendable {
  /// Network order: the first byte on the wire is the top byte of `high`.
  package var high: UInt64
  package var low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  package init(v4 address: UInt32) {
    self.high = 0
    self.low = 0x0000_FFFF_0000_0000 | UInt64(address)
  }

  package init(v4 a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    self.init(v4: UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d))
  }

  /// `::`, which also stands for "no address".
  package static var unspecified: IPAddress { IPAddress(high: 0, low: 0) }

  package var v4: UInt32? {
    high == 0 && low >> 32 == 0xFFFF ? UInt32(truncatingIfNeeded: low) : nil
  }

  /// 0.0.0.0 or `::`: an agent that does not know its own address.
  package var isUnspecified: Bool { high == 0 && (low == 0 || low == 0x0000_FFFF_0000_0000) }
  /// 224.0.0.0/4 or ff00::/8.
  package var isMulticast: Bool { v4.map { $0 >> 28 == 14 } ?? (high >> 56 == 0xFF) }
  package var isLoopback: Bool {
    if let v4 { return v4 >> 24 == 127 }
    return high == 0 && low == 1
  }

  /// Reads dotted decimal, or IPv6 text (RFC 4291 §2.2, with `::` and an embedded IPv4 part, without a zone).
  @inline(__always)
  package init?(_ bytes: Span<UInt8>) {
    guard IPAddress.mayStart(bytes), let parsed = IPAddress.parse(bytes) else { return nil }
    self = parsed
  }

  /// Up to four hexadecimal digits and a dot or a colon: what most names are told by from an address.
  @inline(__always)
  package static func mayStart(_ bytes: Span<UInt8>) -> Bool {
    for index in 0..<min(5, bytes.count) {
      let byte = bytes[index]
      if byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") { return true }
      if !isDigit(byte), (byte | 0x20) &- UInt8(ascii: "a") >= 6 { return false }
    }
    return false
  }

  @inline(never)
  private static func parse(_ bytes: Span<UInt8>) -> IPAddress? {
    if let v4 = IPAddress.parseV4(bytes, 0, bytes.count) {
      return IPAddress(v4: v4)
    }
    return parseV6(bytes)
  }

  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    self.init(bytes.span)
  }

  private static func parseV4(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> UInt32? {
    guard end - start >= 7, end - start <= 15 else { return nil }
    var value: UInt32 = 0
    var octets = 0
    var index = start
    while octets < 4 {
      var octet: UInt32 = 0
      var digits = 0
      while index < end, isDigit(bytes[index]), digits < 3 {
        octet = octet * 10 + UInt32(bytes[index] - UInt8(ascii: "0"))
        index += 1
        digits += 1
      }
      guard digits > 0, octet <= 255 else { return nil }
      value = value << 8 | octet
      octets += 1
      if octets < 4 {
        guard index < end, bytes[index] == UInt8(ascii: ".") else { return nil }
        index += 1
      }
    }
    return index == end ? value : nil
  }

  private static func parseV6(_ bytes: Span<UInt8>) -> IPAddress? {
    guard bytes.count >= 2, bytes.count <= 45 else { return nil }
    var groups: [8 of UInt16] = .init(repeating: 0)
    var count = 0
    var gap = -1
    var index = 0
    if bytes[0] == UInt8(ascii: ":") {
      guard bytes[1] == UInt8(ascii: ":") else { return nil }
      gap = 0
      index = 2
    }
    while index < bytes.count {
      guard count < 8 else { return nil }
      let start = index
      var value: UInt32 = 0
      while index < bytes.count, let digit = hexValue(bytes[index]), index - start < 4 {
        value = value << 4 | UInt32(digit)
        index += 1
      }
      if index < bytes.count, bytes[index] == UInt8(ascii: "."), count <= 6 {
        guard let v4 = parseV4(bytes, start, bytes.count) else { return nil }
        groups[count] = UInt16(truncatingIfNeeded: v4 >> 16)
        groups[count + 1] = UInt16(truncatingIfNeeded: v4)
        count += 2
        index = bytes.count
        break
      }
      guard index > start else { return nil }
      groups[count] = UInt16(value)
      count += 1
      if index == bytes.count { break }
      guard bytes[index] == UInt8(ascii: ":") else { return nil }
      index += 1
      guard index < bytes.count else { return nil }
      if bytes[index] == UInt8(ascii: ":") {
        guard gap < 0 else { return nil }
        gap = count
        index += 1
      }
    }
    guard gap >= 0 ? count < 8 : count == 8 else { return nil }
    if gap >= 0 {
      let tail = count - gap
      for step in 0..<tail {
        groups[7 - step] = groups[count - 1 - step]
        if count - 1 - step < 8 - tail { groups[count - 1 - step] = 0 }
      }
    }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for step in 0..<4 {
      high = high << 16 | UInt64(groups[step])
      low = low << 16 | UInt64(groups[step + 4])
    }
    return IPAddress(high: high, low: low)
  }

  private static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }
}

extension [UInt8] {
  /// Appends dotted decimal, or the canonical IPv6 text of RFC 5952.
  package mutating func append(address: IPAddress) {
    if let v4 = address.v4 {
      for shift in stride(from: 24, through: 0, by: -8) {
        append(decimal: UInt64(v4 >> UInt32(shift) & 255))
        if shift > 0 { append(UInt8(ascii: ".")) }
      }
      return
    }
    var groups: [8 of UInt16] = .init(repeating: 0)
    for index in 0..<4 {
      groups[index] = UInt16(truncatingIfNeeded: address.high >> UInt64(48 - 16 * index))
      groups[index + 4] = UInt16(truncatingIfNeeded: address.low >> UInt64(48 - 16 * index))
    }
    var best = -1
    var bestLength = 1
    var index = 0
    while index < 8 {
      var end = index
      while end < 8, groups[end] == 0 { end += 1 }
      if end - index > bestLength {
        best = index
        bestLength = end - index
      }
      index = Swift.max(end, index + 1)
    }
    index = 0
    while index < 8 {
      if index == best {
        append(ascii: "::")
        index += bestLength
        continue
      }
      if index > 0, index != best + bestLength || best < 0 { append(UInt8(ascii: ":")) }
      append(hex: groups[index])
      index += 1
    }
  }

  private mutating func append(hex group: UInt16) {
    var started = false
    for shift in stride(from: 12, through: 0, by: -4) {
      let digit = UInt8(truncatingIfNeeded: group >> UInt16(shift) & 15)
      if digit != 0 || started || shift == 0 {
        append(hexDigit(digit))
        started = true
      }
    }
  }
}

extension IPAddress: CustomStringConvertible {
  package var description: String {
    var bytes: [UInt8] = []
    bytes.append(address: self)
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A block of addresses, `192.0.2.0/24` or `2001:db8::/32`; a bare address is a block of one. The prefix of
/// an IPv4-mapped address counts in its 128 bits: `::ffff:192.0.2.0/120`.
package struct Network: BitwiseCopyable, Hashable, Sendable {
  package var address: IPAddress
  /// 0...128, counted in the 128-bit form.
  package var prefix: Int

  package init(address: IPAddress, prefix: Int) {
    self.address = address
    self.prefix = prefix
  }

  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = IPAddress(String(parts[0])) else { return nil }
    let isDotted = !parts[0].contains(":")
    let width = isDotted ? 32 : 128
    var length = width
    if parts.count == 2 {
      guard parts[1].utf8.allSatisfy(isDigit), let given = Int(parts[1]), given <= width else { return nil }
      length = given
    }
    // `::ffff:10.0.0.0/8` reads as if ten-something were meant, and is nearly everything.
    if !isDotted, address.v4 != nil, length < 96 { return nil }
    self.init(address: address, prefix: 128 - width + length)
  }

  package func contains(_ other: IPAddress) -> Bool {
    let high = prefix >= 64 ? UInt64.max : prefix == 0 ? 0 : UInt64.max << UInt64(64 - prefix)
    let low = prefix <= 64 ? 0 : UInt64.max << UInt64(128 - prefix)
    return (address.high ^ other.high) & high == 0 && (address.low ^ other.low) & low == 0
  }
}
