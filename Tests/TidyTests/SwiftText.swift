/// Swift source with the insides of strings and comments blanked out, line by line as before: what is left
/// can be searched for code by simple means.
struct SwiftText {
  let lines: [Substring]

  init(_ source: String) {
    var scanner = Scanner(bytes: Array(source.utf8))
    scanner.code(until: nil)
    lines = String(decoding: scanner.kept, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
  }

  private struct Scanner {
    let bytes: [UInt8]
    var kept: [UInt8] = []
    var position = 0

    init(bytes: [UInt8]) {
      self.bytes = bytes
      kept.reserveCapacity(bytes.count)
    }

    private func sees(_ text: StaticString) -> Bool {
      let count = text.utf8CodeUnitCount
      guard position + count <= bytes.count else { return false }
      return unsafe UnsafeBufferPointer(start: text.utf8Start, count: count)
        .elementsEqual(bytes[position..<position + count])
    }

    private mutating func blank(_ count: Int = 1) {
      for _ in 0..<count where position < bytes.count {
        kept.append(bytes[position] == UInt8(ascii: "\n") ? bytes[position] : UInt8(ascii: " "))
        position += 1
      }
    }

    /// Keeps code up to the end, or up to the `)` that closes an interpolation.
    mutating func code(until end: UInt8?) {
      var depth = 0
      while position < bytes.count {
        let byte = bytes[position]
        if !Scanner.isSpecial(byte) {
          kept.append(byte)
          position += 1
        } else if sees("//") {
          while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { blank() }
        } else if sees("/*") {
          while position < bytes.count, !sees("*/") { blank() }
          blank(2)
        } else if byte == UInt8(ascii: "\"") || opensRawString() {
          string()
        } else {
          if byte == UInt8(ascii: "(") { depth += 1 }
          if byte == UInt8(ascii: ")") {
            if depth == 0, end != nil { return }
            depth -= 1
          }
          kept.append(byte)
          position += 1
        }
      }
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "/"), UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "("), UInt8(ascii: ")"):
        true
      default: false
      }
    }

    private func opensRawString() -> Bool {
      guard sees("#") else { return false }
      var ahead = position
      while ahead < bytes.count, bytes[ahead] == UInt8(ascii: "#") { ahead += 1 }
      return ahead < bytes.count && bytes[ahead] == UInt8(ascii: "\"")
    }

    private mutating func string() {
      var hashes = 0
      while sees("#") {
        hashes += 1
        blank()
      }
      let quotes = sees("\"\"\"") ? 3 : 1
      blank(quotes)
      while position < bytes.count {
        if closes(quotes: quotes, hashes: hashes) {
          blank(quotes + hashes)
          return
        }
        if quotes == 1, sees("\n") { return }
        if sees("\\"), hasHashes(hashes, at: position + 1) {
          blank(1 + hashes)
          if sees("(") {
            blank()
            code(until: UInt8(ascii: ")"))
          }
        }
        blank()
      }
    }

    private func closes(quotes: Int, hashes: Int) -> Bool {
      guard position + quotes + hashes <= bytes.count,
        bytes[position..<position + quotes].allSatisfy({ $0 == UInt8(ascii: "\"") })
      else { return false }
      return hasHashes(hashes, at: position + quotes)
    }

    private func hasHashes(_ count: Int, at start: Int) -> Bool {
      start + count <= bytes.count
        && bytes[start..<start + count].allSatisfy { $0 == UInt8(ascii: "#") }
    }
  }
}

extension SwiftText {
  struct Function {
    let name: String
    /// Of the line where it starts, counted from 1.
    let line: Int
    /// From the line of `func` to the line of its closing brace.
    let length: Int
  }

  /// Functions, initialisers and subscripts with a body.
  var functions: [Function] {
    var found: [Function] = []
    for (index, line) in lines.enumerated() {
      guard let name = SwiftText.declaredName(line), let end = endOfBody(from: index) else { continue }
      found.append(Function(name: name, line: index + 1, length: end - index + 1))
    }
    return found
  }

  private static let modifiers: Set<Substring> = [
    "package", "public", "private", "fileprivate", "internal", "static", "class", "final", "mutating",
    "consuming", "borrowing", "nonisolated", "override", "convenience", "required", "unsafe",
  ]

  private static func declaredName(_ line: Substring) -> String? {
    var words = line.split(separator: " ")[...]
    while let word = words.first, modifiers.contains(word) || word.hasPrefix("@") { words.removeFirst() }
    guard let first = words.first else { return nil }
    if first == "func", let name = words.dropFirst().first {
      return String(name.prefix { $0 != "(" && $0 != "<" })
    }
    for word in ["init", "subscript"] where first.hasPrefix(word) {
      let rest = first.dropFirst(word.count)
      if let next = rest.first, "(<?!".contains(next) { return word }
    }
    return first == "deinit" ? "deinit" : nil
  }

  /// The line of the brace that closes the body of the declaration at `start`; nil when it has none, as in
  /// a protocol.
  private func endOfBody(from start: Int) -> Int? {
    var braces = 0
    var parentheses = 0
    var opened = false
    for index in start..<lines.count {
      // A new line at depth 0 with another declaration, or a closing brace of the surrounding type: no body.
      if !opened, index > start, parentheses == 0, endsRequirement(lines[index]) { return nil }
      for character in lines[index].utf8 {
        switch character {
        case UInt8(ascii: "("): parentheses += 1
        case UInt8(ascii: ")"): parentheses -= 1
        case UInt8(ascii: "{") where parentheses == 0 || opened:
          braces += 1
          opened = true
        case UInt8(ascii: "}") where parentheses == 0 || opened:
          if !opened { return nil }
          braces -= 1
          if braces == 0 { return index }
        default: break
        }
      }
    }
    return nil
  }

  private func endsRequirement(_ line: Substring) -> Bool {
    let words = line.split(separator: " ")
    guard let first = words.first else { return false }
    return SwiftText.declaredName(line) != nil || first == "var" || first == "case" || first == "let"
      || SwiftText.modifiers.contains(first)
  }
}
