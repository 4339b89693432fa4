import Delivery
import Intake
import Model
import Store

/// Where a clear goes besides: to those that took its raise in another's place, or their incident would stay
/// open when the other takes alerts again.
extension Recorder {
  static func standIns(in outbox: Outbox, _ notices: NoticeSink) -> StandIns {
    do throws(StoreError) {
      return StandIns(try outbox.standIns())
    } catch {
      notices(
        Notice(
          .warning, "outbox", "clears do not follow raises of an earlier run to a fallback",
          [("err", .text(error.message))]))
      return StandIns()
    }
  }

  /// `usual`: where it would go if nobody were shut; `targets`: where it goes.
  func follow(_ row: EventRow, _ batch: EventBatch, _ usual: [Int], _ targets: inout [Int]) {
    if row.alertSeverity != 0 {
      for target in targets where !usual.contains(target) {
        standIns.note(batch.text(row.signature) ?? "", at: destinations[target].name, now: row.arrival)
      }
      return
    }
    if standIns.isEmpty { return }
    let signature = batch.text(row.signature) ?? ""
    for name in standIns.names(of: signature, now: row.arrival) {
      if let place = router.place(of: name), !targets.contains(place) {
        // It stands behind what is about to go over there, and goes with it. Or that one takes alerts again
        // first and has the clear: the raise must not come back there behind it.
        let isFollowed = targets.contains { isShut($0) && router.chain(of: $0).contains(place) }
        if !isFollowed { targets.append(place) }
      }
      standIns.cleared(signature, at: name)
    }
  }

  /// These have gone over to `name`.
  func follow(_ moved: [Outbox.Moved], to name: String, isStored: Bool, now: Timestamp) {
    for one in moved {
      if one.isClear {
        standIns.cleared(one.signature, at: name, isStored: isStored)
      } else {
        standIns.note(one.signature, at: name, now: now, isStored: isStored)
      }
    }
  }
}
