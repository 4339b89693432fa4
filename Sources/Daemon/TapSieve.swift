package import Model

/// What a worker has copied of one batch of datagrams for those who watch.
package struct TapReport: Sendable {
  package struct Mark: BitwiseCopyable, Sendable {
    /// A bit for every place that gets the row.
    package var takers: UInt8
    /// The text is longer than what was copied of it.
    package var isCut: Bool

    package init(takers: UInt8, isCut: Bool) {
      self.takers = takers
      self.isCut = isCut
    }
  }

  /// The filters it was made by.
  package var generation: UInt64 = 0
  package var batch = EventBatch()
  /// One for each row of `batch`.
  package var marks: [Mark] = []
  /// By place: events that were wanted, or may have been, and for which there was no time.
  package var skipped = [UInt64](repeating: 0, count: TapSieve.places)

  package var isEmpty: Bool { marks.isEmpty && !skipped.contains { $0 > 0 } }
  /// Bytes it holds.
  package var size: Int { marks.count * (MemoryLayout<EventRow>.stride + 2) + batch.bytes.count }

  /// Nothing is left but the number of what was in it.
  package mutating func skipAll() {
    for mark in marks {
      for place in skipped.indices where mark.takers & (1 << UInt8(place)) != 0 { skipped[place] += 1 }
    }
    marks = []
    batch = EventBatch()
  }

  package init() {}
}

/// What a worker needs to pick events for those who watch. Empty and never looked into while nobody does.
///
/// However much is decided and whatever is asked for, a batch of datagrams costs a bounded time more: every
/// watcher gets a share of `perBatch` rows and his rate, and texts are searched up to `textPerBatch`.
package struct TapSieve: Sendable {
  /// Who may watch at once.
  package static let places = 8
  /// Rows that are copied of one batch of datagrams, for all watchers together.
  static let perBatch = 32
  /// Bytes of text that are searched in one batch of datagrams, for all watchers together.
  static let textPerBatch = 16 << 10
  /// Bytes of a text that are copied.
  static let textLimit = 1_024
  /// Bytes of a report: names and a text that was made safe beside each row.
  static let sizeLimit = perBatch * (MemoryLayout<EventRow>.stride + 3 * textLimit + 2_048)

  package private(set) var isOpen = false
  package private(set) var filters: [TapFilter] = []
  package var report = TapReport()
  private var generation: UInt64 = 0
  private var budgets: [TapBudget] = []
  private var left: [Int] = []
  private var textLeft = 0

  package init() {}

  /// Before a batch of datagrams. `generation`: of the port; 0: nobody watches any more.
  @inline(never)
  package mutating func begin(_ port: TapPort, _ generation: UInt64, now: Int64) {
    if generation != self.generation { (self.generation, filters) = port.filters }
    isOpen = generation != 0 && !filters.isEmpty
    if !isOpen {
      self = TapSieve()
      return
    }
    if report.generation != self.generation {
      report.generation = self.generation
      budgets = filters.map { TapBudget(rate: $0.rate, now: now) }
    }
    let share = TapSieve.perBatch / filters.count
    left = budgets.indices.map { min(share, budgets[$0].available(now)) }
    textLeft = TapSieve.textPerBatch
  }

  /// Whether there is time for one more event that passes everything else the filter at `index` asks for.
  package mutating func takes(_ index: Int, _ text: Span<UInt8>) -> Bool {
    guard left[index] > 0 else { return skip(index) }
    if !filters[index].text.isEmpty {
      guard text.count <= textLeft else { return skip(index) }
      textLeft -= text.count
      guard filters[index].search(text).isFound else { return false }
    }
    left[index] -= 1
    budgets[index].spend(1)
    return true
  }

  private mutating func skip(_ index: Int) -> Bool {
    report.skipped[filters[index].place] &+= 1
    return false
  }

  /// After a batch of datagrams: what was picked, for an empty report.
  package mutating func take() -> TapReport {
    var full = TapReport()
    full.generation = generation
    swap(&full, &report)
    return full
  }
}
