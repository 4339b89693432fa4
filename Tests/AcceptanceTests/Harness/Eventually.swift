import Foundation

/// What went wrong around a test rather than in it.
struct HarnessError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

private let longestPause: Duration = .milliseconds(80)

/// Asks again and again until there is an answer; throws, naming `what`, when there is none within `limit`.
/// The limit only bounds a failing test: nothing is asserted about time. On a machine that hardly lets the
/// test run, time alone says little: it was asked often as well.
///
/// Each question costs a daemon milliseconds. So the longer it has lasted the longer the pauses: a tenth of
/// that, from `first` up to `longestPause`; or always `pause`.
@discardableResult
func eventually<Answer>(
  _ what: @autoclosure () -> String, within limit: Duration = .seconds(60),
  from first: Duration = .milliseconds(20), every pause: Duration? = nil,
  _ ask: () async throws -> Answer?
) async throws -> Answer {
  let start = ContinuousClock.now
  var asked = 0
  while true {
    if let answer = try await ask() { return answer }
    asked += 1
    let lasted = start.duration(to: .now)
    guard asked < 200 || lasted < limit else {
      throw HarnessError("not within \(limit): \(what())")
    }
    try await Task.sleep(for: pause ?? max(first, min(lasted / 10, longestPause)))
  }
}

/// The same for a plain condition.
func eventually(
  _ what: @autoclosure () -> String, within limit: Duration = .seconds(60),
  from first: Duration = .milliseconds(20), every pause: Duration? = nil,
  holds: () async throws -> Bool
) async throws {
  try await eventually(what(), within: limit, from: first, every: pause) {
    try await holds() ? true : nil
  }
}
