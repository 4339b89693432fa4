import Intake
import Synchronization

/// Where workers leave a sample of what they decide, while somebody watches (`Tap`).
///
/// A worker asks once a batch of datagrams whether anybody does, which is one relaxed load; only then it
/// picks events (`TapSieve`) and leaves them here, under one lock a batch. Nobody waits for the watchers:
/// what is too much is counted.
package final class TapPort: @unchecked Sendable {
  /// Bytes that wait for the tap's thread; more are skipped.
  static let byteLimit = 2 << 20
  /// Reports that wait: those without rows count too.
  private static let reportLimit = 1_024
  /// How long the tap's thread gathers reports before it takes them, ms: so that workers wake it seldom.
  private static let gathers = 20

  private let watched = Atomic<UInt64>(0)
  private let condition = WaitCondition()
  // Guarded by `condition`.
  private var wanted: [TapFilter] = []
  private var lastGeneration: UInt64 = 0
  private var reports: [TapReport] = []
  private var size = 0
  private var isClosed = false

  package init() {}

  /// Which filters hold, read once a batch; 0: nobody watches.
  package var generation: UInt64 { watched.load(ordering: .relaxed) }

  package var filters: (UInt64, [TapFilter]) {
    condition.lock()
    defer { condition.unlock() }
    return (lastGeneration, wanted)
  }

  /// Takes what a worker has picked.
  package func offer(_ report: consuming TapReport) {
    if report.isEmpty { return }
    condition.lock()
    defer { condition.unlock() }
    if size + report.size > TapPort.byteLimit || reports.count == TapPort.reportLimit { report.skipAll() }
    if report.marks.isEmpty, let last = reports.indices.last,
      reports[last].generation == report.generation
    {
      for place in report.skipped.indices { reports[last].skipped[place] &+= report.skipped[place] }
      return
    }
    size += report.size
    reports.append(report)
    if reports.count == 1 { condition.signal() }
  }

  /// What workers have left since the last call; waits for it, at most a second while somebody watches. Nil
  /// after `close`.
  package func take() -> [TapReport]? {
    condition.lock()
    defer { condition.unlock() }
    while reports.isEmpty, !isClosed {
      if wanted.isEmpty {
        condition.wait()
      } else if !condition.wait(seconds: 1) {
        break
      }
    }
    if !reports.isEmpty, !isClosed {
      condition.unlock()
      DaemonThread.pause(milliseconds: TapPort.gathers)
      condition.lock()
    }
    if isClosed { return nil }
    defer {
      reports = []
      size = 0
    }
    return reports
  }

  /// What is wanted from now on; returns its generation.
  @discardableResult
  package func want(_ filters: [TapFilter]) -> UInt64 {
    condition.lock()
    defer { condition.unlock() }
    wanted = filters
    lastGeneration += 1
    watched.store(filters.isEmpty ? 0 : lastGeneration, ordering: .relaxed)
    condition.signal()
    return lastGeneration
  }

  /// Ends `take`.
  package func close() {
    condition.lock()
    isClosed = true
    watched.store(0, ordering: .relaxed)
    condition.signal()
    condition.unlock()
  }
}
