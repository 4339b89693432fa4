import Daemon
import Delivery
import Intake
import Model
import Policy
import Store
import Synchronization

/// The whole loop: the daemon's worker on a socket of its own, from recvmmsg to the hand-over of the batch,
/// and behind it, per row, the two commits. The kernel's share is not counted.
struct LoopCases {
  /// As many slabs as a batch of rows takes, so that the counted ones begin with an empty batch.
  private static let warmSlabs = 4
  private static let countedSlabs = 16

  static func run(_ meter: Meter) throws {
    let ten = try RuleSet.snapshot(10)
    let thousand = try RuleSet.snapshot(1_000)
    var corpus = Corpus(ofTodayWith: 4)
    let noise = Lines((0..<4_096).map { _ in Array(corpus.noise().utf8) })
    let recorded = Lines((0..<4_096).map { _ in Array(corpus.recordedAlert().utf8) })
    let forwarded = Lines((0..<4_096).map { _ in Array(corpus.forwardedAlert().utf8) })
    let traps = try Traps.lines(1_024, Traps.linkDownV2)

    _ = try loop("loop/unmatched-10-rules", noise, ten, isMatched: false, meter)
    _ = try loop("loop/unmatched-1000-rules", noise, thousand, isMatched: false, meter)
    // Warnings, each of a kind of its own: what a flood of random text costs.
    let kinds = Lines(
      (0..<4_096).map { number in
        let word = String((0..<3).map { Character(Unicode.Scalar(UInt8(97 + (number >> (4 * $0)) & 15))) })
        return Array(
          "<187>\(Corpus.today)4:05 core1 app[17]: unit \(word) of \(word)er failed at 10.1.2.3"
            .utf8)
      })
    _ = try loop("loop/unmatched-new-kinds-1000-rules", kinds, thousand, isMatched: false, meter)
    _ = try loop("loop/trap-unmatched-1000-rules", traps, thousand, kind: .trap, isMatched: false, meter)
    // Most of them need no rule to read their line.
    let ports = try Traps.lines(1_024, Traps.linkChange)
    _ = try loop(
      "loop/trap-unmatched-oid-rule", ports, RuleSet.linkUpSnapshot(), kind: .trap, isMatched: false, meter)
    try watched(noise, ports, thousand, meter)
    // A trap that is recorded: its varbinds are in the row three times.
    try loop("loop/trap-recorded", ports, RuleSet.linkSnapshot(), kind: .trap, isMatched: true, meter)
      .commit("outbox/recorded-trap", store: "store/matched-trap", meter)
    try loop("loop/unmatched-row-1000-rules", noise, thousand, auditsAll: true, isMatched: false, meter)
      .commit("", store: "store/unmatched-row", meter)
    try loop("loop/recorded-1000-rules", recorded, thousand, isMatched: true, meter)
      .commit("outbox/recorded-row", store: "store/matched-row", meter)
    try loop("loop/forwarded-1000-rules", forwarded, thousand, isMatched: true, meter)
      .commit("outbox/forwarded-row", store: "", meter)
  }

  /// The same while one `muttd tap` is open: it takes its sample of all events, or asks each event for what
  /// none has.
  private static func watched(_ noise: Lines, _ ports: Lines, _ thousand: Snapshot, _ meter: Meter) throws {
    var all = TapFilter()
    // As many lines as its share of every batch, whatever the clock says.
    all.rate = 1_000_000
    var (otherHost, otherText) = (all, all)
    otherHost.setHost("nobody.example")
    otherText.setText("no such words")
    for (name, filter) in [("sampled", all), ("other-host", otherHost), ("other-text", otherText)] {
      _ = try loop("loop/unmatched-tap-\(name)", noise, thousand, tap: filter, isMatched: false, meter)
    }
    _ = try loop(
      "loop/trap-unmatched-tap-other-host", ports, RuleSet.linkUpSnapshot(), kind: .trap, tap: otherHost,
      isMatched: false, meter)
  }

  /// Runs a worker over `lines` until it has been counted; the batches wait in the recorder.
  private static func loop(
    _ name: String, _ lines: Lines, _ snapshot: Snapshot, kind: Worker.Kind = .syslog,
    auditsAll: Bool = false, tap: TapFilter? = nil, isMatched: Bool, _ meter: Meter
  ) throws -> LoopRig {
    let rig = try LoopRig(snapshot, auditsAll: auditsAll)
    if let tap { rig.context.tap.want([tap]) }
    let gauge = WorkerGauge()
    let source = try LoopbackSource(
      name, lines, slots: kind == .syslog ? 256 : 64, warm: warmSlabs, counted: countedSlabs, gauge: gauge)
    let listener = rig.context.ledger.addListener(name: name, isDatagram: true)
    let worker = try Worker(
      source: source, kind: kind, listener: listener, context: rig.context, gauge: gauge)
    worker.run()
    meter.report(name, events: source.counted)
    let accounts = rig.context.ledger.snapshot
    let due = UInt64(source.counted / countedSlabs * (warmSlabs + countedSlabs))
    let held = isMatched ? accounts.matched : accounts.unmatched
    guard held == due else { throw BenchFailure("\(name): \(held) events of \(due) went the way meant") }
    return rig
  }
}
