import Foundation
import Model
import Policy

/// `muttd match`: decides lines of files or of standard input, offline, one JSON object per line.
package struct VerbMatch: Sendable {
  package enum Format: String, Sendable, CaseIterable {
    case syslog
    case trapHex = "trap-hex"
  }

  private let settings: VerbSettings
  private let rules: String
  private let hosts: String?
  private let format: Format
  private let arrival: String?
  private let peer: String?
  private let files: [String]

  package init(
    settings: VerbSettings, rules: String, hosts: String?, format: Format, arrival: String?, peer: String?,
    files: [String]
  ) {
    self.settings = settings
    self.rules = rules
    self.hosts = hosts
    self.format = format
    self.arrival = arrival
    self.peer = peer
    self.files = files
  }

  package func run() throws(DaemonFailure) {
    let config = try settings.load()
    let arrival = try VerbMatch.arrival(arrival)
    let peer = try VerbMatch.address(peer, option: "--from")
    var catalog = try VerbCatalog(file: rules)
    if let hosts { try catalog.addHosts(file: hosts) }
    var desk = try VerbDesk(catalog.catalog, config: config)
    for rule in desk.snapshot.quarantined {
      VerbOutput.remark("\(catalog.place(of: rule.name)): quarantined, decides nothing: \(rule.reason)")
    }
    var output = VerbOutput()
    var number = 0
    for file in files.isEmpty ? ["-"] : files {
      var lines = try VerbLines(file)
      while let line = try lines.next() {
        number += 1
        let input: VerbInput
        var fault: String?
        switch format {
        case .syslog: input = .syslog(line)
        case .trapHex:
          let packet = VerbHex.bytes(line)
          if packet == nil { fault = "no hexadecimal" }
          input = .packet(packet ?? [])
        }
        let verdict = desk.decide(input, peer: peer, arrival: arrival)
        fault = fault ?? verdict.fault
        if let fault { VerbOutput.remark("\(lines.name):\(lines.number): no event: \(fault)") }
        output.raw(VerbMatch.json(verdict, line: number))
        // What a pipe has given so far is answered before more is waited for.
        if lines.needsReading { output.flush() }
      }
    }
  }

  /// The keys of DESIGN §4 in their order; of bytes that are no event only the line's number is known.
  private static func json(_ verdict: VerbDesk.Verdict, line: Int) -> [UInt8] {
    var object = VerbJSON()
    let row = verdict.row
    let isEvent = verdict.fault == nil
    func text(_ range: ByteRange) -> String? { isEvent ? verdict.text(range) : nil }
    object.add("line", number: line)
    object.add("parse", isEvent ? "\(row.parse.name)" : nil)
    object.add("event_timestamp", time: isEvent ? row.time : nil)
    object.add("hostname", isEvent ? verdict.host : nil)
    object.add("app", text(row.app))
    object.add("severity", number: row.severity < 0 || !isEvent ? nil : Int(row.severity))
    object.add("message", isEvent ? verdict.message : nil)
    object.add("trap_oid", text(row.trapOID))
    object.add("rule_id", number: row.isMatched ? row.ruleID : nil)
    object.add("rule", verdict.ruleName)
    object.add("handling", text(row.handling))
    object.add("forward", flag: isEvent ? row.forwards : nil)
    object.add("environment", isEvent ? "\(row.environment.name)" : nil)
    object.add("team", text(row.team))
    return object.closed + [UInt8(ascii: "\n")]
  }

  /// Nil: no clock, so nothing is clamped and nothing is guessed.
  static func arrival(_ text: String?) throws(DaemonFailure) -> Timestamp {
    guard let text else { return .absent }
    guard let time = Timestamp(rfc3339: text) else {
      throw DaemonFailure(.usage, "--arrival \"\(text)\" is no time: write it as 2026-11-21T02:14:07Z")
    }
    return time
  }

  static func address(_ text: String?, option: String) throws(DaemonFailure) -> IPAddress {
    guard let text else { return .unspecified }
    guard let address = IPAddress(text) else {
      throw DaemonFailure(.usage, "\(option) \"\(text)\" is no address: write it as 192.0.2.1 or 2001:db8::1")
    }
    return address
  }
}
