import Glibc

/// Ends the run with `message` when a promise of the house does not hold; libFuzzer then keeps the input.
package func claim(_ holds: Bool, _ message: @autoclosure () -> String) {
  if !holds { fatalError("broken promise: \(message())") }
}

/// The bytes libFuzzer hands over, as an array of their own: an access beyond it is seen.
package func input(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
  unsafe Array(UnsafeBufferPointer(start: start, count: count))
}

/// Text that may leave the process: UTF-8 without NUL.
package func claimClean(_ bytes: ArraySlice<UInt8>, _ what: String) {
  claim(String(validating: bytes, as: UTF8.self) != nil, "\(what) is no UTF-8: \(Array(bytes))")
  claim(!bytes.contains(0), "\(what) holds a NUL: \(Array(bytes))")
}

/// As YAML 1.1 counts lines: CR, LF, both together, and the three separators of Unicode.
package func lineCount(_ text: String) -> Int {
  var lines = 1
  var last: Unicode.Scalar = " "
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\n" where last == "\r": break
    case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": lines += 1
    default: break
    }
    last = scalar
  }
  return lines
}

/// Runs `body` and claims that it took less than `limit` seconds of the processor, however busy the machine
/// is.
package func bounded(_ limit: Double = 10, _ body: () -> CInt) -> CInt {
  let start = processorTime()
  let result = body()
  let spent = processorTime() - start
  claim(spent < limit, "\(spent) s of processor time")
  return result
}

/// Seconds that this process has computed.
private func processorTime() -> Double {
  var time = timespec()
  let isKnown = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0
  claim(isKnown, "no clock for processor time")
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
}
