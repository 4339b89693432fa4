import Intake
package import Model
import Store
import Synchronization

/// Where workers leave whom they have heard that is no device: `outbox.db`, between two transactions of the
/// recorder. While it cannot keep up nothing more is taken in, and the workers' own tables go on counting.
package final class SightingBook: Sendable {
  /// What may wait for the recorder.
  private static let limit = 4

  private let recorder: Recorder
  private let notices: NoticeSink
  private let waiting = Atomic<Int>(0)

  package init(_ recorder: Recorder, notices: @escaping NoticeSink) {
    self.recorder = recorder
    self.notices = notices
  }

  package var isOpen: Bool { waiting.load(ordering: .relaxed) < SightingBook.limit }

  package func put(_ sightings: [Sighting]) {
    if sightings.isEmpty { return }
    waiting.add(1, ordering: .relaxed)
    recorder.post { [self] outbox in
      waiting.subtract(1, ordering: .relaxed)
      do throws(StoreError) {
        try outbox.add(sightings, now: SystemClock.now)
      } catch {
        notices(
          Notice(
            .warning, "outbox", "who sends and is no device could not be kept",
            [("err", .text(error.message))]))
      }
    }
  }
}
