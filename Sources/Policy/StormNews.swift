/// What is told of storms: twenty pieces of news a minute, the rest in one sum.
package struct StormNews {
  package static var limit: Int { 20 }
  /// Nanoseconds.
  package static var window: Int64 { 60_000_000_000 }

  package struct Item: Sendable {
    package var storm: StormTable.Storm
    package var begins: Bool
  }

  /// What was not told by itself.
  package struct Untold: Sendable, Equatable {
    package var began: UInt64 = 0
    package var ended: UInt64 = 0
    /// Events that the ended ones have lost, and those of sources without a record.
    package var shed: UInt64 = 0
  }

  private var items: [Item] = []
  private var untold = Untold()
  private var given = 0
  private var windowStart: Int64?

  mutating func add(_ storm: StormTable.Storm, begins: Bool, _ monotonic: Int64) {
    if isOver(monotonic), untold == Untold() {
      windowStart = monotonic
      given = 0
    }
    if given < StormNews.limit {
      given += 1
      items.append(Item(storm: storm, begins: begins))
    } else if begins {
      untold.began &+= 1
    } else {
      untold.ended &+= 1
      untold.shed &+= storm.shed
    }
  }

  /// An event of a source that is limited without a record.
  mutating func addUnrecorded() { untold.shed &+= 1 }

  /// Names the storm that was added last, if it was.
  mutating func nameLast(_ host: String) {
    if let last = items.indices.last, items[last].begins { items[last].storm.host = host }
  }

  private func isOver(_ monotonic: Int64) -> Bool {
    windowStart.map { monotonic - $0 >= StormNews.window } ?? true
  }

  func isDue(_ monotonic: Int64) -> Bool { !items.isEmpty || (untold != Untold() && isOver(monotonic)) }

  mutating func take(_ monotonic: Int64) -> (told: [Item], untold: Untold?) {
    let told = items
    items.removeAll(keepingCapacity: true)
    guard untold != Untold(), isOver(monotonic) else { return (told, nil) }
    let sum = untold
    untold = Untold()
    windowStart = monotonic
    given = 0
    return (told, sum)
  }
}
