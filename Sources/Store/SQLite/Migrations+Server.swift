/// `database/sqlite/0004_roles` and `0005_unmatched`, steps that only a server takes; see
/// `Migrator.migrations`.
extension Migrator {
  static let roles = """
    -- A file has no roles: who may read and write muttd.db is said by its owner and mode, which the daemon
    -- sets, and by the directory it lies in. So that a version means the same step here and on a server, this
    -- one records itself.
    --
    -- By hand:  sqlite3 -bail muttd.db < 0004_roles.sql

    BEGIN IMMEDIATE;

    INSERT INTO schema_migrations (version, name) VALUES (4, 'roles');

    COMMIT;

    """

  static let rolesDown = """
    -- By hand:  sqlite3 -bail muttd.db < 0004_roles.down.sql

    BEGIN IMMEDIATE;

    DELETE FROM schema_migrations WHERE version = 4;

    COMMIT;

    """

  static let unmatched = """
    -- A server has an index for the pages of unmatched events. Here it would cost every row of them a good
    -- part of what the row itself does, and where there are many a page of them is found by walking back from
    -- the newest. So that a version means the same step here and on a server, this one records itself.
    --
    -- By hand:  sqlite3 -bail muttd.db < 0005_unmatched.sql

    BEGIN IMMEDIATE;

    INSERT INTO schema_migrations (version, name) VALUES (5, 'unmatched');

    COMMIT;

    """

  static let unmatchedDown = """
    -- By hand:  sqlite3 -bail muttd.db < 0005_unmatched.down.sql

    BEGIN IMMEDIATE;

    DELETE FROM schema_migrations WHERE version = 5;

    COMMIT;

    """
}
