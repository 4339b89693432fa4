import Intake
package import Policy

/// Where workers leave what they have counted of unmatched events; one lock a report. Bounded: what finds no
/// room is counted as events that were not.
package final class TemplateInbox: @unchecked Sendable {
  /// Reports that wait at most.
  package static let limit = 16

  private let condition = WaitCondition()
  // Guarded by `condition`.
  private var reports: [TemplateReport] = []
  private var spares: [TemplateReport] = []
  private var lost: UInt64 = 0
  private var isStopping = false

  package init() {}

  /// Takes a report; `lost` are events that did not get into one.
  package func put(_ report: TemplateReport, lost: UInt64) {
    condition.lock()
    defer { condition.unlock() }
    self.lost += lost
    if reports.count < TemplateInbox.limit {
      reports.append(report)
      condition.signal()
    } else {
      for index in report.records.indices { self.lost += UInt64(report.records[index].count) }
    }
  }

  /// An empty report, with the memory of one that was read where there is one.
  package func spare() -> TemplateReport {
    condition.lock()
    defer { condition.unlock() }
    return spares.popLast() ?? TemplateReport()
  }

  package func giveBack(_ report: consuming TemplateReport) {
    var report = report
    report.clear()
    condition.lock()
    if spares.count < TemplateInbox.limit { spares.append(report) }
    condition.unlock()
  }

  /// What has come, at the latest after `seconds`; `isLast`: nothing more will.
  package func wait(seconds: Double) -> (reports: [TemplateReport], lost: UInt64, isLast: Bool) {
    condition.lock()
    defer { condition.unlock() }
    if reports.isEmpty, !isStopping { _ = condition.wait(seconds: seconds) }
    defer {
      reports = []
      lost = 0
    }
    return (reports, lost, isStopping)
  }

  /// The workers have ended.
  package func stop() {
    condition.lock()
    isStopping = true
    condition.broadcast()
    condition.unlock()
  }
}
