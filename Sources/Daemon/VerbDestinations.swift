import Delivery
import Foundation
import Intake
import Model
import Store

/// `muttd destinations list|test`: where alerts go, and whether they get there.
package struct VerbDestinations: Sendable {
  package var settings: VerbSettings
  package var json = false

  package init(settings: VerbSettings, json: Bool) {
    self.settings = settings
    self.json = json
  }

  package func list() throws(DaemonFailure) {
    let config = try settings.load()
    let levels = try levels(config)
    var output = VerbOutput()
    var table = VerbTable(
      ["name", "format", "url", "match", "fallback", "rate", "pending", "dead"], rightAligned: [6, 7])
    for destination in config.destinations {
      let level = levels.first { $0.destination == destination.name }
      let (pending, dead) = (level?.pending ?? 0, level?.dead ?? 0)
      if json {
        output.json(VerbDestinations.json(destination, pending: pending, dead: dead))
      } else {
        table.add([
          destination.name, destination.format.rawValue, RedactedURL.text(of: destination.url.revealed),
          VerbDestinations.text(of: destination.match), destination.fallback ?? "-",
          destination.settings.rate?.description ?? "-", "\(pending)", "\(dead)",
        ])
      }
    }
    // What waits for one that was taken out, or lies there dead, has to be seen by whoever looks for it.
    let known = Set(config.destinations.map(\.name))
    for orphan in levels where !known.contains(orphan.destination) {
      if json {
        output.json(VerbDestinations.json(orphan))
      } else {
        table.add([
          orphan.destination, "-", "not in the configuration", "-", "-", "-", "\(orphan.pending)",
          "\(orphan.dead)",
        ])
      }
    }
    if json { return }
    if table.isEmpty { output.line("no destinations") } else { table.write(to: &output) }
  }

  /// Of one that is not in the configuration.
  private static func json(_ orphan: Outbox.Level) -> VerbJSON {
    var object = VerbJSON()
    object.add("name", orphan.destination)
    for key in ["format", "url", "match", "fallback", "rate"] { object.add(key, nil as String?) }
    object.add("pending", number: orphan.pending)
    object.add("dead", number: orphan.dead)
    return object
  }

  static func json(_ destination: Config.Destination, pending: Int, dead: Int) -> VerbJSON {
    var object = VerbJSON()
    object.add("name", destination.name)
    object.add("format", destination.format.rawValue)
    object.add("url", RedactedURL.text(of: destination.url.revealed))
    object.add("match", text(of: destination.match))
    object.add("fallback", destination.fallback)
    object.add("rate", destination.settings.rate?.description)
    object.add("pending", number: pending)
    object.add("dead", number: dead)
    return object
  }

  /// Sends one alert that says what it is; nothing of it is kept.
  package func test(_ name: String) async throws(DaemonFailure) {
    let config = try settings.load()
    guard let destination = config.destinations.first(where: { $0.name == name })?.settings else {
      let nearest = ConfigSpelling.nearest(name, in: config.destinations.map(\.name))
      throw DaemonFailure(
        .usage,
        "no destination is called \"\(name)\"" + (nearest.map { "; nearest: \($0)" } ?? "")
          + "; muttd destinations list")
    }
    let transports = Transports()
    defer { transports.shutdown() }
    let start = SystemClock.monotonic
    let result = await DestinationTrial.attempt(
      VerbDestinations.sample(destination, config), destination,
      over: try transports.transport(for: destination), now: SystemClock.now)
    let milliseconds = (SystemClock.monotonic - start) / 1_000_000
    var output = VerbOutput()
    if json {
      var object = VerbJSON()
      object.add("destination", name)
      if let consent = result.consent {
        var isGiven = false
        if case .given = consent { isGiven = true }
        object.add("consents", flag: isGiven)
        if case .given(let rate?) = consent { object.add("allowed_per_minute", number: rate) }
      }
      object.add("status", number: result.status)
      object.add("meaning", "\(result.meaning)")
      object.add("answer", result.text)
      object.add("milliseconds", number: milliseconds)
      output.json(object)
    } else {
      if case .given(let rate) = result.consent, let origin = destination.webhookOrigin {
        let pace = rate.map { ", \($0) a minute" } ?? ""
        output.line("\(name): consents to alerts of \(origin)\(pace)")
      }
      output.line("\(name): \(result.text) (\(milliseconds) ms)")
    }
    if result.meaning != .delivered {
      throw DaemonFailure(.found, "\(name): \(VerbDestinations.consequence(result.meaning))")
    }
  }

  private func levels(_ config: Config) throws(DaemonFailure) -> [Outbox.Level] {
    guard unsafe access("\(config.stateDirectory)/outbox.db", F_OK) == 0 else { return [] }
    let outbox = try VerbStore.openOutbox(config)
    defer { outbox.close() }
    return try VerbStore.run { () throws(StoreError) in try outbox.counts() }
  }

  private static func consequence(_ meaning: StatusMeaning) -> String {
    switch meaning {
    case .delivered: "an alert would be delivered"
    case .retry, .throttled: "an alert would wait and be sent again"
    case .dead: "an alert would be dead at once: the receiver does not take this body"
    case .hold:
      "the destination would be held: correct its url, headers or secrets under destinations"
    }
  }

  private static func text(of match: Config.Destination.Match) -> String {
    var parts: [String] = []
    if !match.handling.isEmpty { parts.append("handling \(match.handling.joined(separator: ","))") }
    if !match.team.isEmpty { parts.append("team \(match.team.joined(separator: ","))") }
    if !match.environment.isEmpty {
      parts.append("environment \(match.environment.map { "\($0.name)" }.joined(separator: ","))")
    }
    if let least = match.minSeverity { parts.append("min_severity \(least)") }
    return parts.isEmpty ? "everything" : parts.joined(separator: "; ")
  }

  /// An alert of severity 1 from this host, ready for `destination`.
  private static func sample(_ destination: DestinationSettings, _ config: Config) -> Delivery {
    let now = SystemClock.now
    let host = ProcessInfo.processInfo.hostName
    var batch = EventBatch()
    func text(_ text: String) -> ByteRange {
      let start = batch.bytes.count
      batch.bytes.append(text: text)
      return ByteRange(start, batch.bytes.count)
    }
    // Of its own kind, so that no event ever has the same: below the first millisecond of all ids.
    let id = EventID(rawValue: Int64.random(in: 1..<(1 << 22)))
    var row = EventRow(id: id, time: now, arrival: now, peer: .unspecified)
    row.source = .internal
    row.alertSeverity = 1
    row.forwards = true
    row.host = text(host)
    row.message = text("muttd destinations test \(destination.name)")
    row.raw = row.message
    row.summary = text("Test by muttd destinations test on \(host): nothing is wrong")
    row.handling = text(config.handling.forward.last ?? "Ticket_only")
    row.team = text(config.teams.default)
    row.ruleName = text("muttd-test")
    row.signature = text("\(host)::muttd-test")
    let body = Payload(destination, node: config.node, agentLocation: host).written(row, batch.bytes.span)
      .body
    return Delivery(
      eventID: id, eventTime: now, destination: destination.name, host: host, rule: "muttd-test",
      handling: "", signature: "\(host)::muttd-test", body: body, createdAt: now)
  }
}
