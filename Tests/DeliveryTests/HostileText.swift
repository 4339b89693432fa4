import Testing

/// What a device may send to harm whoever shows it.
struct HostileText: Sendable, CustomTestStringConvertible {
  let name: String
  let text: String

  init(_ name: String, _ text: String) {
    self.name = name
    self.text = text
  }

  /// The text itself would fill the test's log.
  var testDescription: String { name }
}
