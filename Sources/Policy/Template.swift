import Model

/// A rule's `key` or `summary`: text with `{host}`, `{rule}` and `{label}` in it.
struct Template: Sendable, Equatable {
  enum Piece: Sendable, Equatable {
    case literal(String)
    case host
    case rule
    /// A named capture or a varbind; empty when the event has none of that name.
    case label(String)
  }

  /// A key or a title is short; this bounds what one rule can make of an event.
  static var limit: Int { 4_096 }
  /// Repeats of one rule on one host fold together when a rule has no key.
  static var defaultKey: Template { Template([.host, .literal("::"), .rule]) }

  var pieces: [Piece]

  private init(_ pieces: [Piece]) { self.pieces = pieces }

  /// Reads a template. A `}` without its `{` is text.
  init(reading text: String) throws(TemplateProblem) {
    guard text.utf8.count <= Template.limit else {
      throw TemplateProblem("longer than \(Template.limit) bytes")
    }
    pieces = []
    var literal = ""
    var rest = Substring(text)
    while let character = rest.first {
      rest.removeFirst()
      guard character == "{" else {
        literal.append(character)
        continue
      }
      guard let end = rest.firstIndex(of: "}") else { throw TemplateProblem("{ without }") }
      let name = String(rest[..<end])
      rest = rest[rest.index(after: end)...]
      guard !name.isEmpty, !name.contains(where: { $0 == "{" || $0.isWhitespace }) else {
        throw TemplateProblem("{\(name)} is no placeholder")
      }
      if !literal.isEmpty { pieces.append(.literal(literal)) }
      literal = ""
      pieces.append(name == "host" ? .host : name == "rule" ? .rule : .label(name))
    }
    if !literal.isEmpty { pieces.append(.literal(literal)) }
  }

  var labels: [String] {
    pieces.compactMap { if case .label(let name) = $0 { name } else { nil } }
  }

  /// There is always something in it, whatever labels an event has.
  func says(knowing certain: Set<String>) -> Bool {
    pieces.contains { piece in
      switch piece {
      case .host, .rule: true
      case .literal(let text): text.utf8.contains { isWord($0) }
      case .label(let name): certain.contains(name)
      }
    }
  }
}

/// What is wrong with a template.
struct TemplateProblem: Error, Equatable {
  var message: String
  init(_ message: String) { self.message = message }
}
