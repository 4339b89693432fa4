import Console
import Delivery
import Foundation
import Intake
import Model
import Store

/// Answers the API (docs/api.md): what is in memory at once, what is in files through the reader.
struct APIDesk: Sendable {
  let config: CurrentConfig
  let reader: APIReader
  let vitals: Vitals
  let tap: Tap
  let explainer: APIExplainer
  /// Who asks.
  private(set) var caller = APICaller.network

  func answer(_ request: APIRequest, for caller: APICaller) async -> APIAnswer {
    var desk = self
    desk.caller = caller
    do throws(Problem) {
      return try await desk.bytes(request)
    } catch {
      return .problem(error)
    }
  }

  /// Runs `body` where files are read.
  func read<Value: Sendable>(
    _ body: @escaping @Sendable (APIShelf) throws(Problem) -> Value
  ) async throws(Problem) -> Value {
    try await reader.read(for: caller, body)
  }

  private func bytes(_ request: APIRequest) async throws(Problem) -> APIAnswer {
    switch request {
    case .events(let events, let page): .json(try await self.events(events, page))
    case .event(let id): .json(try await event(id))
    case .changes(let changes, let page): .json(try await self.changes(changes, page))
    case .rules(let includesRetired, let countsHits, let page):
      .json(try await rules(includesRetired, countsHits, page))
    case .rule(let name): .json(try await rule(name))
    case .hosts(let table, let page): .json(try await hosts(table, page))
    case .explain(let subject): .json(try await explainer.explain(subject, self))
    case .deliveries(let deliveries, let page): .json(try await self.deliveries(deliveries, page))
    case .destinations: .json(destinations)
    case .status: .json(vitals.statusJSON)
    case .unmatched(let host, let page): .json(try await unmatched(host, page))
    case .ignored(let page): .json(try await ignored(page))
    case .tap(let watch): try self.watch(watch)
    case .description(let isJSON):
      isJSON
        ? .document(type: "application/json", APIDesk.description)
        : .document(type: "application/yaml", Array(OpenAPI.text.utf8))
    }
  }

  // MARK: - The audit

  /// Rows that are read at once: a page of long ones is put together of several looks.
  private static let look = 100

  private func events(_ asked: APIRequest.Events, _ page: APIPage) async throws(Problem) -> [UInt8] {
    var query = AuditQuery()
    query.host = asked.host
    query.handling = asked.handling
    query.since = asked.since
    query.until = asked.until
    query.text = asked.text
    // A number is an id, everything else a name.
    if let rule = asked.rule, let id = Int64(rule) { query.ruleID = id } else { query.ruleName = asked.rule }
    query.before = try page.id().map { EventID(rawValue: $0) }
    return try await read { [query] shelf throws(Problem) in
      var query = query
      var list = APIList(page)
      while true {
        query.limit = min(APIDesk.look, list.room)
        let asked = query
        let found = try shelf.store { store throws(StoreError) in try store.auditEvents(asked) }
        for (index, event) in found.events.enumerated() {
          list.add(VerbAudit.json(event), cursor: "\(event.id.rawValue)")
          if list.isFull {
            return list.closed(hasMore: found.next != nil || index < found.events.count - 1)
          }
        }
        guard let next = found.next else { return list.closed(hasMore: false) }
        query.before = next
      }
    }
  }

  private func event(_ id: Int64) async throws(Problem) -> [UInt8] {
    try await read { shelf throws(Problem) in
      let found = try shelf.store { store throws(StoreError) in
        try store.auditEvent(id: EventID(rawValue: id))
      }
      guard let event = found else { throw APIDesk.noEvent(id) }
      return VerbAudit.json(event).closed
    }
  }

  static func noEvent(_ id: Int64) -> Problem {
    Problem(
      .notFound,
      "event \(id) is not in the audit: no rule may have won it while audit.events is matched, or it is "
        + "older than the retention", do: "look for it in /api/v1/events")
  }

  private func changes(_ asked: APIRequest.Changes, _ page: APIPage) async throws(Problem) -> [UInt8] {
    var query = ChangeQuery()
    query.table = asked.table
    query.key = asked.key
    query.actor = asked.actor
    query.since = asked.since
    query.until = asked.until
    query.before = try page.id()
    query.limit = page.limit
    return try await read { [query] shelf throws(Problem) in
      let found = try shelf.store { store throws(StoreError) in try store.configChanges(query) }
      var list = APIList(page)
      for (index, change) in found.changes.enumerated() {
        list.add(VerbAuditChanges.json(change), cursor: "\(change.id)")
        if list.isFull { return list.closed(hasMore: found.next != nil || index < found.changes.count - 1) }
      }
      return list.closed(hasMore: found.next != nil)
    }
  }

  // MARK: - Rules and hosts

