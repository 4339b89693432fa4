import Foundation
import Intake
import Model
import Synchronization

/// The terminal while `muttd top` has it: its second screen, no cursor, keys read one by one. Given back as
/// it was, also when the process is told to end or to stop for a while.
final class TopTerminal {
  enum Turn { case look, redraw, end }

  /// What signals leave for the loop.
  private final class Marks: Sendable {
    private let ends = Atomic<Bool>(false)
    private let redraws = Atomic<Bool>(false)
    func end() { ends.store(true, ordering: .relaxed) }
    func redraw() { redraws.store(true, ordering: .relaxed) }
    var isEnded: Bool { ends.load(ordering: .relaxed) }
    func takeRedraw() -> Bool { redraws.exchange(false, ordering: .relaxed) }
  }
  private static let marks = Marks()

  private static let interrupt: UInt8 = 0x03
  private static let endOfInput: UInt8 = 0x04
  private static let suspend: UInt8 = 0x1A

  private var before = termios()
  private let hasKeys: Bool
  private let hasColors: Bool

  /// Nil: there is no terminal to draw on.
  init?() {
    let environment = ProcessInfo.processInfo.environment
    let kind = environment["TERM"] ?? ""
    guard isatty(1) == 1, !kind.isEmpty, kind != "dumb" else { return nil }
    // no-color.org: set, whatever to, but not empty.
    hasColors = (environment["NO_COLOR"] ?? "").isEmpty
    hasKeys = unsafe isatty(0) == 1 && tcgetattr(0, &before) == 0
    // Made before a handler can ask for it.
    _ = TopTerminal.marks
    for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
      _ = signal(number) { _ in TopTerminal.marks.end() }
    }
    for number in [SIGWINCH, SIGCONT] { _ = signal(number) { _ in TopTerminal.marks.redraw() } }
    take()
  }

  /// Lines are cut at the edge and not wrapped: a character may be two columns wide.
  private func take() {
    if hasKeys {
      var raw = before
      raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
      unsafe _ = tcsetattr(0, TCSANOW, &raw)
    }
    TopTerminal.put("\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[2J")
  }

  func restore() {
    TopTerminal.put("\u{1B}[m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l")
    if hasKeys { unsafe _ = tcsetattr(0, TCSANOW, &before) }
  }

  /// Waits for `seconds`, a key, a signal.
  func wait(seconds: Double) -> Turn {
    let end = SystemClock.monotonic + Int64(seconds * 1e9)
    while true {
      if TopTerminal.marks.isEnded { return .end }
      if TopTerminal.marks.takeRedraw() {
        // After a stop from outside the shell has set the terminal to its own liking.
        take()
        return .redraw
      }
      let left = (end - SystemClock.monotonic) / 1_000_000
      if left <= 0 { return .look }
      var entry = pollfd(fd: hasKeys ? 0 : -1, events: Int16(POLLIN), revents: 0)
      // A signal between the question above and here is seen a moment later.
      guard unsafe poll(&entry, 1, Int32(min(left, 200))) > 0 else { continue }
      var key: UInt8 = 0
      let count = unsafe read(0, &key, 1)
      // An input that is gone ends it too.
      if count == 0 || (count < 0 && errno != EINTR) { return .end }
      switch key {
      case UInt8(ascii: "q"), UInt8(ascii: "Q"), TopTerminal.interrupt, TopTerminal.endOfInput: return .end
      case UInt8(ascii: " "): return .look
      case TopTerminal.suspend:
        restore()
        kill(0, SIGSTOP)
        take()
        return .redraw
      default: continue
      }
    }
  }

  /// Draws over what is there, as much as fits.
  func draw(_ lines: [TopScreen.Line]) {
    var size = winsize()
    let isKnown = unsafe ioctl(1, UInt(TIOCGWINSZ), &size) == 0 && size.ws_row > 0 && size.ws_col > 0
    let (rows, columns) = isKnown ? (Int(size.ws_row), Int(size.ws_col)) : (24, 80)
    var text = "\u{1B}[H"
    for (index, line) in lines.prefix(rows).enumerated() {
      if index > 0 { text += "\r\n" }
      let style = hasColors ? TopTerminal.start(of: line.style) : ""
      text += style
      SafeText.appendForTerminal(String(line.text.prefix(columns)), to: &text)
      text += (style.isEmpty ? "" : "\u{1B}[m") + "\u{1B}[K"
    }
    TopTerminal.put(text + "\u{1B}[J")
  }

  private static func start(of style: TopScreen.Style) -> String {
    switch style {
    case .plain: ""
    case .head: "\u{1B}[1m"
    case .alarm: "\u{1B}[1;31m"
    }
  }

  private static func put(_ text: String) {
    let bytes = Array(text.utf8)
    unsafe bytes.withUnsafeBytes { unsafe VerbOutput.write($0, to: 1) }
  }
}
