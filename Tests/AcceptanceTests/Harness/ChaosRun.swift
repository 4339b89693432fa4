import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// One life of a daemon among bad receivers, killed and its clock set as a seed says.
final class ChaosRun {
  let place: DaemonPlace
  let clock: SteppedClock
  let receiver: ChaosReceiver
  private var random: SeededGenerator
  private(set) var kills = 0
  private(set) var steps = 0
  private var isBack = false
  /// From each kill until the daemon had caught up.
  private var down: [Range<ContinuousClock.Instant>] = []
  /// When the receivers were wild.
  private var wild: [Range<ContinuousClock.Instant>] = []
  private var wildSince = ContinuousClock.now

  init(place: DaemonPlace, clock: SteppedClock, receiver: ChaosReceiver, seed: UInt64) {
    self.place = place
    self.clock = clock
    self.receiver = receiver
    random = SeededGenerator(seed: seed &+ 1_000_003)
  }

  private enum Blow: CaseIterable { case kill, step, both }

  /// Blows for so long; the daemon that is left.
  func live(seconds: Int) async throws -> DaemonProcess {
    var daemon = try await place.start(environment: clock.environment)
    wildSince = .now
    let end = ContinuousClock.now + .seconds(seconds)
    var blows: [Blow] = []
    while ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(Int.random(in: 300...3_000, using: &random)))
      if blows.isEmpty { blows = Blow.allCases.shuffled(using: &random) }
      let blow = blows.removeLast()
      if let ending = daemon.child.poll() { throw HarnessError("\(ending) by itself:\n\(daemon.log)") }
      #expect(try await daemon.scrape().imbalances == [])
      if blow == .step {
        try step()
        continue
      }
      let killed = ContinuousClock.now
      await daemon.kill()
      kills += 1
      if blow == .both { try step() }
      // Calm every other life: what the neighbours cost the healthy receiver shows in the difference.
      let isCalm = kills % 2 == 1
      receiver.calmDown(isCalm)
      if isCalm { wild.append(wildSince..<killed) } else { wildSince = killed }
      daemon = try await place.start(environment: clock.environment)
      down.append(killed..<ContinuousClock.now + .seconds(1))
    }
    return daemon
  }

  private func step() throws {
    isBack.toggle()
    steps += 1
    try clock.set(seconds: isBack ? -3_600 : 0)
  }

  /// The receivers take what they can, and nothing is left to do. Then the daemon stops for some weeks, so
  /// that alerts which nobody ever takes are of the age to be given up; nothing else is, or a day would hide
  /// what was given up for no reason.
  ///
  /// Each alert that is refused for good holds its destination up until it is found out, a few tenths of a
  /// second: the longer the run was, the more of them there are.
  func settle(_ daemon: DaemonProcess, after seconds: Int) async throws -> DaemonProcess {
    receiver.calmDown(true)
    try clock.set(seconds: 120)
    try await wait(daemon, seconds, "everything is delivered or dead that ever will be") { receiver.endless }
    #expect(try await daemon.stop() == .code(0))
    #expect(daemon.accounting?.imbalances == [])
    try clock.set(seconds: 20 * 86_400)
    let last = try await place.start(environment: clock.environment)
    try await wait(last, seconds, "everything is delivered or dead") { 0 }
    return last
  }

  private func wait(
    _ daemon: DaemonProcess, _ seconds: Int, _ what: String, pending: () -> Int
  ) async throws {
    do {
      try await eventually(what, within: .seconds(180 + 2 * seconds), every: .milliseconds(100)) {
        let metrics = try await daemon.scrape()
        return metrics.pending == pending() && metrics.auditPending == 0
      }
    } catch {
      let left = try await daemon.scrape().samples.filter { $0.key.hasPrefix("mutt_outbox_pending") }
      throw HarnessError("\(error): \(left)\nthe log ends with:\n\(daemon.log.suffix(2_000))")
    }
  }

  /// Milliseconds from sending to the healthy receiver, of alerts that met no kill; those sent while the
  /// others were wild, and while they were not.
  private func delays(_ load: UnderLoad.ChaosRunTests.Load) -> (wild: [Double], calm: [Double]) {
    var result: (wild: [Double], calm: [Double]) = ([], [])
    let sent = load.sent
    for (number, fate) in receiver.fates(ChaosReceiver.healthy) {
      guard let from = sent[number], !down.contains(where: { $0.overlaps(from..<max(from, fate.firstAt)) })
      else { continue }
      let delay = (fate.firstAt - from) / .milliseconds(1)
      if wild.contains(where: { $0.contains(from) }) {
        result.wild.append(delay)
      } else {
        result.calm.append(delay)
      }
    }
    result.wild.sort()
    result.calm.sort()
    return result
  }

  /// How much later the healthy receiver has one alert in a hundred when the others are wild, milliseconds.
  func delayByOthers(_ load: UnderLoad.ChaosRunTests.Load) -> Double? {
    let delays = delays(load)
    guard let wild = Self.quantile(delays.wild, 0.99), let calm = Self.quantile(delays.calm, 0.99) else {
      return nil
    }
    return wild - calm
  }

  private static func quantile(_ sorted: [Double], _ share: Double) -> Double? {
    sorted.isEmpty ? nil : sorted[Int(Double(sorted.count - 1) * share)]
  }

  func report(_ load: UnderLoad.ChaosRunTests.Load, alerts: Int, dead: [JSON]) {
    let delays = delays(load)
    func word(_ sorted: [Double], _ share: Double) -> String {
      Self.quantile(sorted, share).map { String(format: "%.1f", $0) } ?? "-"
    }
    func line(_ sorted: [Double]) -> String {
      "\(word(sorted, 0.5)) / \(word(sorted, 0.99)) / \(word(sorted, 1)) ms of \(sorted.count)"
    }
    let deeds = receiver.deeds.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    print(
      """
      chaos: \(load.sent.count) sent, \(alerts) alerts, \(load.informs.acknowledged.count) informs \
      acknowledged, \(kills) kills, \(steps) steps of the clock, \(dead.count) dead
      healthy, p50 / p99 / longest: \(line(delays.wild)) beside wild ones, \(line(delays.calm)) beside \
      calm ones
      deeds: \(deeds.joined(separator: ", "))
      """)
    let reasons = Dictionary(grouping: dead) { "\($0["destination"].string ?? "") \($0["status"])" }
    print("dead: \(reasons.map { "\($0.key): \($0.value.count)" }.sorted().joined(separator: ", "))")
  }
}
