import Delivery
import Model

/// Alerts that no destination takes, by all that routes go by, until a configuration takes such ones or none
/// has come for a day. Bounded, the oldest make room. Pure: the caller hands in the time.
struct UnroutedBook: Sendable {
  /// What is to be said of them.
  struct Summary: Sendable, Equatable {
    var count: UInt64 = 0
    var since = Timestamp.absent
    var lastAt = Timestamp.absent
    /// One of the last second, a sentence part for people.
    var last = ""

    /// Older ones are history: whoever sent them may be gone.
    func stands(at now: Timestamp) -> Bool { count > 0 && now.since(lastAt) < UnroutedBook.memory }
  }

  private struct Route: Equatable {
    var handling: String?
    var team: String?
    var environment: Environment
    var severity: Int8
  }

  private struct Kind {
    var route: Route
    var count: UInt64 = 0
    var since: Timestamp
    var lastAt = Timestamp.absent
    /// One of the last second.
    var last = ""
    private var lastSaidAt = Timestamp.absent

    init(route: Route, since: Timestamp) {
      self.route = route
      self.since = since
    }

    mutating func add(_ row: EventRow, _ batch: borrowing EventBatch, _ now: Timestamp) {
      count += 1
      lastAt = now
      if !lastSaidAt.isAbsent, (0..<1_000_000_000).contains(now.since(lastSaidAt)) { return }
      lastSaidAt = now
      last =
        "\(batch.text(row.ruleName) ?? "") of \(batch.text(row.host) ?? ""): \(route.handling ?? ""), team "
        + "\(route.team ?? "none"), \(route.environment.name), severity \(route.severity)"
    }
  }

  static let limit = 64
  /// Nanoseconds.
  private static let memory: Int64 = 86_400_000_000_000

  private var kinds: [Kind] = []

  mutating func note(_ row: EventRow, _ batch: borrowing EventBatch, now: Timestamp) {
    let route = Route(
      handling: batch.text(row.handling), team: batch.text(row.team), environment: row.environment,
      severity: row.alertSeverity)
    // Where all alerts are without a route, they are without the same one, and the recorder has other work.
    if let place = kinds.indices.last, kinds[place].route == route,
      now.since(kinds[place].lastAt) < UnroutedBook.memory
    {
      return kinds[place].add(row, batch, now)
    }
    kinds.removeAll { now.since($0.lastAt) >= UnroutedBook.memory }
    var kind = Kind(route: route, since: now)
    if let place = kinds.firstIndex(where: { $0.route == route }) { kind = kinds.remove(at: place) }
    kind.add(row, batch, now)
    if kinds.count >= UnroutedBook.limit { kinds.removeFirst() }
    kinds.append(kind)
  }

  /// Routes are others from now on: what they take is no longer without one.
  mutating func judge(by router: Router) {
    kinds.removeAll { UnroutedBook.takes($0.route, router) }
  }

  private static func takes(_ route: Route, _ router: Router) -> Bool {
    var batch = EventBatch()
    func text(_ value: String?) -> ByteRange {
      guard let value else { return .absent }
      let start = batch.bytes.count
      batch.bytes.append(text: value)
      return ByteRange(start, batch.bytes.count)
    }
    var row = EventRow(id: EventID(rawValue: 0), time: .absent, arrival: .absent, peer: .unspecified)
    row.handling = text(route.handling)
    row.team = text(route.team)
    row.environment = route.environment
    row.alertSeverity = route.severity
    return !router.routes(for: row, in: batch).isEmpty
  }

  /// The order of the list is that of the last alerts.
  var summary: Summary {
    guard let last = kinds.last else { return Summary() }
    return Summary(
      count: kinds.reduce(0) { $0 + $1.count }, since: kinds.map(\.since).min() ?? .absent,
      lastAt: last.lastAt, last: last.last)
  }
}
