import Foundation
import Intake
import Model
import Policy
import Store
import Wire

/// `muttd demo`: a daemon and a web hook of its own, events through real sockets, what became of each, and an
/// outage. All of it is one screen of 80 columns and 24 lines.
package struct VerbDemo: Sendable {
  private let keeps: Bool

  package init(keeps: Bool) { self.keeps = keeps }

  package func run() throws(DaemonFailure) {
    let stage = try VerbDemoStage()
    defer { stage.clear() }
    do throws(DaemonFailure) {
      try play(on: stage)
    } catch {
      // Ctrl-C reaches the daemon too: what fails then is no failure.
      if !stage.wasInterrupted { throw error }
    }
  }

  private func play(on stage: VerbDemoStage) throws(DaemonFailure) {
    var output = VerbOutput()
    output.line("muttd demo: a daemon, and a web hook for its alerts, on ports of this machine")
    output.flush()
    try stage.open()
    var teller = try VerbDemoTeller(stage)
    for packet in VerbDemoStory.scenes {
      try teller.play(packet, to: &output)
      output.flush()
    }
    try teller.playOutage(VerbDemoStory.outage, to: &output)
    output.flush()
    if keeps {
      invite(stage, &output)
      stage.waitForInterrupt { teller.tellAlert($0) }
    }
    let accounting = try stage.close()
    output.line("Every event and every alert is accounted for:")
    output.line(
      "  "
        + VerbDemo.text(
          accounting, ["datagrams", "received", "matched", "unmatched", "audited", "kernel_dropped"]))
    output.line("  " + VerbDemo.text(accounting, ["forwardable", "deliveries", "delivered", "lost"]))
    let taken = stage.taken
    output.line("  the web hook took \(taken.alerts) alerts, \(taken.repeated) of them more than once")
    output.line("Next: muttd help, or muttd run --config FILE")
  }

  private func invite(_ stage: VerbDemoStage, _ output: inout VerbOutput) {
    output.line("The daemon keeps running until Ctrl-C. Send it something:")
    output.line("  muttd send syslog --to \(stage.syslog) --host core1 --severity err \\")
    output.line("    '%LINK-3-UPDOWN: Interface GigabitEthernet0/9, changed state to down'")
    output.line("  muttd send trap --to \(stage.traps) linkDown ifIndex.3=i:3")
    output.line("  muttd audit events --config \(stage.configFile)")
    output.flush()
  }

  private static func text(_ line: [String: Any], _ keys: [String]) -> String {
    keys.map { "\($0)=\((line[$0] as? NSNumber)?.stringValue ?? "?")" }.joined(separator: "  ")
  }
}

/// Sends the scenes and tells what the daemon made of them.
struct VerbDemoTeller: ~Copyable {
  private let stage: VerbDemoStage
  private let syslog: DatagramSender
  private let traps: DatagramSender
  private var desk: VerbDesk
  private var known: EventID?
  private var number = 0

  init(_ stage: VerbDemoStage) throws(DaemonFailure) {
    let syslog = try VerbSend.socket(to: stage.syslog)
    let traps = try VerbSend.socket(to: stage.traps)
    let desk = try VerbDesk(VerbCatalog(file: stage.rulesFile).catalog, config: stage.config)
    self.stage = stage
    self.syslog = syslog
    self.traps = traps
    self.desk = desk
  }

  mutating func play(_ packet: VerbDemoStory.Packet, to output: inout VerbOutput) throws(DaemonFailure) {
    number += 1
    output.line("\(number) in   \(VerbDemoTeller.text(packet))")
    let (input, event) = try hear(packet)
    let peer = IPAddress(v4: 127, 0, 0, 1)
    let explained = desk.explain(input, peer: peer, arrival: event.receivedAt ?? event.eventTime)
    let won = explained?.explanation.lines.first { $0.verdict == .won }
    let verdict = [event.handling ?? "?", event.environment ?? "?", event.team ?? "?"].joined(separator: ", ")
    let rule = event.ruleName.map { "\($0) (\(VerbDemoTeller.reason(won?.detail ?? "")))" } ?? "no rule"
    output.line("  why  \(rule): \(verdict)")
    if let alert = forwards(event) ? stage.alert(of: event.id, within: 30) : nil {
      output.line("  out  \(VerbDemoTeller.text(alert))")
    }
  }

