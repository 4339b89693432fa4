/// Why the console could not start or had to end.
package struct ConsoleError: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Code: Sendable, Equatable {
    /// Another process listens there.
    case portTaken
    /// The port is privileged.
    case notPermitted
    /// The address is not one of this machine.
    case noSuchAddress
    case failed
  }

  package var code: Code
  /// What was being done: `listening on 127.0.0.1:9162`.
  package var action: String
  /// What happened and what to do, for people.
  package var reason: String

  package init(code: Code, action: String, reason: String) {
    self.code = code
    self.action = action
    self.reason = reason
  }

  package var description: String { "\(action): \(reason)" }
}
