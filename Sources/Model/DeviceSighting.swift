/// When a device of `devices` was heard, for its `first_seen_at` and `last_seen_at`.
package struct DeviceSighting: Sendable, Equatable {
  package var hostname: String
  /// The first and the last of what was not written yet.
  package var first: Timestamp
  package var last: Timestamp

  package init(hostname: String, first: Timestamp, last: Timestamp) {
    self.hostname = hostname
    self.first = first
    self.last = last
  }
}
