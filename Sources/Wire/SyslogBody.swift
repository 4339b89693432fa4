import Model

/// What CEF, LEEF, JSON and `key=value` bodies say about the sender where the header does not: its host, how
/// bad it is (only without a PRI: that one wins) and the time (only without a stamp). The message stays the
/// whole body, so that rules see everything that was sent.
struct SyslogBody: BitwiseCopyable {
  private(set) var host: ByteRange = .absent
  /// 0...7, -1 when it says nothing.
  private(set) var severity: Int8 = -1

  /// Completes an event whose header named no host, or that has no PRI.
  @inline(never)
  static func complete(_ bytes: Span<UInt8>, _ stamp: inout Stamp, into event: inout Event) {
    let start = event.message.start
    let end = event.message.end
    let kind = BodyKind.of(bytes, start, end)
    if kind == .none { return }
    var body = SyslogBody()
    var written = Stamp.absent
    switch kind {
    case .cef: body.readCEF(bytes, start, end)
    case .leef: body.readLEEF(bytes, start, end)
    case .json: body.readJSON(bytes, start, end, &written)
    default: body.readPairs(bytes, start, end, &written)
    }
    if event.host.isAbsent, SyslogToken.isHost(bytes, body.host.start, body.host.end) {
      event.host = body.host
    }
    if event.facility < 0 { event.severity = body.severity }
    if stamp.isAbsent, !written.isAbsent { stamp = written }
  }

  // MARK: - CEF and LEEF

  /// `CEF:0|vendor|product|version|class|name|severity|extension`; a pipe in a field is escaped.
  private mutating func readCEF(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) {
    var at = start
    var field = start
    var pipes = 0
    while at < end, pipes < 7 {
      if bytes[at] == UInt8(ascii: "\\") {
        at &+= 1
      } else if bytes[at] == UInt8(ascii: "|") {
        pipes &+= 1
        if pipes == 7 { severity = SyslogLevel.fromTen(bytes, ByteRange(field, at)) }
        field = at &+ 1
      }
      at &+= 1
    }
    var address = ByteRange.absent
    readExtension(bytes, at, end, UInt8(ascii: " ")) { name, value in
      if bytes.equalsASCII(name, "dvchost") { host = value }
      if bytes.equalsASCII(name, "dvc") { address = value }
    }
    if host.isAbsent { host = address }
  }

  /// `LEEF:1.0|vendor|product|version|event|extension` with tabs between the pairs; LEEF 2.0 names what
  /// stands between them in a field of its own.
  private mutating func readLEEF(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) {
    var at = start
    var pipes = 0
    while at < end, pipes < 5 {
      if bytes[at] == UInt8(ascii: "|") { pipes &+= 1 }
      at &+= 1
    }
    var mark = UInt8(ascii: "\t")
    if SyslogToken.starts(bytes, start, end, with: "LEEF:2"), at &+ 1 < end {
      // One character; its hexadecimal spelling is that of the tab with everybody who writes it.
      if bytes[at &+ 1] == UInt8(ascii: "|") { mark = bytes[at] }
    }
    readExtension(bytes, at, end, mark) { name, value in
      if bytes.equalsASCII(name, "sev") { severity = SyslogLevel.fromTen(bytes, value) }
      if bytes.equalsASCII(name, "dvchost") || bytes.equalsASCII(name, "devname") { host = value }
    }
  }

  /// Each `name=value`, the value up to `mark`.
  private func readExtension(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ mark: UInt8, _ take: (ByteRange, ByteRange) -> Void
  ) {
    var name = start
    var equals = -1
    for at in start...max(start, end) {
      let isEnd = at >= end || bytes[at] == mark
      if !isEnd {
        if bytes[at] == UInt8(ascii: "="), equals < 0 { equals = at }
        continue
      }
      if equals > name { take(ByteRange(name, equals), ByteRange(equals &+ 1, at)) }
      name = at &+ 1
      equals = -1
    }
  }

  // MARK: - Pairs

  /// Fortinet, SonicWall, Sophos and others: `devname="FGT1" date=2026-11-21 time=02:14:05`.
  private mutating func readPairs(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp
  ) {
    var date = ByteRange.absent
    var time = ByteRange.absent
    var zone = ByteRange.absent
    var identity = ByteRange.absent
    var isSonicWall = false
    var at = start
    while at < end {
      at = SyslogToken.skipSpaces(bytes, at, end)
      let nameEnd = SyslogToken.nameEnd(bytes, at, end)
      guard nameEnd > at, nameEnd < end, bytes[nameEnd] == UInt8(ascii: "=") else {
        // Not a pair: on to the next word.
        at = SyslogToken.end(bytes, max(at, nameEnd), end)
        continue
      }
      let name = ByteRange(at, nameEnd)
      let value = SyslogBody.value(bytes, nameEnd &+ 1, end)
      at = value.next
      switch name.count {
      case 2:
        if bytes.equalsASCII(name, "id") { identity = value.range }
        if bytes.equalsASCII(name, "sn") { isSonicWall = true }
        if bytes.equalsASCII(name, "tz") { zone = value.range }
      case 4:
        if bytes.equalsASCII(name, "date") { date = value.range }
        if bytes.equalsASCII(name, "time") { time = value.range }
        if bytes.equalsASCII(name, "host"), host.isAbsent { host = value.range }
      case 7: if bytes.equalsASCII(name, "devname") { host = value.range }
      case 8: if bytes.equalsASCII(name, "hostname"), host.isAbsent { host = value.range }
      case 9: if bytes.equalsASCII(name, "timestamp") { time = value.range }
      case 11:
        // Newer Sophos firewalls give the product's name here.
        if bytes.equalsASCII(name, "device_name"), !bytes.equalsASCII(value.range, "SFW") {
          host = value.range
        }
      default: break
      }
    }
    // SonicWall calls every one of them `firewall` until somebody changes it.
    if isSonicWall, host.isAbsent, !bytes.equalsASCII(identity, "firewall") { host = identity }
    SyslogBody.readTime(bytes, date, time, zone, &stamp)
  }

