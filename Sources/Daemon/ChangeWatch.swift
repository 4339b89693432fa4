import Intake
import Model
import Store

/// Tells the reloader at once that somebody has edited rules or hosts on the server, on its own thread. A
/// lost session is made anew; what may have changed meanwhile is looked for then.
final class ChangeWatch: @unchecked Sendable {
  private let bell = StopBell()
  private let server: StoreServer
  private let health: StoreHealth
  private let announce: @Sendable () -> Void
  private let notices: NoticeSink
  private let patience = PostgresPatience()

  /// One edit is passed on after this quiet, ms: a transaction seldom comes alone, and it decides within a
  /// tenth of a second all the same.
  private static let quiet: Int32 = 20
  /// From so many announcements on it is a storm, which is over after a longer quiet, or at the latest after
  /// `stormLimit`, nanoseconds: so that it makes one compilation.
  private static let stormSize = 5
  private static let stormQuiet: Int32 = 150
  private static let stormLimit: Int64 = 2_000_000_000
  /// How long a stop may have to wait, ms.
  private static let slice: Int32 = 200

  init(
    server: StoreServer, health: StoreHealth, announce: @escaping @Sendable () -> Void,
    notices: @escaping NoticeSink
  ) {
    self.server = server
    self.health = health
    self.announce = announce
    self.notices = notices
  }

  func stop() {
    bell.ring()
    patience.end(in: 0)
  }

  func run() {
    var failures = 0
    while !bell.wait(seconds: 0) {
      do throws(StoreError) {
        let listener = try PostgresListener(server.address(), patience: patience)
        if failures > 0 {
          notices(
            Notice(.info, "store", "the store can be reached again", [("failures", .number(Int64(failures)))])
          )
        }
        failures = 0
        health.linkUp()
        announce()
        try listen(listener)
      } catch {
        if bell.wait(seconds: 0) { return }
        failures += 1
        health.linkDown(error.message, at: SystemClock.now)
        if failures == 1 || failures % 60 == 0 {
          notices(
            Notice(
              .error, "store", "the store cannot be reached; the rules that decide stay",
              [("err", .text(error.message)), ("failures", .number(Int64(failures)))]))
        }
        // 250 ms doubling to 5 s: a restart is noticed soon, a server that is gone is not hammered.
        if bell.wait(seconds: min(0.25 * Double(1 << min(failures - 1, 5)), 5)) { return }
      }
    }
  }

  /// Returns when the watch ends; throws when the session does.
  private func listen(_ listener: PostgresListener) throws(StoreError) {
    while !bell.wait(seconds: 0) {
      var heard = try listener.wait(milliseconds: ChangeWatch.slice)
      if heard == 0 { continue }
      let end = SystemClock.monotonic + ChangeWatch.stormLimit
      while SystemClock.monotonic < end {
        let isStorm = heard >= ChangeWatch.stormSize
        let more = try listener.wait(milliseconds: isStorm ? ChangeWatch.stormQuiet : ChangeWatch.quiet)
        if more == 0 { break }
        heard += more
      }
      announce()
    }
  }
}
