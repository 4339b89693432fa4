import Foundation
import Intake
package import Model
import ServiceLifecycle

/// The clockwork beside the data path: says when the daemon is ready, feeds the service manager's watchdog
/// as long as workers and recorder make progress, writes the accounting line every hour, and speaks up when
/// the kernel drops or the books do not balance.
package struct Housekeeping: Service {
  package struct Hooks: Sendable {
    /// The first snapshot decides, or none could be loaded and the sockets queue.
    package var ready: @Sendable () -> Void
    package var watchdog: @Sendable () -> Void
    package var notices: NoticeSink

    package init(
      ready: @escaping @Sendable () -> Void, watchdog: @escaping @Sendable () -> Void,
      notices: @escaping NoticeSink
    ) {
      self.ready = ready
      self.watchdog = watchdog
      self.notices = notices
    }
  }

  private let vitals: Vitals
  private let hooks: Hooks

  private static let accountingInterval: Int64 = 3_600_000_000_000
  /// The service manager is told that we are up at the latest after this, rules or not, nanoseconds.
  private static let readyLimit: Int64 = 5_000_000_000

  package init(vitals: Vitals, hooks: Hooks) {
    self.vitals = vitals
    self.hooks = hooks
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      await becomeReady()
      ProcessMemory.releaseStartPages()
      await tick()
    }
  }

  private func becomeReady() async {
    let started = SystemClock.monotonic
    while !Task.isCancelled, !vitals.listeners.allSatisfy(\.gauge.isDeciding),
      SystemClock.monotonic - started < Housekeeping.readyLimit
    {
      guard await pause(.milliseconds(10)) else { return }
    }
    hooks.ready()
  }

  private func tick() async {
    var nextAccounting = SystemClock.monotonic + Housekeeping.accountingInterval
    var dropped: UInt64 = 0
    var wasLarge = false
    while await pause(.seconds(1)) {
      if vitals.getsOn { hooks.watchdog() }
      let isLarge = vitals.isOutboxLarge
      if isLarge, !wasLarge {
        hooks.notices(
          Notice(
            .warning, "outbox", "the outbox holds more than outbox.warn_size",
            [("bytes", .number(vitals.outboxBytes())), ("do", .text("muttd outbox list"))]))
      }
      wasLarge = isLarge
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

  /// False when the stop has come.
  private func pause(_ duration: Duration) async -> Bool {
    do {
      try await Task.sleep(for: duration)
      return true
    } catch {
      return false
    }
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
