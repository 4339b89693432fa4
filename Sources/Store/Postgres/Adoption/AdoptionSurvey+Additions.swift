import Model

/// What others have put on the tables that muttd writes, and what it does to muttd's rows.
extension AdoptionSurvey {
  /// Of columns that no statement of muttd's names.
  func compareAdditions(_ ours: AdoptionTable, _ theirs: AdoptionTable) {
    for column in theirs.columns where column.isRequired && column.standard == nil {
      if ours.columns.contains(where: { $0.name == column.name }) { continue }
      found.obstacles.append(
        "\(ours.name).\(column.name) is not muttd's, must not be empty and has no default, so that every "
          + "row of muttd's would be refused: ALTER TABLE \(ours.name) ALTER \(column.name) SET DEFAULT …, "
          + "or DROP NOT NULL")
    }
    let isAudit = ours.name == "event_audit_log"
    for constraint in theirs.constraints where constraint.kind != "p" {
      if ours.constraints.contains(where: { $0.definition == constraint.definition }) { continue }
      found.remarks.append(
        "\(ours.name) keeps \(constraint.name), \(constraint.definition)"
          + (isAudit ? ": rows that break it are set aside" : ": edits that break it are refused"))
    }
  }

  /// Triggers, policies and indexes beside ours, and references that are missing.
  func lookAtAdditions() throws(StoreError) {
    let tables = PostgresValue.text(
      AdoptionSurvey.columns.map(\.table).joined(separator: ",") + ",devices")
    try remark(
      """
      SELECT format('%s keeps the trigger %I: rows that it refuses are set aside', t.tgrelid::regclass,
        t.tgname)
      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
      WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgenabled <> 'D'
        AND (c.relname = ANY (string_to_array($1, ',')) AND c.relnamespace = 'public'::regnamespace
          OR c.oid IN (SELECT relid FROM pg_partition_tree('public.event_audit_log')))
      ORDER BY 1
      """, [tables], "looking for triggers")
    try remark(
      """
      SELECT format('%I keeps its row security: give muttd''s role a policy by which it reads and writes all '
        || 'rows, or ALTER TABLE %I DISABLE ROW LEVEL SECURITY', relname, relname)
      FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace
        AND relname = ANY (string_to_array($1, ',')) ORDER BY 1
      """, [tables], "looking for policies")
    try remark(
      """
      SELECT format('the index %s is not valid and serves nobody: REINDEX it, or drop it', x.oid::regclass)
      FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
      WHERE NOT i.indisvalid AND (c.relname = ANY (string_to_array($1, ','))
        OR c.oid IN (SELECT relid FROM pg_partition_tree('public.event_audit_log')))
      ORDER BY 1
      """, [tables], "looking for indexes")
    try remark(
      """
      SELECT 'event_audit_log has no foreign key to alert_rules: rows may name rules that are gone'
      WHERE NOT EXISTS (SELECT 1 FROM pg_constraint WHERE contype = 'f'
        AND conrelid = 'public.event_audit_log'::regclass AND confrelid = 'public.alert_rules'::regclass)
      """, [], "looking for references")
    try remark(
      """
      SELECT format('the database is encoded in %s: rows with characters that it lacks are set aside. One in '
        || 'UTF8 takes them all', pg_encoding_to_char(encoding))
      FROM pg_database WHERE datname = current_database() AND pg_encoding_to_char(encoding) <> 'UTF8'
      """, [], "looking at the encoding")
    if let warning = try PostgresMigrator.warning(connection) { found.remarks.append(warning) }
  }

  /// A remark for every row.
  private func remark(_ sql: String, _ values: [PostgresValue], _ doing: String) throws(StoreError) {
    let rows = try connection.query(sql, values, doing)
    for row in 0..<rows.count { found.remarks.append(rows.text(row, 0) ?? "") }
  }
}
