import Foundation
import Logging
import Model
import Synchronization
import TestKit
import Testing

@testable import Daemon

/// A pipe whose reading end is read on demand.
final class LogPipe: Sendable {
  let reading: Int32
  let writing: Int32

  init() {
    let pipe = PrivatePipe()
    (reading, writing) = (pipe.reading, pipe.writing)
  }

  /// Everything up to the end of the pipe.
  func readAll() -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe read(reading, &chunk, chunk.count)
      if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk[..<count]
    }
  }
}

@Suite struct LogTests {
  private static let time = Timestamp(rfc3339: "2026-11-21T02:14:07.483Z") ?? .absent

  private func lines(
    _ form: Log.Form, level: Notice.Level = .debug, _ body: (Log) -> Void
  ) -> [String] {
    let pipe = LogPipe()
    let log = Log(level: level, form: form, descriptor: pipe.writing) { LogTests.time }
    // A line may be longer than a pipe holds: somebody reads while it is written.
    let reader = LogReader(pipe)
    body(log)
    log.close(seconds: 60)
    close(pipe.writing)
    defer { close(pipe.reading) }
    return reader.lines()
  }

  private let notice = Notice(
    .warning, "outbox", "it is \"slow\"",
    [
      ("file", .text("/a b\n")), ("bytes", .number(-5)), ("ok", .flag(false)), ("none", .null),
      ("to", .list(["x", "y"])), ("plain", .text("word")),
    ])

  @Test func aLineIsOneObject() {
    #expect(
      lines(.json) { $0.write(notice) } == [
        #"{"time":"2026-11-21T02:14:07.483Z","level":"warning","msg":"it is \"slow\"","component":"outbox","#
          + #""file":"/a b\n","bytes":-5,"ok":false,"none":null,"to":["x","y"],"plain":"word"}"#
      ])
  }

  @Test func textIsForPeopleAndSafeOnATerminal() {
    let hostile = Notice(.error, "in", "esc \u{1B}[2J \u{202E}", [("k", .text("\u{9B}a\"b\\"))])
    let written = lines(.text) { log in
      log.write(notice)
      log.write(hostile)
    }
    #expect(
      written == [
        "2026-11-21T02:14:07.483Z warning outbox: it is \"slow\" file=\"/a b\u{FFFD}\" bytes=-5 "
          + "ok=false to=x,y plain=word",
        "2026-11-21T02:14:07.483Z error   in: esc \u{FFFD}[2J \u{FFFD} k=\"\u{FFFD}a\\\"b\\\\\"",
      ])
  }

  @Test func quieterNoticesThanTheLevelAreLeftOut() {
    let written = lines(.text, level: .warning) { log in
      log.write(Notice(.info, "a", "quiet"))
      log.sink(Notice(.error, "a", "loud"))
      log.level = .debug
      log.write(Notice(.debug, "a", "now too"))
      log.level = .error
      log.alert(ruleID: 1, rule: "x", line: { Notice(.info, "decide", "alert") })
      log.writeAlways(Notice(.info, "accounts", "accounting"))
    }
    #expect(written.map { $0.split(separator: ": ").last ?? "" } == ["loud", "now too", "accounting"])
  }

  @Test func hugeTextsAreCutBetweenCharacters() {
    let written = lines(.json) { log in
      log.write(Notice(.info, "a", "m", [("t", .text("x" + String(repeating: "é", count: 100_000)))]))
    }
    #expect(written.count == 1)
    #expect(written.first?.utf8.count ?? 0 < 66_000)
    #expect(written.first?.hasSuffix("é…\"}") == true)
  }

  @Test func whatLibrariesLogBecomesNotices() {
    let seen = Mutex<[Notice]>([])
    var logger = Logger(label: "x") { _ in
      LogBridge(component: "service") { notice in seen.withLock { $0.append(notice) } }
    }
    logger.logLevel = .info
    logger[metadataKey: "b"] = "2"
    logger.notice("hello", metadata: ["a": "1"])
    logger.critical("bad")
    logger.debug("unseen")
    #expect(
      seen.withLock { $0 } == [
        Notice(.info, "service", "hello", [("a", .text("1")), ("b", .text("2"))]),
        Notice(.error, "service", "bad", [("b", .text("2"))]),
      ])
  }

  @Test func aReaderThatDoesNotReadHoldsNobodyUp() {
    let pipe = LogPipe()
    let log = Log(level: .debug, form: .json, descriptor: pipe.writing) { LogTests.time }
    let text = String(repeating: "x", count: 1_000)
    // Nobody reads: the pipe fills, then the queue, then lines are dropped; this loop ends all the same.
    for index in 0..<5_000 {
      log.writeAlways(Notice(.info, "a", text, [("n", .number(Int64(index)))]))
    }
    #expect(log.drain(seconds: 0.01) == false)
    // While it stands no line of the log can say so.
    let lost = log.dropped
    #expect(lost > 0)
    let reader = LogReader(pipe)
    // Now somebody reads: what waited comes whole and in order, then how much is missing.
    #expect(log.drain(seconds: 60))
    log.writeAlways(Notice(.info, "a", "after"))
    log.close(seconds: 60)
    close(pipe.writing)
    let lines = reader.lines()
    close(pipe.reading)
    let numbered = lines.compactMap { line in line.contains("\"n\":") ? line : nil }
    #expect(numbered.count > 500 && numbered.count < 5_000)
    #expect(lines.allSatisfy { $0.hasPrefix("{\"time\"") && $0.hasSuffix("}") })
    // Said once, or again where lines were dropped once more behind that.
    let dropped = lines.filter { $0.contains("lines were dropped") }
    let counts = dropped.compactMap { line in
      line.firstRange(of: "\"count\":").flatMap { Int(line[$0.upperBound...].prefix { $0.isNumber }) }
    }
    #expect(counts.count == dropped.count && (1...5).contains(counts.count))
    #expect(counts.reduce(0, +) == 5_000 - numbered.count)
    #expect(log.dropped == lost && lost == 5_000 - numbered.count)
    #expect(lines.contains { $0.contains("\"after\"") })
  }

  @Test func aClosedReaderKillsNobody() {
    let pipe = LogPipe()
    close(pipe.reading)
    let log = Log(level: .debug, form: .text, descriptor: pipe.writing) { LogTests.time }
    for _ in 0..<100 { log.writeAlways(Notice(.info, "a", "unheard")) }
    #expect(log.drain(seconds: 60))
    log.close(seconds: 60)
    close(pipe.writing)
  }
}

/// Reads a pipe to its end on a thread of its own.
private final class LogReader: Sendable {
  private let text = Mutex<String?>(nil)
  private let done = DispatchSemaphore(value: 0)

  init(_ pipe: LogPipe) {
    Thread { [self] in
      let all = pipe.readAll()
      text.withLock { $0 = all }
      done.signal()
    }.start()
  }

  func lines() -> [String] {
    done.wait()
    return text.withLock { $0 ?? "" }.split(separator: "\n").map(String.init)
  }
}
