package import Model

/// A part of a list.
package struct APIPage: Sendable, Equatable {
  package static var maxLimit: Int { 500 }

  /// 1...`maxLimit`.
  package var limit = 100
  /// `next` of the page before; what it looks like is the list's own affair.
  package var cursor: String?

  package init() {}

  /// The cursor of a list that goes by ids; nil: the first page.
  package func id() throws(Problem) -> Int64? {
    guard let cursor else { return nil }
    guard let id = QueryText.id(cursor) else { throw badCursor }
    return id
  }

  package var badCursor: Problem {
    Problem(.badParameter, "cursor is none of this list", do: "give next of the page before, as it is")
  }
}

/// What the API was asked: checked for form, not yet for sense.
package enum APIRequest: Sendable, Equatable {
  package struct Events: Sendable, Equatable {
    package var host: String?
    package var rule: String?
    package var handling: String?
    package var since: Timestamp?
    package var until: Timestamp?
    package var text: String?

    package init() {}
  }

  package struct Changes: Sendable, Equatable {
    package var table: String?
    package var key: String?
    package var actor: String?
    package var since: Timestamp?
    package var until: Timestamp?

    package init() {}
  }

  package struct Deliveries: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable { case pending, dead }

    package var destination: String?
    package var state: State?
    package var host: String?
    package var rule: String?

    package init() {}
  }

  /// What somebody wants to see of the decisions, live.
  package struct Watch: Sendable, Equatable {
    package var host: String?
    package var rule: String?
    /// This severe or more, 0...7.
    package var severity: Int?
    package var onlyUnmatched = false
    package var text: String?
    /// Lines a second, 1...2000.
    package var rate = 500
    /// Ends after so long; nil: with the connection.
    package var seconds: Int?

    package init() {}
  }

  package enum Hosts: String, Sendable, CaseIterable { case development, teams, devices }

  package enum Subject: Sendable, Equatable {
    case event(Int64)
    /// A syslog message as it stands in the datagram.
    case line([UInt8], from: IPAddress?, arrival: Timestamp?)
    /// An object with `message` or `trap`; `from` and `arrival` hold where it has none of its own.
    case object([UInt8], from: IPAddress?, arrival: Timestamp?)
  }

  case events(Events, APIPage)
  case event(Int64)
  case changes(Changes, APIPage)
  case rules(includesRetired: Bool, countsHits: Bool, APIPage)
  case rule(String)
  case hosts(Hosts, APIPage)
  case explain(Subject)
  case deliveries(Deliveries, APIPage)
  case destinations
  case status
  /// What no rule takes, of one host or of all.
  case unmatched(host: String?, APIPage)
  /// Kinds of it that raise no alert.
  case ignored(APIPage)
  case tap(Watch)
  case description(isJSON: Bool)
}

/// Who asks, for what there is little of: what the network may have of it leaves enough for this machine.
package enum APICaller: Sendable, Equatable {
  /// Whoever reaches the port, from loopback or elsewhere: one cannot be told from another.
  case network
  /// Over the socket: the number of the user who opened the connection.
  case user(UInt32)
}

/// What is sent back.
package enum APIAnswer: Sendable {
  case json([UInt8])
  /// Another type of content, whole.
  case document(type: String, [UInt8])
  /// Another type of content, sent as it comes.
  case stream(type: String, APIStream)
  case problem(Problem)
}
