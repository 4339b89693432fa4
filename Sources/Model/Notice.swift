/// Something a room has to say to people. Rooms do not log: they hand notices to the `NoticeSink` they were
/// given, and the daemon decides on form, repetition and place.
package struct Notice: Sendable, Equatable {
  package enum Level: String, Sendable, CaseIterable {
    case debug, info, warning, error
  }
  package enum Value: Sendable, Equatable {
    case text(String)
    case number(Int64)
    case flag(Bool)
    case list([String])
    case null
  }

  package var level: Level
  /// Which part speaks: intake, rules, store, outbox, delivery, console, decide …
  package var component: String
  /// A sentence or a fixed word; variable parts belong into `fields`.
  package var message: String
  package var fields: [(String, Value)]

  package init(_ level: Level, _ component: String, _ message: String, _ fields: [(String, Value)] = []) {
    self.level = level
    self.component = component
    self.message = message
    self.fields = fields
  }

  package static func == (left: Notice, right: Notice) -> Bool {
    left.level == right.level && left.component == right.component && left.message == right.message
      && left.fields.elementsEqual(right.fields) { $0.0 == $1.0 && $0.1 == $1.1 }
  }
}

package typealias NoticeSink = @Sendable (Notice) -> Void
