import Foundation
import Model

/// `muttd tap`: what a running daemon decides, as it decides it.
package struct VerbTap: Sendable {
  package var settings: VerbSettings
  package var host: String?
  package var rule: String?
  package var severity: String?
  package var onlyUnmatched = false
  package var text: String?
  package var count: Int?
  package var rate = 500
  package var json = false

  package init(settings: VerbSettings) { self.settings = settings }

  package func run() throws(DaemonFailure) {
    let target = try self.target()
    let api = VerbAPI(stateDirectory: try settings.stateDirectory())
    var output = VerbOutput()
    var seen = 0
    try api.lines(target) { line in
      let isNews = line.starts(with: VerbTap.newsStart)
      if json {
        output.raw(VerbTap.harmless(line) + [UInt8(ascii: "\n")])
      } else if let text = VerbTap.text(line, isNews: isNews) {
        isNews ? VerbOutput.remark(text) : output.line(text)
      }
      output.flush()
      if !isNews { seen += 1 }
      return count.map { seen < $0 } ?? true
    }
    if let count, seen >= count { return }
    throw DaemonFailure(.unavailable, "muttd has stopped, and with it the tap")
  }

  private static let newsStart = Array("{\"dropped\":".utf8)

  /// The same JSON, with escapes for what a terminal would obey: C1 and bidirectional controls.
  static func harmless(_ line: ArraySlice<UInt8>) -> [UInt8] {
    // The first bytes of their UTF-8; nearly no line has one.
    guard line.contains(where: { [0xC2, 0xD8, 0xE2].contains($0) }) else { return Array(line) }
    var bytes: [UInt8] = []
    for scalar in String(decoding: line, as: UTF8.self).unicodeScalars {
      if SafeText.isTerminalControl(scalar) {
        let digits = String(scalar.value, radix: 16)
        bytes += Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
      } else {
        bytes += Array(String(scalar).utf8)
      }
    }
    return bytes
  }

  private func target() throws(DaemonFailure) -> String {
    var parts = ["rate=\(rate)"]
    func add(_ name: String, _ value: String?) {
      guard let value else { return }
      let safe = CharacterSet.alphanumerics.intersection(CharacterSet(charactersIn: "!"..."~"))
      parts.append("\(name)=\(value.addingPercentEncoding(withAllowedCharacters: safe) ?? "")")
    }
    add("host", host)
    add("rule", rule)
    add("text", text)
    if onlyUnmatched { parts.append("unmatched=true") }
    if let severity {
      let names = (0...7).map { Syslog.severityName(Int8($0)).map { "\($0)" } ?? "" }
      guard let code = Int(severity) ?? names.firstIndex(of: severity.lowercased()), (0...7).contains(code)
      else {
        throw DaemonFailure(
          .usage, "--severity \"\(severity)\" is none of 0-7 or \(names.joined(separator: ", "))")
      }
      parts.append("severity=\(code)")
    }
    return "/api/v1/tap?" + parts.joined(separator: "&")
  }

  /// One line for people.
  static func text(_ line: ArraySlice<UInt8>, isNews: Bool) -> String? {
    guard let object = (try? JSONSerialization.jsonObject(with: Data(line))) as? [String: Any] else {
      return nil
    }
    if isNews {
      var parts: [String] = []
      if let skipped = object["skipped"] as? Int, skipped > 0 {
        parts.append("\(skipped) events more than the sample")
      }
      if let dropped = object["dropped"] as? Int, dropped > 0 {
        parts.append("\(dropped) lines dropped: they were not taken in time")
      }
      return "muttd tap: " + parts.joined(separator: "; ")
    }
    func word(_ key: String) -> String { object[key] as? String ?? "-" }
    let time = word("time").split(separator: "T").last.map { String($0.prefix(12)) } ?? "-"
    let severity = (object["severity"] as? Int).flatMap { Syslog.severityName(Int8($0)) }.map { "\($0)" }
    let end = object["cut"] as? Bool == true ? "…" : ""
    let decided = object["rule"] is String ? "\(word("rule")) \(word("handling"))" : word("handling")
    return "\(time) \(word("host")) \(severity ?? "-") [\(decided)] \(word("text"))\(end)"
  }
}
