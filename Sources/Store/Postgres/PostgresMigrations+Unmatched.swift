/// `database/postgresql/0005_unmatched`; see `PostgresMigrator.migrations`.
extension PostgresMigrator {
  static let unmatched = """
    -- Pages of unmatched events. Where every event is audited the first rows by time are of them; where the
    -- matched alone are, there is one among thousands, or none, and by time the whole audit would be read.
    -- Times only grow, so that one row more costs little.
    --
    -- Rows that are written wait while the index is made: the daemon spools meanwhile. On years of audit let
    -- each month make its own beforehand, which the index then takes over:
    --   CREATE INDEX CONCURRENTLY ON event_audit_log_2026_11 (event_timestamp)
    --     WHERE lower(handling_decision) = 'unmatched';
    --
    -- By hand:  psql -v ON_ERROR_STOP=1 -f 0005_unmatched.sql

    BEGIN;

    CREATE INDEX event_audit_log_unmatched ON event_audit_log (event_timestamp)
      WHERE lower(handling_decision) = 'unmatched';
    INSERT INTO schema_migrations (version, name) VALUES (5, 'unmatched');

    COMMIT;

    """

  static let unmatchedDown = """
    -- By hand:  psql -v ON_ERROR_STOP=1 -f 0005_unmatched.down.sql

    BEGIN;

    DROP INDEX event_audit_log_unmatched;
    DELETE FROM schema_migrations WHERE version = 5;

    COMMIT;

    """
}
