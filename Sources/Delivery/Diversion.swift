import Model

/// When what waits for a destination that is shut goes over to its fallback. Pure; a part of
/// `DeliveryMachine`.
///
/// Everything goes, the one that was refused among it: the trial is the next alert that comes. One that were
/// kept for it would wait for as long as the destination is down, and a clear might overtake its raise.
struct Diversion: Sendable {
  private(set) var isUnderWay = false
  private(set) var isShut = false
  /// The last was ended at its bound: the next goes on behind it.
  private(set) var continues = false
  private var notBefore = Timestamp.absent
  private var searchEnds = Timestamp.absent

  /// While others are tried as witnesses against the one that shut a destination which answers, all stay: a
  /// single poison must not send everything that waits to another place. No longer than this.
  static let searchMs: Int64 = 2_000
  /// While one under way holds back those behind it, and where one that was cut moved nobody.
  private static let holdMs: Int64 = 100
  /// While nobody takes over, or some may not go; for each of those a millisecond, up to a minute.
  private static let pauseMs: Int64 = 1_000
  private static let longestPauseMs: Int64 = 60_000

  /// What the gate says now. `searches`: it looks for witnesses.
  mutating func note(isShut: Bool, searches: Bool, now: Timestamp) {
    if isShut, !self.isShut {
      notBefore = .absent
      continues = false
      searchEnds = searches ? now.adding(milliseconds: Diversion.searchMs) : .absent
    }
    self.isShut = isShut
  }

  /// From when on it may begin.
  func begins(whileSearching isSearching: Bool) -> Timestamp {
    isSearching ? max(notBefore, searchEnds) : notBefore
  }

  mutating func begin() { isUnderWay = true }

  mutating func ended(_ result: Diverted, now: Timestamp) {
    isUnderWay = false
    continues = result.isCut
    if result.isCut {
      // At once, but for a trial that is due: that is what the bound is for.
      notBefore = result.moved > 0 ? .absent : now.adding(milliseconds: Diversion.holdMs)
    } else if result.heldBack > 0 {
      notBefore = now.adding(milliseconds: Diversion.holdMs)
    } else if result.moved == 0 || result.stayed > 0 {
      let wait = min(max(Diversion.pauseMs, Int64(result.stayed)), Diversion.longestPauseMs)
      notBefore = now.adding(milliseconds: wait)
    } else {
      notBefore = .absent
    }
  }

  mutating func failed(now: Timestamp) {
    isUnderWay = false
    continues = false
    notBefore = now.adding(milliseconds: Diversion.pauseMs)
  }

  /// The clock was set back by so much.
  mutating func shift(back nanoseconds: Int64) {
    for path in [\Diversion.notBefore, \Diversion.searchEnds] where !self[keyPath: path].isAbsent {
      self[keyPath: path] = Timestamp(nanoseconds: self[keyPath: path].nanoseconds - nanoseconds)
    }
  }
}
