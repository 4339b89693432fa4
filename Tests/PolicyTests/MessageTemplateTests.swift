import Model
import Testing

@testable import Policy

@Suite struct MessageTemplateTests {
  /// A message and what it comes to.
  struct Fixture: Sendable, CustomTestStringConvertible {
    var name: String
    var message: String
    var template: String

    init(_ name: String, _ message: String, _ template: String) {
      self.name = name
      self.message = message
      self.template = template
    }

    var testDescription: String { name }
  }

  static let numbers = [
    Fixture("empty", "", ""),
    Fixture("no-number", "fan tray removed", "fan tray removed"),
    Fixture("number", "slot 12 is empty", "slot <n> is empty"),
    Fixture("only-a-number", "7", "<n>"),
    Fixture("number-at-both-ends", "3 of 4", "<n> of <n>"),
    Fixture("twenty-digits", "id 12345678901234567890!", "id <n>!"),
    Fixture("negative", "temperature -5 C, offset=-0.25 (-3)", "temperature <n> C, offset=<n> (<n>)"),
    Fixture("negative-first", "-7 dBm", "<n> dBm"),
    Fixture("range-is-no-sign", "ports 1-24", "ports <n>-<n>"),
    Fixture("decimal", "load 0.25, 12.5 and 3.", "load <n>, <n> and <n>."),
    Fixture("leading-dot", "a value of .5", "a value of .<n>"),
    Fixture("version", "running 15.2.4 with kernel 6.1.0-18-amd64", "running <n> with kernel <n>-<n>-amd<n>"),
    Fixture("unit", "took 10ms, 5d, 30%, 4kB, 100Mbps", "took <n>ms, <n>d, <n>%, <n>kB, <n>Mbps"),
    Fixture("unit-differs", "took 10s", "took <n>s"),
    Fixture("uptime", "up 3w2d", "up <n>w<n>d"),
    Fixture("interface", "Gi0/1 and Gi1/0/24 down", "Gi<n>/<n> and Gi<n>/<n>/<n> down"),
    Fixture(
      "word-with-a-number", "eth0 sda1 ge-0/0/1 ae10 Fa0/1", "eth<n> sda<n> ge-<n>/<n>/<n> ae<n> Fa<n>/<n>"),
    Fixture("several-numbers-in-a-word", "enp3s0 x86_64", "enp<n>s<n> x<n>_<n>"),
    Fixture("mnemonic", "%LINK-3-UPDOWN: x", "%LINK-<n>-UPDOWN: x"),
    Fixture("mnemonic-of-hex-letters", "%ACE-4-DEAD: x", "%ACE-<n>-DEAD: x"),
    Fixture("process", "sshd[4523]: x", "sshd[<n>]: x"),
    Fixture("path", "/var/log/app.2.gz /dev/sdb2", "/var/log/app.<n>.gz /dev/sdb<n>"),
    Fixture("oid", "1.3.6.1.4.1.9.9.41.1 = 5", "<n> = <n>"),
  ]

  static let hexadecimal = [
    Fixture("prefixed", "at 0x1f, 0XFFFF and 0x0", "at <n>, <n> and <n>"),
    Fixture("prefix-alone", "0x, 0xyz", "<n>x, <n>xyz"),
    Fixture("long", "session 9ce48192 of 81922820beef", "session <n> of <n>"),
    Fixture("long-and-decimal", "session 12345678", "session <n>"),
    Fixture("letters-first", "session deadbee1 ab12cd", "session <n> <n>"),
    Fixture("letters-that-only-lead", "ae12345678 be1", "ae<n> be<n>"),
    Fixture("short-with-letters-behind", "id 3f2a7c", "id <n>"),
    Fixture("words-are-words", "deadbeef facade decade bad cafe", "deadbeef facade decade bad cafe"),
    Fixture("no-hexadecimal-letter", "1234567g 12ab34xyz", "<n>g <n>ab<n>xyz"),
    Fixture("uuid", "vm 550e8400-e29b-41d4-a716-446655440000 up", "vm <uuid> up"),
    Fixture("uuid-in-capitals", "{550E8400-E29B-41D4-A716-446655440000}", "{<uuid>}"),
    Fixture("uuid-with-groups-of-letters", "=abcdefab-cdef-abcd-abcd-abcdefabcde1;", "=<uuid>;"),
    Fixture("too-long-for-a-uuid", "550e8400-e29b-41d4-a716-446655440000a", "<n>-<n>-<n>-a<n>-<n>"),
  ]

