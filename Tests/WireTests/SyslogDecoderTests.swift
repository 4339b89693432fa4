import Model
import Testing

@testable import Wire

@Suite struct SyslogPriorityTests {
  @Test func everyPriorityIsRead() {
    for value in 0...191 {
      let bytes = Array("<\(value)>x".utf8)
      var event = freshEvent()
      SyslogDecoder().decode(bytes.span, into: &event)
      #expect(Int(event.facility) * 8 + Int(event.severity) == value)
      #expect(event.parse == .loose)
      #expect(bytes.span.text(event.message) == "x")
    }
  }

  @Test(arguments: [
    "<192>x", "<999>x", "<0191>x", "<00>x", "<01>x", "<-1>x", "< 1>x", "<1 >x", "<>x", "<", "13>x",
    "Nov 21 02:14:05 {\"n\": 1}",
  ])
  func everythingElseIsUnparsed(_ text: String) {
    let bytes = Array(text.utf8)
    var event = freshEvent()
    SyslogDecoder().decode(bytes.span, into: &event)
    #expect(event.parse == .unparsed)
    #expect(event.facility == -1)
    #expect(event.severity == -1)
    #expect(bytes.span.text(event.message) == text)
  }

  @Test(arguments: ["1 - sw1 a - - - ", "1 - sw1 a - - -  ", "Nov 21 02:14:05 sw1 "])
  func aByteOrderMarkHidesNothing(_ header: String) {
    let bytes = Array("<11>\(header)\u{FEFF}%LINK-3-UPDOWN: x".utf8)
    var event = freshEvent()
    SyslogDecoder().decode(bytes.span, into: &event)
    #expect(bytes.span.text(event.host) == "sw1")
    #expect(bytes.span.text(event.msgid) == "LINK-3-UPDOWN")
    #expect(bytes.span.text(event.message) == "%LINK-3-UPDOWN: x")
  }

  /// Behind a tag too, where the header of a Cisco message may stand.
  @Test(arguments: ["core1 w: ", "core1 ", "w: ", "core1 site/sw1: "], ["020: ", " 020: ", ""])
  func aByteOrderMarkHidesNoCiscoHeader(_ before: String, _ number: String) {
    func read(_ mark: String) -> [String?] {
      let text = "<11>Nov 21 02:14:05 \(before)\(mark)\(number)%LINK-3-UPDOWN: x"
      let bytes = Array(text.utf8)
      var event = freshEvent()
      SyslogDecoder().decode(bytes.span, into: &event)
      #expect(event.parse == .rfc3164)
      return [event.host, event.app, event.procid, event.msgid, event.message].map {
        $0.isAbsent ? nil : bytes.span.text($0)
      }
    }
    #expect(read("\u{FEFF}") == read(""))
  }

  /// The second stamp of a WatchGuard is one to the last digit, or what stands there is text; and what
  /// follows it is read like what follows a host.
  @Test(arguments: [
    ("(2026-11-21T02:14:05) firewall: Deny", "firewall", "Deny"),
    ("(2026-11-21T02:14:05)  firewall: Deny", "firewall", "Deny"),
    ("(2026-11-21T02:14:05) w:  12: %LINK-3-UPDOWN: x", nil, "%LINK-3-UPDOWN: x"),
    ("(2026-11-21T02:14:0x) firewall: Deny", nil, nil),
    ("(\"ld$\"-) UTC:\")A)))) firewall: Deny", nil, nil),
    ("(2026-11-21T02:14:05)-firewall: Deny", nil, nil),
    ("(2026-11-21T02:14:05) ", nil, nil),
  ])
  func theSecondStampOfAFireboxIsOneToTheLastDigit(_ content: String, _ app: String?, _ message: String?) {
    let bytes = Array("<142>Nov 21 02:14:05 M370 80EF0123456F \(content)".utf8)
    var event = freshEvent()
    SyslogDecoder().decode(bytes.span, into: &event)
    #expect(bytes.span.text(event.host) == "M370")
    #expect((event.app.isAbsent ? nil : bytes.span.text(event.app)) == app)
    // Neither app nor header: the whole of it is the message, without the blanks at its end.
    let whole = "80EF0123456F \(content)"
    let wanted = message ?? (content.last == " " ? String(whole.dropLast()) : whole)
    #expect(bytes.span.text(event.message) == wanted)
  }

