import Model
import Policy

/// What those who watch get to see of the decisions.
extension DecisionDesk {
  /// Copies one decided event for those who want it. Only called while somebody watches.
  @inline(never)
  mutating func tap(
    _ event: Event, _ decision: Decision, id: EventID, datagram: Span<UInt8>, text: Span<UInt8>
  ) {
    let takers = takers(event, decision, datagram: datagram, text: text)
    if takers == 0 { return }
    var row = makeRow(event, id)
    matcher!.outline(
      decision, event: event, datagram: datagram, row: &row, bytes: &sieve.report.batch.bytes)
    var end = min(text.count, TapSieve.textLimit)
    // Not within a character.
    if end < text.count { while end > TapSieve.textLimit - 3, text[end] & 0xC0 == 0x80 { end -= 1 } }
    row.message = SafeText.append(text, ByteRange(0, end), to: &sieve.report.batch.bytes)
    sieve.report.batch.rows.append(row)
    sieve.report.marks.append(TapReport.Mark(takers: takers, isCut: end < text.count))
  }

  /// The places of those who want an event and have room for it, a bit each.
  private mutating func takers(
    _ event: Event, _ decision: Decision, datagram: Span<UInt8>, text: Span<UInt8>
  ) -> UInt8 {
    var takers: UInt8 = 0
    var host: UInt64?
    for index in 0..<sieve.filters.count {
      guard sieve.filters[index].takes(isMatched: decision.isMatched, severity: event.severity) else {
        continue
      }
      if !sieve.filters[index].rule.isEmpty {
        let filter = sieve.filters[index]
        guard matcher!.isWinner(of: decision, named: filter.rule.span, id: filter.ruleID) else { continue }
      }
      if sieve.filters[index].asksForHost {
        let key = host ?? matcher!.hostKey(decision, event: event, datagram: datagram)
        host = key
        guard sieve.filters[index].takes(host: key, peer: event.peer) else { continue }
      }
      if sieve.takes(index, text) { takers |= 1 << UInt8(sieve.filters[index].place) }
    }
    return takers
  }
}
