/// One kind of unmatched event: what one host says in one template, how often, and a sample of it.
package struct UnmatchedKind: Sendable {
  /// What has been said about it.
  package enum State: Int, Sendable {
    case quiet = 0
    /// It had an alert of its own.
    case raised = 1
    /// It is due, and no more alerts may be raised in this hour.
    case waiting = 2
    /// It was part of a summary.
    case summed = 3
  }

  /// Steps of the window.
  package static var sliceCount: Int { 24 }
  /// Bytes of a sample that are kept.
  package static var lineLimit: Int { 1_024 }

  /// Of host and template; what people call it by is its hexadecimal form, `id`.
  package var key: UInt64
  /// The template alone: the same on every host.
  package var template: UInt64
  package var host = ""
  package var source = EventSource.syslog
  /// 0...7, -1 unknown: the worst that came.
  package var severity: Int8 = -1
  package var peer = IPAddress.unspecified
  /// The datagram of a syslog message, the line of a trap; its first `lineLimit` bytes.
  package var line = ""
  /// Where the message begins in `line`, bytes.
  package var messageStart = 0
  package var trapOID: String?

  /// Events by slice of the window, a ring.
  package var slices: [24 of UInt32] = .init(repeating: 0)
  /// The number of the newest slice, counted from 1970, and how long one is, nanoseconds.
  package var slice: Int64 = 0
  package var sliceLength: Int64 = 0
  /// Events since `firstAt`.
  package var total: Int64 = 0
  package var firstAt = Timestamp.absent
  package var lastAt = Timestamp.absent
  package var state = State.quiet
  package var stateAt = Timestamp.absent

  package init(key: UInt64, template: UInt64) {
    self.key = key
    self.template = template
  }

  /// 16 hexadecimal digits.
  package var id: String { UnmatchedKind.id(key) }

  package static func id(_ key: UInt64) -> String {
    let digits = String(key, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// What the template was made of.
  package var message: String {
    let bytes = line.utf8.dropFirst(messageStart)
    var end = bytes.endIndex
    while end > bytes.startIndex {
      let before = bytes.index(before: end)
      guard bytes[before] == 0x20 || bytes[before] == 0x0D || bytes[before] == 0x0A else { break }
      end = before
    }
    return String(Substring(bytes[..<end]))
  }

  /// Bytes of the texts.
  package var textSize: Int { host.utf8.count + line.utf8.count + (trapOID?.utf8.count ?? 0) }

  /// Adds `count` events of the slice `current`.
  package mutating func add(_ count: Int, slice current: Int64, at time: Timestamp) {
    advance(to: current)
    let lane = Int(slice % Int64(UnmatchedKind.sliceCount))
    slices[lane] = UInt32(clamping: Int64(slices[lane]) + Int64(count))
    total += Int64(count)
    if firstAt.isAbsent { firstAt = time }
    lastAt = time
  }

  /// Events in the window that ends with the slice `current`.
  package func count(at current: Int64) -> Int {
    var sum = 0
    let last = Int64(UnmatchedKind.sliceCount) - 1
    for step in 0...last {
      let number = slice - step
      if number < 0 || number < current - last { break }
      sum += Int(slices[Int(number % Int64(UnmatchedKind.sliceCount))])
    }
    return sum
  }

  /// Nothing of it lies in the window any more, or can: a clock may have been far ahead.
  package func isOver(at current: Int64) -> Bool { abs(current - slice) >= Int64(UnmatchedKind.sliceCount) }

  /// The same counts in slices of another length: as if all came in the last one.
  package mutating func recut(_ length: Int64) {
    if length == sliceLength { return }
    let sum = count(at: slice)
    slices = .init(repeating: 0)
    sliceLength = length
    slice = max(0, lastAt.nanoseconds) / length
    slices[Int(slice % Int64(UnmatchedKind.sliceCount))] = UInt32(clamping: sum)
  }

  private mutating func advance(to current: Int64) {
    let lanes = Int64(UnmatchedKind.sliceCount)
    // A clock that went back counts on where it stood; one that had been far ahead begins anew.
    if current < slice, slice - current < lanes { return }
    let steps = min(abs(current - slice), lanes)
    for step in 0..<steps { slices[Int((current - step) % lanes + lanes) % Int(lanes)] = 0 }
    slice = current
  }
}
