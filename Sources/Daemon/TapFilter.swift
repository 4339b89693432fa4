package import Model
import Policy

/// What one watcher wants to see, as a worker asks it of every event while somebody watches.
package struct TapFilter: Sendable {
  /// Which of the watchers it is, 0..<`TapSieve.places`.
  package var place = 0
  /// Lines a second.
  package var rate = 500
  /// This severe or more, 0...7; events without a severity (traps) pass.
  package var severity: Int8 = 7
  package var onlyUnmatched = false
  /// Name of the rule that won, or its id; empty: any.
  package private(set) var rule: [UInt8] = []
  package private(set) var ruleID: Int64 = 0
  /// A part of the text, in small letters; empty: any.
  package private(set) var text: [UInt8] = []
  /// Of the host's name whatever its case, or of its address; 0: any.
  private var host: UInt64 = 0
  /// The address that the host was given as: what comes from there is meant too.
  private var address: IPAddress = .unspecified

  package init() {}

  package mutating func setHost(_ name: String) {
    let bytes = Array(name.utf8)
    if let found = HostClaim.address(bytes.span) {
      address = found
      host = Matcher.hash(of: found)
    } else {
      let whole = ByteRange(0, bytes.count).withoutRoot(in: bytes.span)
      host = Matcher.hash(of: whole, in: bytes.span)
    }
  }

  package mutating func setRule(_ name: String) {
    rule = Array(name.utf8)
    ruleID = Int64(name) ?? 0
  }

  package mutating func setText(_ part: String) { text = part.utf8.map(lowered) }

  package var asksForHost: Bool { host != 0 }

  /// All that needs no look at texts.
  package func takes(isMatched: Bool, severity: Int8) -> Bool {
    if isMatched ? onlyUnmatched : !rule.isEmpty { return false }
    return severity <= self.severity
  }

  package func takes(host: UInt64, peer: IPAddress) -> Bool {
    host == self.host || (!address.isUnspecified && peer == address)
  }

  /// `text` is in it; ASCII letters without regard to case.
  package func isIn(_ bytes: Span<UInt8>) -> Bool {
    if bytes.count < text.count { return false }
    let first = text[0]
    for start in 0...(bytes.count - text.count) where lowered(bytes[start]) == first {
      var length = 1
      while length < text.count, lowered(bytes[start + length]) == text[length] { length += 1 }
      if length == text.count { return true }
    }
    return false
  }
}
