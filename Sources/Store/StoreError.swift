/// Why the store or the outbox could not do what it was asked.
package struct StoreError: Error, Sendable, Equatable {
  package enum Code: String, Sendable, CaseIterable {
    /// The file or the server cannot be reached, or the store was closed.
    case unavailable
    /// Somebody else holds the write lock for longer than the busy timeout; worth another try.
    case busy
    /// The file is damaged. `SQLiteStore.init(… suspect: true)` and `Outbox.init` salvage what can be read.
    case corrupt
    /// No space left, also when a quota says so.
    case full
    /// The operating system refuses this user.
    case permission
    case readOnly
    /// A row breaks a rule of its table.
    case constraint
    /// A table or column is missing, or the file belongs to a newer version.
    case schema
    /// Another daemon works on this state directory.
    case locked
    /// Another daemon writes to this database under the same `node`.
    case nodeTaken
    case notFound
    /// Something of that name, key or id is there already.
    case conflict
    /// Reading or writing failed below us.
    case io
  }

  package var code: Code
  /// A sentence for people: what was done, to what, what to do now.
  package var message: String
  /// The file that was meant; nil for a server.
  package var path: String?

  package init(_ code: Code, _ message: String, path: String? = nil) {
    self.code = code
    self.message = message
    self.path = path
  }
}

extension StoreError {
  /// It is about the store as it is now, and says nothing against what was to be written: that may be taken
  /// later as it stands.
  package var mayPass: Bool {
    switch code {
    case .unavailable, .busy, .corrupt, .full, .readOnly, .locked, .nodeTaken, .io: true
    case .permission, .constraint, .schema, .notFound, .conflict: false
    }
  }
}

extension StoreError: CustomStringConvertible {
  package var description: String { message }
}
