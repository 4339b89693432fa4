import Foundation
import Intake
import Model
import Policy
import Store
import Wire

/// `muttd demo`: a daemon of its own, a dozen events through real sockets, and what became of each.
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
    output.line("muttd demo: a daemon on free ports of this machine, state in \(stage.directory)")
    output.flush()
    try stage.open()
    output.line("  listening: syslog on \(stage.syslog), traps on \(stage.traps)")
    output.line()
    var teller = try VerbDemoTeller(stage)
    for (index, scene) in VerbDemoStory.scenes.enumerated() {
      try teller.play(scene, number: index + 1, to: &output)
      output.flush()
    }
    if keeps {
      invite(stage, &output)
      stage.waitForInterrupt { teller.tellAlert($0) }
    }
    let accounting = try stage.close()
    output.line("Every event is accounted for:")
    output.line("  " + VerbDemo.text(accounting, ["datagrams", "received", "matched", "unmatched"]))
    output.line(
      "  " + VerbDemo.text(accounting, ["audited", "audit_pending", "audit_shed", "kernel_dropped"]))
    output.line(
      "  " + VerbDemo.text(accounting, ["forwardable", "routed", "deliveries", "delivered", "lost"]))
    output.line()
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

  init(_ stage: VerbDemoStage) throws(DaemonFailure) {
    let syslog = try VerbSend.socket(to: stage.syslog)
    let traps = try VerbSend.socket(to: stage.traps)
    let desk = try VerbDesk(VerbCatalog(file: stage.rulesFile).catalog, config: stage.config)
    self.stage = stage
    self.syslog = syslog
    self.traps = traps
    self.desk = desk
  }

  mutating func play(_ scene: VerbDemoStory.Scene, number: Int, to output: inout VerbOutput)
    throws(DaemonFailure)
  {
    output.line("\(number < 10 ? " " : "")\(number)  \(scene.title)")
    let input = try send(scene.packet)
    let (event, isNew) = try nextEvent()
    guard isNew else {
      throw DaemonFailure(
        .unavailable, "the daemon did not decide within half a minute; its log:\n\(stage.log)")
    }
    known = event.id
    let peer = IPAddress(v4: 127, 0, 0, 1)
    let explained = desk.explain(input, peer: peer, arrival: event.receivedAt ?? event.eventTime)
    let won = explained?.explanation.lines.first { $0.verdict == .won }
    switch scene.packet {
    case .syslog(let host, let severity, _, let text):
      output.line("    in      syslog \(host) \(Syslog.severityName(Int8(severity)) ?? ""): \(text)")
    case .trap(let address, let name, let varbinds):
      output.line("    in      trap \(address): \(([name] + varbinds).joined(separator: " "))")
    }
    let environment = event.environment ?? "?"
    let rule = event.ruleName.map { "rule \($0)" } ?? "no rule"
    output.line(
      "    decided \(event.host ?? "?") (\(environment), host from \(event.hostFrom ?? "?")): \(rule) -> "
        + "\(event.handling ?? "?"), team \(event.team ?? "?")")
    if let detail = won?.detail, !detail.isEmpty { output.line("            \(detail)") }
    if let alert = forwards(event) ? stage.alert(of: event.id, within: 30) : nil {
      output.line("    alert   \(VerbDemoTeller.text(alert))")
    }
    output.line()
  }

  private func forwards(_ event: AuditEvent) -> Bool {
    guard let handling = event.handling?.lowercased() else { return false }
    return stage.config.handling.forward.contains { $0.lowercased() == handling }
  }

  func tellAlert(_ alert: [String: Any]) {
    var output = VerbOutput()
    output.line("    alert   \(VerbDemoTeller.text(alert))")
  }

  private static func text(_ alert: [String: Any]) -> String {
    func word(_ key: String) -> String {
      (alert[key] as? String) ?? (alert[key] as? NSNumber)?.stringValue ?? "-"
    }
    return "\"\(word("description"))\"  severity \(word("severity"))  for \(word("class"))"
      + "  signature \(word("signature"))"
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
