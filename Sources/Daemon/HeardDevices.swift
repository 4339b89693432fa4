package import Model
package import Policy

/// When the devices of a snapshot were heard, as one worker has heard them since it last told: a time by the
/// device's index. An event costs one store; memory is only taken when another list of devices comes, or
/// when what is here is handed on.
package struct HeardDevices: Sendable {
  /// Bytes a device takes.
  package static var entrySize: Int { MemoryLayout<Int64>.stride }

  package private(set) var names = DeviceNames()
  /// Nanoseconds since 1970 by device; 0: not heard.
  package private(set) var times: [Int64] = []
  private var toldAt: Int64 = .min

  package init() {}

  /// Indices are those of `next` from now on; what was noted stays with its device.
  package mutating func adopt(_ next: DeviceNames) {
    if !next.isSame(as: names) { times = next.rearranged(times, of: names) }
    names = next
  }

  /// Notes that this device was heard.
  @inline(__always)
  package mutating func note(_ device: Int32, at time: Timestamp) {
    times[Int(device)] = time.nanoseconds
  }

  /// Nothing was handed on for `after` nanoseconds.
  package func isDue(monotonic: Int64, after: Int64) -> Bool {
    if times.isEmpty { return false }
    return toldAt == .min || monotonic &- toldAt >= after
  }

  /// Hands on what is here, if anything is; what `taker` refuses stays for the next time.
  package mutating func tell(monotonic: Int64, _ taker: (HeardDevices) -> Bool) {
    toldAt = monotonic
    for index in times.indices where times[index] != 0 {
      if taker(self) { times = [Int64](repeating: 0, count: names.count) }
      return
    }
  }
}
