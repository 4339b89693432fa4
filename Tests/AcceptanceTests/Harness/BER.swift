/// Just enough BER to write traps that no tool would send.
enum BER {
  static func value(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] { [tag] + length(content.count) + content }
  static func sequence(_ parts: [[UInt8]], tag: UInt8 = 0x30) -> [UInt8] { value(tag, parts.flatMap(\.self)) }
  static func integer(_ number: UInt8) -> [UInt8] { value(0x02, [number]) }
  static func text(_ text: String) -> [UInt8] { value(0x04, Array(text.utf8)) }
  static func oid(_ content: [UInt8]) -> [UInt8] { value(0x06, content) }

  private static func length(_ count: Int) -> [UInt8] {
    switch count {
    case ..<128: [UInt8(count)]
    case ..<256: [0x81, UInt8(count)]
    default: [0x82, UInt8(count >> 8), UInt8(count & 255)]
    }
  }

  static let trapOIDName: [UInt8] = [0x2b, 6, 1, 6, 3, 1, 1, 4, 1, 0]
  static let upTimeName: [UInt8] = [0x2b, 6, 1, 2, 1, 1, 3, 0]
  static let linkDown: [UInt8] = [0x2b, 6, 1, 6, 3, 1, 1, 5, 3]

  /// A v2c notification of `trap` with further varbinds.
  static func v2c(trap: [UInt8], varbinds: [[UInt8]] = []) -> [UInt8] {
    let standard = [
      sequence([oid(upTimeName), value(0x43, [7])]), sequence([oid(trapOIDName), oid(trap)]),
    ]
    let pdu = sequence([integer(1), integer(0), integer(0), sequence(standard + varbinds)], tag: 0xa7)
    return sequence([integer(1), text("public"), pdu])
  }

  /// A v1 trap of `enterprise`.
  static func v1(enterprise: [UInt8], generic: UInt8 = 6, agent: [UInt8] = [127, 0, 0, 1]) -> [UInt8] {
    let pdu = sequence(
      [
        oid(enterprise), value(0x40, agent), integer(generic), integer(1), value(0x43, [7]),
        sequence([]),
      ], tag: 0xa4)
    return sequence([integer(0), text("public"), pdu])
  }
}
