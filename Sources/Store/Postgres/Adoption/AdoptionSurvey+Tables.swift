import Model

/// Columns, constraints, indexes and sequences of a table beside ours.
extension AdoptionSurvey {
  func compareColumns(_ ours: AdoptionTable, _ theirs: AdoptionTable) throws(StoreError) {
    let readers = try views(on: ours.name)
    var added: [String] = []
    var parts: [String] = []
    for column in ours.columns {
      guard let there = theirs.columns.first(where: { $0.name == column.name }) else {
        var part = "ADD COLUMN \(column.name) \(column.type)"
        if let standard = column.standard { part += " DEFAULT \(standard)" }
        if column.isRequired { part += " NOT NULL" }
        parts.append(part)
        added.append(column.name)
        continue
      }
      try compare(column, there, in: ours.name, views: readers[column.name])
    }
    if added.isEmpty { return }
    found.add(
      "\(ours.name): columns \(added.joined(separator: ", ")) are added",
      "ALTER TABLE public.\(ours.name) \(parts.joined(separator: ", "))")
  }

  private func compare(
    _ ours: AdoptionTable.Column, _ theirs: AdoptionTable.Column, in table: String, views: String?
  ) throws(StoreError) {
    let place = "\(table).\(ours.name)"
    let alter = "ALTER TABLE public.\(table) ALTER COLUMN \(ours.name)"
    if !AdoptionType.serves(theirs.type, for: ours.type) {
      compareType(ours, theirs, place, alter, isLog: AdoptionSurvey.logs.contains(table), views: views)
    }
    if ours.standard != nil, theirs.standard == nil, !ours.isSerial, let standard = ours.standard {
      found.add("\(place): \(standard) where nothing is given", "\(alter) SET DEFAULT \(standard)")
    }
    if theirs.isRequired, !ours.isRequired {
      found.add("\(place) may be empty: NOT NULL is dropped", "\(alter) DROP NOT NULL")
    }
    guard ours.isRequired, !theirs.isRequired else { return }
    if AdoptionSurvey.logs.contains(table) {
      found.remarks.append("\(place) may stay empty, as its rows are not touched")
      return
    }
    let empty = try connection.query(
      "SELECT count(*) FROM public.\(table) WHERE \(ours.name) IS NULL", [], "counting empty values")
    let count = empty.int(0, 0) ?? 0
    var sql = ["\(alter) SET NOT NULL"]
    if count > 0 {
      // MUTT reads only rows of which is_active is true.
      guard let standard = ours.name == "is_active" ? "false" : ours.standard else {
        found.obstacles.append("\(place) is empty in \(count) rows and must not be: fill it in")
        return
      }
      sql.insert("UPDATE public.\(table) SET \(ours.name) = \(standard) WHERE \(ours.name) IS NULL", at: 0)
      found.add("\(place): \(count) empty rows become \(standard), and none may be empty", sql)
    } else {
      found.add("\(place) must not be empty", sql)
    }
  }

  private func compareType(
    _ ours: AdoptionTable.Column, _ theirs: AdoptionTable.Column, _ place: String, _ alter: String,
    isLog: Bool, views: String?
  ) {
    if let views {
      let text = "\(place) is \(theirs.type), ours is \(ours.type), and \(views) reads it"
      if AdoptionType.widens(theirs.type, to: ours.type) {
        found.remarks.append("\(text): it stays, and longer values are refused and kept aside")
      } else {
        found.obstacles.append("\(text): drop the view, adopt, make it again")
      }
    } else if AdoptionType.widens(theirs.type, to: ours.type) {
      found.add("\(place) becomes \(ours.type), was \(theirs.type)", "\(alter) TYPE \(ours.type)")
    } else if isLog, ours.name == "event_timestamp" {
      found.obstacles.append("\(place) is \(theirs.type), not \(ours.type), and the partitions hang on it")
    } else if isLog, !rewrites {
      found.obstacles.append(
        "\(place) is \(theirs.type), not \(ours.type): changing that writes every row of the audit anew, "
          + "which --rewrite allows")
    } else {
      found.add(
        "\(place) becomes \(ours.type), was \(theirs.type)\(isLog ? ": every row is written anew" : "")",
        "\(alter) DROP DEFAULT", "\(alter) TYPE \(ours.type) USING \(ours.name)::\(ours.type)")
    }
  }

