import Delivery
import Foundation
import Intake
import Model
import Policy
import Store

/// `muttd explain`: every rule considered for one event, and why it lost or won.
package struct VerbExplain: Sendable {
  package enum Subject: Sendable {
    /// A datagram.
    case message([UInt8])
    case trap(String)
    case event(String)
  }

  private let settings: VerbSettings
  private let subject: Subject
  private let rules: String?
  private let peer: String?
  private let arrival: String?
  private let showsAll: Bool
  private let json: Bool

  package init(
    settings: VerbSettings, subject: Subject, rules: String?, peer: String?, arrival: String?, showsAll: Bool,
    json: Bool
  ) {
    self.settings = settings
    self.subject = subject
    self.rules = rules
    self.peer = peer
    self.arrival = arrival
    self.showsAll = showsAll
    self.json = json
  }

  /// What is to be explained, and what the audit knows about it.
  struct Question {
    var input: VerbInput
    var peer: IPAddress
    var arrival: Timestamp
    var stored: AuditEvent?
    /// Of what the audit has of a syslog message: it was cut when it came.
    var isCut = false
    /// And U+FFFD stands in it where what came was no text, or for itself: nobody can say any more.
    var isRepaired = false
    /// What was changed of the rule that won then, after it had; newest first.
    var changes: [ConfigChange] = []
    var sent: [Delivery] = []
  }

  package func run() throws(DaemonFailure) {
    let config = try settings.load()
    let question = try question(config)
    let catalog = try VerbCatalog(file: rules, config: config)
    var desk = try VerbDesk(catalog.catalog, config: config, origin: catalog.origin)
    let known = VerbExplanation(question, &desk, catalog.catalog, config)
    var output = VerbOutput()
    guard let answer = known else {
      guard let discard = VerbDiscard(question, desk.fault) else {
        throw DaemonFailure(.found, "this is no event: it cannot be read")
      }
      if json { output.json(discard.json) } else { discard.write(to: &output) }
      return
    }
    if json {
      output.json(answer.json())
    } else {
      answer.write(to: &output, showsAll: showsAll)
    }
  }

  private func question(_ config: Config) throws(DaemonFailure) -> Question {
    let peer = try VerbMatch.address(peer, option: "--from")
    let now = arrival == nil ? SystemClock.now : try VerbMatch.arrival(arrival)
    switch subject {
    case .message(let bytes):
      return Question(input: .syslog(bytes), peer: peer, arrival: now)
    case .trap(let hex):
      guard let packet = VerbHex.bytes(Array(hex.utf8)) else {
        throw DaemonFailure(
          .usage, "--trap wants the packet in hexadecimal, as tcpdump -x or muttd send trap --print gives it")
      }
      return Question(input: .packet(packet), peer: peer, arrival: now)
    case .event(let text):
      guard let number = Int64(text), number >= 0 else {
        throw DaemonFailure(
          .usage, "--event \"\(text)\" is no event id: it is the number in the log, the audit and the webhook"
        )
      }
      return try stored(EventID(rawValue: number), config)
    }
  }

  private func stored(_ id: EventID, _ config: Config) throws(DaemonFailure) -> Question {
    let store = try VerbStore.open(config)
    defer { store.close() }
    let found = try VerbStore.run { () throws(StoreError) in try store.auditEvent(id: id) }
    guard let event = found else {
      throw DaemonFailure(
        .found,
        "event \(id.rawValue) is not in the audit: no rule may have won it while audit.events is matched, or "
          + "it is older than the retention"
      )
    }
    var question = try Question(event, sent: [])
    if let query = question.changeQuery {
      let page = try VerbStore.run { () throws(StoreError) in try store.configChanges(query) }
      question.note(page)
    }
    if let outbox = try? VerbStore.openOutbox(config) {
      question.sent = (try? outbox.deliveries(eventID: id)) ?? []
      outbox.close()
    }
    return question
  }
}

extension VerbExplain.Question {
  /// An event of the audit, and what became of its deliveries; `.found` when it cannot be decided again.
  init(_ event: AuditEvent, sent: [Delivery]) throws(DaemonFailure) {
    let id = event.id
    guard let raw = event.raw else {
      throw DaemonFailure(.found, "event \(id.rawValue) was stored without its message")
    }
    if event.source == "trap" {
      guard let packet = VerbStoredTrap(raw: raw, attributes: event.attributes, host: event.host)?.packet
      else {
        throw DaemonFailure(.found, "event \(id.rawValue): its stored trap cannot be read: \(raw)")
      }
      input = .packet(packet)
    } else if event.source == "syslog" {
      input = .syslog(Array(raw.utf8))
      isCut = VerbStoredTrap.object(event.attributes ?? "")?["truncated"] as? Bool ?? false
      isRepaired = raw.unicodeScalars.contains("\u{FFFD}")
    } else if event.source == nil {
      throw DaemonFailure(
        .found,
        "event \(id.rawValue) was audited by MUTT, which kept no datagram: muttd explain 'MESSAGE' decides "
          + "its text")
    } else {
      throw DaemonFailure(.found, "event \(id.rawValue) is muttd's own: no rule decided it")
    }
    peer = event.sourceAddress.flatMap { IPAddress($0) } ?? .unspecified
    arrival = event.receivedAt ?? event.eventTime
    stored = event
    self.sent = sent
  }

  /// Which changes there were of the rule that won then; nil: none did. A page of them: who asks wants to
  /// know that, when and by whom.
  var changeQuery: ChangeQuery? {
    guard let rule = stored?.ruleID, stored?.ruleVersion != nil else { return nil }
    var query = ChangeQuery()
    query.table = "alert_rules"
    query.recordID = rule
    return query
  }

  /// Keeps those that were made after it had won.
  mutating func note(_ page: ChangePage) {
    guard let version = stored?.ruleVersion else { return }
    changes = page.changes.filter { change in
      VerbChangeValues(change).version.map { $0 > version } ?? (change.newValues == nil)
    }
  }
}
