import Intake
import Model
import Testing
import Wire

@testable import Daemon

@Suite struct VerbTrapWordsTests {
  /// What the daemon's decoder makes of the words.
  private func line(_ words: VerbTrapWords, _ version: Trap.Version) -> (text: String, oid: String) {
    let packet = words.packet(
      version: version, community: "secret", agent: IPAddress(v4: 192, 0, 2, 7), requestID: 1,
      uptimeTicks: 100)
    var trap = Trap()
    #expect(TrapDecoder().decode(packet.span, into: &trap) == .notification)
    var text: [UInt8] = []
    _ = trap.appendText(packet.span, to: &text)
    return (String(decoding: text, as: UTF8.self), "\(trap.trapOID)")
  }

  static let cases: [(words: String, oid: String, text: String)] = [
    ("coldStart", "1.3.6.1.6.3.1.1.5.1", "coldStart"),
    ("LINKDOWN ifIndex.3=i:3", "1.3.6.1.6.3.1.1.5.3", "linkDown ifIndex.3=3"),
    ("linkUp ifOperStatus.3=i:1", "1.3.6.1.6.3.1.1.5.4", "linkUp ifOperStatus.3=up(1)"),
    (
      "1.3.6.1.4.1.9.9.41.2.0.17 1.3.6.1.4.1.9.1.1=s:\"two words\"", "1.3.6.1.4.1.9.9.41.2.0.17",
      "1.3.6.1.4.1.9.9.41.2.0.17 1.3.6.1.4.1.9.1.1=two words"
    ),
    (".1.3.6.1.4.1.9.5 ifDescr.1=x:0aff", "1.3.6.1.4.1.9.0.5", "1.3.6.1.4.1.9.0.5 ifDescr.1=0x0aff"),
  ]

  @Test(arguments: cases) func wordsBecomeTheTrapTheyName(_ words: String, _ oid: String, _ text: String)
    throws
  {
    let parsed = try VerbTrapWords(line: words)
    let old = line(parsed, .v1)
    #expect(old.oid == oid)
    #expect(old.text == text)
    if !words.hasPrefix(".1.3.6.1.4.1.9.5") {
      let new = line(parsed, .v2c)
      #expect(new.oid == oid)
      #expect(new.text == text)
    }
  }

  /// Sent as version 1 and read again, every built-in notification is called what it was called.
  @Test func everyNotificationKeepsItsName() throws {
    for object in BuiltInNames.objects where object.syntax == .notification {
      let read = line(try VerbTrapWords(line: object.name), .v1)
      #expect(read.text == object.name, "\(read)")
    }
  }

  /// An odd value that is decided again reads as it did.
  @Test func aStoredValueReadsAsItDid() throws {
    for (type, value, text) in [
      ("uinteger32", "4294967295", "4294967295"), ("nsap_address", "\"0x053901\"", "0x053901"),
      ("bit_string", "\"0x0060\"", "0x0060"), ("unknown", "\"0xff\"", "0xff"),
      ("malformed", "\"0x00\"", "0x00"), ("malformed", "\"\"", ""), ("octet_string", "null", ""),
      ("counter64", "\"18446744073709551615\"", "18446744073709551615"),
    ] {
      for version in ["1", "2c"] {
        let raw = """
          {"version":"\(version)","trap_oid":"1.3.6.1.6.3.1.1.5.3","uptime":7,"varbinds":[\
          {"oid":"1.3.6.1.4.1.9.1","name":"x","type":"\(type)","value":\(value)}]}
          """
        let stored = try #require(VerbStoredTrap(raw: raw, attributes: nil, host: nil))
        var trap = Trap()
        #expect(TrapDecoder().decode(stored.packet.span, into: &trap) == .notification)
        var line: [UInt8] = []
        _ = trap.appendText(stored.packet.span, to: &line)
        #expect(String(decoding: line, as: UTF8.self) == "linkDown 1.3.6.1.4.1.9.1=\(text)", "\(type)")
      }
    }
  }

