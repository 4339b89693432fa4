import Model
import Testing

@testable import Wire

private typealias Build = TrapBuilder

/// Left out of the texts are the two varbinds that uptime and OID were read from, and nothing else: whatever
/// else has their names is shown.
@Suite struct TakenVarbindsTests {
  private static let upTime: [UInt8] = [0x2B, 6, 1, 2, 1, 1, 3]
  private static let trapOID: [UInt8] = [0x2B, 6, 1, 6, 3, 1, 1, 4, 1]
  private static let other = Build.varbind(oid: [0x2B, 6, 1, 2, 1, 2, 2, 1, 1, 3], Build.tlv(0x02, [3]))
  private static let linkUp = Build.tlv(0x06, [0x2B, 6, 1, 6, 3, 1, 1, 5, 4])

  private static func ticks(_ value: UInt8, _ index: [UInt8] = [0]) -> [UInt8] {
    Build.varbind(oid: upTime + index, Build.tlv(0x43, [value]))
  }

  /// The list of a version 2 notification, what is shown of it, and the uptime.
  private static let lists: [(name: String, list: [UInt8], shown: [String], uptime: Int64)] = [
    ("both in front", Build.upTime + Build.trapOID + other, ["ifIndex.3=3"], 100),
    ("both at the end", other + Build.trapOID + Build.upTime, ["ifIndex.3=3"], 100),
    ("the uptime behind", Build.trapOID + other + Build.upTime, ["ifIndex.3=3"], 100),
    (
      "a second uptime", Build.upTime + Build.trapOID + ticks(7) + other, ["sysUpTime.0=7", "ifIndex.3=3"],
      100
    ),
    (
      "a second uptime before the OID", Build.upTime + ticks(7) + Build.trapOID + other,
      ["sysUpTime.0=7", "ifIndex.3=3"], 100
    ),
    (
      "an uptime of another instance", ticks(7, [1]) + Build.upTime + Build.trapOID + ticks(8, []),
      ["sysUpTime.1=7", "sysUpTime=8"], 100
    ),
    (
      "an uptime that is an INTEGER",
      Build.varbind(oid: upTime + [0], Build.tlv(0x02, [9])) + Build.trapOID + other,
      ["sysUpTime.0=9", "ifIndex.3=3"], -1
    ),
    (
      "an uptime that is an INTEGER before one that is none",
      Build.varbind(oid: upTime + [0], Build.tlv(0x02, [9])) + Build.trapOID + ticks(7), ["sysUpTime.0=9"], 7
    ),
    (
      "an uptime of no octets", Build.varbind(oid: upTime + [0], Build.tlv(0x43)) + Build.trapOID,
      ["sysUpTime.0="], -1
    ),
    (
      "a second OID",
      Build.upTime + Build.trapOID + Build.varbind(oid: trapOID + [0], linkUp) + other,
      ["snmpTrapOID.0=linkUp", "ifIndex.3=3"], 100
    ),
    (
      "an OID of another instance and one that is a text",
      Build.upTime + Build.varbind(oid: trapOID + [1], linkUp)
        + Build.varbind(oid: trapOID + [0], Build.tlv(0x04, Array("x".utf8))) + Build.trapOID,
      ["snmpTrapOID.1=linkUp", "snmpTrapOID.0=x"], 100
    ),
  ]

  private func expect(_ reading: Reading, _ lead: String, _ shown: [String], _ name: String) {
    #expect(reading.verdict == .notification, "\(name)")
    #expect(reading.text == ([lead] + shown).joined(separator: " "), "\(name)")
    // A label is the first of its name, and the name without its index is the first varbind's.
    let labels = reading.labelList
    var seen: Set<Substring> = ["sysUpTime"]
    for varbind in shown where seen.insert(varbind.prefix { $0 != "=" }).inserted {
      #expect(labels.contains(varbind), "\(name): \(labels)")
    }
    let expected: [Substring] = shown.map { $0.prefix { $0 != "=" } }
    for form in [reading.raw, reading.snmp] {
      let parts = form.split(separator: "\"name\":\"")
      let names: [Substring] = parts.map { part in part.prefix { $0 != "\"" } }
      let said = names.filter { name in
        name.first?.isLetter == true && (name.contains(".") || name == "sysUpTime")
      }
      #expect(said == expected, "\(name): \(form)")
    }
  }