  static let addresses = [
    Fixture("ipv4", "from 192.0.2.1.", "from <ip>."),
    Fixture("ipv4-with-port", "192.0.2.1:514 -> 198.51.100.255(80)", "<ip>:<n> -> <ip>(<n>)"),
    Fixture("ipv4-with-length", "route 10.0.0.0/8", "route <ip>/<n>"),
    Fixture("ipv4-behind-a-colon", "outside:203.0.113.9/443", "outside:<ip>/<n>"),
    Fixture("ipv4-in-a-url", "http://192.0.2.1/a", "http://<ip>/a"),
    Fixture("ipv6", "from 2001:db8::1, fe80::1 and ::1", "from <ip>, <ip> and <ip>"),
    Fixture("ipv6-in-full", "2001:db8:0:1:2:3:4:5 up", "<ip> up"),
    Fixture("ipv6-of-letters-first", "to dead:beef::1: timeout", "to <ip>: timeout"),
    Fixture("ipv6-with-port", "[2001:db8::7]:514", "[<ip>]:<n>"),
    Fixture("ipv6-with-zone", "fe80::1%eth0", "<ip>%eth<n>"),
    Fixture("ipv6-mapped", "::ffff:192.0.2.1", "<ip>"),
    Fixture("ipv6-ends-short", "net 2001:db8:: is down", "net <ip> is down"),
    Fixture("nine-groups", "1:2:3:4:5:6:7:8:9", "<n>:<n>:<n>:<n>:<n>:<n>:<n>:<n>:<n>"),
    Fixture("mac", "00:1b:54:aa:00:01 aa:bb:cc:dd:ee:f0", "<mac> <mac>"),
    Fixture("mac-without-letters", "00:11:22:33:44:55", "<mac>"),
    Fixture("mac-with-dashes", "00-1B-54-AA-00-01", "<mac>"),
    Fixture(
      "mac-of-cisco", "client 001b.54aa.0001, aabb.ccdd.ee01, 0011.d2ac.ffee and 0011.2233.4455",
      "client <mac>, <mac>, <mac> and <mac>"),
    Fixture("mac-of-huawei", "1809-cc73-4668", "<mac>"),
    Fixture("wwn", "50:06:01:60:c7:20:4f:99", "<mac>"),
    Fixture("scope-is-no-address", "std::vector<int> of Foo::bar2", "std::vector<<int> of Foo::bar<n>"),
  ]

  static let times = [
    Fixture("clock", "at 02:14:05, 2:14:05.913 and 02:14:05,913", "at <time>, <time> and <time>"),
    Fixture("duration", "after 124:00:05", "after <time>"),
    Fixture("hour-and-minute", "at 02:14", "at <n>:<n>"),
    Fixture("date", "on 2026-11-21 and 2026/11/21", "on <time> and <time>"),
    Fixture("timestamp", "2026-11-21T02:14:05.913Z 2026-11-21T02:14:05+01:00", "<time> <time>"),
    Fixture("date-and-clock", "2026-11-21 02:14:05", "<time> <time>"),
    Fixture("month", "since Nov 21 02:14:05 and Nov  5", "since <time> <time> and <time>"),
    Fixture("ctime", "Sat Nov 21 02:14:05 2026", "<time> <time> <n>"),
    Fixture(
      "day-first", "21 Nov 2026, 21-Nov-2026, [21/Nov/2026:02:14:05 +0000]",
      "<time>, <time>, [<time>:<time> +<n>]"),
    Fixture("no-month", "Mayor 5, 5 Maybe, item 3 Des", "Mayor <n>, <n> Maybe, item <n> Des"),
  ]

