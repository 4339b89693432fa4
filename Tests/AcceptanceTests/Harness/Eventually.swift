import Foundation

/// What went wrong around a test rather than in it.
struct HarnessError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Asks again and again until there is an answer; throws, naming `what`, when there is none within `limit`.
/// The limit only bounds a failing test: nothing is asserted about time. On a machine that hardly lets the
/// test run, time alone says little: it was asked often as well.
@discardableResult
func eventually<Answer>(
  _ what: @autoclosure () -> String, within limit: Duration = .seconds(60),
  every pause: Duration = .milliseconds(20), _ ask: () async throws -> Answer?
) async throws -> Answer {
  let deadline = ContinuousClock.now + limit
  var asked = 0
  while true {
    if let answer = try await ask() { return answer }
    asked += 1
    guard asked < 200 || ContinuousClock.now < deadline else {
      throw HarnessError("not within \(limit): \(what())")
    }
    try await Task.sleep(for: pause)
  }
}

/// The same for a plain condition.
func eventually(
  _ what: @autoclosure () -> String, within limit: Duration = .seconds(60),
  every pause: Duration = .milliseconds(20), holds: () async throws -> Bool
) async throws {
  try await eventually(what(), within: limit, every: pause) { try await holds() ? true : nil }
}
