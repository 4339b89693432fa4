import Glibc
package import Store
import Synchronization

/// A PostgreSQL server of the tests' own: made by `initdb` in a temporary directory, reached through a socket
/// in it, and stopped and removed when the process ends, however it ends. Root runs it as another account,
/// since PostgreSQL refuses root.
package final class PostgreSQLCluster: Sendable {
  package struct Failure: Error, CustomStringConvertible {
    package var description: String
  }

  package enum Stop: String, Sendable {
    /// Ends all sessions, writes everything.
    case fast
    /// As a crash does it.
    case immediate
  }

  package let directory: String
  /// Of the socket, and with `listen_addresses` of TCP.
  package let port: Int
  /// Beyond those that make a server quick.
  private let settings: [String]
  private let programs: String
  private let account: String?
  private let guardian: Guardian
  private let names = Atomic<Int>(0)
  private let isReadyForDatabases = Mutex(false)

  /// The one that all tests of this process share: each makes a database of its own in it.
  package static func shared() async throws -> PostgreSQLCluster { try await sharedTask.value }

  private static let sharedTask = Task.detached { try await PostgreSQLCluster.start() }

  /// A server for one test that stops and starts it, with `settings` such as `work_mem=1MB`.
  package static func start(port: Int = 5_432, settings: [String] = []) async throws -> PostgreSQLCluster {
    try await offPool { try PostgreSQLCluster(port: port, settings: settings) }
  }

  /// What a server needs beside its other settings to have a standby.
  package static let replicating = ["wal_level=replica", "max_wal_senders=4"]

  /// A copy of `primary` that follows it and only reads until it is promoted.
  package static func standby(of primary: PostgreSQLCluster) async throws -> PostgreSQLCluster {
    try await offPool {
      try PostgreSQLCluster(port: primary.port, settings: primary.settings, primary: primary)
    }
  }

  private init(port: Int, settings: [String], primary: PostgreSQLCluster? = nil) throws {
    self.port = port
    self.settings = settings
    var template = Array("\(PostgreSQLCluster.parent)/muttd-pg-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer {
      unsafe $0.baseAddress.map { unsafe mkdtemp($0) != nil } ?? false
    }
    guard made else { throw Failure(description: "no temporary directory can be made") }
    directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    programs = try PostgreSQLCluster.findPrograms()
    account = try PostgreSQLCluster.findAccount()
    if let account { try Shell.run("chown \(account) '\(directory)'") }
    let asAccount = account.map { "runuser -u \($0) -- " } ?? ""
    guardian = try Guardian(
      "\(asAccount)'\(programs)/pg_ctl' -D '\(directory)/data' -m immediate stop; rm -rf '\(directory)'")
    if let primary {
      try Shell.run(
        """
        \(asAccount)'\(programs)/pg_basebackup' -h '\(primary.directory)' -p \(primary.port) -U postgres \
        -D '\(directory)/data' -R -X stream -c fast --no-sync
        """)
    } else {
      try Shell.run(
        """
        \(asAccount)'\(programs)/initdb' -D '\(directory)/data' -U postgres -A trust -E UTF8 --locale=C \
        --no-sync --no-instructions
        """)
    }
    try start()
  }

  /// In memory where there is room for it: a server makes and removes files by the hundred for each database.
  private static let parent: String = {
    var space = statvfs()
    let isThere = unsafe statvfs("/dev/shm", &space) == 0 && access("/dev/shm", W_OK) == 0
    return isThere && UInt64(space.f_bavail) * UInt64(space.f_frsize) >= 2 << 30 ? "/dev/shm" : "/tmp"
  }()

  /// On PATH, or where Debian keeps them; the newest of several.
  private static func findPrograms() throws -> String {
    let found = try Shell.run(
      """
      found=$(command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
      dirname "$(readlink -f "$found")"
      """)
    guard found.hasPrefix("/") else {
      throw Failure(description: "PostgreSQL is not installed: scripts/install-packages test")
    }
    return found
  }

  private static func findAccount() throws -> String? {
    if geteuid() != 0 { return nil }
    return try Shell.run("id -un postgres 2>/dev/null || echo nobody")
  }

  // MARK: The server

  package func start() throws {
    let quick = [
      "listen_addresses=", "unix_socket_directories=\(directory)", "fsync=off", "full_page_writes=off",
      "shared_buffers=16MB", "autovacuum=off", "max_connections=80", "max_wal_senders=0", "wal_level=minimal",
      "port=\(port)",
    ]
    let options = (quick + settings).map { "-c \($0)" }.joined(separator: " ")
    try control("-l '\(directory)/server.log' -w -t 60 -o \"\(options)\" start")
  }

  package func stop(_ mode: Stop = .fast) throws { try control("-m \(mode.rawValue) -w -t 60 stop") }

  /// Makes a standby a server that writes.
  package func promote() throws { try control("-w -t 60 promote") }

  private func control(_ words: String) throws {
    let asAccount = account.map { "runuser -u \($0) -- " } ?? ""
    do {
      try Shell.run("\(asAccount)'\(programs)/pg_ctl' -D '\(directory)/data' \(words) >/dev/null")
    } catch {
      let log = (try? Shell.run("tail -n 20 '\(directory)/server.log'")) ?? ""
      throw Failure(description: "\(error)\n\(log)")
    }
  }

  /// Sends a signal to the server and all that serves a session.
  package func signal(_ name: String) throws {
    try Shell.run(
      """
      main=$(head -n 1 '\(directory)/data/postmaster.pid'); kill -\(name) $main
      for child in $(pgrep -P $main); do kill -\(name) $child || [ ! -e /proc/$child ] || exit 1; done
      """)
  }

  /// Copies a file into the server's own directory, for it alone to read: a certificate, a key.
  package func install(_ file: String, as name: String) throws {
    let target = "'\(directory)/data/\(name)'"
    try Shell.run("cp '\(file)' \(target); chmod 600 \(target)")
    if let account { try Shell.run("chown \(account) \(target)") }
  }

  /// Replaces who may log in and how (lines of pg_hba.conf), and has the server read it.
  package func admit(_ lines: String) throws {
    try Shell.write(lines + "\n", to: "\(directory)/data/pg_hba.conf")
    // The server reads it when it comes to it.
    let before = try run("SELECT pg_conf_load_time()")
    try run("SELECT pg_reload_conf()")
    while try run("SELECT pg_conf_load_time() = '\(before)'") == "t" { usleep(20_000) }
  }

  /// A directory of the server's account below its own, for a tablespace.
  package func makeSpace(_ name: String) throws -> String {
    let path = "\(directory)/\(name)"
    try Shell.run("mkdir '\(path)'")
    return path
  }

  /// Gives a path to the server's account.
  package func own(_ path: String) throws {
    if let account { try Shell.run("chown \(account) '\(path)'") }
  }

  /// What the server has said so far.
  package func log() throws -> String { try Shell.run("cat '\(directory)/server.log'") }

  // MARK: Databases

  /// The address of a database, for libpq.
  package func url(_ database: String, user: String = "postgres") -> String {
    "postgresql://\(user)@/\(database)?host=\(directory)\(port == 5_432 ? "" : "&port=\(port)")"
  }

  /// What psql says to `sql`, without the last line end; throws with its words when it fails.
  @discardableResult
  package func run(_ sql: String, in database: String = "postgres", user: String = "postgres")
    throws
    -> String
  {
    let script = "\(directory)/script\(names.add(1, ordering: .relaxed).newValue).sql"
    try Shell.write(sql, to: script)
    defer { unsafe _ = unlink(script) }
    return try Shell.run(
      """
      '\(programs)/psql' -XqAt -v ON_ERROR_STOP=1 -h '\(directory)' -p \(port) -U \(user) \
      -d \(database) < '\(script)'
      """)
  }

  /// The schema as pg_dump writes it.
  package func schema(of database: String) throws -> String {
    try Shell.run(
      """
      '\(programs)/pg_dump' -s -h '\(directory)' -p \(port) -U postgres \(database) \
      | grep -v '^.\\(un\\)\\?restrict '
      """)
  }

  /// A new database: with all migrations, or empty. `muttd` may log in as the daemon's role.
  package func makeDatabase(migrated: Bool = true) throws -> PostgreSQLDatabase {
    if migrated {
      try isReadyForDatabases.withLock { isReady in
        if isReady { return }
        try run("CREATE DATABASE template_muttd")
        try PostgresMigrator.migrate(PostgresAddress(url("template_muttd")))
        try run("CREATE ROLE muttd LOGIN IN ROLE mutt_daemon, mutt_retention")
        isReady = true
      }
    }
    let name = "test\(names.add(1, ordering: .relaxed).newValue)"
    try run("CREATE DATABASE \(name) TEMPLATE \(migrated ? "template_muttd" : "template0")")
    return PostgreSQLDatabase(cluster: self, name: name)
  }
}