  /// RFC 3584 §3.2: what a notification is in version 1.
  static let inVersion1:
    [(words: String, enterprise: String, generic: Int32, specific: Int32, agent: String)] = [
      ("coldStart", "1.3.6.1.6.3.1.1.5", 0, 0, "0.0.0.0"),
      ("warmStart", "1.3.6.1.6.3.1.1.5", 1, 0, "0.0.0.0"),
      ("linkDown", "1.3.6.1.6.3.1.1.5", 2, 0, "0.0.0.0"), ("linkUp", "1.3.6.1.6.3.1.1.5", 3, 0, "0.0.0.0"),
      ("authenticationFailure", "1.3.6.1.6.3.1.1.5", 4, 0, "0.0.0.0"),
      ("egpNeighborLoss", "1.3.6.1.6.3.1.1.5", 5, 0, "0.0.0.0"),
      ("1.3.6.1.6.3.1.1.5.7", "1.3.6.1.6.3.1.1.5", 6, 7, "0.0.0.0"),
      ("linkDown snmpTrapEnterprise.0=o:1.3.6.1.4.1.9", "1.3.6.1.4.1.9", 2, 0, "0.0.0.0"),
      ("linkDown snmpTrapAddress.0=a:192.0.2.9", "1.3.6.1.6.3.1.1.5", 2, 0, "192.0.2.9"),
      // The zero before the last arc is left out, and without one nothing is.
      ("1.3.6.1.4.1.9.0.17", "1.3.6.1.4.1.9", 6, 17, "0.0.0.0"),
      ("1.3.6.1.4.1.9.5.17", "1.3.6.1.4.1.9.5", 6, 17, "0.0.0.0"),
      // The enterprise of another trap is in its OID, whatever it says.
      ("1.3.6.1.4.1.9.0.17 snmpTrapEnterprise.0=o:1.3.6.1.4.1.8", "1.3.6.1.4.1.9", 6, 17, "0.0.0.0"),
    ]

  @Test(arguments: inVersion1.indices) func wordsBecomeATrapOfVersion1(_ index: Int) throws {
    let row = Self.inVersion1[index]
    let packet = try VerbTrapWords(line: row.words).packet(version: .v1, requestID: 1, uptimeTicks: 1)
    var trap = Trap()
    #expect(TrapDecoder().decode(packet.span, into: &trap) == .notification)
    #expect("\(trap.enterprise)" == row.enterprise)
    #expect(trap.genericTrap == row.generic)
    #expect(trap.specificTrap == row.specific)
    #expect(trap.agentAddress == (row.agent == "0.0.0.0" ? .unspecified : IPAddress(row.agent)))
  }

