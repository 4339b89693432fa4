import Foundation
import Model

/// Standard output of a verb: text for people, made safe for a terminal, and bytes for machines as they are.
/// A reader that goes away (`| head`) ends the process quietly.
package struct VerbOutput: ~Copyable {
  /// What is gathered; put out when it is full, at `flush` and at the end.
  var block = VerbBlock(descriptor: 1)

  package init() {}

  /// A line for people: control characters of what devices and files say do not reach the terminal.
  mutating func line(_ text: String = "") {
    var safe = ""
    SafeText.appendForTerminal(text, to: &safe)
    raw(Array(safe.utf8))
    raw([UInt8(ascii: "\n")])
  }

  /// One line of JSON.
  mutating func json(_ object: VerbJSON) {
    raw(object.closed)
    raw([UInt8(ascii: "\n")])
  }

  mutating func raw(_ bytes: [UInt8]) { block.write(bytes.span) }

  /// Puts out what has been gathered: before waiting, so that people see how far it is.
  mutating func flush() { block.flush() }

  /// A line on standard error: what else is to be said.
  static func remark(_ text: String) {
    var safe = ""
    SafeText.appendForTerminal(text, to: &safe)
    write(Array((safe + "\n").utf8), to: 2)
  }

  /// Writes over the line that the terminal's cursor is on, and leaves it there.
  static func overwrite(_ text: String) {
    write(Array("\r\u{1B}[K\(text)".utf8), to: 2)
  }

  /// Warnings and errors of the rooms, for the person at the terminal.
  static let notices: NoticeSink = { notice in
    if notice.level == .debug || notice.level == .info { return }
    let fields = notice.fields.map { " \($0.0)=\(text($0.1))" }.joined()
    remark("muttd: \(notice.message)\(fields)")
  }

  private static func text(_ value: Notice.Value) -> String {
    switch value {
    case .text(let text): text
    case .number(let number): "\(number)"
    case .flag(let flag): "\(flag)"
    case .list(let items): items.joined(separator: ",")
    case .null: "-"
    }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    unsafe bytes.withUnsafeBytes { unsafe write($0, to: descriptor) }
  }

  /// Writes all of it, or ends the process: quietly when nobody reads any more.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) {
    var rest = unsafe bytes[...]
    while unsafe !rest.isEmpty {
      let count = unsafe Foundation.write(
        descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count > 0 {
        unsafe rest = rest.dropFirst(count)
      } else if count < 0, errno == EINTR {
        continue
      } else if count < 0, errno == EAGAIN {
        DaemonThread.pause(milliseconds: 5)
      } else {
        // Nobody reads any more, or the disk below a redirection is full: only the latter is an error.
        if descriptor == 2 { return }
        if errno == EPIPE { exit(0) }
        let reason = unsafe String(cString: strerror(errno))
        write(Array("muttd: standard output cannot be written: \(reason)\n".utf8), to: 2)
        exit(DaemonFailure.Exit.io.rawValue)
      }
    }
  }
}

/// Columns for people: each as wide as its widest cell, the last one free.
struct VerbTable {
  private let heads: [String]
  private let rightAligned: Set<Int>
  private var rows: [[String]] = []

  init(_ heads: [String], rightAligned: Set<Int> = []) {
    self.heads = heads
    self.rightAligned = rightAligned
  }

  mutating func add(_ cells: [String]) { rows.append(cells) }

  var isEmpty: Bool { rows.isEmpty }

  func write(to output: inout VerbOutput) {
    var widths = heads.map(\.count)
    for row in rows {
      for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.count) }
    }
    for row in [heads] + rows {
      var text = ""
      for (index, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[index] - cell.count)
        let isLast = index == row.count - 1
        text += rightAligned.contains(index) ? padding + cell : isLast ? cell : cell + padding
        if !isLast { text += "  " }
      }
      while text.last == " " { text.removeLast() }
      output.line(text)
    }
  }
}