  /// Columns that views read, which may not change their type, with the views' names.
  private func views(on table: String) throws(StoreError) -> [String: String] {
    let rows = try connection.query(
      """
      SELECT a.attname, string_agg(DISTINCT v.relname, ', ')
      FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class
      JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid = ('public.' || $1)::regclass AND v.oid <> d.refobjid GROUP BY a.attname
      """, [.text(table)], "looking for views")
    var found: [String: String] = [:]
    for row in 0..<rows.count { found[rows.text(row, 0) ?? ""] = rows.text(row, 1) }
    return found
  }

  // MARK: Constraints and indexes

  func compareConstraints(_ ours: AdoptionTable, _ theirs: AdoptionTable) throws(StoreError) {
    let known = Set(theirs.columns.map(\.name))
    for constraint in ours.constraints {
      let alike = theirs.constraints.filter { $0.kind == constraint.kind }
      if alike.contains(where: { $0.columns == constraint.columns }) { continue }
      if constraint.kind == "p", let other = alike.first {
        found.obstacles.append(
          "\(ours.name) has the primary key \(other.definition), and muttd counts on \(constraint.definition)"
        )
        continue
      }
      var definition = constraint.definition
      if constraint.kind == "c", constraint.columns.allSatisfy({ known.contains($0) }),
        try isBroken(definition, in: ours.name)
      {
        definition += " NOT VALID"
        found.remarks.append("\(ours.name): there are rows outside \(constraint.definition); they stay")
      }
      found.add(
        "\(ours.name): \(definition) is added",
        "ALTER TABLE public.\(ours.name) ADD CONSTRAINT \(constraint.name) \(definition)")
    }
  }

  private func isBroken(_ check: String, in table: String) throws(StoreError) -> Bool {
    // Rows of hosts without a name go before.
    if table == "development_hosts" || table == "device_teams" { return false }
    let condition = check.dropFirst("CHECK ".count)
    return try connection.query(
      "SELECT EXISTS (SELECT 1 FROM public.\(table) WHERE NOT \(condition))", [], "holding rows to a check"
    ).bool(0, 0)
  }

  func compareIndexes(_ ours: AdoptionTable, _ theirs: AdoptionTable, _ statements: [String]) {
    let kept = theirs.indexes.filter { index in !ours.indexes.contains { $0.shape == index.shape } }
    if !kept.isEmpty {
      found.remarks.append("\(theirs.name) keeps \(kept.map(\.name).joined(separator: ", "))")
    }
    for index in ours.indexes {
      if theirs.indexes.contains(where: { $0.shape == index.shape }) { continue }
      guard let statement = statements.first(where: { MigrationText.subject($0) == "INDEX \(index.name)" })
      else { continue }
      found.add("index \(index.name) is made", statement)
    }
  }

  // MARK: Sequences

  /// The functions and grants of ours know them by their names.
  func compareSequence(_ table: String) throws(StoreError) {
    guard ["alert_rules", "event_audit_log", "config_audit_log"].contains(table) else { return }
    let wanted = "\(table)_id_seq"
    let row = try connection.query(
      "SELECT pg_get_serial_sequence('public.' || $1, 'id')", [.text(table)], "looking at sequences")
    guard let there = row.text(0, 0) else {
      found.add(
        "\(table).id counts by \(wanted)",
        "CREATE SEQUENCE IF NOT EXISTS public.\(wanted)",
        "ALTER SEQUENCE public.\(wanted) OWNED BY public.\(table).id",
        "SELECT setval('public.\(wanted)', (SELECT coalesce(max(id), 0) + 1 FROM public.\(table)), false)",
        "ALTER TABLE public.\(table) ALTER COLUMN id SET DEFAULT nextval('public.\(wanted)')")
      return
    }
    if there == "public.\(wanted)" { return }
    found.add("sequence \(there) becomes \(wanted)", "ALTER SEQUENCE \(there) RENAME TO \(wanted)")
  }
}