  /// The web hook dies, alerts wait, it comes back and has them all.
  mutating func playOutage(_ packets: [VerbDemoStory.Packet], to output: inout VerbOutput)
    throws(DaemonFailure)
  {
    let before = stage.taken.alerts
    stage.closeHook()
    number += 1
    output.line("\(number) The web hook dies. Meanwhile \(packets.count) more links of core1 go down:")
    output.flush()
    for packet in packets { _ = try hear(packet) }
    guard let open = stage.destination(is: "open", pending: packets.count) else {
      throw DaemonFailure(.unavailable, "the daemon did not notice the outage; its log:\n\(stage.log)")
    }
    // It starts with the address, of which nobody needs to hear here.
    let said = open["reason"] as? String ?? ""
    let reason = String((said.split(separator: "…: ").last ?? "").prefix(40))
    output.line("  breaker open (\(reason)), \(packets.count) alerts wait on disk")
    try stage.openHook()
    number += 1
    output.line("\(number) The web hook is back on its port:")
    output.flush()
    guard stage.destination(is: "works", pending: 0) != nil else {
      throw DaemonFailure(.unavailable, "the daemon did not find it again; its log:\n\(stage.log)")
    }
    output.line("  breaker closed, \(stage.taken.alerts - before) alerts delivered, 0 wait")
  }

  /// Sends it, and waits until the audit has it.
  private mutating func hear(_ packet: VerbDemoStory.Packet) throws(DaemonFailure) -> (VerbInput, AuditEvent)
  {
    let input = try send(packet)
    let (event, isNew) = try nextEvent()
    guard isNew else {
      throw DaemonFailure(
        .unavailable, "the daemon did not decide within half a minute; its log:\n\(stage.log)")
    }
    known = event.id
    return (input, event)
  }

  private func forwards(_ event: AuditEvent) -> Bool {
    guard let handling = event.handling?.lowercased() else { return false }
    return stage.config.handling.forward.contains { $0.lowercased() == handling }
  }

  func tellAlert(_ alert: [String: Any]) {
    var output = VerbOutput()
    output.line("  out  \(VerbDemoTeller.text(alert))")
  }

  private static func text(_ packet: VerbDemoStory.Packet) -> String {
    switch packet {
    case .syslog(let host, let severity, _, let text):
      "syslog \(host) \(Syslog.severityName(Int8(severity)) ?? ""): \(text)"
    case .trap(let address, let name, let varbinds):
      "trap of \(address): \(([name] + varbinds).joined(separator: " "))"
    }
  }

  /// How the rule matched and what it found, without where.
  private static func reason(_ detail: String) -> String {
    let parts = detail.split(separator: "; ", maxSplits: 1)
    let how = parts.first?.split(separator: ", bytes").first.map(String.init) ?? ""
    return ([how] + parts.dropFirst().map(String.init)).joined(separator: ", ")
  }

  private static func text(_ alert: [String: Any]) -> String {
    func word(_ key: String) -> String {
      (alert[key] as? String) ?? (alert[key] as? NSNumber)?.stringValue ?? "-"
    }
    return "alert \"\(word("description"))\", severity \(word("severity")), for \(word("class"))"
  }

  private func send(_ packet: VerbDemoStory.Packet) throws(DaemonFailure) -> VerbInput {
    do throws(IntakeError) {
      switch packet {
      case .syslog(let host, let severity, let app, let text):
        let datagram = SyslogEncoder.rfc5424(
          facility: 23, severity: severity, time: SystemClock.now, host: host, app: app, message: text)
        try syslog.send(datagram)
        return .syslog(datagram)
      case .trap(let address, let name, let varbinds):
        let words = try VerbDemoTeller.words(name, varbinds)
        let datagram = words.packet(
          version: .v1, community: "public", agent: address, requestID: 1, uptimeTicks: 8_640_012)
        try traps.send(datagram)
        return .packet(datagram)
      }
    } catch {
      throw DaemonFailure(.unavailable, error.message)
    }
  }

  private static func words(_ name: String, _ varbinds: [String]) throws(IntakeError) -> VerbTrapWords {
    do throws(DaemonFailure) {
      return try VerbTrapWords(trap: name, varbinds: varbinds)
    } catch {
      throw IntakeError(.system, call: "encode", message: error.message)
    }
  }

  /// The audit's newest row, once there is one that has not been told yet.
  private func nextEvent() throws(DaemonFailure) -> (AuditEvent, isNew: Bool) {
    let store = try VerbStore.open(stage.config)
    defer { store.close() }
    let end = SystemClock.monotonic + 30_000_000_000
    var query = AuditQuery()
    query.limit = 1
    let asked = query
    while SystemClock.monotonic < end, !stage.wasInterrupted {
      let page = try VerbStore.run { () throws(StoreError) in try store.auditEvents(asked) }
      if let event = page.events.first, event.id != known { return (event, true) }
      DaemonThread.pause(milliseconds: 10)
    }
    return (AuditEvent(id: EventID(rawValue: 0), eventTime: .absent, isForwarded: false), false)
  }
}
