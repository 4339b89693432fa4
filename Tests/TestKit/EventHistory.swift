package import Model

extension EventBatch {
  /// Rows of a time that has passed: one every `step` milliseconds from `begin` on, their text so long, and
  /// those with a rule for which `rule` says so.
  package static func history(
    _ count: Int, from begin: Timestamp, every step: Int64 = 1, text: Int = 200, rule: (Int) -> Bool
  ) -> EventBatch {
    var batch = EventBatch()
    var factory = EventFactory()
    let padding = String(repeating: "x", count: text)
    for number in 0..<count {
      factory.add(
        to: &batch, host: "core-\(number % 50)", raw: "line \(number) \(padding)",
        rule: rule(number) ? (1, "r1") : nil)
      let last = batch.rows.count - 1
      let time = begin.adding(milliseconds: Int64(number) * step)
      batch.rows[last].id = EventID(milliseconds: time.milliseconds, node: 0, sequence: 0)
      batch.rows[last].time = time
      batch.rows[last].arrival = time
    }
    return batch
  }
}
