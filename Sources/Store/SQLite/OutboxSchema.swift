/// The tables of `outbox.db`. Nobody but the daemon reads them by SQL, so the schema is the daemon's own:
/// times are nanoseconds since 1970, kinds are numbers.
enum OutboxSchema {
  /// `PRAGMA user_version` of the file.
  static let version: Int64 = 13

  static func create(_ connection: SQLiteConnection) throws(StoreError) {
    let found = try connection.number("PRAGMA user_version", "reading its version")
    if found > version {
      throw StoreError(
        .schema,
        "\(connection.path) was written by a newer muttd (schema \(found), this one knows \(version)). "
          + "Install that version.", path: connection.path)
    }
    if found == version { return }
    try connection.transaction("making the tables") { () throws(StoreError) in
      if found < 1 { try connection.execute(tables, "making the tables") }
      if found < 2 { try connection.execute(patterns, "making the tables") }
      if found < 3 { try connection.execute(appliedFile, "making the tables") }
      if found < 4 { try connection.execute(byHand, "making the tables") }
      if found < 5 { try connection.execute(sightings, "making the tables") }
      if found < 6 { try connection.execute(unmatched, "making the tables") }
      if found < 7 { try connection.execute(detours, "making the tables") }
      if found < 8 { try connection.execute(standIns, "making the tables") }
      if found < 9 { try connection.execute(ordered, "making the tables") }
      if found < 10 { try connection.execute(clockLeaps, "making the tables") }
      if found < 11 { try connection.execute(engines, "making the tables") }
      if found < 12 { try connection.execute(untried, "making the tables") }
      try connection.execute(troubles, "making the tables")
      try connection.execute("PRAGMA user_version = \(version)", "making the tables")
    }
  }

  /// - `deliveries_order` gives what is due in the order it leaves, per destination; `deliveries_due` the
  ///   next moment something becomes due; the unique key makes a repeated transaction harmless.
  /// - `spool`: one value per batch (`SpoolRecord`), under the id of its first row.
  private static let tables = """
    CREATE TABLE deliveries (
      id              INTEGER PRIMARY KEY AUTOINCREMENT,
      event_id        INTEGER NOT NULL,
      event_time      INTEGER NOT NULL,
      destination     TEXT NOT NULL,
      state           INTEGER NOT NULL DEFAULT 0,
      rank            INTEGER NOT NULL,
      host            TEXT NOT NULL,
      rule            TEXT NOT NULL,
      handling        TEXT NOT NULL,
      signature       TEXT NOT NULL,
      body            BLOB NOT NULL,
      created_at      INTEGER NOT NULL,
      attempts        INTEGER NOT NULL DEFAULT 0,
      next_attempt_at INTEGER NOT NULL,
      last_status     INTEGER NOT NULL DEFAULT 0,
      last_error      TEXT,
      marked          INTEGER NOT NULL DEFAULT 0,
      UNIQUE (event_id, destination)
    ) STRICT;
    CREATE INDEX deliveries_order ON deliveries (destination, state, rank, event_id, next_attempt_at);
    CREATE INDEX deliveries_due ON deliveries (destination, next_attempt_at) WHERE state = 0;
    CREATE TABLE spool (
      first_id INTEGER PRIMARY KEY,
      count    INTEGER NOT NULL,
      format   INTEGER NOT NULL,
      rows     BLOB NOT NULL
    ) STRICT;
    CREATE TABLE set_aside (
      event_id INTEGER PRIMARY KEY,
      reason   TEXT NOT NULL,
      format   INTEGER NOT NULL,
      row      BLOB NOT NULL
    ) STRICT;
    CREATE TABLE marks (
      event_id   INTEGER PRIMARY KEY,
      event_time INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE numbers (
      id    INTEGER PRIMARY KEY,
      value INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE snapshot_rules (
      id INTEGER PRIMARY KEY, name TEXT, match_type TEXT, match_string TEXT, trap_oid TEXT,
      syslog_severity INTEGER, priority INTEGER, prod_handling TEXT, dev_handling TEXT, team_assignment TEXT,
      is_active INTEGER, description TEXT, severity INTEGER, key TEXT, summary TEXT, doc_url TEXT, tags TEXT,
      examples TEXT, version INTEGER, updated_at TEXT, updated_by TEXT
    ) STRICT;
    CREATE TABLE snapshot_hosts (hostname TEXT) STRICT;
    CREATE TABLE snapshot_teams (hostname TEXT, team_assignment TEXT) STRICT;
    CREATE TABLE snapshot_devices (
      hostname TEXT, addresses TEXT, attrs TEXT, first_seen_at TEXT, last_seen_at TEXT
    ) STRICT;
    """

  /// Version 2: the compiled patterns of the snapshot, one value.
  private static let patterns = """
    CREATE TABLE snapshot_patterns (id INTEGER PRIMARY KEY CHECK (id = 1), patterns BLOB NOT NULL) STRICT;
    """

  /// Version 3: which rules file the store was made equal to, one value.
  private static let appliedFile = """
    CREATE TABLE applied_file (
      id INTEGER PRIMARY KEY CHECK (id = 1), file TEXT NOT NULL, catalog INTEGER NOT NULL
    ) STRICT;
    """

  /// Version 4: what people did to deliveries beside the daemon, until its books have it.
  private static let byHand = """
    CREATE TABLE by_hand (
      id INTEGER PRIMARY KEY, destination TEXT NOT NULL, replayed INTEGER NOT NULL,
      purged_pending INTEGER NOT NULL, purged_dead INTEGER NOT NULL
    ) STRICT;
    """

