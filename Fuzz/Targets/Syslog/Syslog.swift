import Model
import Probe
import Wire

/// Any datagram, under each state of the clocks that the decoder tells apart.
@c(LLVMFuzzerTestOneInput)
public func syslog(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe input(start, count)
  return bounded { check(bytes) }
}

private func check(_ bytes: [UInt8]) -> CInt {
  let arrival = Timestamp(seconds: 1_795_227_247, nanoseconds: 482_000_000)
  for zone in [Zone.utc, SyslogPromises.twoOffsets] {
    let decoder = SyslogDecoder(defaultZone: zone)
    for arrival in [arrival, .absent] {
      SyslogPromises(bytes, decoder: decoder, arrival: arrival).check()
    }
  }
  SyslogPromises(bytes, decoder: SyslogDecoder(), arrival: arrival).checkSafeText()
  return 0
}

/// What holds of the event of every datagram.
struct SyslogPromises {
  let bytes: [UInt8]
  let decoder: SyslogDecoder
  let arrival: Timestamp
  let event: Event
  /// Where the datagram ends without trailing NUL, CR, LF and spaces.
  let end: Int

  /// A zone with two offsets, so that the look into the table is part of this.
  static let twoOffsets = Zone(
    name: "two", transitions: [.init(from: .min, offset: 3_600), .init(from: 1_795_000_000, offset: -7_200)])

  init(_ bytes: [UInt8], decoder: SyslogDecoder, arrival: Timestamp) {
    self.bytes = bytes
    self.decoder = decoder
    self.arrival = arrival
    event = SyslogPromises.decode(bytes, decoder, arrival)
    end = bytes.lastIndex { ![0, 0x0A, 0x0D, 0x20].contains($0) }.map { $0 + 1 } ?? 0
  }

  private static func decode(_ bytes: [UInt8], _ decoder: SyslogDecoder, _ arrival: Timestamp) -> Event {
    var event = Event(arrival: arrival, peer: IPAddress(v4: 127, 0, 0, 1))
    decoder.decode(bytes.span, into: &event)
    return event
  }

  func check() {
    checkPriority()
    checkRanges()
    checkClock()
    checkEqual(event, SyslogPromises.decode(bytes, decoder, arrival), "decoding it twice")
    var arriving = decoder
    var other = Event(arrival: arrival, peer: IPAddress(v4: 127, 0, 0, 1))
    arriving.decodeArriving(bytes.span, into: &other)
    checkEqual(event, other, "decoding it as one of many")
    checkEqual(
      event, SyslogPromises.decode(Array(bytes[..<end]) + [0x0A, 0, 0x20, 0x0D], decoder, arrival),
      "other blanks at its end")
    if event.parse == .rfc5424 { checkRoundTrip5424() }
    if event.parse == .rfc3164, !arrival.isAbsent { checkRoundTrip3164() }
  }

  /// RFC 5424 §6.2.1, read in another way than the decoder does.
  private func checkPriority() {
    var wanted: Int?
    if bytes.first == UInt8(ascii: "<"), let close = bytes[..<end].firstIndex(of: UInt8(ascii: ">")) {
      let digits = String(decoding: bytes[1..<close], as: UTF8.self)
      if let value = UInt8(digits), value <= 191, "\(value)" == digits { wanted = Int(value) }
    }
    claim(event.source == .syslog, "the source is \(event.source)")
    claim([.rfc5424, .rfc3164, .loose, .unparsed].contains(event.parse), "parse is \(event.parse)")
    if let wanted {
      claim(event.parse != .unparsed, "unparsed with PRI \(wanted)")
      claim(Int(event.facility) == wanted / 8, "facility is \(event.facility)")
      claim(Int(event.severity) == wanted % 8, "severity is \(event.severity)")
    } else if event.parse == .unparsed {
      claim(
        event.facility == -1 && event.severity == -1, "unparsed with \(event.facility), \(event.severity)")
    } else if event.facility < 0 {
      claim(event.parse == .loose && isBody, "parse is \(event.parse) without PRI")
    } else {
      let text = "<\(Int(event.facility) * 8 + Int(event.severity))>"
      let isNear = bytes.prefix(24).contains(Array(text.utf8))
      claim(bytes.first != UInt8(ascii: "<") && isNear, "the PRI \(text) is nowhere")
    }
  }

