/// Datagrams one behind the other, so that a case reads them from where a slab would hold them.
struct Lines {
  private(set) var bytes: [UInt8] = []
  private(set) var ranges: [Range<Int>] = []

  init() {}

  init(_ lines: [[UInt8]]) { for line in lines { append(line) } }

  var count: Int { ranges.count }

  mutating func append(_ line: [UInt8]) {
    ranges.append(bytes.count..<bytes.count + line.count)
    bytes += line
  }

  func line(_ index: Int) -> [UInt8] { Array(bytes[ranges[index]]) }

  /// Each line's bytes in turn.
  @inline(__always)
  func forEach(_ body: (Int, Span<UInt8>) throws -> Void) rethrows {
    let all = bytes.span
    for index in 0..<ranges.count { try body(index, all.extracting(ranges[index])) }
  }
}
