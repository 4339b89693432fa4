import Console
import Foundation
import Intake
import Model
import Policy
import Store

/// Explains a posted line, a packet or an event of the audit by the set of rules that decides now: the same
/// function that decided, on a desk of its own.
struct APIExplainer: Sendable {
  let config: CurrentConfig
  let snapshots: SnapshotBox
  let settings: SettingsBox

  func explain(_ subject: APIRequest.Subject, _ desk: APIDesk) async throws(Problem) -> [UInt8] {
    guard let snapshot = snapshots.snapshot else {
      throw Problem(.unavailable, "no rules are loaded yet", do: "see /readyz", retryAfter: 1)
    }
    return try await desk.read { shelf throws(Problem) in
      let question = try self.question(subject, shelf)
      return try self.answer(question, snapshot, shelf)
    }
  }

  private func question(
    _ subject: APIRequest.Subject, _ shelf: APIShelf
  ) throws(Problem) -> VerbExplain.Question {
    switch subject {
    case .event(let id): return try stored(id, shelf)
    case .line(let bytes, let from, let arrival):
      return VerbExplain.Question(
        input: .syslog(bytes), peer: from ?? .unspecified, arrival: arrival ?? SystemClock.now)
    case .object(let bytes, let from, let arrival):
      do {
        let body = try JSONDecoder().decode(Body.self, from: Data(bytes))
        guard APIExplainer.memberCount(bytes) == body.count else {
          throw Problem(.badBody, "the body has a key twice", do: "give each once")
        }
        return try body.question(from, arrival)
      } catch let problem as Problem {
        throw problem
      } catch {
        throw APIExplainer.badBody("the body is no object with message or trap")
      }
    }
  }

  private static func badBody(_ detail: String) -> Problem {
    Problem(
      .badBody, detail,
      do: "send {\"message\": \"<187>…\", \"from\": \"192.0.2.1\", \"arrival\": \"2026-11-21T02:14:05Z\"}")
  }

  /// Members of an object of strings, of which a decoder has seen that it is one: of two under the same key
  /// it hands out either.
  private static func memberCount(_ bytes: [UInt8]) -> Int {
    var (count, isText, isEscaped) = (0, false, false)
    for byte in bytes {
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\"") {
        isText.toggle()
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = isText
      } else if byte == UInt8(ascii: ":"), !isText {
        count += 1
      }
    }
    return count
  }

  /// A posted object.
  private struct Body: Decodable {
    /// Different keys it has.
    var count: Int
    var message: String?
    var trap: String?
    var from: String?
    var arrival: String?

    private struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Key.self)
      for key in values.allKeys where !["message", "trap", "from", "arrival"].contains(key.stringValue) {
        throw Problem(
          .badBody, "the body has a key that is none of message, trap, from, arrival",
          do: "leave \(String(key.stringValue.prefix(40))) out")
      }
      count = values.allKeys.count
      func text(_ name: String) throws -> String? {
        let key = Key(stringValue: name)
        // A null is none of the types that are described.
        return values.contains(key) ? try values.decode(String.self, forKey: key) : nil
      }
      message = try text("message")
      trap = try text("trap")
      from = try text("from")
      arrival = try text("arrival")
    }

    /// `sender` and `received` hold where the object has none of its own.
    func question(_ sender: IPAddress?, _ received: Timestamp?) throws(Problem) -> VerbExplain.Question {
      var peer = sender ?? .unspecified
      if let from {
        guard let address = IPAddress(from) else {
          throw Problem(.badBody, "from is no address", do: "write 192.0.2.1 or 2001:db8::1")
        }
        peer = address
      }
      var time = received ?? SystemClock.now
      if let arrival {
        guard let given = Timestamp(rfc3339: arrival) else {
          throw Problem(.badBody, "arrival is no time", do: "write 2026-11-21T02:14:05Z")
        }
        time = given
      }
      switch (message, trap) {
      case (let message?, nil) where !message.isEmpty:
        return VerbExplain.Question(input: .syslog(Array(message.utf8)), peer: peer, arrival: time)
      case (nil, let trap?):
        guard let packet = VerbHex.bytes(Array(trap.utf8)) else {
          throw Problem(.badBody, "trap is no packet in hexadecimal", do: "send its bytes as 3082…")
        }
        return VerbExplain.Question(input: .packet(packet), peer: peer, arrival: time)
      default: throw APIExplainer.badBody("the body has not one of message and trap, or an empty one")
      }
    }
  }

  private func stored(_ id: Int64, _ shelf: APIShelf) throws(Problem) -> VerbExplain.Question {
    let eventID = EventID(rawValue: id)
    let found = try shelf.store { store throws(StoreError) in try store.auditEvent(id: eventID) }
    guard let event = found else { throw APIDesk.noEvent(id) }
    let sent = try shelf.outbox { outbox throws(StoreError) in try outbox.deliveries(eventID: eventID) }
    var question: VerbExplain.Question
    do throws(DaemonFailure) {
      question = try VerbExplain.Question(event, sent: sent)
    } catch {
      throw Problem(.notExplainable, error.message, do: "muttd audit events shows what is kept of it")
    }
    if let query = question.changeQuery {
      question.note(try shelf.store { store throws(StoreError) in try store.configChanges(query) })
    }
    return question
  }

  private func answer(
    _ question: VerbExplain.Question, _ snapshot: Snapshot, _ shelf: APIShelf
  ) throws(Problem) -> [UInt8] {
    // Only what is quarantined stands in the store alone.
    let catalog =
      snapshot.quarantined.isEmpty
      ? Catalog() : try shelf.store { store throws(StoreError) in try store.loadCatalog() }
    // A posted packet is explained as it stands: secured ones are for the command line, which has no clocks
    // of engines to mind.
    var settings = settings.current
    settings.security = nil
    let config = config.value
    do throws(DaemonFailure) {
      var desk = try VerbDesk(snapshot, settings: settings)
      if let answer = VerbExplanation(question, &desk, catalog, config) {
        return answer.json(limit: APIList.byteLimit).closed
      }
      // What a worker would open is not called refused here.
      let isOpenedElsewhere = desk.fault?.isSealed == true && !config.snmp.users.isEmpty
      guard !isOpenedElsewhere, let discard = VerbDiscard(question, desk.fault) else {
        throw DaemonFailure(
          .found, "the packet is of SNMPv3, which muttd explain --trap opens where the configuration is")
      }
      return discard.json.closed
    } catch {
      throw Problem(
        .notExplainable, error.message, do: "on the machine of the daemon: muttd explain --trap")
    }
  }
}