  /// With the word for its severity, which some put before the tag, and without.
  @Test(arguments: ["", "notice "])
  func aMnemonicBehindATagWithANumberIsRead(_ level: String) {
    let bytes = Array("<133>Nov 21 02:14:05 sw1 \(level)mcpd[5678]: %LINK-3-UPDOWN: x".utf8)
    var event = freshEvent()
    SyslogDecoder().decode(bytes.span, into: &event)
    #expect(bytes.span.text(event.app) == "mcpd" && bytes.span.text(event.procid) == "5678")
    #expect(bytes.span.text(event.msgid) == "LINK-3-UPDOWN")
  }

  @Test func aDatagramOfTheLargestSizeIsDecoded() {
    let bytes = Array("<13>Nov 21 02:14:05 web1 app: ".utf8) + [UInt8](repeating: 0x61, count: 65_477)
    var event = freshEvent()
    SyslogDecoder().decode(bytes.span, into: &event)
    #expect(bytes.count == 65_507)
    #expect(event.message.count == 65_477)
  }
}

@Suite struct SyslogClockTests {
  /// Amsterdam around the end of summer time 2026 (25 October, 01:00 UTC).
  static let amsterdam = Zone(
    name: "Europe/Amsterdam",
    transitions: [
      .init(from: .min, offset: 3_600), .init(from: 1_774_746_000, offset: 7_200),
      .init(from: 1_792_890_000, offset: 3_600),
    ])

  static func decode(_ stamp: String, arrival: String?, zone: Zone = .utc) -> Event {
    let bytes = Array("<13>\(stamp) web1 app: x".utf8)
    var event = freshEvent(at: arrival.flatMap { Timestamp(rfc3339: $0) } ?? .absent)
    SyslogDecoder(defaultZone: zone).decode(bytes.span, into: &event)
    return event
  }

