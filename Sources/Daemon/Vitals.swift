import Foundation
package import Intake
package import Model

/// Everything `/readyz`, the watchdog and the metrics need to look at, gathered in one place. Reads only.
package final class Vitals: Sendable {
  package enum Input: Sendable {
    case datagrams(UDPSource)
    case streams(StreamSource)

    package var source: any DatagramSource {
      switch self {
      case .datagrams(let source): source
      case .streams(let source): source
      }
    }
    package var isStream: Bool {
      if case .streams = self { return true }
      return false
    }
    package var address: ListenAddress {
      switch self {
      case .datagrams(let source): source.address
      case .streams(let source): source.address
      }
    }
  }

  package struct Listener: Sendable {
    package var index: Int
    package var input: Input
    package var gauge: WorkerGauge
    /// What the kernel had dropped of an earlier listener of this name.
    package var droppedBefore: UInt64 = 0
  }

  package let ledger: Ledger
  private let current: @Sendable () -> [Listener]
  package let recorder: RecorderHealth
  package let store: StoreHealth
  /// Of a server's months; nil with the embedded store.
  package let months: MonthHealth?
  /// Of the bounds of the embedded store; nil on a server.
  package let rows: AuditHealth?
  package let activity: RuleActivity
  package let pressure: Pressure
  package let rates = RateMeter()
  package let policy: @Sendable () -> PolicyHealth
  package let deliveryStates: @Sendable () -> [DeliveryWatch.State]
  /// What stands in the outbox, bytes.
  package let outboxBytes: @Sendable () -> Int64
  /// SNMP engines that are known and those that had to make room; nil without SNMPv3.
  package let engines: @Sendable () -> (known: Int, evicted: UInt64)?
  /// False: the file of the embedded store is no longer under its name.
  package let isStoreInPlace: @Sendable () -> Bool
  private let currentLimits: @Sendable () -> Config.Outbox
  package let stateDirectory: String
  /// What messages call the store: `muttd.db`, or where a server is.
  package let storeName: String
  package let node: Int
  private let startedMonotonic = SystemClock.monotonic

  /// A worker whose loop has not turned for this long is stalled, nanoseconds.
  package static let stallLimit: Int64 = 10_000_000_000
  /// When the outbox's writer has been at one step for this long, a restart is the way out, nanoseconds.
  private static let restartLimit: Int64 = 20_000_000_000

  package init(
    ledger: Ledger, listeners: @escaping @Sendable () -> [Listener], recorder: RecorderHealth,
    store: StoreHealth,
    activity: RuleActivity, pressure: Pressure = Pressure(),
    policy: @escaping @Sendable () -> PolicyHealth,
    deliveryStates: @escaping @Sendable () -> [DeliveryWatch.State],
    outboxBytes: @escaping @Sendable () -> Int64,
    engines: @escaping @Sendable () -> (known: Int, evicted: UInt64)? = { nil },
    limits: @escaping @Sendable () -> Config.Outbox = { Config.Outbox() }, stateDirectory: String,
    months: MonthHealth? = nil, rows: AuditHealth? = nil,
    storeName: String = "muttd.db", isStoreInPlace: @escaping @Sendable () -> Bool = { true }, node: Int
  ) {
    self.ledger = ledger
    current = listeners
    self.recorder = recorder
    self.store = store
    self.months = months
    self.rows = rows
    self.activity = activity
    self.pressure = pressure
    self.policy = policy
    self.deliveryStates = deliveryStates
    self.outboxBytes = outboxBytes
    self.engines = engines
    currentLimits = limits
    self.stateDirectory = stateDirectory
    self.storeName = storeName
    self.isStoreInPlace = isStoreInPlace
    self.node = node
  }

  /// How much the disk and the outbox are to hold.
  package var limits: Config.Outbox { currentLimits() }

  /// The sockets that are read now.
  package var listeners: [Listener] { current() }

  package var uptimeSeconds: Int64 { (SystemClock.monotonic - startedMonotonic) / 1_000_000_000 }

  /// Asks every socket what the kernel dropped and what became of its connections, and files it; then one
  /// consistent copy of the books.
  package func accounts() -> Accounts {
    let listeners = listeners
    let engines = engines()
    return ledger.update { accounts in
      if let engines {
        accounts.engines = UInt64(engines.known)
        accounts.engineEvictions = engines.evicted
      }
      Vitals.sample(listeners, into: &accounts)
      return accounts
    }
  }

  /// Files what the sockets themselves count.
  static func sample(_ listeners: [Listener], into accounts: inout Accounts) {
    var sums: [Int: UInt64] = [:]
    for listener in listeners {
      switch listener.input {
      case .datagrams(let source):
        sums[listener.index, default: listener.droppedBefore] += source.meter.dropped
      case .streams(let source): accounts.listeners[listener.index].connections = source.meter.counts
      }
    }
    // The kernel's counter has 32 bits; ours only grows.
    for (index, sum) in sums where sum > accounts.listeners[index].kernelDropped {
      accounts.listeners[index].kernelDropped = sum
    }
  }

  /// Names of workers that have not turned their loop for `stallLimit`.
  package var stalledWorkers: [String] {
    let now = SystemClock.monotonic
    return listeners.filter { now - max($0.gauge.lastBeat, startedMonotonic) > Vitals.stallLimit }
      .map { "\($0.input.address)" }
  }

  /// Whether the watchdog is to be fed: every worker turns its loop, and what they hand over is taken. A
  /// writer that says what is wrong is no case for a restart, which would not mend it.
  package var getsOn: Bool { getsOn(at: SystemClock.monotonic) }

  func getsOn(at monotonic: Int64) -> Bool {
    let isKnown = recorder.failure != nil || recorder.displaced != nil
    let isTaken = isKnown || recorder.silence(at: monotonic) <= Vitals.restartLimit
    return isTaken && stalledWorkers.isEmpty
  }

  /// Bytes the daemon may still write where its state lies; nil when the file system does not tell.
  package var diskFree: Int64? { DiskSpace.free(at: stateDirectory) }

  /// The outbox holds more than `outbox.warn_size`.
  package var isOutboxLarge: Bool { outboxBytes() > Int64(limits.warnSize) }

  /// The accounting line, as the last one of the log.
  func lastWords(_ log: Log) {
    log.flush(all: true)
    log.writeAlways(Housekeeping.accounting(accounts()))
    log.close(seconds: 0.5)
  }
}
