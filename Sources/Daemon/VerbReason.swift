import Model
import Store

/// Why somebody changes something, and what it belongs to: written beside every change.
package struct VerbReason: Sendable, Equatable {
  package var text: String?
  /// A ticket, a request: at most 36 characters, as the column has it.
  package var correlationID: String?

  package static var correlationLimit: Int { 36 }

  package init(text: String?, correlationID: String? = nil) {
    self.text = text
    self.correlationID = correlationID
  }

  /// What is taken away cannot be asked why any more.
  func require(for what: String) throws(DaemonFailure) {
    if let text, !text.allSatisfy(\.isWhitespace) { return }
    throw DaemonFailure(.usage, "\(what) wants a --reason: it stands in the audit of changes")
  }
}
