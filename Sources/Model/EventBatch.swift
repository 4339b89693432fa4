/// One decided event on its way to the writers: fixed fields, and ranges into its batch's bytes for every
/// text. Complete by itself: audit row, payload and log line are written from it without a look back.
///
/// All texts are clean UTF-8 without NUL (see `SafeText`); `labels`, `snmp` and `deviceAttributes` are
/// complete JSON objects.
package struct EventRow: BitwiseCopyable, Sendable {
  package var id: EventID
  package var time: Timestamp
  package var arrival: Timestamp
  package var peer: IPAddress
  /// `alert_rules.id`; 0: no rule.
  package var ruleID: Int64 = 0
  package var ruleVersion: Int32 = 0

  package var source: EventSource = .syslog
  package var parse: ParseStatus = .unparsed
  package var clock: ClockSource = .arrival
  package var hostFrom: HostSource = .peer
  package var environment: Environment = .prod
  package var teamFrom: TeamSource = .default
  package var severityFrom: SeveritySource = .default
  /// Syslog facility 0...23, severity 0...7; -1 unknown.
  package var facility: Int8 = -1
  package var severity: Int8 = -1
  /// Severity of the alert, 0...5.
  package var alertSeverity: Int8 = 2
  package var isTruncated: Bool = false
  /// To be forwarded: a matched event whose handling is one of `handling.forward`.
  package var forwards: Bool = false
  /// Of a trap: what `raw` and `labels` say can be told from `snmp`, byte by byte.
  package var rawRepeats: Bool = false
  package var labelsRepeat: Bool = false
  /// Place of the one destination that gets it, whatever its `match` says; -1: `match` decides.
  package var target: Int16 = -1

  package var host: ByteRange = .absent
  /// The text rules looked at: the syslog message, or the trap's line.
  package var message: ByteRange = .absent
  /// What `raw_message` keeps.
  package var raw: ByteRange = .absent
  package var handling: ByteRange = .absent
  package var team: ByteRange = .absent
  package var deviceTeam: ByteRange = .absent
  package var ruleName: ByteRange = .absent
  package var ruleReference: ByteRange = .absent
  package var signature: ByteRange = .absent
  package var summary: ByteRange = .absent
  package var headerHost: ByteRange = .absent
  package var app: ByteRange = .absent
  package var procid: ByteRange = .absent
  package var msgid: ByteRange = .absent
  package var trapOID: ByteRange = .absent
  package var labels: ByteRange = .absent
  package var snmp: ByteRange = .absent
  package var deviceAttributes: ByteRange = .absent

  package init(id: EventID, time: Timestamp, arrival: Timestamp, peer: IPAddress) {
    self.id = id
    self.time = time
    self.arrival = arrival
    self.peer = peer
  }

  package var isMatched: Bool { ruleID != 0 || source == .internal }

  /// Its texts stand behind `offset` other bytes now.
  fileprivate mutating func shift(by offset: Int) {
    host = host.shifted(by: offset)
    message = message.shifted(by: offset)
    raw = raw.shifted(by: offset)
    handling = handling.shifted(by: offset)
    team = team.shifted(by: offset)
    deviceTeam = deviceTeam.shifted(by: offset)
    ruleName = ruleName.shifted(by: offset)
    ruleReference = ruleReference.shifted(by: offset)
    signature = signature.shifted(by: offset)
    summary = summary.shifted(by: offset)
    headerHost = headerHost.shifted(by: offset)
    app = app.shifted(by: offset)
    procid = procid.shifted(by: offset)
    msgid = msgid.shifted(by: offset)
    trapOID = trapOID.shifted(by: offset)
    labels = labels.shifted(by: offset)
    snmp = snmp.shifted(by: offset)
    deviceAttributes = deviceAttributes.shifted(by: offset)
  }
}

/// What travels from a worker to the writers: at most `limit` rows and their text, one allocation each,
/// recycled. Moved, never shared: the worker hands it over and takes an empty one.
package struct EventBatch: Sendable {
  package var rows: [EventRow]
  package var bytes: [UInt8]
  /// What is to be sent once the rows are committed, and those of all batches before: acknowledgements.
  package var answers = AnswerList()
  /// They wait until the store has the rows, which stand nowhere else.
  package var owesAnswers = false
  /// The socket that sends it: the worker's number.
  package var post = 0

  package init() {
    rows = []
    bytes = []
  }

  /// Nothing that is to be handed on.
  package var isEmpty: Bool { rows.isEmpty && answers.isEmpty }
  package var matchedCount: Int {
    var count = 0
    for row in rows where row.isMatched { count += 1 }
    return count
  }

  /// Adds the rows of `other`, with their texts.
  package mutating func append(rowsOf other: borrowing EventBatch) {
    let offset = bytes.count
    bytes += other.bytes
    rows.reserveCapacity(rows.count + other.rows.count)
    for var row in other.rows {
      row.shift(by: offset)
      rows.append(row)
    }
  }

  /// Empties the batch and keeps its memory.
  package mutating func clear() {
    rows.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
    answers.clear()
    owesAnswers = false
  }

  /// The text of a range as a `String`; cold paths only.
  package func text(_ range: ByteRange) -> String? { bytes.span.text(range) }
}
