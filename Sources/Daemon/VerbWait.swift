import Foundation
import Intake
import Synchronization

/// What a verb is at while nothing else can be said of it, on one line of the terminal that goes away at the
/// end: `compiling 3000 rules, 12 s`. Silent unless standard error is a terminal.
final class VerbWait: Sendable {
  private struct State {
    var isOver = false
    var isVisible = false
  }

  private let state = Mutex(State())
  private let bell = StopBell()

  /// Shown from the second second on: what is quicker needs no words.
  static func show<Value, Failure: Error>(
    _ text: String, during work: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    if isatty(2) != 1 { return try work() }
    let wait = VerbWait()
    wait.begin(text)
    defer { wait.end() }
    return try work()
  }

  private func begin(_ text: String) {
    let start = SystemClock.monotonic
    DaemonThread(name: "wait").start { [self] in
      while !bell.wait(seconds: 1) {
        let seconds = (SystemClock.monotonic - start) / 1_000_000_000
        state.withLock { state in
          if state.isOver { return }
          state.isVisible = true
          VerbOutput.overwrite("\(text), \(seconds) s")
        }
      }
    }
  }

  private func end() {
    bell.ring()
    state.withLock { state in
      state.isOver = true
      if state.isVisible { VerbOutput.overwrite("") }
    }
  }
}
