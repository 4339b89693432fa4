/// What can go wrong between the kernel and the slab.
package struct IntakeError: Error, Sendable, Equatable {
  package enum Code: Sendable {
    /// The port is taken by another program.
    case portTaken
    /// The port needs a privilege, or the address is not allowed.
    case permission
    /// No such address on this machine, or a text that is no address.
    case address
    case memory
    /// A certificate, key or file of authorities that cannot be used.
    case certificate
    case system
  }

  package var code: Code
  /// The call that failed: `bind`, `recvmmsg` …
  package var call: String
  /// errno; 0 when the kernel was not asked.
  package var number: Int32
  /// What happened, to what, what to do.
  package var message: String

  package init(_ code: Code, call: String, number: Int32 = 0, message: String) {
    self.code = code
    self.call = call
    self.number = number
    self.message = message
  }
}

extension IntakeError: CustomStringConvertible {
  package var description: String { message }
}
