import Foundation
import Model
import Synchronization

/// Which hosts are heard most, and which rules win most, from a sample of what is decided.
final class TopSources: Sendable {
  struct Share { var name: String; var percent: Int }
  struct Shares {
    var hosts: [Share] = []
    var rules: [Share] = []
    /// Why there is no sample.
    var failure: String?
  }

  /// Names that are told apart; what comes beyond is not named.
  private static let limit = 10_000
  /// Of each kind that are shown.
  private static let shown = 8
  /// Events a second that are looked at.
  private static let rate = 500
  /// What stands for events that no rule took; a rule's name has no blank in front.
  private static let noRule = "(no rule)"

  private struct State {
    var hosts: [String: Double] = [:]
    var rules: [String: Double] = [:]
    var failure: String?
  }
  private let state = Mutex(State())

  init() {}

  /// Never returns: a daemon that has gone may come back.
  func watch(_ api: VerbAPI) {
    while true {
      do throws(DaemonFailure) {
        try api.lines("/api/v1/tap?rate=\(TopSources.rate)") { line in
          note((try? JSONSerialization.jsonObject(with: Data(line))) as? [String: Any])
          return true
        }
      } catch {
        state.withLock { $0 = State(failure: error.message) }
      }
      DaemonThread.pause(milliseconds: 1_000)
    }
  }

  private func note(_ object: [String: Any]?) {
    guard let object, object["id"] is String else { return }
    let host = object["host"] as? String ?? "-"
    let rule = object["rule"] as? String ?? TopSources.noRule
    state.withLock { state in
      state.failure = nil
      TopSources.add(host, to: &state.hosts)
      TopSources.add(rule, to: &state.rules)
    }
  }

  private static func add(_ name: String, to counts: inout [String: Double]) {
    if counts[name] != nil || counts.count < limit { counts[name, default: 0] += 1 }
  }

  /// The noisiest. What was before counts half.
  func take() -> Shares {
    state.withLock { state in
      Shares(
        hosts: TopSources.take(&state.hosts), rules: TopSources.take(&state.rules), failure: state.failure)
    }
  }

  private static func take(_ counts: inout [String: Double]) -> [Share] {
    let sum = counts.values.reduce(0, +)
    let found = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(shown)
      .map { Share(name: $0.key, percent: Int($0.value * 100 / sum + 0.5)) }
    counts = counts.compactMapValues { $0 < 0.5 ? nil : $0 / 2 }
    return found
  }
}
