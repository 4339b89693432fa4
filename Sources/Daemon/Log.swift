import Foundation
import Intake
package import Model
import Synchronization

/// The log: one line a notice on stderr, JSON or text (DESIGN §6).
///
/// Rooms reach it through `sink`; libraries through `logger`. Repeats are folded (`LogRepeats`), alert lines
/// limited (`LogAlerts`), and a reader that does not take lines never holds anybody up (`LogWriter`).
/// Somebody has to call `flush` now and then for the counts of folded lines to appear.
package final class Log: Sendable {
  package enum Form: Sendable {
    case json, text
  }

  private struct State {
    var level: Notice.Level
    var repeats = LogRepeats()
    var alerts = LogAlerts()
  }

  /// Read by the writer's thread too.
  private final class SharedForm: Sendable {
    private let isText: Atomic<Bool>

    init(_ form: Form) { isText = Atomic(form == .text) }

    var current: Form {
      get { isText.load(ordering: .relaxed) ? .text : .json }
      set { isText.store(newValue == .text, ordering: .relaxed) }
    }
  }

  private let form: SharedForm
  private let clock: @Sendable () -> Timestamp
  private let state: Mutex<State>
  private let writer: LogWriter

  /// `descriptor` is not closed. `clock` gives the time of day.
  package init(
    level: Notice.Level, form: Form, descriptor: Int32 = 2,
    clock: @escaping @Sendable () -> Timestamp = Log.now
  ) {
    let form = SharedForm(form)
    self.form = form
    self.clock = clock
    self.state = Mutex(State(level: level))
    self.writer = LogWriter(descriptor: descriptor) { count in
      let notice = Notice(
        .warning, "log", "lines were dropped because stderr did not take them",
        [("count", .number(Int64(count)))])
      return Log.render(notice, form.current, clock())
    }
  }

  /// On stderr, as configured; `log.format: json` means text when stderr is a terminal.
  package convenience init(_ settings: Config.Log) {
    Log.openStandardDescriptors()
    self.init(level: settings.level, form: Log.form(settings))
  }

  private static func form(_ settings: Config.Log) -> Form {
    settings.format == .text || isatty(2) == 1 ? .text : .json
  }

  /// From the next line on.
  func take(_ settings: Config.Log) {
    state.withLock { state in
      state.level = settings.level
      form.current = Log.form(settings)
    }
  }

  package static let now: @Sendable () -> Timestamp = { SystemClock.now }

  /// Lines that the descriptor did not take.
  var dropped: UInt64 { writer.dropped }

  /// Where rooms put their notices.
  package var sink: NoticeSink { { [self] notice in write(notice) } }

  /// The least level that is written; a reload may change it.
  package var level: Notice.Level {
    get { state.withLock(\.level) }
    set { state.withLock { $0.level = newValue } }
  }

  /// Writes `notice`, or counts it when it repeats an earlier one.
  package func write(_ notice: Notice) {
    let now = clock()
    put(at: now) { state in
      guard notice.level >= state.level else { return [] }
      var due = state.repeats.expired(now: now)
      if state.repeats.admit(notice, now: now) { due.append(notice) }
      return due
    }
  }

  /// A line that must not be folded: the accounting line, what stands at start and stop.
  package func writeAlways(_ notice: Notice) {
    put(at: clock()) { _ in [notice] }
  }

  /// The line of one alert. `line` is only made when it is written, so that a flood costs no rendering.
  package func alert(ruleID: Int64, rule: @autoclosure () -> String, line: () -> Notice) {
    let now = clock()
    put(at: now) { state in
      guard Notice.Level.info >= state.level else { return [] }
      var due = state.alerts.expired(now: now)
      if state.alerts.admit(id: ruleID, name: rule(), now: now) { due.append(line()) }
      return due
    }
  }

  /// Writes the counts whose time is over; with `all`, every count. Called every second (`Housekeeping`).
  package func flush(all: Bool = false) {
    let now = clock()
    put(at: now) { state in
      state.repeats.expired(now: now, all: all) + state.alerts.expired(now: now, all: all)
    }
  }

  /// Writes all counts and lines, waiting at most `seconds` for the reader; nothing is written afterwards.
  package func close(seconds: Double = 1) {
    flush(all: true)
    writer.close(seconds: seconds)
  }

  /// Waits until everything is written; true when it was within `seconds`.
  @discardableResult
  package func drain(seconds: Double) -> Bool { writer.drain(seconds: seconds) }

  /// Waits, at most `seconds`, until lines that must not be dropped find room; false: there is none.
  package func awaitRoom(seconds: Double) -> Bool { writer.awaitRoom(seconds: seconds) }

  /// What is to be written is decided and queued under one lock: lines stand in the order of their times.
  private func put(at now: Timestamp, _ notices: (inout State) -> [Notice]) {
    state.withLock { state in
      for notice in notices(&state) { writer.write(Log.render(notice, form.current, now)) }
    }
  }

  private static func render(_ notice: Notice, _ form: Form, _ time: Timestamp) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512)
    switch form {
    case .json: LogLine.appendJSON(notice, at: time, to: &bytes)
    case .text: LogLine.appendText(notice, at: time, to: &bytes)
    }
    return bytes
  }

  /// A process that was started without stdin, stdout or stderr would give their numbers to its databases.
  private static func openStandardDescriptors() {
    for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 {
      // Descriptors are given from the lowest: this one.
      let opened = unsafe open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY)
      if opened < 0 { return }
    }
  }
}

extension Notice.Level: Comparable {
  package static func < (left: Notice.Level, right: Notice.Level) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .debug: 0
    case .info: 1
    case .warning: 2
    case .error: 3
    }
  }
}
