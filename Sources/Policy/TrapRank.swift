package import Model

/// What the OID of a notification says of its decision before its line is written. Found once for as long as
/// the same notification comes, by `Matcher.rank`; kept by whoever decides, since the OID is large.
package struct TrapRank: BitwiseCopyable, Sendable {
  /// Empty for syslog.
  var oid = ObjectID()
  /// The first rule that looks at the OID alone and holds; `.max` when there is none.
  var rank = UInt32.max
  /// A rule before that one may look at the line.
  var asksForLine = true

  /// Of a syslog message.
  package init() {}
}

extension Matcher {
  /// Finds what the OID of a notification says.
  package func rank(_ trapOID: borrowing ObjectID, into found: inout TrapRank) {
    found.oid = copy trapOID
    found.rank = snapshot.trie.lowestRank(&found.oid)
    let first = min(snapshot.firstLineRank, snapshot.lineTrie.lowestRank(&found.oid))
    found.asksForLine = first < found.rank
  }

  /// Decides a notification whose line no rule that could hold looks at; nil: it has to be written.
  ///
  /// A rule looks at the line when it has a pattern. Among those before the first that holds by its OID alone
  /// that are the ones without a severity, which no notification has, and without an OID or with one that the
  /// notification's begins with: the same that `RuleTable.Condition.holds` lets pass.
  @inline(__always)
  package func decide(
    _ event: borrowing Event, datagram: Span<UInt8>, by found: inout TrapRank
  ) -> Decision? {
    found.asksForLine ? nil : judge(event, datagram: datagram, rank: found.rank)
  }
}
