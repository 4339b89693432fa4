import Model

/// Texts that a snapshot keeps, each once, in one run of bytes: clean UTF-8 without NUL.
struct TextArena: Sendable {
  private(set) var bytes: [UInt8] = []
  /// Text `i` ends at `ends[i]` and starts where the one before ends.
  private(set) var ends: [UInt32] = []

  var count: Int { ends.count }

  func range(_ text: TextIndex) -> ByteRange {
    if text.isNone { return .absent }
    let index = Int(text.value)
    return ByteRange(index == 0 ? 0 : Int(ends[index - 1]), Int(ends[index]))
  }

  func string(_ text: TextIndex) -> String? { bytes.span.text(range(text)) }

  /// Appends a text to `target` and says where it stands; absent for none.
  func append(_ text: TextIndex, to target: inout [UInt8]) -> ByteRange {
    target.append(bytes.span, range(text))
  }

  /// Adds texts and finds those it has; only needed while a snapshot is compiled.
  struct Builder {
    private(set) var arena = TextArena()
    /// By bytes: texts that Swift takes for equal may be written differently.
    private var known: [[UInt8]: Int32] = [:]

    mutating func add(_ text: String?) -> TextIndex {
      guard let text else { return .none }
      let raw = Array(text.utf8)
      if let index = known[raw] { return TextIndex(index) }
      let index = Int32(arena.ends.count)
      SafeText.append(raw.span, ByteRange(0, raw.count), to: &arena.bytes)
      arena.ends.append(UInt32(arena.bytes.count))
      known[raw] = index
      return TextIndex(index)
    }

    /// As `add`; an empty text counts as none.
    mutating func addUnlessEmpty(_ text: String?) -> TextIndex {
      guard let text, !text.isEmpty else { return .none }
      return add(text)
    }

    /// The arena without spare room.
    func finished() -> TextArena {
      var result = TextArena()
      result.bytes = arena.bytes.withoutSlack
      result.ends = arena.ends.withoutSlack
      return result
    }
  }
}

extension Array {
  /// A copy that holds no more memory than its elements need: a snapshot lives long.
  var withoutSlack: [Element] {
    var copy: [Element] = []
    copy.reserveCapacity(count)
    copy.append(contentsOf: self)
    return copy
  }
}
