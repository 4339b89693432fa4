import Model

/// The months of the audit, which our functions know by name and bounds.
extension AdoptionSurvey {
  /// One bound of partition `c`; NULL where it is none, or without end.
  private static func bound(_ word: String) -> String {
    "substring(pg_get_expr(c.relpartbound, c.oid) FROM '\(word) \\(''([^'']+)''\\)')::timestamptz"
  }

  func comparePartitions() throws(StoreError) {
    let rows = try connection.query(
      """
      SELECT p.name, p.month_name, p.aligned, p.is_default, p.lower IS NULL OR p.upper IS NULL,
        p.bound, to_regclass('public.' || quote_ident(p.month_name)) IS NOT NULL
      FROM (
        SELECT b.*, b.lower = date_trunc('month', b.lower)
            AND b.upper = date_trunc('month', b.lower) + interval '1 month' AS aligned,
          'event_audit_log_' || to_char(b.lower, 'YYYY_MM') AS month_name
        FROM (
          SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound,
            pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT' AS is_default,
            \(AdoptionSurvey.bound("FROM")) AS lower,
            \(AdoptionSurvey.bound("TO")) AS upper
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = 'public.event_audit_log'::regclass) b) p
      ORDER BY p.lower, p.name
      """, [], "looking at partitions")
    var hasDefault = false
    for row in 0..<rows.count {
      let name = rows.text(row, 0) ?? ""
      let bound = rows.text(row, 5) ?? ""
      if rows.bool(row, 3) {
        hasDefault = true
        if name != "event_audit_log_default" { rename(name, to: "event_audit_log_default") }
      } else if rows.bool(row, 4) {
        found.obstacles.append(
          "partition \(name) has no end (\(bound)), so no month can be made: detach it, attach it by months"
        )
      } else if !rows.bool(row, 2) {
        found.remarks.append(
          "partition \(name) is no month in UTC (\(bound)): it stays, and its rows are found as ever")
      } else if let month = rows.text(row, 1), month != name {
        if rows.bool(row, 6) {
          found.remarks.append("partition \(name) stays: \(month) is another table")
        } else {
          rename(name, to: month)
        }
      }
    }
    try bridge()
    if hasDefault { return }
    found.add(
      "event_audit_log_default is made: it takes what has no month yet",
      "CREATE TABLE public.event_audit_log_default PARTITION OF public.event_audit_log DEFAULT")
  }

  private func rename(_ partition: String, to name: String) {
    found.add(
      "partition \(partition) becomes \(name)",
      "ALTER TABLE public.\"\(partition.replacingExactly("\"", with: "\"\""))\" RENAME TO \(name)")
  }

  /// Where MUTT's months end by another clock than UTC, the first of ours begins where they end.
  private func bridge() throws(StoreError) {
    let row = try connection.query(
      """
      SELECT 'event_audit_log_' || to_char(last, 'YYYY_MM'), last,
        date_trunc('month', last) + interval '1 month'
      FROM (
        SELECT max(\(AdoptionSurvey.bound("TO"))) AS last
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.event_audit_log'::regclass) ends
      WHERE last <> date_trunc('month', last)
        AND to_regclass('public.event_audit_log_' || to_char(last, 'YYYY_MM')) IS NULL
      """, [], "looking where the partitions end")
    guard row.count > 0, let name = row.text(0, 0), let from = row.text(0, 1), let to = row.text(0, 2) else {
      return
    }
    found.add(
      "partition \(name) is made, from where MUTT's partitions end (\(from))",
      "CREATE TABLE public.\(name) PARTITION OF public.event_audit_log "
        + "FOR VALUES FROM ('\(from)') TO ('\(to)')"
    )
  }
}
