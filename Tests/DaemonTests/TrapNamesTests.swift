import Foundation
import Intake
import Model
import Synchronization
import TestKit
import Testing
import Wire

@testable import Daemon

/// Modules of our own, as small as they can be: what the standard ones say that MIBs import.
private enum Modules {
  static let structure = """
    SNMPv2-SMI DEFINITIONS ::= BEGIN
    org          OBJECT IDENTIFIER ::= { iso 3 }
    dod          OBJECT IDENTIFIER ::= { org 6 }
    internet     OBJECT IDENTIFIER ::= { dod 1 }
    mgmt         OBJECT IDENTIFIER ::= { internet 2 }
    mib-2        OBJECT IDENTIFIER ::= { mgmt 1 }
    private      OBJECT IDENTIFIER ::= { internet 4 }
    enterprises  OBJECT IDENTIFIER ::= { private 1 }
    snmpV2       OBJECT IDENTIFIER ::= { internet 6 }
    snmpModules  OBJECT IDENTIFIER ::= { snmpV2 3 }
    END
    """

  static let conventions = """
    SNMPv2-TC DEFINITIONS ::= BEGIN
    DisplayString ::= TEXTUAL-CONVENTION
      DISPLAY-HINT "255a" STATUS current DESCRIPTION "" SYNTAX OCTET STRING (SIZE (0..255))
    MacAddress ::= TEXTUAL-CONVENTION
      DISPLAY-HINT "1x:" STATUS current DESCRIPTION "" SYNTAX OCTET STRING (SIZE (6))
    DateAndTime ::= TEXTUAL-CONVENTION
      DISPLAY-HINT "2d-1d-1d,1d:1d:1d.1d,1a1d:1d" STATUS current DESCRIPTION "" SYNTAX OCTET STRING
    TruthValue ::= TEXTUAL-CONVENTION
      STATUS current DESCRIPTION "" SYNTAX INTEGER { true(1), false(2) }
    END
    """

  static let ours = """
    OURS-MIB DEFINITIONS ::= BEGIN
    IMPORTS
      enterprises, OBJECT-TYPE, NOTIFICATION-TYPE, Integer32 FROM SNMPv2-SMI
      MacAddress, DateAndTime, DisplayString FROM SNMPv2-TC;
    Level ::= TEXTUAL-CONVENTION
      DISPLAY-HINT "1d.1d-2x" STATUS current DESCRIPTION "" SYNTAX OCTET STRING (SIZE (4))
    ours OBJECT IDENTIFIER ::= { enterprises 99999 }
    oursState OBJECT-TYPE SYNTAX INTEGER { idle(0), busy(1), lost(7) }
      MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { ours 1 }
    oursAddress OBJECT-TYPE SYNTAX MacAddress
      MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { ours 2 }
    oursSince OBJECT-TYPE SYNTAX DateAndTime
      MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { ours 3 }
    oursLevel OBJECT-TYPE SYNTAX Level
      MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { ours 4 }
    oursFlags OBJECT-TYPE SYNTAX BITS { low(0), high(3) }
      MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { ours 5 }
    oursText OBJECT-TYPE SYNTAX DisplayString
      MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { ours 6 }
    oursFailed NOTIFICATION-TYPE OBJECTS { oursState }
      STATUS current DESCRIPTION "" ::= { ours 0 9 }
    END
    """

  static let broken = """
    BROKEN-MIB DEFINITIONS ::= BEGIN
    IMPORTS enterprises FROM SNMPv2-SMI
      nothing FROM NOWHERE-MIB;
    broken OBJECT IDENTIFIER ::= { enterprises
    (( nonsense
    END
    """

  static func write(_ text: String, _ name: String, in directory: TemporaryDirectory) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: directory.file(name)))
  }
}

/// The parser is one for the process.
@Suite(.serialized) struct TrapNamesTests {
  private static func read(_ paths: [String]) -> (names: ObjectNames, notices: [Notice]) {
    let heard = Mutex<[Notice]>([])
    let names = TrapNames.read(paths, notices: { notice in heard.withLock { $0.append(notice) } })
    return (names, heard.withLock { $0 })
  }

