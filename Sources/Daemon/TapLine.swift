import Model

/// One line of the tap: an object, and a line end.
enum TapLine {
  /// `isCut`: the text was longer.
  static func bytes(_ row: EventRow, _ batch: EventBatch, isCut: Bool) -> [UInt8] {
    var object = VerbJSON()
    object.add("id", "\(row.id.rawValue)")
    object.add("time", time: row.time)
    object.add("host", batch.text(row.host))
    object.add("source", row.source.name)
    object.add("source_ip", row.peer.isUnspecified ? nil : "\(row.peer)")
    object.add("severity", number: row.severity < 0 ? nil : Int(row.severity))
    object.add("rule", row.isMatched ? batch.text(row.ruleName) : nil)
    object.add("handling", batch.text(row.handling))
    object.add("environment", row.environment.name)
    object.add("team", batch.text(row.team))
    object.add("forward", flag: row.forwards)
    object.add("text", batch.text(row.message))
    object.add("cut", flag: isCut)
    return object.closed + [UInt8(ascii: "\n")]
  }

  /// What was left out since this was last said: lines that the watcher did not take in time, and events that
  /// were more than the sample.
  static func news(dropped: UInt64, skipped: UInt64) -> [UInt8] {
    var object = VerbJSON()
    object.add("dropped", number: Int64(clamping: dropped))
    object.add("skipped", number: Int64(clamping: skipped))
    return object.closed + [UInt8(ascii: "\n")]
  }
}
