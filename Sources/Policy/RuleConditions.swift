import Model

/// What rules ask for besides their pattern, in one flat table by rank.
struct RuleConditions: Sendable {
  struct Entry: BitwiseCopyable, Sendable {
    /// The syslog severity that the event must have; -1: any.
    var severity: Int8 = -1
    /// Arcs that the trap's OID must start with; 0: none asked for.
    var arcCount: UInt8 = 0
    var arcStart: UInt32 = 0

    /// `severity`: the event's, -1 for traps and where it is unknown. `trapOID`: empty for syslog.
    func holds(severity: Int8, trapOID: borrowing ObjectID, arcs: Span<UInt32>) -> Bool {
      if self.severity >= 0, self.severity != severity { return false }
      return startsRight(trapOID, arcs: arcs)
    }

    func startsRight(_ trapOID: borrowing ObjectID, arcs: Span<UInt32>) -> Bool {
      guard trapOID.count >= Int(arcCount) else { return false }
      for step in 0..<Int(arcCount) where trapOID[step] != arcs[Int(arcStart) + step] { return false }
      return true
    }
  }

  private(set) var rules: [Entry] = []
  private(set) var arcs: [UInt32] = []

  /// The conditions of the next rank.
  mutating func add(severity: Int?, oid: ObjectID?) {
    var entry = Entry()
    if let severity { entry.severity = Int8(severity) }
    if let oid {
      entry.arcStart = UInt32(arcs.count)
      entry.arcCount = UInt8(oid.count)
      for index in 0..<oid.count { arcs.append(oid[index]) }
    }
    rules.append(entry)
  }

  mutating func trim() {
    rules = rules.withoutSlack
    arcs = arcs.withoutSlack
  }
}
