import Foundation
import ServiceLifecycle
import UnixSignals

/// SIGHUP: read configuration, rules file and store again. A marker file in the state directory, left by
/// `muttd reload --force`, lets the next reload pass the guard.
struct SignalService: Service {
  static let forceMarker = "reload.force"

  let reloader: Reloader
  let stateDirectory: String

  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sighup)
    for await _ in signals.cancelOnGracefulShutdown() {
      let marker = "\(stateDirectory)/\(SignalService.forceMarker)"
      reloader.signal(force: unsafe unlink(marker) == 0)
    }
  }
}
