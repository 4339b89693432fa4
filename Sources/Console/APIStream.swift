/// An answer without an end of its own: whole lines, as they come. Whoever gives it hears that it is not read
/// any more when the last reference goes, however that came about.
package final class APIStream: Sendable {
  /// What has come since the last call; waits for it. Nil: that was all.
  package let next: @Sendable () async -> [UInt8]?
  private let end: @Sendable () -> Void

  package init(next: @escaping @Sendable () async -> [UInt8]?, end: @escaping @Sendable () -> Void) {
    self.next = next
    self.end = end
  }

  deinit { end() }
}
