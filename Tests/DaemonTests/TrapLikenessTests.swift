import Model
import Policy
import Testing
import Wire

@testable import Daemon

/// What is said of a notification without its line is at least as fine as its template, and hardly finer.
@Suite struct TrapLikenessTests {
  private static func likeness(_ packet: [UInt8], _ trap: inout Trap) -> (likeness: UInt64, template: String)
  {
    #expect(TrapDecoder().decode(packet.span, into: &trap) == .notification)
    var line: [UInt8] = []
    _ = trap.appendText(packet.span, to: &line)
    let likeness = trap.likeness(packet.span, reach: MessageTemplate.reach) {
      MessageTemplate.hash(value: $0)
    }
    return (
      likeness, MessageTemplate.text(line.span, lead: MessageTemplate.leadOfTrap(line.span))
    )
  }

  /// Kinds of notifications that differ in their numbers, among them such as turn words into dates, addresses
  /// and hexadecimal numbers.
  @Test(arguments: 0..<16) func whatIsAlikeHasOneTemplate(seed: Int) throws {
    var writer = TrapWriter(seed: UInt64(seed) + 77)
    var trap = Trap()
    var templates: [UInt64: String] = [:]
    var seen = Set<String>()
    var (said, unsaid) = (0, 0)
    for _ in 0..<600 {
      let (likeness, template) = Self.likeness(try writer.packet(kinds: 40, from: 40 * seed), &trap)
      if likeness == 0 {
        unsaid += 1
        continue
      }
      said += 1
      seen.insert(template)
      let known = templates[likeness]
      #expect(known == nil || known == template, "seed \(seed)")
      templates[likeness] = template
    }
    // Both happen, and a template has few likenesses.
    #expect(said > 100 && unsaid > 0, "seed \(seed): \(said) and \(unsaid)")
    #expect(templates.count < 2 * seen.count, "seed \(seed): \(templates.count) of \(seen.count)")
  }

  /// A device of 4,000 interfaces.
  @Test func allInterfacesAreOneKind() throws {
    var trap = Trap()
    var likenesses = Set<UInt64>()
    for interface in 1...4_000 {
      let port = "GigabitEthernet\(1 + interface / 48)/0/\(interface % 48)"
      let words = try VerbTrapWords(
        trap: "linkDown",
        varbinds: [
          "ifIndex.\(interface)=i:\(interface)", "ifAdminStatus.\(interface)=i:1",
          "ifOperStatus.\(interface)=i:2", "ifDescr.\(interface)=s:\(port)",
          "ifAlias.\(interface)=s:uplink ~q=\(interface &* 7_919)", "1.3.6.1.4.1.99999.\(interface)=u:7",
          "sysLocation.0=s:rack \(interface / 7)-\(interface % 7)",
          "bgpPeerState.10.1.2.\(interface % 256)=i:3",
        ])
      let packet = words.packet(version: .v2c, requestID: 1, uptimeTicks: UInt32(interface))
      likenesses.insert(Self.likeness(packet, &trap).likeness)
    }
    #expect(likenesses.count == 1 && !likenesses.contains(0))
  }

  static let apart: [(String, String)] = [
    ("linkDown ifIndex.3=i:3", "linkUp ifIndex.3=i:3"),
    ("linkDown ifIndex.3=i:3", "linkDown ifAdminStatus.3=i:3"),
    ("linkDown ifOperStatus.3=i:1", "linkDown ifOperStatus.3=i:2"),
    ("linkDown ifOperStatus.3=i:1", "linkDown ifOperStatus.3=i:99"),
    ("linkDown ifDescr.3=s:Gi1", "linkDown ifDescr.3=s:Te1"),
    ("linkDown ifDescr.3=s:10.1.2.3", "linkDown ifDescr.3=s:10.1.2"),
    ("linkDown ifDescr.3=s:", "linkDown ifDescr.3=s:1"),
    ("linkDown ifDescr.10.1.2.3=s:a", "linkDown ifDescr.10.1.2=s:a"),
    ("linkDown ifIndex.3=i:3", "linkDown ifIndex.3=i:3 ifIndex.4=i:4"),
    ("linkDown ifIndex.3=i:3", "linkDown ifIndex.3=a:10.1.2.3"),
    ("linkDown ifIndex.3=o:ifDescr.3", "linkDown ifIndex.3=o:ifName.3"),
    ("1.3.6.1.4.1.9.9.41.2.0.1", "1.3.6.1.4.1.9.9.41.2.0.2"),
  ]

  @Test(arguments: apart) func whatDiffersIsApart(_ one: String, _ other: String) throws {
    var trap = Trap()
    let both = try [one, other].map {
      Self.likeness(try VerbTrapWords(line: $0).packet(version: .v2c, requestID: 1, uptimeTicks: 1), &trap)
    }
    #expect(both[0].likeness != 0 && both[1].likeness != 0)
    #expect(both[0].likeness != both[1].likeness && both[0].template != both[1].template)
  }

  /// What only the line says: what stands beside it could change how it is masked.
  @Test(arguments: [
    "linkDown ifDescr.3=s:it's", "linkDown ifDescr.3=x:0102030400", "linkDown ifPhysAddress.3=x:001b21aabbcc",
    "linkDown ifDescr.3=s:May 1.3.6.1.4.1.99999.7=i:1", "linkDown ifDescr.1234.5678.9012=s:a",
    "linkDown ifDescr.10000.1.1.1=s:a",
  ])
  func theLineIsAsked(_ words: String) throws {
    var trap = Trap()
    let packet = try VerbTrapWords(line: words).packet(version: .v2c, requestID: 1, uptimeTicks: 1)
    #expect(Self.likeness(packet, &trap).likeness == 0)
  }

  @Test func aLongLineIsAsked() throws {
    var trap = Trap()
    for (count, isSaid) in [(700, true), (1_000, false)] {
      let words = try VerbTrapWords(
        trap: "linkDown", varbinds: ["ifDescr.3=s:" + String(repeating: "a", count: count)])
      let packet = words.packet(version: .v2c, requestID: 1, uptimeTicks: 1)
      #expect((Self.likeness(packet, &trap).likeness != 0) == isSaid)
    }
  }
}
