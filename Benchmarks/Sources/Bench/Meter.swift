import CCallgrind
import Glibc

/// Runs cases, and says what each of them counted.
///
/// Under valgrind every case leaves a dump with its name; on standard output stands, a line each, the case
/// and its number of events. What is to be counted once has run once before, so that memory is mapped,
/// capacities are grown and statements are prepared: a daemon runs for months.
struct Meter {
  /// The case and how many events it had.
  func report(_ name: String, events: Int) { print("\(name)\t\(events)") }

  /// Counts the second of two runs of `body`.
  func measure(_ name: String, events: Int, _ body: () throws -> Void) rethrows {
    try body()
    try measureOnce(name, events: events, body)
  }

  /// For what cannot be done twice.
  func measureOnce(_ name: String, events: Int, _ body: () throws -> Void) rethrows {
    Meter.begin()
    try body()
    Meter.end(name)
    report(name, events: events)
  }

  static var isCounted: Bool { bench_is_counted() != 0 }
  static func begin() { bench_begin() }
  static func end(_ name: String) { unsafe name.withCString { unsafe bench_end($0) } }
  static func pause() { bench_pause() }
  static func resume() { bench_resume() }

  /// To standard error, beside the names of the cases.
  static func say(_ text: String) {
    let line = Array("bench: \(text)\n".utf8)
    unsafe line.withUnsafeBufferPointer { unsafe _ = write(2, $0.baseAddress, $0.count) }
  }
}

/// A case that did not do what it stands for.
struct BenchFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