  static let quotes = [
    Fixture("double", "user \"bob\" at \"\"", "user \"<text>\" at \"<text>\""),
    Fixture("single", "user 'bob 7' left", "user '<text>' left"),
    Fixture("apostrophe", "don't, the users' data isn't", "don't, the users' data isn't"),
    Fixture("apostrophe-within", "can't open 'bob's file'", "can't open '<text>'"),
    Fixture("unclosed", "user \"bob 7", "user \"bob <n>"),
    Fixture("unclosed-single", "'tis 7 bells", "'tis <n> bells"),
    Fixture("inches", "a 5\" and a 3\" disk", "a <n>\" and a <n>\" disk"),
    Fixture("escaped", #"name="a \"b\" c" x"#, #"name="<text>" x"#),
    Fixture(
      "json", #"{"event":"down","port": 7, "at":"x"}"#, #"{"event":"<text>","port": <n>, "at":"<text>"}"#),
    Fixture("quoted-before-a-colon", #"login "bob": denied"#, #"login "<text>": denied"#),
    Fixture("neighbours-of-quotes", "a & b # c", "a & b # c"),
  ]

  static let bytes = [
    Fixture("non-ascii", "Lüfter 3 auf 東京2 – zu heiß", "Lüfter <n> auf 東京<n> – zu heiß"),
    Fixture("less-than", "a < b, <n> and <3>", "a << b, <<n> and <<<n>>"),
    Fixture("nul", "a\0b", "a<00>b"),
    Fixture("controls", "a\tb\u{1B}[2J", "a\tb\u{1B}[<n>J"),
  ]

  @Test(arguments: numbers + hexadecimal + addresses + times + quotes + bytes)
  func masks(_ fixture: Fixture) {
    #expect(MessageTemplate.text(Array(fixture.message.utf8).span) == fixture.template)
  }

  @Test func invalidUTF8IsSpelledOut() {
    let message: [UInt8] = [0x61, 0xFF, 0x31, 0xE2, 0x82, 0x20, 0xC3, 0xA9]
    #expect(MessageTemplate.text(message.span) == "a<FF><n><E2><82> é")
  }

  @Test func aLeadStays() {
    let line = Array("1.3.6.1.4.1.9999.0.5 1.3.6.1.4.1.9999.1.1=7 ifIndex.3=3".utf8)
    let lead = MessageTemplate.leadOfTrap(line.span)
    #expect(MessageTemplate.text(line.span, lead: lead) == "1.3.6.1.4.1.9999.0.5 <n>=<n> ifIndex.<n>=<n>")
    let other = Array("1.3.6.1.4.1.9999.0.6 1.3.6.1.4.1.9999.1.1=7 ifIndex.3=3".utf8)
    #expect(MessageTemplate.hash(line.span, lead: lead) != MessageTemplate.hash(other.span, lead: lead))
    let bare = Array("coldStart".utf8)
    #expect(MessageTemplate.leadOfTrap(bare.span) == 9)
    #expect(MessageTemplate.hash(bare.span, lead: 9) == MessageTemplate.hash(bare.span))
  }

  /// One kind of message has one template, whatever its numbers.
  @Test(arguments: [
    "Interface eth%, changed state to down, duration %", "sda% sdb%: I/O error, sector %",
    "Gi%/0/% down after %ms", "xe-%/%/%.%: snmp index %", "Bundle-Ether% Fa%/% ae% be% enp%s%",
    "%LINK-%-UPDOWN: vlan % (was %)", "[%.%] cpu% throttled -%", "temp=-%C, fan=% rpm, psu%:%%",
  ])
  func numbersMakeNoDifference(_ kind: String) {
    var random = SeededNumbers(seed: 11)
    var hashes: Set<UInt64> = []
    var texts: Set<String> = []
    for _ in 0..<500 {
      let message = kind.split(separator: "%", omittingEmptySubsequences: false).joined(by: {
        "\(random.number())"
      })
      hashes.insert(MessageTemplate.hash(Array(message.utf8).span))
      texts.insert(MessageTemplate.text(Array(message.utf8).span))
    }
    #expect(hashes.count == 1)
    #expect(texts.count == 1)
  }

  @Test func equalHashesMeanEqualTexts() {
    var random = SeededNumbers(seed: 3)
    var texts: [UInt64: String] = [:]
    var hashes: [String: UInt64] = [:]
    for _ in 0..<20_000 {
      let message = random.message()
      let hash = MessageTemplate.hash(message.span)
      let text = MessageTemplate.text(message.span)
      #expect(texts.updateValue(text, forKey: hash) ?? text == text)
      #expect(hashes.updateValue(hash, forKey: text) ?? hash == hash)
    }
    // Many different ones, and many that came again.
    #expect(texts.count > 2_000 && texts.count < 19_000)
  }

  /// The shortcut for plain numbers and the whole grammar agree on every number of any text.
  @Test func theShortcutNeverDiffers() {
    var random = SeededNumbers(seed: 5)
    var shortcuts = 0
    for _ in 0..<20_000 {
      let message = random.message()
      PaddedText.with(message.span) { text in
        var (short, whole) = (TemplateMasks(), TemplateMasks())
        var from = 0
        while true {
          let found = short.next(in: text, from: from)
          let expected = whole.next(in: text, from: from, usesShortcut: false)
          #expect(found == expected, "\(String(decoding: message, as: UTF8.self)) from \(from)")
          if found.kind == .end { return }
          if found.kind == .number { shortcuts += 1 }
          from = found.end
        }
      }
    }
    #expect(shortcuts > 10_000)
  }

  /// What stands around a text in memory does not change its template.
  @Test func onlyTheTextCounts() {
    var random = SeededNumbers(seed: 7)
    for _ in 0..<2_000 {
      let message = random.message()
      let hash = MessageTemplate.hash(message.span)
      let noise = (0..<40).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let start = Int(random.next() % 20)
      let all = noise[..<start] + message + noise[start...]
      let around = Array(all)
      #expect(MessageTemplate.hash(around.span.extracting(start..<start + message.count)) == hash)
    }
  }

  @Test func whatComesLateDoesNotCount() {
    let head = Array(repeating: UInt8(ascii: "a"), count: MessageTemplate.reach)
    let long = head + Array(repeating: UInt8(ascii: "7"), count: 8_192 - head.count)
    let other = head + Array("something else".utf8)
    #expect(MessageTemplate.hash(long.span) == MessageTemplate.hash(other.span))
    #expect(MessageTemplate.text(long.span) == MessageTemplate.text(other.span))
    #expect(MessageTemplate.text(long.span).hasSuffix("aaa<...>"))
    #expect(MessageTemplate.hash(head.span) != MessageTemplate.hash(long.span))
    #expect(MessageTemplate.text(head.span).hasSuffix("aaa"))
  }

  /// Texts made to be read again and again. Each ends, and within the bound of masks that its size allows.
  @Test(arguments: [
    "1:", "a:1", "a.", "aa:", "f-f:", "::1", "1-", "1.", "\"", "'", "\"'", "\\\"", "0x", "Nov ", "Nov 1 ",
    "2026-11-", "12:34:", "\0", "\u{FF}", "#&", "e29b-41d4-", "-1", "a1", "<",
  ])
  func hostileRepetition(_ part: String) {
    let message = Array(repeatElement(Array(part.utf8), count: 8_192 / part.utf8.count).joined())
    let text = MessageTemplate.text(message.span)
    #expect(text.utf8.count < 8 * MessageTemplate.reach)
    for size in 0..<64 {
      let cut = message.span.extracting(0..<size)
      _ = MessageTemplate.hash(cut)
      #expect(!MessageTemplate.text(cut).contains("<...>"))
    }
  }

  @Test(arguments: [
    (4, Environment.prod, 4, true), (0, .prod, 4, true), (5, .prod, 4, false), (-1, .prod, 4, true),
    (3, .dev, 4, false), (-1, .dev, 4, false), (4, .prod, 3, false), (-1, .prod, 3, false),
    (7, .prod, 7, true), (0, .prod, 0, true), (1, .prod, 0, false),
  ])
  func whatIsCounted(_ severity: Int, _ environment: Environment, _ least: Int, _ expected: Bool) {
    let counts = MessageTemplate.counts(
      severity: Int8(severity), environment: environment, from: Int8(least))
    #expect(counts == expected)
  }
}

extension SeededNumbers {
  /// One to eight digits.
  fileprivate mutating func number() -> UInt64 {
    let sizes: [UInt64] = [10, 100, 1_000, 1_000_000, 100_000_000]
    return next() % sizes[Int(next() % 5)]
  }

  /// A few fragments in a row: words, numbers, joints, quotes, single bytes.
  fileprivate mutating func message() -> [UInt8] {
    let fragments = [
      "down", " ", " ", " ", "-", ":", ":", "::", ".", ".", "/", "\"", "'", "#", "a", "be", "fe80", "x", "0x",
      "0", "7", "10", "24", "2026", "deadbeef", "Gi", "eth", "Nov", "Sat ", "T", "Z", "ms", "<", "_", "é",
      ",",
      "{", "(", "=", "10.0.0.1", "02:14:05", "2026-11-21", "00:1b:54:aa:00:01", "001b.54aa.0001",
      "2001:db8::1",
      "the link to the core",
    ]
    var message: [UInt8] = []
    for _ in 0..<next() % 7 {
      if next() % 40 == 0 {
        message.append(UInt8(truncatingIfNeeded: next()))
      } else {
        message += Array(fragments[Int(next() % UInt64(fragments.count))].utf8)
      }
    }
    return message
  }
}

extension Array where Element == Substring {
  /// The parts with something new between each two.
  fileprivate func joined(by separator: () -> String) -> String {
    var result = String(first ?? "")
    for part in dropFirst() { result += separator() + part }
    return result
  }
}