  /// The message has one of the layouts whose own fields are looked at.
  private var isBody: Bool {
    // By bytes: a combining mark behind one of these would make another character of it.
    let text = bytes[event.message.bounds].prefix(48)
    return ["{", "CEF:", "LEEF:", "@cee:"].contains { text.starts(with: $0.utf8) }
      || text.contains(UInt8(ascii: "="))
  }

  private func checkRanges() {
    claim(!event.message.isAbsent && event.message.end == end, "the message is not the rest of the datagram")
    let fields = [("host", event.host), ("app", event.app), ("procid", event.procid), ("msgid", event.msgid)]
    for (name, range) in fields where !range.isAbsent {
      claim(range.count > 0 && range.end <= end, "\(name) lies at \(range) of \(end)")
      claim(!bytes[range.bounds].contains(0x20), "\(name) holds a space")
      // A mnemonic is the message id and stays in the message; a body may name the host.
      let isMnemonic = name == "msgid" && bytes[event.message.bounds].first == UInt8(ascii: "%")
      let isOfBody = name == "host" && range.end <= event.message.end && isBody
      claim(range.end <= event.message.start || isMnemonic || isOfBody, "\(name) lies in the message")
    }
    if event.parse == .unparsed {
      claim(event.message.start == 0, "the whole datagram is the message")
      claim(fields.allSatisfy { $0.1.isAbsent }, "a datagram without PRI has fields")
    }
    let data = event.structuredData
    if !data.isAbsent {
      let isSession = bytes[data.bounds].starts(with: Array("[syslog@".utf8))
      let hasData = event.parse == .rfc5424 || event.parse == .loose || isSession
      claim(hasData, "structured data in \(event.parse)")
      claim(data.end <= event.message.start, "structured data lies in the message")
      claim(
        bytes[data.start] == UInt8(ascii: "[") && bytes[data.end - 1] == UInt8(ascii: "]"),
        "structured data without its brackets")
    }
  }

  private func checkClock() {
    claim(event.arrival == arrival, "the arrival was changed")
    if event.clock == .arrival {
      claim(event.time == arrival, "the clock is arrival's and the time is not")
    } else if arrival.isAbsent {
      claim(!event.time.isAbsent, "the device's clock without a time")
    } else {
      let ahead = event.time.since(arrival)
      claim(ahead >= -86_400_000_000_000 && ahead <= 300_000_000_000, "believed \(ahead) ns from arrival")
    }
  }

  func checkSafeText() {
    var text: [UInt8] = []
    for range in [event.host, event.app, event.procid, event.msgid, event.structuredData, event.message] {
      text.removeAll(keepingCapacity: true)
      let place = SafeText.append(bytes.span, range, to: &text)
      claim(place.bounds == 0..<text.count, "repaired text lies elsewhere")
      claimClean(text[...], "repaired text")
      if SafeText.isClean(bytes.span.extracting(range.bounds)) {
        claim(text[...] == bytes[range.bounds], "clean text was repaired")
      }
      var json = Array("{\"a\":".utf8)
      JSONText.append(bytes.span, range, to: &json)
      JSONShape.claimObject((json + [UInt8(ascii: "}")])[...], "the JSON of a field")
    }
  }

  private func checkEqual(_ one: Event, _ other: Event, _ why: String) {
    claim(
      one.parse == other.parse && one.facility == other.facility && one.severity == other.severity
        && one.clock == other.clock && one.time == other.time && one.host == other.host
        && one.app == other.app && one.procid == other.procid && one.msgid == other.msgid
        && one.structuredData == other.structuredData && one.message == other.message,
      "another event after \(why): \(one) and \(other)")
  }
}

