import Foundation
import Model
import TestKit
import Testing

@testable import Daemon

/// Several threads answer as one does: the same bytes in the same order, whatever the lines look like.
@Suite struct VerbCrewTests {
  /// A folder that goes away with the last reference.
  private final class Folder: Sendable {
    let path = NSTemporaryDirectory() + "/muttd-crew-\(UUID().uuidString)"

    init() throws {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: [UInt8], to name: String) throws -> String {
      try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
      return "\(path)/\(name)"
    }
  }

  private static func crew(_ files: [String], output: Int32) throws -> VerbCrew {
    let config = Config()
    return VerbCrew(
      try VerbDesk.compile(Catalog(), config), settings: try VerbDesk.settings(config), files: files,
      peer: .unspecified, arrival: .absent, output: output, total: nil)
  }

  /// What `size` threads write, and how they fail.
  private static func answers(_ files: [String], size: Int, in folder: Folder) throws -> (
    [UInt8], DaemonFailure?
  ) {
    let path = "\(folder.path)/out-\(UUID().uuidString)"
    let output = unsafe open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    try #require(output >= 0)
    defer { close(output) }
    var failure: DaemonFailure?
    let crew = try crew(files, output: output)
    do throws(DaemonFailure) { try crew.run(size: size) } catch { failure = error }
    return (try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))), failure)
  }

  /// What one desk says of each line, one after the other.
  private static func expected(_ files: [String], in folder: Folder) throws -> [UInt8] {
    let path = "\(folder.path)/expected-\(UUID().uuidString)"
    let output = unsafe open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    try #require(output >= 0)
    defer { close(output) }
    do {
      var desk = try VerbDesk(Catalog(), config: Config())
      var block = VerbBlock(descriptor: output)
      var answer = VerbAnswer()
      var number = 0
      for file in files {
        var lines = VerbLines(file)
        while let line = try lines.next() {
          number += 1
          desk.answer(
            line.span, 0..<line.count, peer: .unspecified, arrival: .absent, number: number, &answer,
            to: &block)
        }
      }
    }
    return try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private static func line(_ number: Int) -> String {
    "<13>Oct  3 12:00:0\(number % 10) host\(number % 7) app[\(number)]: message \(number) of many, \"quoted\""
  }

  /// More than two pieces of usual lines.
  private static let many = Array((0..<8_000).map(line).joined(separator: "\n").utf8)
  private static let huge = [UInt8](repeating: 0x61, count: 256 << 10)

  static let inputs: [(name: String, files: [[UInt8]])] = [
    ("nothing", [[]]),
    ("a line without its end", [Array("<13>one".utf8)]),
    ("many lines, the last without its end", [many]),
    (
      "line ends of every kind",
      [Array("\n\n<13>a\r\n\r\n\u{0}<13>b\u{0}\n\n".utf8) + many + Array("\r\n".utf8)]
    ),
    ("more answers than a block holds", [[UInt8](repeating: 0x0A, count: 9_000)]),
    ("a line as long as a piece", [huge + [0x0A] + many]),
    ("a line a byte longer", [huge + Array("b\n".utf8) + many]),
    ("a line of several pieces in the middle", [many + [0x0A] + huge + huge + huge + [0x0A] + many]),
    ("a line of several pieces at the end", [many + [0x0A] + huge + huge + [0x62]]),
    ("two files, the first without its end", [many, many + [0x0A]]),
    ("a cut line at the end of the first of two files", [huge + huge, many]),
  ]

  @Test(arguments: inputs.indices) func threadsAnswerLikeOne(_ index: Int) throws {
    let folder = try Folder()
    let input = Self.inputs[index]
    let files = try input.files.enumerated().map { try folder.write($1, to: "in\($0)") }
    let expected = try Self.expected(files, in: folder)
    #expect(expected.isEmpty == (input.files == [[]]))
    for size in [1, 3] {
      let (found, failure) = try Self.answers(files, size: size, in: folder)
      #expect(failure == nil)
      #expect(found == expected, "\(input.name), \(size) threads")
    }
  }

  @Test func whatCameBeforeAMissingFileIsAnswered() throws {
    let folder = try Folder()
    let file = try folder.write(Self.many, to: "in")
    let (found, failure) = try Self.answers([file, folder.path + "/none", file], size: 3, in: folder)
    #expect(found == (try Self.expected([file], in: folder)))
    #expect("\(try #require(failure))".contains("none cannot be read"))
  }

  /// A pipe's lines are answered before more of them come.
  @Test func aPipeIsAnsweredAsItComes() async throws {
    let folder = try Folder()
    let pipe = PrivatePipe()
    let (input, writer) = (pipe.reading, pipe.writing)
    let path = "\(folder.path)/out"
    let output = unsafe open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    try #require(output >= 0)
    let crew = try Self.crew(["/proc/self/fd/\(input)"], output: output)
    let thread = DaemonThread(name: "muttd-test")
    thread.start {
      do throws(DaemonFailure) {
        try crew.run(size: 2)
      } catch {
        Issue.record("\(error)")
      }
    }
    var lines = 0
    for number in 1...3 {
      // The start of the next line comes with it, and is no line yet.
      let text = Array("<13>\(number)\n<13>".utf8)
      #expect(unsafe write(writer, text, text.count) == text.count)
      for _ in 0..<600 where lines < number {
        try await Task.sleep(for: .milliseconds(100))
        lines = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))).count { $0 == 0x0A }
      }
      #expect(lines == number)
    }
    close(writer)
    await thread.join()
    close(input)
    close(output)
    #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))).count { $0 == 0x0A } == 4)
  }

  private static var rules: Catalog {
    var rules: [Rule] = []
    for (index, pattern) in ["message 7", "never", "many"].enumerated() {
      var rule = Rule(
        name: "rule \(index)", matchType: .contains, matchString: pattern, prodHandling: "Page_only",
        devHandling: "ignore")
      rule.id = Int64(10 - index)
      rule.priority = index
      rules.append(rule)
    }
    return Catalog(rules: rules)
  }

  /// Counted, each line is won by the rule that its answer would name, by however many threads.
  @Test func hitsAreThoseOfTheAnswers() throws {
    let folder = try Folder()
    let files = [
      try folder.write(Self.many + Array("\nnobody\n".utf8), to: "a"), try folder.write(Self.many, to: "b"),
    ]
    let config = Config()
    let snapshot = try VerbDesk.compile(Self.rules, config)
    var expected = VerbHits(snapshot)
    for file in files {
      var desk = try VerbDesk(snapshot, settings: try VerbDesk.settings(config))
      var lines = VerbLines(file)
      while let line = try lines.next() {
        expected.add(desk.decide(.syslog(line), peer: .unspecified, arrival: .absent).row)
      }
    }
    for size in [1, 3] {
      let crew = VerbCrew(
        snapshot, settings: try VerbDesk.settings(config), files: files, peer: .unspecified, arrival: .absent,
        output: -1, counts: true, total: nil)
      let hits = try #require(try crew.run(size: size))
      #expect(hits.counts == expected.counts, "\(size) threads")
    }
    #expect(expected.counts.reduce(0, +) == 16_001)
    #expect(expected.counts[0] == 1 && expected.counts[1] > 1_000 && expected.counts[2] == 0)
  }
}
