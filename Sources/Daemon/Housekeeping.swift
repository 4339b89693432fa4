import Foundation
import Intake
package import Model

/// The clockwork beside the data path: says when the daemon is ready, feeds the service manager's watchdog
/// as long as workers and recorder make progress, writes the accounting line every hour, and speaks up when
/// the kernel drops or the books do not balance. A thread of its own, and the only one that an idle daemon
/// needs for what is done every second: timers of the concurrency pool cost three wake-ups each.
package final class Housekeeping: Sendable {
  package struct Hooks: Sendable {
    /// The first snapshot decides, or none could be loaded and the sockets queue.
    package var ready: @Sendable () -> Void
    package var watchdog: @Sendable () -> Void
    /// What else is done every second; must not wait for anybody.
    package var second: @Sendable () -> Void
    package var notices: NoticeSink

    package init(
      ready: @escaping @Sendable () -> Void, watchdog: @escaping @Sendable () -> Void,
      second: @escaping @Sendable () -> Void, notices: @escaping NoticeSink
    ) {
      self.ready = ready
      self.watchdog = watchdog
      self.second = second
      self.notices = notices
    }
  }

  private let vitals: Vitals
  private let hooks: Hooks
  private let bell = StopBell()

  private static let accountingInterval: Int64 = 3_600_000_000_000
  /// The service manager is told that we are up at the latest after this, rules or not, nanoseconds.
  private static let readyLimit: Int64 = 5_000_000_000

  package init(vitals: Vitals, hooks: Hooks) {
    self.vitals = vitals
    self.hooks = hooks
  }

  package func stop() { bell.ring() }

  package func run() {
    guard becomeReady() else { return }
    ProcessMemory.releaseStartPages()
    tick()
  }

  /// False when the stop has come.
  private func becomeReady() -> Bool {
    let started = SystemClock.monotonic
    while !vitals.listeners.allSatisfy(\.gauge.isDeciding),
      SystemClock.monotonic - started < Housekeeping.readyLimit
    {
      if bell.wait(seconds: 0.01) { return false }
    }
    hooks.ready()
    return true
  }

  private func tick() {
    var nextAccounting = SystemClock.monotonic + Housekeeping.accountingInterval
    var dropped: UInt64 = 0
    var wasLarge = false
    var wasInPlace = true
    while !bell.wait(seconds: 1) {
      if vitals.getsOn { hooks.watchdog() }
      hooks.second()
      let isLarge = vitals.isOutboxLarge
      if isLarge, !wasLarge {
        hooks.notices(
          Notice(
            .warning, "outbox", "the outbox holds more than outbox.warn_size",
            [("bytes", .number(vitals.outboxBytes())), ("do", .text("muttd outbox list"))]))
      }
      wasLarge = isLarge
      let isInPlace = vitals.isStoreInPlace()
      if !isInPlace, wasInPlace { hooks.notices(Housekeeping.removed(vitals)) }
      wasInPlace = isInPlace
      let accounts = vitals.accounts()
      vitals.rates.note(accounts, monotonic: SystemClock.monotonic)
      if accounts.kernelDropped > dropped {
        hooks.notices(
          Notice(
            .warning, "intake",
            "the kernel dropped datagrams: raise listen.receive_buffer and net.core.rmem_max",
            [
              ("dropped", .number(Int64(accounts.kernelDropped - dropped))),
              ("total", .number(Int64(accounts.kernelDropped))),
            ]))
        dropped = accounts.kernelDropped
      }
      if SystemClock.monotonic >= nextAccounting {
        nextAccounting += Housekeeping.accountingInterval
        hooks.notices(Housekeeping.accounting(accounts))
      }
    }
  }

  private static func removed(_ vitals: Vitals) -> Notice {
    Notice(
      .error, "store",
      "muttd.db was removed or replaced under the daemon; rules and rows go to the open file and end with it",
      [("path", .text("\(vitals.stateDirectory)/muttd.db")), ("do", .text(Vitals.storeRemedy))])
  }

  /// The accounting line; an imbalance, which would be our bug, stands in it in words.
  package static func accounting(_ accounts: Accounts) -> Notice {
    let imbalances = accounts.imbalances
    return Notice(
      imbalances.isEmpty ? .info : .error, "accounting", "accounting",
      accounts.line.map { ($0.0, .number(Int64($0.1))) }
        + (imbalances.isEmpty ? [] : [("imbalance", .list(imbalances))]))
  }
}
