import Console
import Delivery
import Foundation
import Intake
import Model
import ServiceLifecycle
import Synchronization

/// Tells a dead-man's switch that the daemon lives: an empty POST every so often. Not while it is of no use,
/// which is what such a switch is for: nothing is sent when `/readyz` fails, nor when nobody has heard an
/// alert for a while who could say that.
final class Heartbeat: Service {
  struct Settings: Sendable, Equatable {
    var url: String
    /// Nanoseconds.
    var interval: Int64
  }

  /// Whom it is told, and by what.
  struct Line: Sendable {
    fileprivate var settings: Settings
    fileprivate var transport: CurlTransport
  }

  /// Why it was not heard, or not sent.
  struct Problem: Sendable, Equatable {
    var reason: String
    var remedy = "look at heartbeat.url and its receiver"
  }

  private struct State {
    /// Nil: nobody is told.
    var settings: Settings?
    /// Made with the first line, and kept.
    var transport: CurlTransport?
  }

  private let state: Mutex<State>
  private let objection: @Sendable () -> Problem?
  private let ledger: Ledger
  private let notices: NoticeSink
  /// Somebody else is to be told.
  private let news = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

  /// Longest time for an answer, ms; less where the next beat comes sooner.
  private static let timeout: Int64 = 10_000
  /// How long a start may take, nanoseconds.
  private static let startLimit: Int64 = 30_000_000_000
  /// From an answer that took longer than the interval to the next beat, nanoseconds.
  private static let leastRest: Int64 = 100_000_000
  /// How soon it is noticed that somebody else is to be told, nanoseconds.
  private static let look: Int64 = 1_000_000_000

  init(
    _ settings: Settings?, objection: @escaping @Sendable () -> Problem?, ledger: Ledger,
    notices: @escaping NoticeSink
  ) throws(DaemonFailure) {
    self.objection = objection
    self.ledger = ledger
    self.notices = notices
    state = Mutex(State())
    exchange(try prepare(settings))
  }

  /// How long nobody may have heard anything before somebody should come, nanoseconds.
  private static let silenceLimit: Int64 = 300_000_000_000

  /// Why nothing is to be sent. `listeners`: who hears what is wrong with the daemon; where nobody does,
  /// every destination counts.
  static func objection(
    _ readiness: Readiness.Status, _ destinations: DeliveryWatch, listeners: Set<String>?
  ) -> Problem? {
    if readiness == .failed {
      return Problem(reason: "/readyz fails: nothing is sent", remedy: "look at /readyz: it names what to do")
    }
    guard let silence = destinations.silence(of: listeners),
      silence.nanoseconds > Heartbeat.silenceLimit
    else { return nil }
    let names = silence.names.joined(separator: ", ")
    return Problem(
      reason: "\(names) took no alert for more than five minutes: nothing is sent",
      remedy: "muttd destinations list")
  }

  /// What a change needs that may fail.
  func prepare(_ next: Settings?) throws(DaemonFailure) -> Line? {
    guard let next else { return nil }
    if let transport = state.withLock({ $0.transport }) { return Line(settings: next, transport: transport) }
    do throws(DeliveryError) {
      return Line(settings: next, transport: try CurlTransport(connections: 1))
    } catch {
      throw DaemonFailure(error)
    }
  }

  /// Tells this one from now on; nil: nobody.
  func exchange(_ next: Line?) {
    state.withLock { state in
      state.settings = next?.settings
      if let next { state.transport = next.transport }
    }
    news.continuation.yield()
  }

  func run() async throws {
    await cancelWhenGracefulShutdown { await self.tell() }
    state.withLock { $0.transport }?.shutdown()
  }

  private func tell() async {
    await settle()
    var told: Settings?
    var problem: Problem?
    var changes = news.stream.makeAsyncIterator()
    while !Task.isCancelled {
      let line = line
      if line?.settings != told { problem = nil }
      told = line?.settings
      guard let line else {
        // Until a reload names somebody; nil: the daemon stops.
        guard await changes.next() != nil else { return }
        continue
      }
      let start = SystemClock.monotonic
      let next = await beat(line)
      if Task.isCancelled { break }
      count(next)
      if (next == nil) != (problem == nil) { say(next, line.settings) }
      problem = next
      await rest(
        line.settings, until: max(start + line.settings.interval, SystemClock.monotonic + Heartbeat.leastRest)
      )
    }
  }

  private var line: Line? {
    state.withLock { state in
      guard let settings = state.settings, let transport = state.transport else { return nil }
      return Line(settings: settings, transport: transport)
    }
  }

  /// Until the next beat, or until somebody else is to be told.
  private func rest(_ settings: Settings, until end: Int64) async {
    while !Task.isCancelled, line?.settings == settings {
      let left = end - SystemClock.monotonic
      if left <= 0 { return }
      await Forwarder.sleep(nanoseconds: min(left, Heartbeat.look))
    }
  }

  /// While the daemon starts it is not fit yet, and that is no news.
  private func settle() async {
    let end = SystemClock.monotonic + Heartbeat.startLimit
    while !Task.isCancelled, objection() != nil, SystemClock.monotonic < end {
      await Forwarder.sleep(nanoseconds: 100_000_000)
    }
  }

  /// Why it could not be told; nil: it was.
  private func beat(_ line: Line) async -> Problem? {
    if let objection = objection() { return objection }
    let request = WebhookRequest(
      url: line.settings.url, headers: [("User-Agent", "muttd/\(Version.text)")], body: [],
      timeoutMs: Int(min(Heartbeat.timeout, max(1_000, line.settings.interval / 1_000_000))))
    do throws(DeliveryError) {
      let response = try await line.transport.send(request)
      return (200...299).contains(response.status) ? nil : Problem(reason: "it answered \(response.status)")
    } catch {
      return Problem(reason: error.message)
    }
  }

  private func count(_ problem: Problem?) {
    ledger.update { accounts in
      if problem == nil { accounts.heartbeats += 1 } else { accounts.heartbeatsFailed += 1 }
    }
  }

  private func say(_ problem: Problem?, _ settings: Settings) {
    let place = RedactedURL.text(of: settings.url)
    notices(
      problem.map {
        Notice(
          .error, "heartbeat", "the heartbeat is not heard",
          [
            ("url", .text(place)), ("err", .text($0.reason)), ("do", .text($0.remedy)),
          ])
      } ?? Notice(.info, "heartbeat", "the heartbeat is heard again", [("url", .text(place))]))
  }
}