  @Test(arguments: lists.indices, [0xA7, 0xA6] as [UInt8])
  func aNotificationOfVersion2(_ index: Int, _ tag: UInt8) {
    let (name, list, shown, uptime) = Self.lists[index]
    let reading = Reading(Build.packet2(tag, list))
    expect(reading, "linkDown", shown, name)
    #expect(reading.trap.uptimeTicks == uptime, "\(name)")
    #expect("\(reading.trap.trapOID)" == "1.3.6.1.6.3.1.1.5.3", "\(name)")
    #expect(reading.raw.contains("\"uptime\":\(uptime < 0 ? "null" : "\(uptime)"),"), "\(name)")
  }

  @Test(arguments: lists.indices) func aScopedNotification(_ index: Int) {
    let (name, list, shown, uptime) = Self.lists[index]
    let scoped = Build.tlv(
      0x30, Build.tlv(0x04), Build.tlv(0x04),
      Build.tlv(0xA7, Build.tlv(0x02, [1]), Build.zero, Build.zero, Build.tlv(0x30, list)))
    var trap = Trap()
    #expect(TrapDecoder().decodeScoped(scoped.span, into: &trap) == .notification, "\(name)")
    var text: [UInt8] = []
    _ = trap.appendText(scoped.span, to: &text)
    #expect(String(decoding: text, as: UTF8.self) == (["linkDown"] + shown).joined(separator: " "), "\(name)")
    #expect(trap.uptimeTicks == uptime, "\(name)")
  }

  /// Version 1 says both in its PDU; Cisco's `reload` carries sysUpTime besides.
  @Test func aTrapOfVersion1ShowsAll() {
    for (name, list, shown) in [
      ("uptime", Self.ticks(7) + Self.other, ["sysUpTime.0=7", "ifIndex.3=3"]),
      (
        "both as version 2 leads with them", Build.upTime + Build.trapOID + Self.other,
        ["sysUpTime.0=100", "snmpTrapOID.0=linkDown", "ifIndex.3=3"]
      ),
      (
        "both at the end", Self.other + Build.trapOID + Self.ticks(7) + Self.ticks(8),
        ["ifIndex.3=3", "snmpTrapOID.0=linkDown", "sysUpTime.0=7", "sysUpTime.0=8"]
      ),
    ] {
      let reading = Reading(
        Build.v1(
          generic: Build.tlv(0x02, [6]), specific: Build.tlv(0x02, [0]), ticks: Build.tlv(0x43, [50]),
          list: Build.tlv(0x30, list)))
      expect(reading, "reload", shown, name)
      #expect(reading.trap.uptimeTicks == 50, "\(name)")
    }
  }

  /// A trap is decoded into the one before: what was taken of that one says nothing of this one.
  @Test func nothingIsLeftOfTheOneBefore() {
    var trap = Trap()
    func line(_ packet: [UInt8]) -> String {
      #expect(TrapDecoder().decode(packet.span, into: &trap) == .notification)
      var text: [UInt8] = []
      _ = trap.appendText(packet.span, to: &text)
      return String(decoding: text, as: UTF8.self)
    }
    let old = Build.v1(specific: Build.tlv(0x02, [0]), list: Build.tlv(0x30, Build.upTime + Build.trapOID))
    for _ in 0..<2 {
      #expect(line(Build.v2c(Self.other)) == "linkDown ifIndex.3=3")
      #expect(line(old) == "reload sysUpTime.0=100 snmpTrapOID.0=linkDown")
      #expect(line(Build.packet2(0xA7, Self.other + Build.trapOID + Build.upTime)) == "linkDown ifIndex.3=3")
    }
  }
}