  /// Version 5: who sends and is no device.
  private static let sightings = """
    CREATE TABLE sightings (
      id INTEGER PRIMARY KEY, address TEXT NOT NULL, host TEXT NOT NULL COLLATE NOCASE,
      syslog INTEGER NOT NULL, traps INTEGER NOT NULL,
      first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
      UNIQUE (address, host)
    ) STRICT;
    CREATE INDEX sightings_seen ON sightings (last_seen);
    """

  /// Version 6: kinds of unmatched events, by (host, template), and those that raise no alert. `slices` are
  /// 24 counts of 4 bytes, little-endian; `everywhere`: the key is a template's.
  private static let unmatched = """
    CREATE TABLE unmatched (
      key           INTEGER PRIMARY KEY,
      template      INTEGER NOT NULL,
      host          TEXT NOT NULL,
      source        INTEGER NOT NULL,
      severity      INTEGER NOT NULL,
      peer          TEXT NOT NULL,
      line          TEXT NOT NULL,
      message_start INTEGER NOT NULL,
      trap_oid      TEXT,
      slices        BLOB NOT NULL,
      slice         INTEGER NOT NULL,
      slice_length  INTEGER NOT NULL,
      total         INTEGER NOT NULL,
      first_at      INTEGER NOT NULL,
      last_at       INTEGER NOT NULL,
      state         INTEGER NOT NULL,
      state_at      INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE unmatched_ignored (
      key        INTEGER NOT NULL,
      everywhere INTEGER NOT NULL,
      host       TEXT NOT NULL,
      template   TEXT NOT NULL,
      since      INTEGER NOT NULL,
      changed_by TEXT NOT NULL,
      reason     TEXT,
      PRIMARY KEY (key, everywhere)
    ) STRICT;
    """

  /// Version 7: what a delivery carries for going over to another destination (`DetourRecord`), and where it
  /// came from.
  private static let detours = """
    ALTER TABLE deliveries ADD COLUMN detour BLOB;
    ALTER TABLE deliveries ADD COLUMN came_from TEXT;
    """

  /// Version 8: whether a delivery is a clear, and who took the raise of a signature in another's place.
  private static let standIns = """
    ALTER TABLE deliveries ADD COLUMN is_clear INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE stand_ins (
      id INTEGER PRIMARY KEY, signature TEXT NOT NULL, destination TEXT NOT NULL, since INTEGER NOT NULL,
      UNIQUE (signature, destination)
    ) STRICT;
    CREATE INDEX stand_ins_since ON stand_ins (since);
    """

  /// Version 9: what has failed and is tried again, and clears, by signature: the latter wait behind the
  /// former.
  private static let ordered = """
    CREATE INDEX deliveries_retried ON deliveries (destination, signature, event_id)
      WHERE state = 0 AND attempts > 0;
    CREATE INDEX deliveries_clears ON deliveries (destination, signature, event_id)
      WHERE state = 0 AND is_clear = 1;
    """

  /// Version 10: by how much, nanoseconds, the clock was set forward while alerts waited, and what it said
  /// before.
  private static let clockLeaps = """
    CREATE TABLE clock_leaps (id INTEGER PRIMARY KEY, before INTEGER NOT NULL, step INTEGER NOT NULL) STRICT;
    """

  /// Version 11: the clocks of SNMP engines.
  private static let engines = """
    CREATE TABLE engines (
      id INTEGER PRIMARY KEY, engine BLOB NOT NULL UNIQUE, boots INTEGER NOT NULL, time INTEGER NOT NULL,
      heard_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX engines_heard ON engines (heard_at);
    """

  /// Version 12: what waits for its first attempt, by signature: of a backlog only a part is read at once,
  /// and none may leave before an earlier one of its signature.
  private static let untried = """
    CREATE INDEX deliveries_untried ON deliveries (destination, signature, event_id)
      WHERE state = 0 AND attempts = 0 AND signature <> '';
    """

  /// Version 13: troubles of the daemon that somebody was told, and not yet that they are over.
  private static let troubles = """
    CREATE TABLE troubles (
      id INTEGER PRIMARY KEY AUTOINCREMENT, destination TEXT NOT NULL, subject TEXT NOT NULL,
      state TEXT NOT NULL, reason TEXT NOT NULL, remedy TEXT NOT NULL, severity INTEGER NOT NULL,
      level INTEGER NOT NULL, since INTEGER NOT NULL,
      UNIQUE (destination, subject)
    ) STRICT;
    """

  /// Rows of `numbers`.
  enum Number: Int64 {
    /// Milliseconds since 1970 that event ids may have reached.
    case idCeiling = 1
    /// Nanoseconds since 1970 at which the snapshot was good, and the catalog's version then.
    case snapshotTime = 2
    case snapshotVersion = 3
    /// `Catalog.fingerprint` of the snapshot.
    case snapshotFingerprint = 4
    /// The random part of our SNMP engine id, and how often an engine with it has started.
    case engineSeed = 5
    case engineBoots = 6
    /// Grows with every change of `unmatched_ignored`.
    case ignoredVersion = 7
    /// Nanoseconds since 1970 of the last summary of unmatched kinds.
    case unmatchedSummedAt = 8
    /// `AnnouncedTrim` of each `TrimReason`; the times are nanoseconds since 1970.
    case retentionSetting = 9
    case retentionLeft = 10
    case retentionNotedAt = 11
    case maxSizeSetting = 12
    case maxSizeLeft = 13
    case maxSizeNotedAt = 14
    case minFreeSetting = 15
    case minFreeLeft = 16
    case minFreeNotedAt = 17
  }
}