  /// The value from `start` on, quoted or up to the next space.
  private static func value(
    _ bytes: Span<UInt8>, _ start: Int, _ end: Int
  ) -> (range: ByteRange, next: Int) {
    guard start < end, bytes[start] == UInt8(ascii: "\"") else {
      let stop = SyslogToken.end(bytes, start, end)
      return (ByteRange(start, stop), stop)
    }
    var at = start &+ 1
    while at < end, bytes[at] != UInt8(ascii: "\"") { at &+= bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
    let stop = min(at, end)
    return (ByteRange(start &+ 1, stop), min(stop &+ 1, end))
  }

  /// `date=2026-11-21 time=02:14:05 tz="+0100"`, or both in one value.
  private static func readTime(
    _ bytes: Span<UInt8>, _ date: ByteRange, _ time: ByteRange, _ zone: ByteRange, _ stamp: inout Stamp
  ) {
    if date.isAbsent {
      if time.isAbsent { return }
      return readValue(bytes, time, &stamp)
    }
    guard date.count == 10, time.count == 8, date.end &+ 6 == time.start || date.end &+ 7 == time.start else {
      return
    }
    guard stamp.readDateAndClock(bytes, date.start, time.start, time.end) else { return stamp = .absent }
    if !zone.isAbsent, stamp.readOffset(bytes, zone.start, zone.end) != zone.end {
      stamp.offset = Stamp.noZone
    }
  }

  /// A time that is the value of one key; absent unless all of it was read.
  static func readValue(_ bytes: Span<UInt8>, _ value: ByteRange, _ stamp: inout Stamp) {
    stamp = .absent
    let at = stamp.readISO(bytes, value.start, value.end)
    if at == value.end { return }
    // SonicWall: `2026-11-21 02:14:05 UTC`.
    if at != 0, at &+ 4 == value.end, stamp.offset == Stamp.noZone,
      CiscoZone.isUTC(bytes, at &+ 1, value.end)
    {
      stamp.offset = 0
      return
    }
    stamp = .absent
  }

  // MARK: - JSON

  /// Keys of the outermost object, and of the objects `host` and `log` in it (ECS).
  private mutating func readJSON(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ stamp: inout Stamp) {
    var reader = JSONKeys(start)
    while let pair = reader.next(bytes, end) {
      if pair.isNested {
        let isName = bytes.equalsASCII(pair.key, "name") || bytes.equalsASCII(pair.key, "hostname")
        if bytes.equalsASCII(pair.parent, "host"), isName, host.isAbsent { host = pair.value }
        if bytes.equalsASCII(pair.parent, "log"), bytes.equalsASCII(pair.key, "level") {
          severity = SyslogLevel.fromWord(bytes, pair.value)
        }
      } else if host.isAbsent, SyslogBody.isHost(bytes, pair.key) {
        host = pair.value
      } else if severity < 0, SyslogBody.isLevel(bytes, pair.key) {
        severity = SyslogBody.level(bytes, pair.value)
      } else if stamp.isAbsent, SyslogBody.isTime(bytes, pair.key) {
        SyslogBody.readValue(bytes, pair.value, &stamp)
      }
    }
  }

  private static func isHost(_ bytes: Span<UInt8>, _ key: ByteRange) -> Bool {
    bytes.equalsASCII(key, "host") || bytes.equalsASCII(key, "hostname")
      || bytes.equalsASCII(key, "host.name")
      || bytes.equalsASCII(key, "Hostname") || bytes.equalsASCII(key, "HOST")
      || bytes.equalsASCII(key, "_HOSTNAME") || bytes.equalsASCII(key, "syslog_host")
  }

  private static func isLevel(_ bytes: Span<UInt8>, _ key: ByteRange) -> Bool {
    bytes.equalsASCII(key, "level") || bytes.equalsASCII(key, "severity")
      || bytes.equalsASCII(key, "PRIORITY")
      || bytes.equalsASCII(key, "levelname") || bytes.equalsASCII(key, "log.level")
      || bytes.equalsASCII(key, "Severity") || bytes.equalsASCII(key, "lvl")
  }

  private static func isTime(_ bytes: Span<UInt8>, _ key: ByteRange) -> Bool {
    bytes.equalsASCII(key, "@timestamp") || bytes.equalsASCII(key, "timestamp")
      || bytes.equalsASCII(key, "time") || bytes.equalsASCII(key, "ts")
  }

  private static func level(_ bytes: Span<UInt8>, _ value: ByteRange) -> Int8 {
    guard !value.isAbsent, SyslogToken.areDigits(bytes, value.start, value.end), value.count <= 2 else {
      return SyslogLevel.fromWord(bytes, value)
    }
    var number = 0
    for index in value.bounds { number = number * 10 + Int(bytes[index] - 0x30) }
    return SyslogLevel.fromNumber(number)
  }
}
