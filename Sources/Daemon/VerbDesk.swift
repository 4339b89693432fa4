import Intake
import Model
import Policy
import Wire

/// What a verb has decided: one line of input, one example.
enum VerbInput: Sendable {
  case syslog([UInt8])
  case packet([UInt8])
}

/// The daemon's own decision desk for recorded bytes: the same function as live, only the clock is given.
struct VerbDesk: ~Copyable {
  private var desk: DecisionDesk
  private let decoder: SyslogDecoder
  /// The same a minute further east: it reads another time only where no zone is written.
  private let otherDecoder: SyslogDecoder
  private let zone: Zone
  private let maxMessage: Int
  let snapshot: Snapshot
  /// Why the packet that was explained last is no event.
  private(set) var fault: PacketFault?

  /// What was read of the last line.
  private var event = Event(arrival: .absent, peer: .unspecified)

  /// One decided event, or why the bytes are none.
  struct Verdict: Sendable {
    var row: EventRow
    var batch: EventBatch
    var message: String?
    /// Why a packet is no event; nil for an event.
    var fault: String?

    func text(_ range: ByteRange) -> String? { batch.text(range) }
    /// The host, unless it would be the address of a sender nobody named.
    var host: String? { row.hostFrom == .peer && row.peer.isUnspecified ? nil : text(row.host) }
    var ruleName: String? { row.isMatched ? text(row.ruleName) : nil }
  }

  /// `origin`: where the rules come from, for people.
  init(_ catalog: Catalog, config: Config, origin: String? = nil) throws(DaemonFailure) {
    try self.init(
      try VerbDesk.compile(catalog, config, origin: origin), settings: try VerbDesk.settings(config))
  }

  /// What the configuration says of decisions.
  static func settings(_ config: Config) throws(DaemonFailure) -> WorkerSettings {
    var settings = config.workerSettings
    settings.names = TrapNames.read(config.snmp.mibs, notices: { _ in })
    if !config.snmp.users.isEmpty {
      settings.security = TrapSecurity(
        users: try config.readyTrapUsers, engineLimit: config.snmp.engines, engineID: [], boots: 1,
        isOffline: true)
    }
    return settings
  }

  /// Decides by a snapshot that is there already; `settings` as the workers have them.
  init(_ snapshot: Snapshot, settings: WorkerSettings) throws(DaemonFailure) {
    var settings = settings
    settings.auditsAll = true
    settings.communities = []
    settings.storm = nil
    settings.answersInforms = false
    // Whatever throws comes before the first part is set: a half-made desk could not be taken apart.
    let desk = try VerbDesk.desk(settings, snapshot)
    self.snapshot = snapshot
    self.desk = desk
    zone = settings.zone
    decoder = SyslogDecoder(defaultZone: zone, zones: settings.sourceZones)
    otherDecoder = SyslogDecoder(
      defaultZone: VerbDesk.shifted(zone),
      zones: settings.sourceZones.map { SourceZone($0.source, VerbDesk.shifted($0.zone)) })
    maxMessage = settings.maxMessage
  }

  static func compile(_ catalog: Catalog, _ config: Config, origin: String? = nil) throws(DaemonFailure)
    -> Snapshot
  {
    do throws(PolicyError) {
      return try VerbWait.show("compiling \(catalog.rules.count) rules") { () throws(PolicyError) in
        try Snapshot.compile(catalog, settings: config.policy, generation: 1)
      }
    } catch {
      if error.code == .tooLarge {
        throw DaemonFailure(.configuration, "\(origin ?? "the rules"): \(error.advice)")
      }
      throw DaemonFailure(.unavailable, "the rules could not be compiled: \(error)")
    }
  }

  private static func desk(_ settings: WorkerSettings, _ snapshot: Snapshot) throws(DaemonFailure)
    -> DecisionDesk
  {
    var desk = DecisionDesk(settings: settings)
    do throws(PolicyError) {
      try desk.adopt(snapshot)
    } catch {
      throw DaemonFailure(.unavailable, "the rules could not be compiled: \(error)")
    }
    return desk
  }

  /// Decides as if the bytes had come from `peer` at `arrival`; an absent arrival is no clock at all.
  mutating func decide(_ input: VerbInput, peer: IPAddress, arrival: Timestamp) -> Verdict {
    var tally = WorkerTally()
    let id = EventID(rawValue: 0)
    var fault: String?
    var message: String?
    switch input {
    case .syslog(let bytes):
      let (kept, about) = cut(bytes, peer, arrival)
      desk.syslog(kept.span, about, id: id, now: arrival, &tally)
      message = self.message(kept, about)
    case .packet(let bytes):
      let about = Datagram(peer: peer, port: 0, arrival: arrival)
      desk.trap(bytes.span, about, id: id, now: arrival, &tally)
      var found: PacketFault?
      message = desk.lineOfTrap(bytes, fault: &found)
      if message == nil { fault = found?.text ?? "" }
    }
    var batch = desk.exchangeBatch(EventBatch())
    var row = batch.rows.first ?? EventRow(id: id, time: arrival, arrival: arrival, peer: peer)
    if row.message.isAbsent, let message {
      let start = batch.bytes.count
      batch.bytes.append(text: message)
      row.message = ByteRange(start, batch.bytes.count)
    }
    return Verdict(row: row, batch: batch, message: message, fault: fault)
  }

