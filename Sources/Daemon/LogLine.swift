import Model

/// How a notice looks as a line: one JSON object, or text for people.
enum LogLine {
  /// Texts in a line are cut here, bytes; a whole message (at most 64 KiB) still fits.
  private static let textLimit = 1 << 16

  /// `{"time":…,"level":…,"msg":…,"component":…,` then the fields in their order.
  static func appendJSON(_ notice: Notice, at time: Timestamp, to bytes: inout [UInt8]) {
    bytes.append(ascii: "{\"time\":\"")
    bytes.append(rfc3339: time)
    bytes.append(ascii: "\",\"level\":\"")
    bytes.append(text: notice.level.rawValue)
    bytes.append(ascii: "\",\"msg\":")
    JSONText.append(cut(notice.message), to: &bytes)
    bytes.append(ascii: ",\"component\":")
    JSONText.append(notice.component, to: &bytes)
    for (name, value) in notice.fields {
      bytes.append(ascii: ",")
      JSONText.append(name, to: &bytes)
      bytes.append(ascii: ":")
      appendJSON(value, to: &bytes)
    }
    bytes.append(ascii: "}\n")
  }

  private static func appendJSON(_ value: Notice.Value, to bytes: inout [UInt8]) {
    switch value {
    case .text(let text): JSONText.append(cut(text), to: &bytes)
    case .number(let number): bytes.append(decimal: number)
    case .flag(let flag): bytes.append(text: flag ? "true" : "false")
    case .null: bytes.append(ascii: "null")
    case .list(let items):
      bytes.append(ascii: "[")
      for (index, item) in items.enumerated() {
        if index > 0 { bytes.append(ascii: ",") }
        JSONText.append(cut(item), to: &bytes)
      }
      bytes.append(ascii: "]")
    }
  }

  /// `2026-11-21T02:14:07.483Z info  decide: alert host=core1 text="…"`; no terminal acts on it.
  static func appendText(_ notice: Notice, at time: Timestamp, to bytes: inout [UInt8]) {
    var line = time.rfc3339() + " "
    line += notice.level.rawValue.padded(to: 7) + " "
    SafeText.appendForTerminal(notice.component, to: &line)
    line += ": "
    SafeText.appendForTerminal(cut(notice.message), to: &line)
    for (name, value) in notice.fields {
      if case .null = value { continue }
      line += " "
      SafeText.appendForTerminal(name, to: &line)
      line += "="
      appendText(value, to: &line)
    }
    bytes.append(text: line)
    bytes.append(UInt8(ascii: "\n"))
  }

  private static func appendText(_ value: Notice.Value, to line: inout String) {
    switch value {
    case .text(let text): appendWord(cut(text), to: &line)
    case .number(let number): line += String(number)
    case .flag(let flag): line += flag ? "true" : "false"
    case .null: break
    case .list(let items): appendWord(items.joined(separator: ","), to: &line)
    }
  }

  /// Quoted where it would not read as one word.
  private static func appendWord(_ text: String, to line: inout String) {
    var safe = ""
    SafeText.appendForTerminal(text, to: &safe)
    let isWord = !safe.isEmpty && !safe.utf8.contains { $0 == 0x20 || $0 == 0x22 || $0 == 0x3D || $0 == 9 }
    if isWord {
      line += safe
      return
    }
    line += "\""
    for character in safe.unicodeScalars {
      if character == "\"" || character == "\\" { line += "\\" }
      line.unicodeScalars.append(character)
    }
    line += "\""
  }

  private static func cut(_ text: String) -> String {
    if text.utf8.count <= textLimit { return text }
    var end = text.utf8.index(text.startIndex, offsetBy: textLimit)
    while text.utf8[end] & 0xC0 == 0x80 { end = text.utf8.index(before: end) }
    return text[..<end] + "…"
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, width - utf8.count))
  }
}
