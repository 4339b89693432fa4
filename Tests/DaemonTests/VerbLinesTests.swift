import Foundation
import Testing

@testable import Daemon

@Suite struct VerbLinesTests {
  /// The lines of a file with these bytes.
  private func lines(_ bytes: [UInt8]) throws -> [[UInt8]] {
    let file = NSTemporaryDirectory() + "/muttd-lines-\(UUID().uuidString)"
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    defer { try? FileManager.default.removeItem(atPath: file) }
    var reader = VerbLines(file)
    var lines: [[UInt8]] = []
    while let line = try reader.next() {
      lines.append(line)
      #expect(reader.number == lines.count)
    }
    return lines
  }

  @Test func everyLineFeedEndsALine() throws {
    #expect(try lines([]) == [])
    #expect(try lines(Array("one".utf8)) == [Array("one".utf8)])
    #expect(try lines(Array("one\n".utf8)) == [Array("one".utf8)])
    #expect(try lines(Array("\n\na\n".utf8)) == [[], [], [0x61]])
    #expect(try lines([0, 0xFF, 0x0A, 0x0D]) == [[0, 0xFF], [0x0D]])
  }

  /// Pieces of the file end anywhere: in a line, on its line feed, before the next.
  @Test(arguments: [65_534, 65_535, 65_536, 65_537, 131_072, 200_000])
  func linesCrossThePiecesOfAFile(_ length: Int) throws {
    let long = [UInt8](repeating: 0x61, count: length)
    let found = try lines(long + [0x0A] + Array("next\n".utf8) + long)
    #expect(found.count == 3)
    #expect(found[0] == long && found[1] == Array("next".utf8) && found[2] == long)
  }

  @Test func anEndlessLineIsCutAndTheNextIsWhole() throws {
    let found = try lines([UInt8](repeating: 0x61, count: 1_000_000) + Array("\nnext".utf8))
    #expect(found.count == 2)
    #expect(found[0].count == 256 << 10)
    #expect(found[1] == Array("next".utf8))
  }

  @Test func aFileThatIsNotThereIsNamed() {
    #expect(throws: DaemonFailure.self) {
      var lines = VerbLines("/nowhere/at/all")
      _ = try lines.next()
    }
  }

  static let hexadecimal: [(text: String, bytes: [UInt8]?)] = [
    ("30 82 0a", [0x30, 0x82, 0x0A]), ("0x30820A", [0x30, 0x82, 0x0A]), ("30:82\r", [0x30, 0x82]),
    ("", nil), ("3", nil), ("30 8", nil), ("3g", nil), ("0x", nil),
  ]

  @Test(arguments: hexadecimal) func hexadecimalIsReadAsPeopleWriteIt(_ text: String, _ bytes: [UInt8]?) {
    #expect(VerbHex.bytes(Array(text.utf8)) == bytes)
  }
}