  private static func line(_ names: ObjectNames, _ trapOID: [UInt32], _ varbinds: [TrapEncoder.NamedValue])
    -> String
  {
    let packet = TrapEncoder.v2c(
      community: [], requestID: 1, uptimeTicks: 1, trapOID: ObjectID(arcs: trapOID)!, varbinds: varbinds)
    var trap = Trap(names: names)
    guard case .notification = TrapDecoder().decode(packet.span, into: &trap) else { return "" }
    var text: [UInt8] = []
    _ = trap.appendText(packet.span, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  private static let ours: [UInt32] = [1, 3, 6, 1, 4, 1, 99_999]

  private static let varbinds: [TrapEncoder.NamedValue] = [
    (ObjectID(arcs: ours + [1, 0])!, .integer(7)),
    (ObjectID(arcs: ours + [2, 0])!, .octets([0, 0x1B, 0x21, 10, 11, 12])),
    (ObjectID(arcs: ours + [3, 0])!, .octets([0x07, 0xEA, 11, 21, 2, 14, 5, 9])),
    (ObjectID(arcs: ours + [4, 0])!, .octets([1, 2, 0xAB, 0xCD])),
    (ObjectID(arcs: ours + [5, 0])!, .octets([0x90])),
    (ObjectID(arcs: ours + [6, 0])!, .octets(Array("text".utf8))),
    (ObjectID(arcs: [1, 3, 6, 1, 2, 1, 2, 2, 1, 8, 3])!, .integer(2)),
  ]

  @Test func whatTheFilesNameIsNamed() throws {
    let directory = TemporaryDirectory()
    try Modules.write(Modules.structure, "SNMPv2-SMI.txt", in: directory)
    try Modules.write(Modules.conventions, "SNMPv2-TC.txt", in: directory)
    try Modules.write(Modules.ours, "OURS-MIB.txt", in: directory)
    // Twice: the parser keeps nothing.
    for _ in 0..<2 {
      let (names, notices) = Self.read([directory.path])
      #expect(
        Self.line(names, Self.ours + [0, 9], Self.varbinds) == """
          oursFailed oursState.0=lost(7) oursAddress.0=00:1b:21:0a:0b:0c oursSince.0=2026-11-21T02:14:05.9 \
          oursLevel.0=1.2-abcd oursFlags.0=low(0),high(3) oursText.0=text ifOperStatus.3=down(2)
          """)
      #expect(notices.map(\.level) == [.info])
      #expect(notices.first?.fields.first { $0.0 == "objects" }?.1 == .number(7))
      #expect(names.count == ObjectNames.builtIn.count + 7)
    }
  }

  @Test func aBrokenModuleIsNamedAndTheOthersAreRead() throws {
    let directory = TemporaryDirectory()
    try Modules.write(Modules.structure, "SNMPv2-SMI.txt", in: directory)
    try Modules.write(Modules.conventions, "SNMPv2-TC.txt", in: directory)
    try Modules.write(Modules.ours, "OURS-MIB.txt", in: directory)
    try Modules.write(Modules.broken, "BROKEN-MIB.txt", in: directory)
    try Data([0, 255, 1, 2]).write(to: URL(fileURLWithPath: directory.file("noise.bin")))
    let files = MIBFiles([directory.path])
    #expect(files.objects.count == 7)
    let path = directory.file("BROKEN-MIB.txt")
    #expect(
      files.problems.contains {
        $0.reason == "Cannot find module (NOWHERE-MIB)" && $0.file == path && $0.line == 3
      })
    #expect(files.problems.contains { $0.file == path && $0.line == 5 }, "\(files.problems)")
    let (_, notices) = Self.read([directory.path])
    #expect(notices.contains { $0.level == .warning && $0.fields.contains { $0.1 == .text(path) } })
    #expect(notices.last?.level == .info)
  }

  @Test func withoutTheModulesItImportsFromNothingHasAPlace() throws {
    let directory = TemporaryDirectory()
    try Modules.write(Modules.ours, "OURS-MIB.txt", in: directory)
    let (names, notices) = Self.read([directory.file("OURS-MIB.txt"), "/nonexistent"])
    #expect(names.count == ObjectNames.builtIn.count)
    #expect(notices.last?.message == "snmp.mibs names nothing")
    #expect(
      notices.contains {
        $0.fields.contains { $0.0 == "reason" && $0.1 == .text("Cannot find module (SNMPv2-SMI)") }
      })
    #expect(Self.line(names, Self.ours + [0, 9], []) == "1.3.6.1.4.1.99999.0.9")
  }

  @Test func withoutPathsTheBuiltInNamesAreTaken() {
    let (names, notices) = Self.read([])
    #expect(names === ObjectNames.builtIn)
    #expect(notices.isEmpty)
  }

  /// net-snmp's reading of its own MIBs, which are installed with it, against the built-in tables.
  @Test func theBuiltInNamesAreThoseOfTheInstalledFiles() throws {
    let directory = TemporaryDirectory()
    try Modules.write(Modules.structure, "SNMPv2-SMI.txt", in: directory)
    try Modules.write(Modules.conventions, "SNMPv2-TC.txt", in: directory)
    let files = MIBFiles([directory.path, "/usr/share/snmp/mibs"])
    var read: [[UInt32]: MIBObject] = [:]
    for object in files.objects { read[object.oid] = object }
    var compared = 0
    for object in BuiltInNames.objects {
      guard
        object.oid.starts(with: [1, 3, 6, 1, 4, 1, 2021])
          || object.oid.starts(with: [1, 3, 6, 1, 4, 1, 8072]),
        let other = read[object.oid]
      else { continue }
      #expect(other.name == object.name)
      #expect(other.syntax == object.syntax, "\(object.name)")
      #expect(other.labels.sorted { $0.value < $1.value } == object.labels, "\(object.name)")
      compared += 1
    }
    #expect(compared > 80, "\(compared) objects could be compared")
  }
}
