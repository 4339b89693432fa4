import Intake
import Model
import Store

/// Once a minute: when devices were heard, of all workers together. A store that does not take it goes on
/// taking rows, and what was not written waits for the next minute.
extension StoreWriter {
  /// Reports of workers that may wait for the writer, and the devices in them.
  private static let reportLimit = 1_024
  static let heardLimit = 4 << 20
  /// Devices of one transaction: rows of events wait as long as it takes.
  private static let devicesPage = 1_000
  /// Between the beginnings of two rounds, nanoseconds.
  package static let devicesInterval: Int64 = 60_000_000_000

  /// Takes what a worker has heard. False: too much waits already.
  package func put(_ devices: HeardDevices) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    let waiting = heard.reduce(0) { $0 + $1.times.count }
    if heard.count >= StoreWriter.reportLimit { return false }
    if waiting > 0, waiting + devices.times.count > StoreWriter.heardLimit { return false }
    heard.append(devices)
    condition.signal()
    return true
  }

  // MARK: - The writer's thread

  /// A page is due. It comes when there is nothing else to do, and while rows never end after some batches,
  /// as with marks. With the lock held.
  func isTimeForDevices(_ now: Int64) -> Bool {
    round.count > 0 && (now >= devicesAt || round.isUnderWay || isStopping)
  }

  func addUpDevices() {
    condition.lock()
    let reports = heard
    heard = []
    condition.unlock()
    for report in reports { round.add(report) }
  }

  func noteDevices() {
    batchesSinceDevices = 0
    if !round.isUnderWay { devicesAt = SystemClock.monotonic + devicesInterval }
    let page = round.page(StoreWriter.devicesPage)
    if page.devices.isEmpty { return }
    condition.lock()
    let isLast = isStopping
    condition.unlock()
    do throws(StoreError) {
      try checkRoom()
      let busy = try store.noteHeard(page.devices)
      // A stop does not come back to them.
      if !isLast { round.takeBack(page, Set(busy)) }
      if devicesFailures > 0 {
        notices(Notice(.info, "store", "the store notes again when devices are heard", []))
      }
      devicesFailures = 0
    } catch {
      round.takeBack(page)
      ledger.update { $0.heardFailures += 1 }
      devicesFailures += 1
      defer { if isLast { round = DeviceRound() } }
      if devicesFailures > 1 { return }
      notices(
        Notice(
          .warning, "store", "the store does not take when devices were heard; rows and alerts go on",
          [("err", .text(error.message)), ("devices", .number(Int64(round.count)))]))
    }
  }
}
