import Intake
import Testing

/// RFC 6587: what arrives as a stream comes out as the messages that were sent, wherever it is split.
@Suite struct FrameReaderTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var stream: String
    /// Messages; `…` behind one that was cut, `!oversized` and `!broken` for what happens between them.
    var expected: [String]
    var kept = 64
    var limit = 128
    var testDescription: String { name }
  }

  private static let long = "<13>" + String(repeating: "x", count: 96)
  private static let limitLine = "<13>" + String(repeating: "x", count: 124)
  private static let cut = "<13>" + String(repeating: "x", count: 60) + "…"
  private static let huge = "<13>" + String(repeating: "x", count: 296)
  private static let full = "<13>" + String(repeating: "y", count: 60)

  static let cases: [Case] = [
    Case(name: "nothing", stream: "", expected: []),
    Case(name: "lines", stream: "<13>a\n<14>b\n", expected: ["<13>a", "<14>b"]),
    Case(name: "carriage returns", stream: "<13>a\r\n<14>b\r\n", expected: ["<13>a", "<14>b"]),
    Case(name: "NUL", stream: "<13>a\0<14>b\0", expected: ["<13>a", "<14>b"]),
    Case(name: "LF and NUL", stream: "<13>a\n\0<14>b\n\0", expected: ["<13>a", "<14>b"]),
    Case(name: "empty lines are nothing", stream: "\n\r\n\0<13>a\n\n\n<14>b", expected: ["<13>a", "<14>b"]),
    Case(name: "the last line has no end", stream: "<13>a\n<14>b", expected: ["<13>a", "<14>b"]),
    Case(name: "the last line ends in CR", stream: "<13>a\r", expected: ["<13>a"]),
    Case(name: "a CR inside stays", stream: "<13>a\rb\n", expected: ["<13>a\rb"]),
    Case(name: "octets", stream: "5 <13>a6 <14>bc", expected: ["<13>a", "<14>bc"]),
    Case(
      name: "octets with line ends inside", stream: "8 <13>a\nb\n5 <14>b", expected: ["<13>a\nb\n", "<14>b"]),
    Case(
      name: "octets with bytes between", stream: "5 <13>a\n5 <14>b\r\n\05 <15>c",
      expected: ["<13>a", "<14>b", "<15>c"]),
    Case(name: "octets hold digits", stream: "7 <13>a 95 <14>b", expected: ["<13>a 9", "<14>b"]),
    Case(name: "counted messages need no PRI later", stream: "5 <13>a5 hello", expected: ["<13>a", "hello"]),
    Case(name: "the last octets are missing", stream: "5 <13>a9 <14>b", expected: ["<13>a", "<14>b…"]),
    Case(name: "only a count at the end", stream: "5 <13>a9 ", expected: ["<13>a"]),
    Case(name: "half a count at the end", stream: "5 <13>a12", expected: ["<13>a"]),
    // What begins with a digit and is no count.
    Case(name: "a sequence number", stream: "4512: core1: up\n1 x\n", expected: ["4512: core1: up", "1 x"]),
    Case(name: "a year", stream: "2026-11-21 up\n", expected: ["2026-11-21 up"]),
    Case(name: "a number and a word", stream: "10 errors\n5 <13>a\n", expected: ["10 errors", "5 <13>a"]),
    Case(name: "a leading zero", stream: "05 <13>a\n", expected: ["05 <13>a"]),
    Case(name: "a number that is too long", stream: "1234567890 <13>a\n", expected: ["1234567890 <13>a"]),
    Case(name: "digits alone", stream: "123\n456", expected: ["123", "456"]),
    Case(name: "a digit at the end", stream: "1", expected: ["1"]),
    Case(name: "a number and a space at the end", stream: "12 ", expected: ["12 "]),
    // What is too long.
    Case(name: "a line that just fits", stream: full + "\r\n<13>a\n", expected: [full, "<13>a"]),
    Case(name: "a line that just fits at the end", stream: full, expected: [full]),
    Case(name: "a line one too long", stream: full + "z\n<13>a\n", expected: [full + "…", "<13>a"]),
    Case(
      name: "a line one too long with CR LF", stream: full + "z\r\n<13>a\n", expected: [full + "…", "<13>a"]),
    Case(name: "a long line", stream: long + "\n<13>a\n", expected: [cut, "<13>a"]),
    Case(name: "a huge line", stream: huge + "\n<13>a\n", expected: [cut, "!oversized", "<13>a"]),
    Case(name: "a huge line without an end", stream: huge, expected: [cut, "!oversized"]),
    Case(
      name: "a line above a limit that is what is kept", stream: full + "z\n<13>a\n",
      expected: [full + "…", "!oversized", "<13>a"], limit: 64),
    Case(
      name: "a line at the limit with CR LF", stream: limitLine + "\r\n<13>a\n", expected: [cut, "<13>a"]),
    Case(
      name: "a line above the limit with CR LF", stream: limitLine + "x\r\n<13>a\n",
      expected: [cut, "!oversized", "<13>a"]),
    Case(
      name: "a CR above the limit", stream: limitLine + "\r\r\n<13>a\n",
      expected: [cut, "!oversized", "<13>a"]),
    Case(
      name: "a line at the limit with CR inside", stream: String(limitLine.dropLast(2)) + "\rx\n",
      expected: [cut]),
    Case(name: "long octets", stream: "100 " + long + "5 <13>a", expected: [cut, "<13>a"]),
    Case(name: "huge octets", stream: "300 " + huge + "5 <13>a", expected: [cut, "!oversized", "<13>a"]),
    Case(name: "huge octets that stop", stream: "300 " + long, expected: [cut, "!oversized"]),
    Case(name: "octets that just fit", stream: "64 " + full + "5 <13>a", expected: [full, "<13>a"]),
    // Counts that are none: what was read is lines.
    Case(
      name: "a count is missing", stream: "5 <13>ab\n<14>c\n", expected: ["<13>a", "!broken", "b", "<14>c"]),
    Case(name: "a count of 0", stream: "5 <13>a0 <14>b", expected: ["<13>a", "!broken", "0 <14>b"]),
    Case(
      name: "a later count is too long", stream: "5 <13>a1234567890 <14>b",
      expected: ["<13>a", "!broken", "1234567890 <14>b"]),
    Case(
      name: "a count without its space", stream: "5 <13>a7<14>b", expected: ["<13>a", "!broken", "7<14>b"]),
  ]

  /// Reads `stream` in pieces that end at `splits`, as a connection does: what is not taken is shown again
  /// with the next piece behind it.
  static func read(_ stream: [UInt8], splits: [Int], kept: Int, limit: Int) -> [String] {
    var reader = FrameReader(kept: kept, limit: limit)
    var found: [String] = []
    var rest: [UInt8] = []
    var start = 0
    func add(_ bytes: [UInt8], _ step: FrameReader.Step) {
      guard case .frame(let from, let to, let isCut) = step else { return }
      found.append(String(decoding: bytes[from..<to], as: UTF8.self) + (isCut ? "…" : ""))
    }
    for end in splits + [stream.count] {
      let bytes = rest + stream[start..<end]
      start = end
      var at = 0
      steps: while true {
        let step = reader.next(bytes.span, &at)
        switch step {
        case .frame: add(bytes, step)
        case .oversized: found.append("!oversized")
        case .broken: found.append("!broken")
        case .more: break steps
        }
      }
      rest = Array(bytes[at...])
      #expect(rest.count <= FrameReader.longestRest(kept: kept))
    }
    if let last = reader.last(rest.span, 0) { add(rest, last) }
    return found
  }

  @Test(arguments: cases)
  func wholeAndSplitAnywhere(_ sample: Case) {
    let stream = Array(sample.stream.utf8)
    let whole = Self.read(stream, splits: [], kept: sample.kept, limit: sample.limit)
    #expect(whole == sample.expected)
    for split in 0...stream.count {
      let halves = Self.read(stream, splits: [split], kept: sample.kept, limit: sample.limit)
      #expect(halves == sample.expected, "split at \(split)")
    }
    let bytes = Self.read(stream, splits: Array(0..<stream.count), kept: sample.kept, limit: sample.limit)
    #expect(bytes == sample.expected, "byte by byte")
  }

  @Test func hostileBytesNeverLeaveTheirBounds() {
    var generator = SplitMix(state: 7)
    let alphabet = Array("0123459 <>\n\r\0a\u{FF}".utf8)
    for round in 0..<2_000 {
      let stream = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
        alphabet.randomElement(using: &generator) ?? 0
      }
      let kept = Int.random(in: 1...20, using: &generator)
      let limit = kept + Int.random(in: 0...20, using: &generator)
      let whole = Self.read(stream, splits: [], kept: kept, limit: limit)
      let split = Int.random(in: 0...stream.count, using: &generator)
      let halves = Self.read(stream, splits: [split], kept: kept, limit: limit)
      #expect(whole == halves, "round \(round), split at \(split): \(stream)")
      #expect(whole.allSatisfy { $0.utf8.count <= 3 * kept + 10 })
    }
  }

  @Test func theFramingIsTheConnections() {
    var reader = FrameReader(kept: 64, limit: 64)
    var at = 0
    #expect(reader.framing == .unknown)
    _ = reader.next(Array("12".utf8).span, &at)
    #expect(reader.framing == .unknown)
    _ = reader.next(Array("12 <".utf8).span, &at)
    #expect(reader.framing == .octets)
  }
}

/// Numbers that are the same every time.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
