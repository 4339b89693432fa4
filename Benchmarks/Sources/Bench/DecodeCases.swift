import Model
import Wire

/// Bytes to fields: what each kind of datagram costs to be read.
struct DecodeCases {
  private static let events = 2_000
  /// 2026-11-21T02:14:07Z: the stamps of the corpus are believed.
  static let arrival = Timestamp(seconds: 1_795_227_247)
  private static let peer = IPAddress(v4: 192, 0, 2, 9)

  static func run(_ meter: Meter) throws {
    var corpus = Corpus(seed: 1)
    syslog("decode/rfc3164-linux", meter) { corpus.linuxDaemon() }
    syslog("decode/rfc3164-cisco-ios", meter) { corpus.ciscoIOS() }
    syslog("decode/rfc5424", meter) { corpus.rfc5424() }
    syslog("decode/rfc5424-structured-data", meter) { corpus.rfc5424Structured() }
    syslog("decode/mixed", meter) { corpus.noise() }
    let v1 = try Traps.lines(events, Traps.linkDownV1)
    let v2 = try Traps.lines(events, Traps.linkDownV2)
    try traps("decode/trap-v1", v1, meter)
    try traps("decode/trap-v2c-6-varbinds", v2, meter)
    try writing("trap/decode-text-linkdown", try Traps.lines(events, Traps.linkDownStandard), meter)
    try writing("trap/decode-text-linkdown-large", try Traps.lines(events, Traps.linkDownLarge), meter)
    try writing("trap/decode-text", v2, meter)
    try recording(v2, meter)
  }

  private static func syslog(_ name: String, _ meter: Meter, _ line: () -> String) {
    let lines = Lines((0..<events).map { _ in Array(line().utf8) })
    var decoder = SyslogDecoder()
    meter.measure(name, events: lines.count) {
      lines.forEach { _, bytes in
        var event = Event(arrival: arrival, peer: peer)
        decoder.decodeArriving(bytes, into: &event)
      }
    }
  }

  private static func traps(_ name: String, _ lines: Lines, _ meter: Meter) throws {
    let decoder = TrapDecoder()
    var trap = Trap()
    try meter.measure(name, events: lines.count) {
      try lines.forEach { index, bytes in
        guard case .notification = decoder.decode(bytes, into: &trap) else {
          throw BenchFailure("\(name): trap \(index) was not taken for one")
        }
      }
    }
  }

  /// Every trap's part: it is read, and the line that rules look at is written.
  private static func writing(_ name: String, _ lines: Lines, _ meter: Meter) throws {
    let decoder = TrapDecoder()
    var trap = Trap()
    var text: [UInt8] = []
    try meter.measure(name, events: lines.count) {
      try lines.forEach { _, bytes in
        _ = decoder.decode(bytes, into: &trap)
        text.removeAll(keepingCapacity: true)
        if trap.appendText(bytes, to: &text).isEmpty { throw BenchFailure("a trap without text") }
      }
    }
  }

  /// What a trap that was matched leaves: its line and the JSON of its fields.
  private static func recording(_ lines: Lines, _ meter: Meter) throws {
    let decoder = TrapDecoder()
    var trap = Trap()
    var text: [UInt8] = []
    try meter.measure("trap/decode-text-json", events: lines.count) {
      try lines.forEach { _, bytes in
        _ = decoder.decode(bytes, into: &trap)
        text.removeAll(keepingCapacity: true)
        _ = trap.appendText(bytes, to: &text)
        _ = trap.appendRawJSON(bytes, to: &text)
        if trap.appendSNMPJSON(bytes, to: &text).isEmpty { throw BenchFailure("a trap without JSON") }
      }
    }
  }
}
