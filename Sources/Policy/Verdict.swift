import Model

/// What a rule says when it wins, trivially copied; texts are indices into the snapshot's arena.
struct Verdict: BitwiseCopyable, Sendable {
  var id: Int64
  var version: Int32
  /// 0...5; -1: from the syslog severity.
  var alertSeverity: Int8
  var forwardsInProd: Bool
  var forwardsInDev: Bool
  var prodHandling: TextIndex
  var devHandling: TextIndex
  /// None when the rule leaves it to the device's owner.
  var team: TextIndex
  var name: TextIndex
  var reference: TextIndex
  /// Parts of the flat table of pieces.
  var key: ByteRange
  /// Absent when the rule has no summary.
  var summary: ByteRange
  /// Which regex reads the named groups; -1: there are none.
  var regex: Int32
  /// Part of the flat table of groups.
  var groups: ByteRange
}

/// A piece of a template in the snapshot's flat table.
struct Piece: BitwiseCopyable, Sendable {
  enum Kind: UInt8, BitwiseCopyable, Sendable {
    case literal, host, rule, label
  }
  var kind: Kind
  /// The literal, or the name of the label.
  var text: TextIndex
}

/// A named group of a regex in the snapshot's flat table.
struct Group: BitwiseCopyable, Sendable {
  var number: UInt16
  var name: TextIndex
}
