import Intake
import Model
import ServiceLifecycle
import Store

/// Leaves the clocks of SNMP engines in `outbox.db`: now and then those that have moved, and all of them when
/// the workers have ended. A kill takes the last ten seconds. Forgets whom it is asked to
/// (`muttd engines forget`).
struct EngineKeeper: Service {
  /// Of one transaction, which alerts may have to wait for.
  private static let slice = 500
  /// Of one round.
  private static let round = 5_000
  private static let interval = Duration.seconds(10)
  /// How long a stop may take over it, nanoseconds.
  private static let patience: Int64 = 2_000_000_000

  let context: WorkerContext

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await forget()
      while true {
        do { try await Task.sleep(for: EngineKeeper.interval) } catch { return }
        await forget()
        await keep(EngineKeeper.round, until: .max)
      }
    }
    await keep(.max, until: SystemClock.monotonic + EngineKeeper.patience)
  }

  /// Before anything is kept: it would be what is to be forgotten.
  private func forget() async {
    guard let security = context.settings.current.security else { return }
    // Who writes the outbox says what is wrong with it.
    let ids = try? await context.recorder.perform { outbox throws(StoreError) in
      try outbox.takeForgottenEngines()
    }
    guard let ids, !ids.isEmpty else { return }
    security.forgetEngines(ids)
    for id in ids {
      context.notices(
        Notice(.info, "snmp", "an engine was forgotten by hand", [("engine_id", .text(SHA256.hex(of: id)))]))
    }
  }

  private func keep(_ most: Int, until end: Int64) async {
    guard let security = context.settings.current.security else { return }
    var kept = 0
    while kept < most, SystemClock.monotonic < end {
      let engines = security.takeMovedEngines(EngineKeeper.slice)
      if engines.isEmpty { return }
      let limit = kept == 0 ? security.engineLimit : nil
      do throws(StoreError) {
        try await context.recorder.perform { outbox throws(StoreError) in
          try outbox.note(engines, limit: limit)
        }
      } catch {
        // Who writes the outbox says what is wrong with it.
        return security.giveBack(engines)
      }
      kept += engines.count
    }
  }
}