  /// Decides a syslog line in place, `line` of `buffer`, as `decide` does: for verbs that read many. What was
  /// read of it is in `event`.
  @inline(__always)
  mutating func judge(
    _ buffer: Span<UInt8>, _ line: Range<Int>, peer: IPAddress, arrival: Timestamp
  ) -> Decision {
    let (line, about) = cut(line, peer, arrival)
    return desk.judgeSyslog(buffer.extracting(line), about, into: &event)
  }

  /// The place of the rule that wins the line, from 0; nil when none does.
  @inline(__always)
  mutating func winner(
    _ buffer: Span<UInt8>, _ line: Range<Int>, peer: IPAddress, arrival: Timestamp
  ) -> Int? {
    let (line, about) = cut(line, peer, arrival)
    return desk.winnerOfSyslog(buffer.extracting(line), about, into: &event)
  }

  /// Decides a line and writes the answer.
  mutating func answer(
    _ buffer: Span<UInt8>, _ line: Range<Int>, peer: IPAddress, arrival: Timestamp, number: Int,
    _ answer: inout VerbAnswer, to block: inout VerbBlock
  ) {
    let decision = judge(buffer, line, peer: peer, arrival: arrival)
    // With what follows it, so that its last bytes are read as a block too.
    let sent = buffer.extracting(line.lowerBound...)
    answer.write(event, decision, by: snapshot, sent: sent, line: number, to: &block)
  }

  /// Every rule considered; nil when a packet is no event: `fault` says why.
  mutating func explain(
    _ input: VerbInput, peer: IPAddress, arrival: Timestamp
  ) -> (event: Event, explanation: Explanation)? {
    fault = nil
    switch input {
    case .syslog(let bytes):
      let (kept, about) = cut(bytes, peer, arrival)
      let (event, explanation) = desk.explainSyslog(kept.span, about)
      return (event, explanation)
    case .packet(let bytes):
      return desk.explainTrap(bytes, peer: peer, arrival: arrival, fault: &fault)
    }
  }

  /// As the socket would have handed it over.
  private func cut(_ bytes: [UInt8], _ peer: IPAddress, _ arrival: Timestamp) -> ([UInt8], Datagram) {
    let (kept, about) = cut(bytes.indices, peer, arrival)
    return (kept.count < bytes.count ? Array(bytes[kept]) : bytes, about)
  }

  @inline(__always)
  private func cut(_ bytes: Range<Int>, _ peer: IPAddress, _ arrival: Timestamp) -> (Range<Int>, Datagram) {
    let isTooLong = bytes.count > maxMessage
    let about = Datagram(peer: peer, port: 0, arrival: arrival, isTruncated: isTooLong)
    return (isTooLong ? bytes.prefix(maxMessage) : bytes, about)
  }

  private func message(_ bytes: [UInt8], _ about: Datagram) -> String? {
    var event = Event(arrival: about.arrival, peer: about.peer)
    decoder.decode(bytes.span.extracting(..<DecisionDesk.wholeCount(bytes.span, about)), into: &event)
    return bytes.span.text(event.message)
  }

  /// The zone in which a stamp that names none was read.
  struct ReadZone: Sendable, Equatable {
    var name: String
    /// The key of `syslog.timezones` that says so; nil: `syslog.default_timezone` was assumed.
    var key: String?
  }

  /// The zone that the time of a message was read in; nil when its stamp names one or is not taken.
  func readZone(_ input: VerbInput, peer: IPAddress, arrival: Timestamp) -> ReadZone? {
    guard case .syslog(let bytes) = input, !arrival.isAbsent else { return nil }
    let (kept, about) = cut(bytes, peer, arrival)
    var event = Event(arrival: about.arrival, peer: about.peer)
    var other = event
    decoder.decode(kept.span, into: &event)
    otherDecoder.decode(kept.span, into: &other)
    guard event.clock == .device, event.time != other.time else { return nil }
    let own = decoder.sources.index(of: event, in: kept.span)
    if own < 0 { return ReadZone(name: zone.name, key: nil) }
    let entry = decoder.sources.zones[own]
    switch entry.source {
    case .network(let network): return ReadZone(name: entry.zone.name, key: network.shortest)
    case .name(let name): return ReadZone(name: entry.zone.name, key: name)
    }
  }

  private static func shifted(_ zone: Zone) -> Zone {
    Zone(name: "", transitions: zone.transitions.map { .init(from: $0.from, offset: $0.offset + 60) })
  }
}
