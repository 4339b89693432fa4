import Model
import Testing

@Suite struct ByteBlockTests {
  /// Every byte in every lane, the other lanes holding something that is not looked for.
  private func finds(_ byte: UInt8, _ marks: (ByteBlock) -> ByteMarks) -> Int {
    for lane in 0..<ByteBlock.width {
      var bytes = [UInt8](repeating: UInt8(ascii: "!"), count: ByteBlock.width + 2)
      bytes[lane + 1] = byte
      let first = marks(ByteBlock(bytes.span, 1)).first
      if first != lane { return first }
    }
    return -1
  }

  @Test func equalFindsItsByteAndNoOther() {
    for byte in UInt8.min...UInt8.max {
      #expect(finds(byte) { $0.equal(byte) } == (byte == UInt8(ascii: "!") ? 0 : -1))
      let other = byte &+ 1
      guard other != UInt8(ascii: "!") else { continue }
      let expected = byte == other ? -1 : ByteBlock.width
      #expect(finds(byte) { $0.equal(other) } == expected)
    }
  }

  @Test(
    arguments: [(0x30, 0x39), (0x00, 0x20), (0x5F, 0x5F), (0x2D, 0x2E), (0x21, 0x7F)] as [(UInt8, UInt8)])
  func betweenHoldsItsBoundsAndNothingElse(_ first: UInt8, _ last: UInt8) {
    for byte in UInt8.min...UInt8.max {
      let bytes = [UInt8](repeating: byte, count: ByteBlock.width)
      let block = ByteBlock(bytes.span, 0)
      let isIn = byte >= first && byte <= last
      #expect(block.inside(block.between(first, last)).first == (isIn ? 0 : ByteBlock.width))
      #expect(block.outside(block.between(first, last)).first == (isIn ? ByteBlock.width : 0))
    }
  }

  @Test func lettersAreLetters() {
    for byte in UInt8.min...UInt8.max {
      let bytes = [UInt8](repeating: byte, count: ByteBlock.width)
      let block = ByteBlock(bytes.span, 0)
      let isLetter = byte >= 0x41 && byte <= 0x5A || byte >= 0x61 && byte <= 0x7A
      #expect(block.inside(block.letters).first == (isLetter ? 0 : ByteBlock.width))
    }
  }

  @Test func outsideAndTwoMoreAreThoseTogether() {
    for byte in UInt8.min...UInt8.max {
      let isMarked = byte < 0x20 || byte > 0x7E || byte == 0x22 || byte == 0x5C
      let found = finds(byte) { $0.outside(0x20, 0x7E, or: 0x22, 0x5C) }
      #expect(found == (isMarked ? -1 : ByteBlock.width))
    }
  }

  @Test func aRowHasWhatOneOfItsBytesHas() {
    let plain = [UInt8](repeating: UInt8(ascii: "!"), count: ByteRow.width + 2)
    #expect(ByteRow(plain.span, 1).hasNone { $0.equal(0x20) })
    for place in 0..<plain.count {
      var bytes = plain
      bytes[place] = 0x20
      let isBeside = place == 0 || place == ByteRow.width + 1
      #expect(ByteRow(bytes.span, 1).hasNone { $0.equal(0x20) } == isBeside)
    }
  }

  @Test func theFirstIndexIsThatOfAPlainSearch() {
    let bytes: [UInt8] = (0..<100).map { $0 % 23 == 22 ? 0x20 : 0x61 }
    for start in 0...bytes.count {
      for limit in start...bytes.count {
        let found = bytes.span.firstIndex(
          from: start, to: limit, block: { $0.equal(0x20) }, byte: { $0 == 0x20 })
        #expect(found == bytes[start..<limit].firstIndex(of: 0x20) ?? limit)
      }
    }
  }

  @Test(arguments: [0, 1, 9, 10_000_000, 12_345_678, 98_765_432, 99_999_999] as [UInt64])
  func eightDigitsAreANumber(_ value: UInt64) {
    var bytes: [UInt8] = []
    bytes.append(decimal: Int(value), width: 8)
    #expect(ByteWord.decimal(ByteWord.load(bytes.span, 0) ^ 0x3030_3030_3030_3030) == value)
  }
  @Test func aNumberIsItsDigits() {
    var values: [UInt64] = Array(0...20_000)
    var power: UInt64 = 1
    while power <= 100_000_000 {
      values += [power - 1, power, power + 1, power * 9, power * 99 / 10].filter { $0 < 100_000_000 }
      power *= 10
    }
    for seed in 1...5_000 as ClosedRange<UInt64> { values.append(seed &* 0x9E37_79B9 % 100_000_000) }
    for value in values {
      let (text, count) = ByteWord.digits(of: value)
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: text >> UInt64(8 * $0)) }
      #expect(bytes == Array("\(value)".utf8))
    }
  }
}
