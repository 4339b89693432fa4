import Console
import Delivery
import Foundation
import Intake
import Model
import ServiceLifecycle

/// Tells a dead-man's switch that the daemon lives: an empty POST every so often. Not while it is of no use,
/// which is what such a switch is for: when `/readyz` fails, nothing is sent.
struct Heartbeat: Service {
  struct Settings: Sendable, Equatable {
    var url: String
    /// Nanoseconds.
    var interval: Int64
  }

  private let settings: Settings
  private let isFit: @Sendable () -> Bool
  private let ledger: Ledger
  private let notices: NoticeSink
  private let transport: CurlTransport

  /// Longest time for an answer, ms; less where the next beat comes sooner.
  private static let timeout: Int64 = 10_000
  /// How long a start may take, nanoseconds.
  private static let startLimit: Int64 = 30_000_000_000

  init(
    _ settings: Settings, isFit: @escaping @Sendable () -> Bool, ledger: Ledger,
    notices: @escaping NoticeSink
  ) throws(DaemonFailure) {
    self.settings = settings
    self.isFit = isFit
    self.ledger = ledger
    self.notices = notices
    do throws(DeliveryError) {
      transport = try CurlTransport(connections: 1)
    } catch {
      throw DaemonFailure(error)
    }
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await settle()
      var problem: String?
      while !Task.isCancelled {
        let start = SystemClock.monotonic
        let next = await beat()
        if Task.isCancelled { break }
        count(next)
        if (next == nil) != (problem == nil) { say(next) }
        problem = next
        let rest = settings.interval - (SystemClock.monotonic - start)
        await Forwarder.sleep(nanoseconds: max(100_000_000, rest))
      }
    }
    transport.shutdown()
  }

  /// While the daemon starts it is not fit yet, and that is no news.
  private func settle() async {
    let end = SystemClock.monotonic + Heartbeat.startLimit
    while !Task.isCancelled, !isFit(), SystemClock.monotonic < end {
      await Forwarder.sleep(nanoseconds: 100_000_000)
    }
  }

  /// Why it could not be told; nil: it was.
  private func beat() async -> String? {
    guard isFit() else { return "/readyz fails: nothing is sent" }
    let request = WebhookRequest(
      url: settings.url, headers: [("User-Agent", "muttd/\(Version.text)")], body: [],
      timeoutMs: Int(min(Heartbeat.timeout, max(1_000, settings.interval / 1_000_000))))
    do throws(DeliveryError) {
      let response = try await transport.send(request)
      return (200...299).contains(response.status) ? nil : "it answered \(response.status)"
    } catch {
      return error.message
    }
  }

  private func count(_ problem: String?) {
    ledger.update { accounts in
      if problem == nil { accounts.heartbeats += 1 } else { accounts.heartbeatsFailed += 1 }
    }
  }

  private func say(_ problem: String?) {
    let place = RedactedURL.text(of: settings.url)
    notices(
      problem.map {
        Notice(
          .error, "heartbeat", "the heartbeat is not heard",
          [
            ("url", .text(place)), ("err", .text($0)),
            ("do", .text("look at heartbeat.url and its receiver")),
          ])
      } ?? Notice(.info, "heartbeat", "the heartbeat is heard again", [("url", .text(place))]))
  }
}
