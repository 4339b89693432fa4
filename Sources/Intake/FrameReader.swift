internal import Model

/// Cuts the bytes of one connection into syslog messages (RFC 6587), a step at a time. Pure: it keeps no
/// bytes, only where it stands; the caller shows it again what it has not taken.
///
/// The first message decides for the whole connection. A number without leading zeros, a space and `<` is
/// octet counting (§3.4.1); anything else is lines (§3.4.2), also a line that begins with a digit, such as a
/// sequence number or a year. Lines end with LF, CR LF or NUL; empty ones are nothing. Between counted
/// messages the same bytes are passed over, because some senders add them.
///
/// In a counted stream nobody knows where the next message begins after a count that is none. The bytes that
/// were read already are then taken as lines, and the connection is over (`broken`).
package struct FrameReader: BitwiseCopyable, Sendable {
  package enum Framing: BitwiseCopyable, Sendable {
    case unknown, octets, lines
  }

  package enum Step: Equatable, Sendable {
    /// A message lies in `start..<end`; cut when it was longer than what is kept.
    case frame(start: Int, end: Int, isCut: Bool)
    /// The message that was cut exceeds the limit of a frame; said once for each.
    case oversized
    /// A count was expected and did not come; what is left in the buffer is read as lines from now on.
    case broken
    /// Nothing whole is left. What was not taken is to be shown again with more behind it.
    case more
  }

  /// Digits of an octet count: a frame below a gigabyte.
  private static let countDigits = 9
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")
  private static let space = UInt8(ascii: " ")

  package private(set) var framing = Framing.unknown
  private let kept: Int
  private let limit: Int
  /// Bytes of a counted message that are still to be passed over.
  private var skipped = 0
  /// The rest of a line is passed over.
  private var isSkippingLine = false
  /// Bytes of the line that is passed over, without a CR at the end of what was seen of it.
  private var lineLength = 0
  /// What was seen of it ends in a CR, which belongs to it unless the line ends there.
  private var endsInReturn = false
  /// `oversized` is due.
  private var isOversized = false
  /// Bytes of an unfinished line in which its end was looked for.
  private var scanned = 0

  /// - Parameters:
  ///   - kept: bytes of a message that are handed out, 1 or more; the rest of a longer one is passed over.
  ///   - limit: bytes of a frame above which it is reported as oversized; not below `kept`.
  package init(kept: Int, limit: Int) {
    self.kept = kept
    self.limit = max(kept, limit)
  }

  /// The most bytes that are left over between two calls: a message that is not whole yet, with its count or
  /// its line end.
  package static func longestRest(kept: Int) -> Int { kept + countDigits + 2 }

  /// The rest of a long message is being passed over: something is unfinished though no bytes are kept.
  package var isSkipping: Bool { skipped > 0 || isSkippingLine }

  /// The next step in `bytes` from `at` on; `at` moves behind what was taken.
  package mutating func next(_ bytes: Span<UInt8>, _ at: inout Int) -> Step {
    if isOversized {
      isOversized = false
      return .oversized
    }
    switch framing {
    case .lines: return nextLine(bytes, &at)
    case .octets: return nextCounted(bytes, &at)
    case .unknown:
      FrameReader.passFiller(bytes, &at)
      guard let found = FrameReader.detect(bytes, at) else { return .more }
      framing = found
      return next(bytes, &at)
    }
  }

  /// The connection has ended: what is left is a message, whole when it is a line. Nil when nothing is left.
  package func last(_ bytes: Span<UInt8>, _ at: Int) -> Step? {
    if isSkipping { return nil }
    var start = at
    if framing == .octets {
      while start < bytes.count, isDigit(bytes[start]) { start += 1 }
      // Behind the count and its space.
      start += 1
    }
    var end = bytes.count
    if framing != .octets, end > start, bytes[end - 1] == FrameReader.carriageReturn { end -= 1 }
    guard start < end else { return nil }
    return .frame(start: start, end: min(end, start + kept), isCut: framing == .octets || end - start > kept)
  }

  /// Nil while it cannot be told yet.
  private static func detect(_ bytes: Span<UInt8>, _ start: Int) -> Framing? {
    guard start < bytes.count else { return nil }
    guard isDigit(bytes[start]), bytes[start] != UInt8(ascii: "0") else { return .lines }
    var at = start
    while at < bytes.count, at - start <= countDigits, isDigit(bytes[at]) { at += 1 }
    if at - start > countDigits { return .lines }
    guard at < bytes.count else { return nil }
    guard bytes[at] == space else { return .lines }
    guard at + 1 < bytes.count else { return nil }
    return bytes[at + 1] == UInt8(ascii: "<") ? .octets : .lines
  }

  private static func passFiller(_ bytes: Span<UInt8>, _ at: inout Int) {
    while at < bytes.count, bytes[at] == lineFeed || bytes[at] == carriageReturn || bytes[at] == 0 { at += 1 }
  }

  private mutating func nextCounted(_ bytes: Span<UInt8>, _ at: inout Int) -> Step {
    if skipped > 0 {
      let part = min(skipped, bytes.count - at)
      at += part
      skipped -= part
      if skipped > 0 { return .more }
    }
    FrameReader.passFiller(bytes, &at)
    var body = at
    var length = 0
    while body < bytes.count, body - at <= FrameReader.countDigits, isDigit(bytes[body]) {
      length = length * 10 + Int(bytes[body] - UInt8(ascii: "0"))
      body += 1
    }
    let digits = body - at
    if digits <= FrameReader.countDigits, body == bytes.count { return .more }
    guard digits > 0, digits <= FrameReader.countDigits, bytes[at] != UInt8(ascii: "0"),
      bytes[body] == FrameReader.space
    else {
      framing = .lines
      return .broken
    }
    body += 1
    let part = min(length, kept)
    guard bytes.count - body >= part else { return .more }
    at = body + part
    skipped = length - part
    isOversized = length > limit
    return .frame(start: body, end: at, isCut: skipped > 0)
  }

  private mutating func nextLine(_ bytes: Span<UInt8>, _ at: inout Int) -> Step {
    if isSkippingLine {
      let end = FrameReader.lineEnd(bytes, from: at, to: bytes.count)
      let before = lineLength
      if end > at {
        lineLength += end - at + (endsInReturn ? 1 : 0)
        endsInReturn = bytes[end - 1] == FrameReader.carriageReturn
        if endsInReturn { lineLength -= 1 }
      }
      at = min(end + 1, bytes.count)
      isSkippingLine = end == bytes.count
      if before <= limit, lineLength > limit { return .oversized }
      if isSkippingLine { return .more }
    }
    FrameReader.passFiller(bytes, &at)
    // A line of full length may have two bytes of line end behind it.
    let reach = min(bytes.count, at + kept + 2)
    let end = FrameReader.lineEnd(bytes, from: at + scanned, to: reach)
    let start = at
    if end < reach {
      at = end + 1
      scanned = 0
      let stop = bytes[end - 1] == FrameReader.carriageReturn ? end - 1 : end
      isOversized = stop - start > limit
      return .frame(start: start, end: min(stop, start + kept), isCut: stop - start > kept)
    }
    guard end - start == kept + 2 else {
      scanned = end - start
      return .more
    }
    at = start + kept
    scanned = 0
    isSkippingLine = true
    lineLength = kept
    endsInReturn = false
    return .frame(start: start, end: at, isCut: true)
  }

  /// The first LF or NUL from `start` on; `limit` when there is none before it.
  private static func lineEnd(_ bytes: Span<UInt8>, from start: Int, to limit: Int) -> Int {
    bytes.firstIndex(
      from: start, to: limit, block: { $0.equal(lineFeed) | $0.equal(0) }, byte: { $0 == lineFeed || $0 == 0 }
    )
  }
}
