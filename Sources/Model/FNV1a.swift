/// FNV-1a of 64 bits, byte by byte: the same in every process and version. To find things again and to tell
/// them apart in a log; whoever wants two of one hash can make them.
package enum FNV1a {
  /// Where a hash begins.
  package static var seed: UInt64 { 0xcbf2_9ce4_8422_2325 }

  @inline(__always)
  package static func hash(_ bytes: Span<UInt8>, from seed: UInt64 = seed) -> UInt64 {
    var hash = seed
    for index in 0..<bytes.count { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01b3 }
    return hash
  }
}