  private func rules(
    _ includesRetired: Bool, _ countsHits: Bool, _ page: APIPage
  ) async throws(Problem) -> [UInt8] {
    let start = try APIDesk.place(page)
    let reasons = quarantined
    return try await read { shelf throws(Problem) in
      let catalog = try shelf.store { store throws(StoreError) in try store.loadCatalog() }
      let uses = countsHits ? try shelf.store { store throws(StoreError) in try store.ruleUses() } : [:]
      let rules = catalog.rules.filter { includesRetired || $0.isActive }.sorted {
        ($0.priority, $0.id) < ($1.priority, $1.id)
      }
      return APIList.page(
        rules, page, key: { "\($0.priority).\($0.id)" },
        isBehind: { rule, _ in start.map { ($0.priority, $0.id) < (rule.priority, rule.id) } ?? true },
        { VerbRules.json($0, reasons[$0.name], uses[$0.id], counts: countsHits) })
    }
  }

  /// A cursor of rules: `priority.id`.
  private static func place(_ page: APIPage) throws(Problem) -> (priority: Int, id: Int64)? {
    guard let cursor = page.cursor else { return nil }
    let words = cursor.split(separator: ".", omittingEmptySubsequences: false)
    guard words.count == 2, let priority = Int(words[0]), let id = Int64(words[1]) else {
      throw page.badCursor
    }
    return (priority, id)
  }

  /// Why rules of the set that decides cannot be used, by name.
  private var quarantined: [String: String] {
    Dictionary(
      vitals.policy().quarantined.map { ($0.name, $0.reason) }, uniquingKeysWith: { first, _ in first })
  }

  private func rule(_ name: String) async throws(Problem) -> [UInt8] {
    let reasons = quarantined
    return try await read { shelf throws(Problem) in
      let catalog = try shelf.store { store throws(StoreError) in try store.loadCatalog() }
      let rule: Rule
      do throws(DaemonFailure) {
        rule = try VerbRules.find(name, in: catalog)
      } catch {
        throw Problem(.notFound, error.message, do: "/api/v1/rules lists them")
      }
      let uses = try shelf.store { store throws(StoreError) in try store.ruleUses() }
      return VerbRules.json(rule, reasons[rule.name], uses[rule.id]).closed
    }
  }

  private func hosts(_ table: APIRequest.Hosts, _ page: APIPage) async throws(Problem) -> [UInt8] {
    try await read { shelf throws(Problem) in
      let catalog = try shelf.store { store throws(StoreError) in try store.loadCatalog() }
      switch table {
      case .development:
        return APIList.page(catalog.developmentHosts, page, by: { $0 }) { VerbHosts.json(development: $0) }
      case .teams:
        return APIList.page(catalog.deviceTeams, page, by: \.hostname) { VerbHosts.json(team: $0) }
      case .devices:
        return APIList.page(catalog.devices, page, by: \.hostname) { VerbHosts.json(device: $0) }
      }
    }
  }

  // MARK: - The way out

  private func deliveries(_ asked: APIRequest.Deliveries, _ page: APIPage) async throws(Problem) -> [UInt8] {
    var filter = OutboxFilter()
    filter.destination = asked.destination
    filter.host = asked.host
    filter.rule = asked.rule
    filter.state = asked.state.map { $0 == .dead ? .dead : .pending }
    filter.after = try page.id()
    filter.limit = page.limit + 1
    return try await read { [filter] shelf throws(Problem) in
      let found = try shelf.outbox { outbox throws(StoreError) in try outbox.list(filter) }
      var list = APIList(page)
      for (index, delivery) in found.enumerated() {
        list.add(VerbOutbox.json(delivery, includesBody: false), cursor: "\(delivery.id)")
        if list.isFull { return list.closed(hasMore: index < found.count - 1) }
      }
      return list.closed(hasMore: false)
    }
  }

  /// Few, and all of them at once.
  private var destinations: [UInt8] {
    let accounts = vitals.accounts()
    let states = vitals.deliveryStates()
    var object = VerbJSON()
    object.add(
      "items",
      objects: config.value.destinations.map { destination in
        let counts = accounts.destinations.first { $0.name == destination.name }
        let condition = states.first { $0.name == destination.name }?.condition ?? DestinationCondition()
        var object = VerbDestinations.json(
          destination, pending: Int(clamping: counts?.pending ?? 0), dead: Int(clamping: counts?.dead ?? 0))
        object.add("delivered", number: Int64(clamping: counts?.delivered ?? 0))
        object.add("state", "\(condition.kind)")
        object.add("since", time: condition.since)
        object.add("reason", condition.reason)
        return object
      })
    return object.closed
  }

  private func watch(_ watch: APIRequest.Watch) throws(Problem) -> APIAnswer {
    let stream = try tap.attach(TapFilter(watch), for: caller, seconds: watch.seconds)
    return .stream(type: "application/x-ndjson", stream)
  }

  /// The committed description as JSON, made of the text once.
  private static let description: [UInt8] = {
    let (value, _) = YAMLValue.parse(OpenAPI.text, file: "openapi.yaml")
    var bytes: [UInt8] = []
    value?.appendJSON(to: &bytes)
    return bytes
  }()
}
