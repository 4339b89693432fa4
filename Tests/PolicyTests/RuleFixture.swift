import Foundation
import Model

/// A file of `Tests/Fixtures/rules`: rules, each followed by the lines it holds for and those it does not, or
/// by the reason why it is refused.
///
/// ```
/// # What the file proves.
/// regex PATTERN to the end of the line, or "quoted"
///   home confirmed          what decides it; several words: any of these
///   holds "a line"          quoted; \n \r \t \0 \xFF \" \\
///   holds 3 "a line"        of syslog severity 3
///   fails 1.3.6.1 "a line"  of a trap
///   refused REASON
/// ```
/// A quoted text may be repeated and continued: `"a"*300+"b"`.
struct RuleFixture {
  struct Expectation {
    var line: Sample
    var holds: Bool
  }

  var file: String
  /// Where the rule stands in its file, from 1.
  var number: Int
  var rule: Rule
  var expectations: [Expectation] = []
  var refusal: String?
  var homes: [String] = ["automaton"]

  var title: String {
    "\(file):\(number) \(rule.matchType.rawValue) \(quoted(String((rule.matchString ?? "").prefix(60))))"
  }

  struct Mistake: Error {
    var text: String
  }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/rules")

  static func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".txt") }.sorted()
  }

  static func read(_ file: String) throws -> [RuleFixture] {
    let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
    var fixtures: [RuleFixture] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if line.isEmpty || line.hasPrefix("#") { continue }
      if line.hasPrefix("  ") {
        guard !fixtures.isEmpty else { throw Mistake(text: "\(file):\(index + 1): no rule before it") }
        try fixtures[fixtures.count - 1].take(line.dropFirst(2))
      } else {
        fixtures.append(try RuleFixture(file, index + 1, line))
      }
    }
    return fixtures
  }

  private init(_ file: String, _ number: Int, _ line: Substring) throws {
    let word = line.prefix { $0 != " " }
    let rest = line.dropFirst(word.count + 1)
    guard let type = MatchType(rawValue: String(word)) else {
      throw Mistake(text: "\(file):\(number): no match type: \(word)")
    }
    self.file = file
    self.number = number
    var pattern: String? = String(rest)
    if rest.hasPrefix("\""), rest.count > 1 {
      // A regex may itself start with a quotation mark; one that is no quoted text stands for itself.
      if let bytes = try? RuleFixture.bytes(rest) { pattern = String(decoding: bytes, as: UTF8.self) }
    } else if rest.isEmpty {
      pattern = nil
    }
    rule = .make("r", type, pattern)
  }

  private mutating func take(_ line: Substring) throws {
    let word = line.prefix { $0 != " " }
    let rest = line.dropFirst(word.count + 1)
    switch word {
    case "holds": expectations.append(Expectation(line: try sample(rest), holds: true))
    case "fails": expectations.append(Expectation(line: try sample(rest), holds: false))
    case "refused": refusal = String(rest)
    case "home": homes = rest.split(separator: " ").map { String($0) }
    case "trap_oid": rule.trapOID = String(rest)
    case "severity": rule.syslogSeverity = Int(rest)
    default: throw Mistake(text: "\(file): unknown word \(word)")
    }
  }

  private func sample(_ text: Substring) throws -> Sample {
    var sample = Sample()
    var rest = text
    if !rest.hasPrefix("\"") {
      let word = rest.prefix { $0 != " " }
      rest = rest.dropFirst(word.count + 1)
      if let severity = Int8(word) { sample.severity = severity } else { sample.trapOID = String(word) }
    }
    sample.text = try RuleFixture.bytes(rest)
    return sample
  }

  /// `"a\n"*3+"b"` as bytes.
  private static func bytes(_ text: Substring) throws -> [UInt8] {
    var rest = ArraySlice(Array(text.utf8))
    var result: [UInt8] = []
    repeat {
      guard rest.popFirst() == UInt8(ascii: "\"") else { throw Mistake(text: "not quoted: \(text)") }
      let part = try unquoted(&rest)
      var count = 1
      if rest.first == UInt8(ascii: "*") {
        let digits = rest.dropFirst().prefix { $0 >= 0x30 && $0 <= 0x39 }
        rest = rest.dropFirst(digits.count + 1)
        count = Int(String(decoding: digits, as: UTF8.self)) ?? 1
      }
      for _ in 0..<count { result += part }
    } while rest.popFirst() == UInt8(ascii: "+")
    guard rest.isEmpty else { throw Mistake(text: "more than a quoted text: \(text)") }
    return result
  }

  private static func unquoted(_ rest: inout ArraySlice<UInt8>) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\"") { return bytes }
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "n"): bytes.append(0x0A)
      case UInt8(ascii: "r"): bytes.append(0x0D)
      case UInt8(ascii: "t"): bytes.append(0x09)
      case UInt8(ascii: "0"): bytes.append(0)
      case UInt8(ascii: "x"):
        let digits = String(decoding: rest.prefix(2), as: UTF8.self)
        guard let value = UInt8(digits, radix: 16) else { throw Mistake(text: "no hexadecimal: \(digits)") }
        bytes.append(value)
        rest = rest.dropFirst(2)
      case let other?: bytes.append(other)
      case nil: break
      }
    }
    throw Mistake(text: "the closing quotation mark is missing")
  }
}
