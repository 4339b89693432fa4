// Building text as bytes: one reusable `[UInt8]`, no `String` between. Everything that leaves the process
// (rows, payloads, JSON lines) is written with these.

extension [UInt8] {
  package mutating func append(ascii text: StaticString) {
    text.withUTF8Buffer { unsafe append(contentsOf: $0) }
  }

  package mutating func append(text: String) {
    append(contentsOf: text.utf8)
  }

  /// Appends a part of `bytes` as it is and says where it now stands.
  @discardableResult
  package mutating func append(_ bytes: Span<UInt8>, _ range: ByteRange) -> ByteRange {
    if range.isAbsent { return .absent }
    let start = count
    let part = bytes.extracting(range.bounds)
    unsafe part.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    return ByteRange(start, count)
  }

  /// Puts `bytes` in the place of as many from `start` on; there must be so many.
  package mutating func overwrite(from start: Int, with bytes: Span<UInt8>) {
    precondition(start >= 0 && start <= count &- bytes.count, "what is overwritten is there")
    if bytes.isEmpty { return }
    unsafe withUnsafeMutableBytes { target in
      unsafe bytes.withUnsafeBytes {
        unsafe (target.baseAddress! + start).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
      }
    }
  }

  package mutating func append(decimal value: UInt64) {
    if value < 10 {
      append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value))
      return
    }
    var digits: [20 of UInt8] = .init(repeating: 0)
    var rest = value
    var at = 20
    while rest > 0 {
      at &-= 1
      digits[at] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    while at < 20 {
      append(digits[at])
      at &+= 1
    }
  }

  package mutating func append(decimal value: Int64) {
    if value < 0 { append(UInt8(ascii: "-")) }
    append(decimal: value.magnitude)
  }

  package mutating func append(decimal value: Int) {
    append(decimal: Int64(value))
  }

  /// `value` (0 or more) with leading zeros, at least `width` digits, `width` 1...9.
  package mutating func append(decimal value: Int, width: Int) {
    var limit = 10
    for _ in 1..<width {
      if value < limit { appendZeros(value, below: limit, width: width); return }
      limit *= 10
    }
    append(decimal: Int64(value))
  }

  private mutating func appendZeros(_ value: Int, below limit: Int, width: Int) {
    var digits = 1
    var bound = 10
    while bound < limit { bound *= 10; digits += 1 }
    for _ in digits..<width { append(UInt8(ascii: "0")) }
    append(decimal: Int64(value))
  }

  package mutating func append(hexByte value: UInt8) {
    append(hexDigit(value >> 4))
    append(hexDigit(value & 15))
  }
}

@inline(__always)
package func hexDigit(_ value: UInt8) -> UInt8 {
  value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &+ value &- 10
}

@inline(__always)
package func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

/// A-Z to a-z; every other byte as it is.
@inline(__always)
package func lowered(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
