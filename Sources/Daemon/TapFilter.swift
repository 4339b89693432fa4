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
  /// For each beginning of `text`, by its length less one: how long the longest shorter beginning is that it
  /// ends with.
  private var borders: [Int] = []
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

  package mutating func setText(_ part: String) {
    text = part.utf8.map(lowered)
    borders = [Int](repeating: 0, count: text.count)
    var length = 0
    for index in text.indices.dropFirst() {
      while length > 0, text[index] != text[length] { length = borders[length - 1] }
      if text[index] == text[length] { length += 1 }
      borders[index] = length
    }
  }

  package var asksForHost: Bool { host != 0 }

  /// All that needs no look at texts.
  package func takes(isMatched: Bool, severity: Int8) -> Bool {
    if isMatched ? onlyUnmatched : !rule.isEmpty { return false }
    return severity <= self.severity
  }

  package func takes(host: UInt64, peer: IPAddress) -> Bool {
    host == self.host || (!address.isUnspecified && peer == address)
  }

  /// Whether `text`, which is not empty, is in it, ASCII letters without regard to case, and how many bytes
  /// were compared for that: at most two for each of `bytes`, whatever both are (Knuth, Morris and Pratt). A
  /// worker does this between events, for everybody who watches.
  package func search(_ bytes: Span<UInt8>) -> (isFound: Bool, compared: Int) {
    let first = text[0]
    // What begins behind this has no room.
    let lastStart = bytes.count - text.count
    var index = 0
    var length = 0
    var compared = 0
    while index - length <= lastStart {
      if length == 0 {
        // Mostly nothing begins: what is looked for is one byte.
        let start = index
        while index <= lastStart, lowered(bytes[index]) != first { index &+= 1 }
        compared += index - start
        if index > lastStart { break }
      }
      // The first byte is known to be there.
      compared += 1
      if length == 0 || lowered(bytes[index]) == text[length] {
        index += 1
        length += 1
        if length == text.count { return (true, compared) }
      } else {
        length = borders[length - 1]
      }
    }
    return (false, compared)
  }
}
