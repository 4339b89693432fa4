import Foundation
import Intake
import Model

/// How far a verb is, on one line of the terminal that is written over and goes away at the end. Silent
/// unless standard error is a terminal, and where standard output is the same: there the answers show it.
struct VerbProgress: ~Copyable {
  /// Bytes in all; nil when it cannot be known.
  private let total: Int?
  private let isShown = isatty(2) == 1 && isatty(1) == 0
  private let start = SystemClock.monotonic
  private var next: Int64
  private var isVisible = false

  /// Twice a second is as often as people read.
  private static let pause: Int64 = 500_000_000

  init(total: Int?) {
    self.total = total
    next = start + VerbProgress.pause
  }

  deinit { if isVisible { VerbProgress.erase() } }

  /// To be called once per piece read, not per line.
  mutating func report(lines: Int, bytes: Int) {
    if !isShown { return }
    let now = SystemClock.monotonic
    if now < next { return }
    next = now + VerbProgress.pause
    isVisible = true
    VerbOutput.overwrite(
      VerbProgress.text(lines: lines, bytes: bytes, total: total, nanoseconds: now - start))
  }

  /// Makes way for another line on standard error.
  mutating func hide() {
    if isVisible { VerbProgress.erase() }
    isVisible = false
  }

  private static func erase() { VerbOutput.overwrite("") }

  /// `1240000 lines  229.4 MB  187.2 MB/s  23 %`; decimal megabytes.
  static func text(lines: Int, bytes: Int, total: Int?, nanoseconds: Int64) -> String {
    let rate = nanoseconds > 0 ? Double(bytes) * 1_000 / Double(nanoseconds) : 0
    var text = "\(lines) lines  \(tenths(Double(bytes) / 1_000_000)) MB  \(tenths(rate)) MB/s"
    if let total, total > 0 { text += "  \(min(100, bytes * 100 / total)) %" }
    return text
  }

  private static func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
