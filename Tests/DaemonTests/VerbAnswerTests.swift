import Foundation
import Model
import Testing

@testable import Daemon

@Suite struct VerbAnswerTests {
  /// What `body` leaves in a file.
  private func written(_ body: (inout VerbBlock) -> Void) throws -> [UInt8] {
    let file = NSTemporaryDirectory() + "/muttd-block-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    let descriptor = unsafe open(file, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
    try #require(descriptor >= 0)
    do {
      var block = VerbBlock(descriptor: descriptor)
      body(&block)
    }
    close(descriptor)
    return try [UInt8](Data(contentsOf: URL(fileURLWithPath: file)))
  }

  /// Every byte at every place of a block, alone and before bytes that make it a UTF-8 sequence or not.
  @Test func quotedIsWhatTheEscaperSays() throws {
    var texts: [[UInt8]] = [[], Array("plain".utf8), Array("Gr\u{FC}\u{20AC}\u{1F600}".utf8)]
    for byte in UInt8.min...UInt8.max {
      for (place, count) in [(0, 33), (1, 33), (15, 33), (16, 33), (30, 33), (63, 97), (64, 97), (95, 97)] {
        var text = [UInt8](repeating: 0x61, count: count)
        text[place] = byte
        text[place + 1] = 0x82
        texts.append(text)
        texts.append(Array(text[...place]))
      }
    }
    for text in texts {
      // What stands beside a text is not part of it, even where it would complete a sequence.
      let amid = [0xC3, 0x22] + text + [0xAC, 0xA9, 0x22]
      var expected: [UInt8] = []
      JSONText.append(text.span, ByteRange(0, text.count), to: &expected)
      let alone = try written { $0.write(quoted: text.span, ByteRange(0, text.count)) }
      let found = try written { $0.write(quoted: amid.span, ByteRange(2, 2 + text.count)) }
      #expect(alone == expected)
      #expect(found == expected)
    }
    let nothing: [UInt8] = []
    let absent = try written { $0.write(quoted: nothing.span, .absent) }
    #expect(absent == Array("null".utf8))
  }

  /// Every byte with a backslash before it, more of them than a piece holds.
  @Test func quotesAloneFindRoom() throws {
    for count in [1, 15, 16, 17, 63, 64, 65, 2_000, 2_016, 2_017, 4_096, 10_000] {
      let text = (0..<count).map { UInt8(ascii: $0 % 3 == 0 ? "\\" : "\"") }
      var expected: [UInt8] = []
      JSONText.append(text.span, ByteRange(0, count), to: &expected)
      let found = try written { block in
        for _ in 0..<30 { block.write(quoted: text.span, ByteRange(0, count)) }
      }
      #expect(found == Array(repeatElement(expected, count: 30).joined()))
    }
  }

  @Test(arguments: [0, 7, 10, 99, 100, 1_000_000, 99_999_999, 100_000_000, .max, -1, .min] as [Int64])
  func numbersAreDecimal(_ value: Int64) throws {
    let found = try written { $0.write(decimal: value) }
    #expect(found == Array("\(value)".utf8))
  }

  /// More than a block holds, in pieces that do not divide it.
  @Test func nothingIsLostWhereABlockIsFull() throws {
    let piece = (0..<12_345).map { UInt8($0 % 26 + 0x61) }
    let found = try written { block in
      for _ in 0..<100 {
        block.write(piece.span)
        block.write(quoted: piece.span, ByteRange(0, piece.count))
      }
    }
    let once = piece + [0x22] + piece + [0x22]
    #expect(found == Array(repeatElement(once, count: 100).joined()))
  }

  @Test func whatIsNoEventHasItsNumberOnly() throws {
    let found = try written { block in
      var answer = VerbAnswer()
      let nothing: [UInt8] = []
      answer.write(nil, nothing.span, sent: nothing.span, line: 17, to: &block)
    }
    let text = String(decoding: found, as: UTF8.self)
    #expect(text.hasPrefix("{\"line\":17,\"parse\":null,"))
    #expect(text.hasSuffix(",\"team\":null}\n"))
    #expect(text.split(separator: ":null").count == 14)
  }

  @Test func progressSaysHowFarAndHowFast() {
    let second: Int64 = 1_000_000_000
    #expect(
      VerbProgress.text(lines: 1_240_000, bytes: 229_400_000, total: 1_000_000_000, nanoseconds: 2 * second)
        == "1240000 lines  229.4 MB  114.7 MB/s  22 %")
    #expect(
      VerbProgress.text(lines: 3, bytes: 250_000, total: nil, nanoseconds: second)
        == "3 lines  0.3 MB  0.3 MB/s")
    // A file that grows while it is read.
    #expect(VerbProgress.text(lines: 1, bytes: 20, total: 10, nanoseconds: 0).hasSuffix("0.0 MB/s  100 %"))
  }
}
