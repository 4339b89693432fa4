/// Hears at once that somebody has changed rules, hosts, teams or devices, whoever made the change: `LISTEN
/// mutt_config` in a session of its own. Used by one thread.
package final class PostgresListener {
  private let connection: PostgresConnection

  /// Connects and listens: what changes from here on is heard.
  package init(_ address: PostgresAddress, patience: PostgresPatience = PostgresPatience())
    throws(StoreError)
  {
    connection = try PostgresConnection(address, patience: patience)
    try connection.execute("LISTEN mutt_config", "listening for changes")
  }

  /// Waits for announcements, at most `milliseconds`: how many came. Throws when the session is over.
  package func wait(milliseconds: Int32) throws(StoreError) -> Int {
    try connection.notifications(within: milliseconds)
  }
}
