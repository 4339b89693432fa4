import Foundation
import Model
import Policy

/// `muttd match`: decides lines of files or of standard input, offline: one JSON object per line, or how many
/// each rule has won.
package struct VerbMatch: Sendable {
  package enum Format: String, Sendable, CaseIterable {
    case syslog
    case trapHex = "trap-hex"
  }

  private let settings: VerbSettings
  private let rules: String
  private let hosts: String?
  private let format: Format
  private let counts: Bool
  private let arrival: String?
  private let peer: String?
  private let files: [String]

  package init(
    settings: VerbSettings, rules: String, hosts: String?, format: Format, counts: Bool = false,
    arrival: String?, peer: String?, files: [String]
  ) {
    self.settings = settings
    self.rules = rules
    self.hosts = hosts
    self.format = format
    self.counts = counts
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
    let snapshot = try VerbDesk.compile(catalog.catalog, config, origin: catalog.origin)
    for rule in snapshot.quarantined {
      VerbOutput.remark("\(catalog.place(of: rule.name)): quarantined, decides nothing: \(rule.reason)")
    }
    let deskSettings = try VerbDesk.settings(config)
    let files = files.isEmpty ? ["-"] : files
    var hits: VerbHits?
    switch format {
    case .syslog:
      let crew = VerbCrew(
        snapshot, settings: deskSettings, files: files, peer: peer, arrival: arrival, counts: counts,
        total: VerbMatch.size(of: files))
      hits = try crew.run(size: VerbCrew.usualSize)
    case .trapHex:
      var desk = try VerbDesk(snapshot, settings: deskSettings)
      hits = counts ? VerbHits(snapshot) : nil
      try answerPackets(files, &desk, peer, arrival, &hits)
    }
    var output = VerbOutput()
    hits?.write(to: &output)
  }

  private func answerPackets(
    _ files: [String], _ desk: inout VerbDesk, _ peer: IPAddress, _ arrival: Timestamp,
    _ hits: inout VerbHits?
  ) throws(DaemonFailure) {
    var output = VerbOutput()
    var answer = VerbAnswer()
    var progress = VerbProgress(total: VerbMatch.size(of: files))
    var number = 0
    var bytes = 0
    for file in files {
      var lines = VerbLines(file)
      while let line = try lines.next() {
        number += 1
        let packet = VerbHex.bytes(line)
        let verdict = desk.decide(.packet(packet ?? []), peer: peer, arrival: arrival)
        let fault = packet == nil ? "no hexadecimal" : verdict.fault
        if hits == nil {
          let texts = verdict.batch.bytes.span
          let row = fault == nil ? verdict.row : nil
          answer.write(row, texts, sent: texts, line: number, to: &output.block)
        } else if fault == nil {
          hits?.add(verdict.row)
        }
        if let fault {
          progress.hide()
          VerbOutput.remark("\(lines.name):\(lines.number): no event: \(fault)")
        }
        guard lines.isAtEndOfPiece else { continue }
        progress.report(lines: number, bytes: bytes + lines.bytesRead)
        // What a pipe has given so far is answered before more is waited for.
        output.flush()
      }
      bytes += lines.bytesRead
    }
  }

  /// Bytes of all the files; nil when one of them is no file.
  private static func size(of files: [String]) -> Int? {
    var sum = 0
    for file in files {
      guard file != "-", let attributes = try? FileManager.default.attributesOfItem(atPath: file),
        attributes[.type] as? FileAttributeType == .typeRegular, let size = attributes[.size] as? Int
      else { return nil }
      sum += size
    }
    return sum
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
