package import Model

/// What was done to the clock while alerts waited: who waits is not older for it in the next run either.
extension Outbox {
  package func clockLeaps() throws(StoreError) -> ClockLeaps {
    try use { session throws(StoreError) in
      let row = try session.statement(
        "SELECT before, step FROM clock_leaps ORDER BY id", "reading how the clock was set")
      defer { row.reset() }
      var found: [ClockLeaps.Leap] = []
      while try row.step() {
        found.append(ClockLeaps.Leap(before: Timestamp(nanoseconds: row.int64(0)), by: row.int64(1)))
      }
      return ClockLeaps(found)
    }
  }

  package func save(_ leaps: ClockLeaps) throws(StoreError) {
    try use { session throws(StoreError) in
      try session.connection.transaction("noting how the clock was set") { () throws(StoreError) in
        try session.connection.execute("DELETE FROM clock_leaps", "noting how the clock was set")
        let row = try session.statement(
          "INSERT INTO clock_leaps (before, step) VALUES (?1, ?2)", "noting how the clock was set")
        for leap in leaps.leaps {
          row.bind(leap.before.nanoseconds, 1)
          row.bind(leap.by, 2)
          try row.run()
        }
      }
    }
  }
}