  @Test(arguments: [
    // Within -24 h … +5 min when the zone is known.
    ("2026-11-21T12:00:00Z", "2026-11-22T12:00:00Z", true),
    ("2026-11-21T12:00:00Z", "2026-11-22T12:00:01Z", false),
    ("2026-11-21T12:05:00Z", "2026-11-21T12:00:00Z", true),
    ("2026-11-21T12:05:01Z", "2026-11-21T12:00:00Z", false),
    // Within ±5 min when it is not.
    ("Nov 21 12:00:00", "2026-11-21T12:05:00Z", true),
    ("Nov 21 12:00:00", "2026-11-21T12:05:01Z", false),
    ("Nov 21 12:05:00", "2026-11-21T12:00:00Z", true),
    ("Nov 21 12:05:01", "2026-11-21T12:00:00Z", false),
    ("2026-11-21T12:00:00", "2026-11-21T12:05:01Z", false),
  ])
  func deviceTimeIsBelievedInsideItsWindow(_ stamp: String, _ arrival: String, _ isBelieved: Bool) {
    let event = Self.decode(stamp, arrival: arrival)
    #expect(event.clock == (isBelieved ? .device : .arrival))
    if !isBelieved { #expect(event.time == event.arrival) }
  }

  @Test(arguments: [
    ("Nov 21 13:00:00", "2026-11-21T12:00:01Z", "2026-11-21T12:00:00Z"),
    ("Jul  1 14:00:00", "2026-07-01T12:00:01Z", "2026-07-01T12:00:00Z"),
    // The year is the one of the zone, not of UTC.
    ("Jan  1 00:30:00", "2026-12-31T23:30:01Z", "2026-12-31T23:30:00Z"),
    ("2026-11-21T13:00:00", "2026-11-21T12:00:01Z", "2026-11-21T12:00:00Z"),
    // A written offset wins over the zone.
    ("2026-11-21T12:00:00Z", "2026-11-21T12:00:01Z", "2026-11-21T12:00:00Z"),
  ])
  func stampsWithoutZoneAreReadInTheDefaultOne(_ stamp: String, _ arrival: String, _ time: String) {
    let event = Self.decode(stamp, arrival: arrival, zone: Self.amsterdam)
    #expect(event.clock == .device)
    #expect(event.time == Timestamp(rfc3339: time))
  }

  @Test func everyDayOfAYearFindsItsYear() {
    let start = Timestamp(rfc3339: "2027-06-15T12:00:00Z")
    guard let start else { return #expect(Bool(false)) }
    for day in 0..<800 {
      let time = start.adding(seconds: Int64(day) * 86_400)
      for drift in [-60, 60] as [Int64] {
        let bytes = SyslogEncoder.rfc3164(
          facility: 1, severity: 5, time: time.adding(seconds: drift), host: "web1", app: "app", message: "x")
        var event = freshEvent(at: time)
        SyslogDecoder().decode(bytes.span, into: &event)
        #expect(event.time == time.adding(seconds: drift))
      }
    }
  }

  @Test func withoutArrivalNothingIsGuessed() {
    let full = Self.decode("2001-02-03T04:05:06Z", arrival: nil)
    #expect(full.time == Timestamp(rfc3339: "2001-02-03T04:05:06Z"))
    #expect(full.clock == .device)
    #expect(Self.decode("Nov 21 02:14:05", arrival: nil).time.isAbsent)
    #expect(Self.decode("2026-11-21T02:14:05", arrival: nil).time.isAbsent)
    #expect(Self.decode("2026-02-30T02:14:05Z", arrival: nil).time.isAbsent)
  }
}

@Suite struct SyslogEncoderTests {
  @Test func rfc3164ComesBack() {
    let bytes = SyslogEncoder.rfc3164(
      facility: 23, severity: 3, time: arrival, host: "core1", app: "bgpd", procid: "77",
      message: "neighbor down")
    #expect(String(decoding: bytes, as: UTF8.self) == "<187>Nov 21 02:14:07 core1 bgpd[77]: neighbor down")
  }

  @Test func rfc3164IsWrittenInTheZone() {
    let bytes = SyslogEncoder.rfc3164(
      facility: 1, severity: 5, time: arrival, zone: SyslogClockTests.amsterdam, host: nil, app: nil,
      message: "x")
    #expect(String(decoding: bytes, as: UTF8.self) == "<13>Nov 21 03:14:07 x")
  }

  @Test func rfc5424ComesBack() {
    let data = SyslogEncoder.StructuredData(id: "x@1", parameters: [("v", "a]b\"c\\d")])
    let bytes = SyslogEncoder.rfc5424(
      facility: 23, severity: 3, time: arrival, host: "core1", app: "bgpd", procid: "77", msgid: "ADJ",
      structuredData: [data], message: "neighbor down")
    var event = freshEvent()
    SyslogDecoder().decode(bytes.span, into: &event)
    #expect(event.parse == .rfc5424)
    #expect(event.time == arrival)
    #expect(bytes.span.text(event.structuredData) == #"[x@1 v="a\]b\"c\\d"]"#)
    #expect(bytes.span.text(event.msgid) == "ADJ")
    #expect(bytes.span.text(event.message) == "neighbor down")
  }

  @Test func rfc5424WritesDashesForNothing() {
    let bytes = SyslogEncoder.rfc5424(
      facility: 0, severity: 0, time: nil, host: nil, app: nil, message: "")
    #expect(String(decoding: bytes, as: UTF8.self) == "<0>1 - - - - - -")
  }
}

@Suite struct MnemonicTests {
  @Test(arguments: [
    ("%LINK-3-UPDOWN: x", "LINK-3-UPDOWN"), ("%PKT_INFRA-LINK-3-UPDOWN : x", "PKT_INFRA-LINK-3-UPDOWN"),
    ("%ASA-6-302013: x", "ASA-6-302013"), ("%SYS-5-CONFIG_I:", "SYS-5-CONFIG_I"),
  ])
  func isFound(_ text: String, _ mnemonic: String) {
    let bytes = Array(text.utf8)
    #expect(bytes.span.text(SyslogDecoder.mnemonicRange(bytes.span, ByteRange(0, bytes.count))) == mnemonic)
  }

  @Test(arguments: [
    "LINK-3-UPDOWN: x", "%LINK-9-UPDOWN: x", "%LINK-3-UPDOWN x", "%-3-UPDOWN: x", "%LINK-3-: x", "%", "%:",
    "%LINK: x", "%LINK-3-UPDOWN", "",
  ])
  func isNotFound(_ text: String) {
    let bytes = Array(text.utf8)
    #expect(SyslogDecoder.mnemonicRange(bytes.span, ByteRange(0, bytes.count)).isAbsent)
  }
}