/// One database; dropped with the last reference to it.
package final class PostgreSQLDatabase: Sendable {
  package let cluster: PostgreSQLCluster
  package let name: String

  fileprivate init(cluster: PostgreSQLCluster, name: String) {
    self.cluster = cluster
    self.name = name
  }

  /// In the shared cluster.
  package static func make(migrated: Bool = true) async throws -> PostgreSQLDatabase {
    let cluster = try await PostgreSQLCluster.shared()
    return try await offPool { try cluster.makeDatabase(migrated: migrated) }
  }

  /// As its owner.
  package var url: String { cluster.url(name) }
  /// As the daemon, with no more rights than it needs.
  package var daemonURL: String { cluster.url(name, user: "muttd") }

  package func address() throws(StoreError) -> PostgresAddress { try PostgresAddress(url) }

  @discardableResult
  package func run(_ sql: String, user: String = "postgres") throws -> String {
    try cluster.run(sql, in: name, user: user)
  }

  deinit {
    // What cannot be dropped any more goes with the cluster.
    _ = try? cluster.run("DROP DATABASE \(name) WITH (FORCE)")
  }
}

/// A process that does its work when ours has ended: it waits for the end of a pipe that only we hold.
private final class Guardian: Sendable {
  private let writing: Int32
  private let pid: pid_t

  init(_ work: String) throws {
    let pipe = PrivatePipe()
    defer { close(pipe.reading) }
    writing = pipe.writing
    pid = try Program.start(
      ["sh", "-c", "cd /; trap '' INT TERM HUP; cat; \(work)"],
      input: .descriptor(pipe.reading), output: .nothing, errors: .nothing)
  }

  deinit {
    close(writing)
    _ = Program.wait(for: pid)
  }
}

private enum Shell {
  @discardableResult
  static func run(_ command: String) throws -> String {
    let (status, output) = try Program.shell("cd /; { \(command)\n}")
    if status != 0 { throw PostgreSQLCluster.Failure(description: "\(command)\n\(output)") }
    return output
  }

  static func write(_ text: String, to path: String) throws {
    guard let file = unsafe fopen(path, "we") else {
      throw PostgreSQLCluster.Failure(description: "\(path) cannot be written")
    }
    let bytes = Array(text.utf8)
    let count = unsafe bytes.withUnsafeBytes { unsafe fwrite($0.baseAddress, 1, $0.count, file) }
    if unsafe fclose(file) != 0 || count != bytes.count {
      throw PostgreSQLCluster.Failure(description: "\(path) cannot be written")
    }
  }
}