// MARK: - What is decoded can be sent and is decoded again

extension SyslogPromises {
  /// Nil unless it is UTF-8, the form in which the encoder takes text.
  private func text(_ range: ByteRange) -> String?? {
    range.isAbsent ? .some(nil) : String(validating: bytes[range.bounds], as: UTF8.self).map { .some($0) }
  }

  private func claimSame(_ again: Event, _ sent: [UInt8], msgid: ByteRange) {
    let pairs = [
      ("host", event.host, again.host), ("app", event.app, again.app),
      ("procid", event.procid, again.procid), ("msgid", msgid, again.msgid),
      ("message", event.message, again.message),
    ]
    claim(again.facility == event.facility && again.severity == event.severity, "sent and read: another PRI")
    for (name, wanted, found) in pairs {
      claim(
        wanted.isAbsent == found.isAbsent && bytes[wanted.bounds] == sent[found.bounds],
        "sent and read: another \(name) in \(String(decoding: sent, as: UTF8.self))")
    }
  }

  private func checkRoundTrip5424() {
    let isOwnID = event.msgid.start < event.message.start
    guard let host = text(event.host), let app = text(event.app), let procid = text(event.procid),
      let msgid = text(isOwnID ? event.msgid : .absent), let message = text(event.message) ?? nil,
      // A byte order mark and one space before a message are taken off, so that two of them are not stable.
      !message.utf8.starts(with: [0xEF, 0xBB, 0xBF]), message.utf8.first != 0x20
    else { return }
    let hasTime = !event.time.isAbsent && (0...253_402_300_799).contains(event.time.seconds)
    let sent = SyslogEncoder.rfc5424(
      facility: Int(event.facility), severity: Int(event.severity), time: hasTime ? event.time : nil,
      host: host, app: app, procid: procid, msgid: msgid, message: message)
    let again = SyslogPromises.decode(sent, decoder, arrival)
    claim(again.parse == .rfc5424, "sent as RFC 5424 and read as \(again.parse)")
    claimSame(again, sent, msgid: event.msgid)
    if hasTime {
      claim(again.time.microseconds == event.time.microseconds, "sent and read: another time")
      claim(again.clock == .device, "sent and read: the time is not believed")
    }
  }

  private func mayBeginHeader(_ byte: UInt8?) -> Bool {
    byte.map { isDigit($0) || "%:*.".utf8.contains($0) } ?? false
  }

  private func checkRoundTrip3164() {
    guard let host = text(event.host) ?? nil, let app = text(event.app) ?? nil,
      let procid = text(event.procid), let message = text(event.message) ?? nil,
      // Four digits behind the stamp are its year, and short words of capitals may be its zone.
      !(host.utf8.count == 4 && host.utf8.allSatisfy(isDigit)),
      !(host.utf8.count <= 4 && host.utf8.first! < 0x5B),
      // What looks like a Cisco header is not behind an ordinary tag, nor a number of the event before it;
      // blanks before one do not count.
      event.msgid.isAbsent,
      procid != nil || !mayBeginHeader(message.utf8.first { $0 != 0x20 }),
      !message.utf8.starts(with: [0xEF, 0xBB, 0xBF])
    else { return }
    // In UTC, whatever the zone of the decoder is: perhaps it does not believe the stamp then, that is all.
    let sent = SyslogEncoder.rfc3164(
      facility: Int(event.facility), severity: Int(event.severity), time: event.time, host: host, app: app,
      procid: procid, message: message)
    let again = SyslogPromises.decode(sent, decoder, arrival)
    claim(again.parse == .rfc3164, "sent as RFC 3164 and read as \(again.parse)")
    claimSame(again, sent, msgid: event.msgid)
  }
}
