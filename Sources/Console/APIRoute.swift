import Model

/// The paths of the API: which there are, what they take, what they ask for.
struct APIRoute {
  static let prefix = "/api/v1/"

  /// The methods of a path, and which role each wants.
  var methods: [(name: String, role: Role)] = [("GET", .viewer)]
  /// Whether a body is read.
  var readsBody = false
  /// Open to everyone who reaches the port.
  var isPublic = false
  /// Names of a GET's parameters.
  var parameters: [String] = []
  /// Of a POST's.
  static let postedParameters = ["from", "arrival"]
  fileprivate var make: (QueryText) throws(Problem) -> APIRequest

  private init(
    _ parameters: [String], isPublic: Bool = false,
    _ make: @escaping (QueryText) throws(Problem) -> APIRequest
  ) {
    self.parameters = parameters
    self.isPublic = isPublic
    self.make = make
  }

  /// The route of a path below `/api/v1/`; nil: there is none.
  static func find(_ path: Substring) throws(Problem) -> APIRoute? {
    let words = path.split(separator: "/", omittingEmptySubsequences: false)
    switch words.count {
    case 1: return single(words[0])
    case 2:
      if words[1].isEmpty { return nil }
      let last = try QueryText.decode(words[1], plusIsSpace: false)
      return try pair(words[0], last)
    default: return nil
    }
  }

  func request(_ query: String?) throws(Problem) -> APIRequest {
    try make(QueryText(query, known: parameters))
  }

  private static let paging = ["limit", "cursor"]

  private static func single(_ word: Substring) -> APIRoute? {
    switch word {
    case "events": events
    case "config-changes": changes
    case "rules":
      APIRoute(["all", "hits"] + paging) { query throws(Problem) in
        .rules(
          includesRetired: try query.flag("all"), countsHits: try query.flag("hits"), try query.page())
      }
    case "explain": explain
    case "outbox": outbox
    case "destinations": APIRoute([]) { _ in .destinations }
    case "status": APIRoute([]) { _ in .status }
    case "unmatched":
      APIRoute(["host"] + paging) { query throws(Problem) in
        .unmatched(host: try query.text("host"), try query.page())
      }
    case "tap": tap
    case "openapi.yaml": APIRoute([], isPublic: true) { _ in .description(isJSON: false) }
    case "openapi.json": APIRoute([], isPublic: true) { _ in .description(isJSON: true) }
    default: nil
    }
  }

  private static func pair(_ first: Substring, _ last: String) throws(Problem) -> APIRoute? {
    switch first {
    case "events":
      guard let id = QueryText.id(last) else {
        throw QueryText.noID(Problem.quoted(last))
      }
      return APIRoute([]) { _ in .event(id) }
    case "rules": return APIRoute([]) { _ in .rule(last) }
    case "hosts":
      guard let table = APIRequest.Hosts(rawValue: last) else { return nil }
      return APIRoute(paging) { query throws(Problem) in .hosts(table, try query.page()) }
    case "unmatched":
      guard last == "ignored" else { return nil }
      return APIRoute(paging) { query throws(Problem) in .ignored(try query.page()) }
    default: return nil
    }
  }

  private static var events: APIRoute {
    APIRoute(["host", "rule", "handling", "since", "until", "text"] + paging) { query throws(Problem) in
      var events = APIRequest.Events()
      events.host = try query.text("host")
      events.rule = try query.text("rule")
      events.handling = try query.text("handling")
      events.since = try query.time("since")
      events.until = try query.time("until")
      events.text = try query.text("text")
      return .events(events, try query.page())
    }
  }

  private static var changes: APIRoute {
    APIRoute(["table", "key", "actor", "since", "until"] + paging) { query throws(Problem) in
      var changes = APIRequest.Changes()
      changes.table = try query.text("table")
      changes.key = try query.text("key")
      changes.actor = try query.text("actor")
      changes.since = try query.time("since")
      changes.until = try query.time("until")
      return .changes(changes, try query.page())
    }
  }

  private static var outbox: APIRoute {
    APIRoute(["destination", "state", "host", "rule"] + paging) { query throws(Problem) in
      var deliveries = APIRequest.Deliveries()
      deliveries.destination = try query.text("destination")
      deliveries.state = try query.choice("state", APIRequest.Deliveries.State.self)
      deliveries.host = try query.text("host")
      deliveries.rule = try query.text("rule")
      return .deliveries(deliveries, try query.page())
    }
  }

  private static var tap: APIRoute {
    let names = ["host", "rule", "severity", "unmatched", "text", "rate", "seconds"]
    return APIRoute(names) { query throws(Problem) in
      var watch = APIRequest.Watch()
      watch.host = try query.text("host")
      watch.rule = try query.text("rule")
      watch.severity = try query.number("severity", 0...7).map { Int($0) }
      watch.onlyUnmatched = try query.flag("unmatched")
      watch.text = try query.text("text")
      if let rate = try query.number("rate", 1...2_000) { watch.rate = Int(rate) }
      watch.seconds = try query.number("seconds", 1...3_600).map { Int($0) }
      return .tap(watch)
    }
  }

  private static var explain: APIRoute {
    var route = APIRoute(["event"]) { query throws(Problem) in
      guard let id = try query.id("event") else {
        throw Problem(.badParameter, "event is missing", do: "give an event id, or POST a line")
      }
      return .explain(.event(id))
    }
    route.methods.append(("POST", .viewer))
    route.readsBody = true
    return route
  }

  /// A posted line or object, by its content type.
  static func explain(_ body: [UInt8], type: String?, _ query: String?) throws(Problem) -> APIRequest {
    let essence = type?.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    guard [nil, "text/plain", "application/json"].contains(essence) else {
      throw Problem(
        .mediaType, "the body is \(Problem.quoted(essence ?? ""))", do: "send text/plain or application/json")
    }
    let query = try QueryText(query, known: postedParameters)
    var from: IPAddress?
    if let text = try query.text("from") {
      from = IPAddress(text)
      if from == nil {
        throw Problem(
          .badParameter, "from \(Problem.quoted(text)) is no address", do: "write 192.0.2.1 or 2001:db8::1")
      }
    }
    let arrival = try query.time("arrival")
    if essence == "application/json" { return .explain(.object(body, from: from, arrival: arrival)) }
    if body.isEmpty { throw Problem(.badBody, "the line is empty", do: "send a message: <187>…") }
    return .explain(.line(body, from: from, arrival: arrival))
  }
}
