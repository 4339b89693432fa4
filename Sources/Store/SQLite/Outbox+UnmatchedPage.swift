package import Model

/// Kinds of unmatched events page by page. There may be 100,000 of a kilobyte each, so that of those that are
/// not on the page only a number is held.
extension Outbox {
  /// Where a kind stands among the others: the most frequent come first.
  package struct UnmatchedPlace: Sendable, Equatable, Comparable {
    /// Events in the window.
    package var count: Int
    package var key: UInt64

    package init(count: Int, key: UInt64) {
      self.count = count
      self.key = key
    }

    package static func < (one: UnmatchedPlace, other: UnmatchedPlace) -> Bool {
      (other.count, one.key) < (one.count, other.key)
    }
  }

  package struct UnmatchedPage: Sendable {
    package var items: [(place: UnmatchedPlace, kind: UnmatchedKind)] = []
    package var hasMore = false
  }

  /// Kinds that are in their window at `now` and not ignored, the most frequent first.
  /// - Parameters:
  ///   - host: of this one only, without regard to case.
  ///   - behind: those that come behind it; nil: the first.
  package func unmatchedPage(
    host: String?, behind: UnmatchedPlace?, limit: Int, now: Timestamp
  ) throws(StoreError) -> UnmatchedPage {
    try use { session throws(StoreError) in
      let places = try session.unmatchedPlaces(host: host, behind: behind, now: now)
      var page = UnmatchedPage(hasMore: places.count > limit)
      for place in places.prefix(limit) {
        // One that has been forgotten meanwhile is left out.
        guard let kind = try session.unmatchedKind(key: place.key) else { continue }
        page.items.append((place, kind))
      }
      return page
    }
  }
}

extension Outbox.Session {
  fileprivate func unmatchedPlaces(
    host: String?, behind: Outbox.UnmatchedPlace?, now: Timestamp
  ) throws(StoreError) -> [Outbox.UnmatchedPlace] {
    let ignored = try self.ignored()
    let keys = Set(ignored.filter { !$0.isEverywhere }.map(\.key))
    let templates = Set(ignored.filter(\.isEverywhere).map(\.key))
    let wanted = host.map(HostClaim.bare)
    let row = try statement(
      "SELECT key, template, host, slices, slice, slice_length FROM unmatched", "counting unmatched events")
    defer { row.reset() }
    var places: [Outbox.UnmatchedPlace] = []
    while try row.step() {
      let key = UInt64(bitPattern: row.int64(0))
      let template = UInt64(bitPattern: row.int64(1))
      if keys.contains(key) || templates.contains(template) { continue }
      if let wanted, HostClaim.bare(row.text(2) ?? "") != wanted { continue }
      var kind = UnmatchedKind(key: key, template: template)
      guard let slices = Self.slices(row.bytes(3)), row.int64(4) >= 0, row.int64(5) > 0 else { continue }
      kind.slices = slices
      kind.slice = row.int64(4)
      kind.sliceLength = row.int64(5)
      let place = Outbox.UnmatchedPlace(
        count: kind.count(at: max(0, now.nanoseconds) / kind.sliceLength), key: key)
      if place.count == 0 { continue }
      if let behind, place <= behind { continue }
      places.append(place)
    }
    return places.sorted()
  }

  fileprivate func unmatchedKind(key: UInt64) throws(StoreError) -> UnmatchedKind? {
    let row = try statement(Self.unmatchedQuery + " WHERE key = ?1", "reading an unmatched kind")
    defer { row.reset() }
    row.bind(Int64(bitPattern: key), 1)
    return try row.step() ? kind(of: row) : nil
  }
}
