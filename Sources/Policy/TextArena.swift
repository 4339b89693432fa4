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
    /// Texts at their hash or behind it, by their bytes: what Swift takes for equal may be written
    /// differently. At most half full; -1: free.
    private var slots = [Int32](repeating: -1, count: 1_024)

    mutating func add(_ text: String?) -> TextIndex {
      guard let text else { return .none }
      let start = arena.bytes.count
      // Into its place at once: most texts of a large set are new, and one that is not is taken back.
      let raw = text.utf8Span.span
      SafeText.append(raw, ByteRange(0, raw.count), to: &arena.bytes)
      let slot = slot(of: ByteRange(start, arena.bytes.count))
      if slots[slot] >= 0 {
        arena.bytes.removeSubrange(start...)
        return TextIndex(slots[slot])
      }
      let index = Int32(arena.ends.count)
      arena.ends.append(UInt32(arena.bytes.count))
      slots[slot] = index
      if arena.count * 2 > slots.count { widen() }
      return TextIndex(index)
    }

    /// Where the text of these bytes of the arena stands, or would.
    private func slot(of range: ByteRange) -> Int {
      let last = slots.count - 1
      let bytes = arena.bytes.span
      let text = bytes.extracting(range.bounds)
      let hash = FNV1a.hash(text)
      var slot = Int(truncatingIfNeeded: hash ^ hash &>> 32) & last
      while slots[slot] >= 0 {
        if text.isSame(as: bytes.extracting(arena.range(TextIndex(slots[slot])).bounds)) { break }
        slot = (slot + 1) & last
      }
      return slot
    }

    private mutating func widen() {
      slots = [Int32](repeating: -1, count: slots.count * 2)
      for index in 0..<Int32(arena.count) { slots[slot(of: arena.range(TextIndex(index)))] = index }
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