  /// What version 1 cannot say is said so, not sent as something else.
  @Test func whatVersion1CannotSayHasAReason() throws {
    func fault(_ line: String) throws -> String? { try VerbTrapWords(line: line).faultInVersion1 }
    #expect(
      try fault("1.3.6.1.4.1.9.0.2147483648")
        == "1.3.6.1.4.1.9.0.2147483648 ends in 2147483648: a specific-trap of SNMP version 1 is at most "
        + "2147483647")
    #expect(try fault("1.3.6.1.4.1.9.0.4294967295") != nil)
    #expect(try fault("1.3.6.1.6.3.1.1.5.4294967295") != nil)
    #expect(try fault("1.3.6.1.4.1.9.0.2147483647 ifIndex.1=i:-1") == nil)
    #expect(
      try fault("linkDown ifIndex.1=i:1 1.3.6.1.4.1.9.1.0=C:5")
        == "1.3.6.1.4.1.9.1.0 is a Counter64 (C:), which SNMP version 1 has not")
    #expect(try fault("linkDown ifIndex.1=c:1") == nil)
    #expect(try fault("1.3") != nil)
    #expect(try fault("1.3.6") == nil)
  }

  static let mistakes = [
    "", "linkSideways", "1", "linkDown x", "linkDown ifIndex=3", "linkDown ifIndex.3=q:3",
    "linkDown ifIndex.3=i:99999999999", "linkDown ifIndex.3=u:-1", "linkDown ifIndex.3=a:2001:db8::1",
    "linkDown ifIndex.3=x:0", "linkDown ifIndex.3=o:1", "linkDown nothing.3=i:3",
  ]

  @Test(arguments: mistakes) func mistakesAreRefused(_ words: String) {
    #expect(throws: DaemonFailure.self) { try VerbTrapWords(line: words) }
  }

  /// What the audit keeps of a trap is enough to decide it again as it was.
  @Test(arguments: [Trap.Version.v1, .v2c]) func aStoredTrapComesBack(_ version: Trap.Version) throws {
    let words = try VerbTrapWords(
      line: "linkDown ifIndex.3=i:3 ifDescr.3=s:\"Gi \\0/3\" ifPhysAddress.3=x:0a0b0c0d0e0f ifSpeed.3=u:7"
        + " 1.3.6.1.4.1.9.1=C:18446744073709551615 1.3.6.1.4.1.9.2=o:linkUp 1.3.6.1.4.1.9.3=a:192.0.2.9"
        + " 1.3.6.1.4.1.9.4=t:5 1.3.6.1.4.1.9.5=n: 1.3.6.1.4.1.9.6=c:1 1.3.6.1.4.1.9.7=i:-1")
    let agent = IPAddress(v4: 192, 0, 2, 7)
    let packet = words.packet(
      version: version, community: "secret", agent: agent, requestID: 9, uptimeTicks: 100)
    var trap = Trap()
    #expect(TrapDecoder().decode(packet.span, into: &trap) == .notification)
    var raw: [UInt8] = []
    _ = trap.appendRawJSON(packet.span, to: &raw)
    var snmp: [UInt8] = []
    _ = trap.appendSNMPJSON(packet.span, to: &snmp)
    var text: [UInt8] = []
    _ = trap.appendText(packet.span, to: &text)

    let stored = try #require(
      VerbStoredTrap(
        raw: String(decoding: raw, as: UTF8.self),
        attributes: "{\"trap\":\(String(decoding: snmp, as: UTF8.self))}", host: nil))
    var again = Trap()
    #expect(TrapDecoder().decode(stored.packet.span, into: &again) == .notification)
    #expect(again.version == version)
    #expect(again.agentAddress == trap.agentAddress)
    #expect(again.uptimeTicks == 100)
    var secondText: [UInt8] = []
    _ = again.appendText(stored.packet.span, to: &secondText)
    #expect(String(decoding: secondText, as: UTF8.self) == String(decoding: text, as: UTF8.self))
    #expect(again.community.isEmpty)
  }

  @Test(arguments: ["", "{}", "[]", "{\"trap_oid\":1}", "{\"trap_oid\":\"1\"}", "{\"trap_oid\":\"x\"}"])
  func whatIsNoStoredTrapIsNone(_ raw: String) {
    #expect(VerbStoredTrap(raw: raw, attributes: nil, host: nil) == nil)
  }

  @Test func cellsOfALine() {
    #expect(VerbHostsFile.cells("a,b") == ["a", "b"])
    #expect(VerbHostsFile.cells(" a ;b c\r") == ["a", "b c"])
    #expect(VerbHostsFile.cells("\"a,b\",\"c\"") == ["a,b", "c"])
    #expect(VerbHostsFile.cells("") == [""])
  }

  @Test(
    arguments: [
      ("192.0.2.1 core1", "192.0.2.1", "core1"),
      ("192.0.2.1\tcore1.example core1 # rack 7", "192.0.2.1", "core1.example"),
      ("  2001:db8::1  core2\r", "2001:db8::1", "core2"), ("192.0.2.1", "192.0.2.1", nil),
      ("192.0.2.1 # nobody", "192.0.2.1", nil),
    ] as [(String, String, String?)])
  func linesOfHosts(_ line: String, _ address: String, _ host: String?) throws {
    let entry = try #require(VerbHostsFile.hostsEntry(line))
    #expect(entry.address == IPAddress(address))
    #expect(entry.host == host)
  }

  @Test(arguments: ["", "# 192.0.2.1 core1", "core1,192.0.2.1", "core1 192.0.2.1", "192.0.2.1,core1"])
  func otherLinesAreNotOfHosts(_ line: String) {
    #expect(VerbHostsFile.hostsEntry(line) == nil)
  }

  @Test func agesAndTimes() throws {
    let now = Timestamp(seconds: 1_000_000)
    #expect(try VerbTime.parse("2h", option: "--since", now: now) == Timestamp(seconds: 992_800))
    #expect(try VerbTime.parse("1970-01-02", option: "--since", now: now) == Timestamp(seconds: 86_400))
    for text in ["", "h", "-1h", "2w", "1.5h", "99999999999999999999d"] {
      #expect(throws: DaemonFailure.self) { try VerbTime.parse(text, option: "--since", now: now) }
    }
    #expect(VerbTime.text(Timestamp(microseconds: 1)) == "1970-01-01T00:00:00.000001Z")
    #expect(VerbTime.text(Timestamp(milliseconds: 1)) == "1970-01-01T00:00:00.001Z")
  }
}
