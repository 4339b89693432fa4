package import Delivery
package import Intake
package import Store

/// Why the daemon, or a command, cannot go on: one sentence for people and the exit code that says it to
/// machines (sysexits.h; DESIGN §4).
package struct DaemonFailure: Error, Sendable {
  package enum Exit: Int32, Sendable {
    /// A check or a test found something in the rules.
    case found = 1
    case usage = 64
    case unavailable = 69
    case software = 70
    case io = 74
    case permission = 77
    case configuration = 78
  }

  package var exit: Exit
  /// What happened, to what, what to do.
  package var message: String

  package init(_ exit: Exit, _ message: String) {
    self.exit = exit
    self.message = message
  }

  package init(_ error: IntakeError) {
    let exit: Exit =
      switch error.code {
      case .portTaken: .unavailable
      case .permission: .permission
      case .address, .certificate: .configuration
      case .memory, .system: .unavailable
      }
    self.init(exit, error.message)
  }

  package init(_ error: StoreError) {
    let exit: Exit =
      switch error.code {
      case .unavailable, .busy, .locked: .unavailable
      // A state directory that cannot be written is an I/O matter to whoever starts the daemon.
      case .corrupt, .full, .io, .readOnly, .permission: .io
      case .schema, .nodeTaken: .configuration
      case .constraint, .notFound, .conflict: .found
      }
    self.init(exit, error.message)
  }

  package init(_ error: DeliveryError) {
    self.init(error.code == .invalid ? .configuration : .unavailable, error.message)
  }
}

extension DaemonFailure: CustomStringConvertible {
  package var description: String { message }
}
