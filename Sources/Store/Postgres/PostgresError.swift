extension StoreError.Code {
  /// From a SQLSTATE (PostgreSQL's manual, appendix A).
  init(sqlstate state: String) {
    switch state {
    case "23505": self = .conflict
    case "25006": self = .readOnly
    case "42501": self = .permission
    case "53100": self = .full
    case "57014", "55P03", "40001", "40P01": self = .busy
    case "42P01", "42703", "42883", "42704", "3F000": self = .schema
    // Rows that the table, its types or its indexes refuse.
    case "54000", "54001": self = .constraint
    case "XX001", "XX002": self = .corrupt
    default:
      switch state.prefix(2) {
      case "08", "57", "53", "28", "3D": self = .unavailable
      case "22", "23", "44": self = .constraint
      default: self = .io
      }
    }
  }

  /// What to do where the server has said more than a code, as a sentence.
  static func serverAdvice(sqlstate state: String) -> String {
    switch state {
    case "57014":
      "It took longer than statement_timeout allows: ask for less, or let it take longer "
        + "(options=-c statement_timeout=60s in store.url)."
    case "55P03": "Somebody else holds a lock for long: see pg_stat_activity, and try again."
    case "42P17": "It does not fit the tables as they are: see muttd db partitions and the server's log."
    default: StoreError.Code(sqlstate: state).serverAdvice
    }
  }

  /// What to do about an error of a server, as a sentence.
  var serverAdvice: String {
    switch self {
    case .unavailable: "Check that the server runs and lets this user in."
    case .busy: "Somebody else holds a lock for long, or the server is slow; try again."
    case .corrupt: "The server found damage: see its log."
    case .full: "Free space on the server."
    case .permission: "Grant it (see database/README.md)."
    case .readOnly:
      "This server only reads: name all hosts and target_session_attrs=read-write in store.url."
    case .constraint: "Correct the values."
    case .schema: "Run muttd db status."
    case .locked, .nodeTaken: "Stop the other daemon first."
    case .notFound, .conflict: "Check the name."
    case .io: "See the server's log."
    }
  }
}

/// What the server said about a statement.
struct PostgresRefusal {
  var state: String
  /// In the server's words, on one line.
  var text: String

  /// A row that breaks the rule "matched_rule_id exists".
  var isForeignKey: Bool { state == "23503" }
  /// The statement, not its rows: "COPY FROM not supported with row-level security".
  var isOfCopy: Bool { state == "0A000" }
  /// A row breaks a rule that other rows keep. Not among them is 23502: a column of somebody's that may not
  /// be empty refuses every row.
  var isOfARow: Bool { code == .constraint && state != "23502" }
  /// May be about one row, a trigger's or a policy's word, or about the table as it is: only a try with other
  /// rows can tell.
  var mayBeOfARow: Bool {
    switch code {
    case .io, .permission, .schema: true
    case .constraint: state == "23502"
    default: false
    }
  }
  var code: StoreError.Code { StoreError.Code(sqlstate: state) }
}
