package import Model

/// What has to be done to a database that MUTT v2.5 made so that it is ours, and what was found in it.
package struct AdoptionReport: Sendable {
  /// One change: what people are told, and the statements that make it.
  package struct Step: Sendable, Equatable {
    package var text: String
    var sql: [String]
  }

  /// The migrations are recorded: there is nothing to adopt.
  package var isAdopted = false
  /// In the order in which they are taken.
  package var steps: [Step] = []
  /// What a person has to decide first; nothing is changed while there is one.
  package var obstacles: [String] = []
  /// What stays as it is and is worth knowing.
  package var remarks: [String] = []
  /// All rules as MUTT reads them: in the order of the table's pages. Names are those they will have.
  package var rules: [Rule] = []
  package var developmentHosts: [String] = []
  package var deviceTeams: [DeviceTeam] = []
  /// Rows of the event audit as the planner estimates them; 0 where it was never analysed.
  package var auditRows: Int64 = 0
  /// Partitions of the event audit, the default one included.
  package var partitions = 0
}

/// Makes a database of MUTT's own SQL ours, in one transaction, without writing a row of its audit anew.
///
/// What is to be done is not listed here: the tables of `0001_tables` are made as temporary ones, compared
/// with what is there column by column, and taken back.
package enum PostgresAdoption {
  /// What would be done. Changes nothing.
  package static func report(_ address: PostgresAddress, rewrites: Bool = false) throws(StoreError)
    -> AdoptionReport
  {
    try PostgresMigrator.alone(on: address) { connection throws(StoreError) in
      try connection.execute("BEGIN", "looking at the tables")
      let report: AdoptionReport
      do throws(StoreError) {
        report = try AdoptionSurvey(connection, rewrites: rewrites).report()
      } catch {
        if !connection.isBroken { try connection.execute("ROLLBACK", "looking at the tables") }
        throw error
      }
      try connection.execute("ROLLBACK", "looking at the tables")
      return report
    }
  }

  /// Does it, or nothing: while there are obstacles, and where a step fails. Nobody writes meanwhile.
  ///
  /// - Parameters:
  ///   - rewrites: columns of the audit may be brought to another type where that writes every row anew.
  ///   - progress: hears of every step before it is taken; indexes on years of rows take their time.
  package static func apply(
    _ address: PostgresAddress, rewrites: Bool = false, progress: (AdoptionReport.Step) -> Void
  ) throws(StoreError) -> AdoptionReport {
    try PostgresMigrator.alone(on: address) { connection throws(StoreError) in
      try connection.transaction("adopting the database") { () throws(StoreError) in
        let survey = AdoptionSurvey(connection, rewrites: rewrites)
        try survey.lock()
        let report = try survey.report()
        if report.isAdopted || !report.obstacles.isEmpty { return report }
        for step in report.steps {
          progress(step)
          for sql in step.sql { try connection.execute(sql, step.text) }
        }
        try PostgresMigrator.check(connection)
        return report
      }
    }
  }
}

/// The statements of a migration, without the BEGIN and COMMIT around them: ours, and known to end with
/// their line.
struct MigrationText {
  let statements: [String]

  init(_ text: String) {
    var statements: [String] = []
    var current = ""
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if current.isEmpty, line.isEmpty || line.hasPrefix("--") { continue }
      current += line + "\n"
      if line.hasSuffix(";") {
        statements.append(current)
        current = ""
      }
    }
    self.statements = statements.filter { $0 != "BEGIN;\n" && $0 != "COMMIT;\n" }
  }

  /// The whole between BEGIN and COMMIT, for texts with bodies of functions.
  static func body(_ text: String) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    lines.removeAll { $0 == "BEGIN;" || $0 == "COMMIT;" }
    return lines.joined(separator: "\n")
  }

  /// `TABLE alert_rules`, `INDEX development_hosts_key`, `INTO config_version`: what a statement is about.
  static func subject(_ statement: String) -> String? {
    let words = statement.split(whereSeparator: { $0 == " " || $0 == "\n" || $0 == "(" }).prefix(4)
    guard let place = words.firstIndex(where: { $0 == "TABLE" || $0 == "INDEX" || $0 == "INTO" }),
      place + 1 < words.endIndex
    else { return nil }
    return "\(words[place]) \(words[place + 1])"
  }

  /// The functions that `text` makes.
  static func functions(_ text: String) -> [String] {
    text.split(separator: "\n").compactMap { line in
      let start = "CREATE FUNCTION "
      guard line.hasPrefix(start) else { return nil }
      return String(line.dropFirst(start.count).prefix { $0 != "(" })
    }
  }
}
