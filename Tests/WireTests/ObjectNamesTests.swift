import Model
import Testing

@testable import Wire

/// The built-in tables: what they say is consistent, and what can be known for certain is what they say.
@Suite struct BuiltInNamesTests {
  @Test func theNotationIsReadWithoutAFault() {
    var notation = NameNotation()
    for table in BuiltInNames.tables { notation.read(table) }
    #expect(notation.faults == [])
    #expect(notation.objects.count > 1_900)
    #expect(notation.objects.filter { $0.syntax == .notification }.count > 500)
  }

  @Test(arguments: [
    "@x", "@x 1.3.y", "word", "word x", "+ a=1", "@g 1.3\nname 1 %Missing", "@g 1.3\nname 1 sometimes",
    "@g 1.3\nname 1 up=x", "%E up",
  ])
  func aFaultInTheNotationIsFound(_ text: String) {
    var notation = NameNotation()
    notation.read(text)
    #expect(notation.faults.count == 1, "\(notation.faults)")
  }

  @Test func sharedWordsMayBeLong() {
    var notation = NameNotation()
    notation.read("%Long a=1\n+ b=2\n@g 1.3.6.1.4.1.99999.1\nx 1 %Long\ny 2 hex\nz 3 c=3\n+ d=4\n")
    #expect(notation.faults == [])
    #expect(notation.objects.map(\.name) == ["x", "y", "z"])
    #expect(notation.objects.map { $0.labels.map(\.word) } == [["a", "b"], [], ["c", "d"]])
    #expect(notation.objects[1].syntax == .octets)
  }

  @Test func numbersAreUniqueAndSortedInEachTable() {
    var seen: Set<[UInt32]> = []
    for table in BuiltInNames.tables {
      var notation = NameNotation()
      notation.read(BuiltInNames.tables[0])
      let before = notation.objects.count
      notation.read(table)
      var last: [UInt32] = []
      for object in notation.objects.dropFirst(before) {
        #expect(last.lexicographicallyPrecedes(object.oid), "\(object.name) stands out of order")
        #expect(seen.insert(object.oid).inserted, "\(object.name) has the number of another")
        last = object.oid
      }
    }
  }

  @Test func namesAreUniqueAndWellFormed() {
    var seen: Set<String> = []
    for object in BuiltInNames.objects {
      #expect(seen.insert(object.name).inserted, "\(object.name) is there twice")
      #expect(object.name.utf8.count <= NameIndex.nameLimit)
      #expect(object.name.first?.isLowercase == true, "\(object.name)")
      #expect(Set(object.labels.map(\.value)).count == object.labels.count, "\(object.name)")
      #expect(Set(object.labels.map(\.word)).count == object.labels.count, "\(object.name)")
      #expect(object.oid.starts(with: [1]), "\(object.name)")
    }
  }

  /// As the documents that define them say.
  @Test(
    arguments: [
      ("sysUpTime", "1.3.6.1.2.1.1.3"), ("ifOperStatus", "1.3.6.1.2.1.2.2.1.8"),
      ("ifAlias", "1.3.6.1.2.1.31.1.1.1.18"), ("egpNeighborLoss", "1.3.6.1.6.3.1.1.5.6"),
      ("newRoot", "1.3.6.1.2.1.17.0.1"), ("topologyChange", "1.3.6.1.2.1.17.0.2"),
      ("bgpEstablished", "1.3.6.1.2.1.15.7.1"), ("bgpBackwardTransNotification", "1.3.6.1.2.1.15.0.2"),
      ("ospfNbrStateChange", "1.3.6.1.2.1.14.16.2.2"), ("risingAlarm", "1.3.6.1.2.1.16.0.1"),
      ("upsTrapOnBattery", "1.3.6.1.2.1.33.2.1"), ("entConfigChange", "1.3.6.1.2.1.47.2.0.1"),
      ("hrStorageUsed", "1.3.6.1.2.1.25.2.3.1.6"), ("mteTriggerFired", "1.3.6.1.2.1.88.2.0.1"),
      ("pingTestFailed", "1.3.6.1.2.1.80.0.2"), ("vrrpTrapNewMaster", "1.3.6.1.2.1.68.0.1"),
      ("nsNotifyShutdown", "1.3.6.1.4.1.8072.4.0.2"), ("laLoadInt", "1.3.6.1.4.1.2021.10.1.5"),
      ("clogMessageGenerated", "1.3.6.1.4.1.9.9.41.2.0.1"),
      ("ciscoConfigManEvent", "1.3.6.1.4.1.9.9.43.2.0.1"),
      ("cHsrpStateChange", "1.3.6.1.4.1.9.9.106.2.0.1"),
      ("ciscoEnvMonSupplyState", "1.3.6.1.4.1.9.9.13.1.5.1.3"),
      ("cpsSecureMacAddrViolation", "1.3.6.1.4.1.9.9.315.0.0.1"),
      ("jnxPowerSupplyFailure", "1.3.6.1.4.1.2636.4.1.1"), ("jnxFruRemoval", "1.3.6.1.4.1.2636.4.1.5"),
      ("jnxCmCfgChange", "1.3.6.1.4.1.2636.4.5.0.1"),
    ] as [(String, String)])
  func theTablesSayWhatTheDocumentsSay(_ name: String, _ number: String) throws {
    let object = try #require(BuiltInNames.objects.first { $0.name == name })
    #expect(object.oid.map { "\($0)" }.joined(separator: ".") == number)
    let isNotification = object.syntax == .notification
    #expect(BuiltInNames.number(of: name.uppercased(), notification: isNotification)?.description == number)
    #expect(BuiltInNames.number(of: name, notification: !isNotification) == nil)
  }

  /// Words at the ends of enumerations, and behind gaps in them.
  @Test(
    arguments: [
      ("ifType", 253, "capwapDot11Bss"), ("ifType", 6, "ethernetCsmacd"),
      ("ifOperStatus", 7, "lowerLayerDown"),
      ("bgpPeerState", 6, "established"), ("ospfNbrState", 8, "full"),
      ("entSensorThresholdSeverity", 30, "critical"),
      ("jnxOperatingState", 7, "standby"), ("upsOutputSource", 7, "reducer"),
    ] as [(String, Int32, String)])
  func theWordsAreThoseOfTheDocuments(_ name: String, _ value: Int32, _ word: String) throws {
    let object = try #require(BuiltInNames.objects.first { $0.name == name })
    #expect(object.labels.first { $0.value == value }?.word == word)
  }
}

/// The look-up, against a plain search for the longest prefix.
@Suite struct ObjectNamesTests {
  private static func name(_ names: ObjectNames, _ object: UInt32) -> String {
    let found = names.objects[Int(object)]
    return String(
      decoding: names.text[Int(found.nameAt)..<Int(found.nameAt) + Int(found.nameCount)], as: UTF8.self)
  }

  /// What `octets` are called, and what is left of them; with other bytes around.
  private static func look(_ names: ObjectNames, _ octets: [UInt8], around: Int) -> (String, [UInt8])? {
    let bytes = [UInt8](repeating: 0xA5, count: around) + octets + [UInt8](repeating: 0x5A, count: around)
    let (object, index) = names.find(bytes.span, around, around + octets.count)
    return object == 0 ? nil : (name(names, object), Array(bytes[index..<around + octets.count]))
  }

  @Test(arguments: [0, 3, 16]) func everyObjectIsFoundByItsNumber(_ around: Int) throws {
    let names = ObjectNames.builtIn
    #expect(names.count == BuiltInNames.objects.count)
    for object in BuiltInNames.objects {
      let content = NameIndex.content(object.oid)
      for index in [[], [0], [3], [0x83, 0x7F, 0], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]] as [[UInt8]] {
        let found = try #require(Self.look(names, content + index, around: around), "\(object.name)")
        guard found == (object.name, index) else {
          Issue.record("\(object.name) with \(index) is \(found)")
          return
        }
      }
    }
  }

  /// Numbers of two to six arcs below one another, so that prefixes are prefixes of others.
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func theLongestKnownPrefixIsFound(_ seed: UInt64) {
    var random = SeededBytes(seed: seed)
    let arcs: [UInt32] = [0, 1, 2, 127, 128, 300, 70_000, .max]
    func number() -> [UInt32] {
      [1, 3, 6, 1, 4, 1] + (0..<Int(1 + random.next() % 5)).map { _ in arcs[Int(random.next() % 8)] }
    }
    var objects: [[UInt32]: String] = [:]
    for index in 0..<400 { objects[number()] = "n\(index)" }
    let names = ObjectNames(objects.map { MIBObject(oid: $0.key, name: $0.value) })
    for _ in 0..<4_000 {
      let wanted = number() + (random.next() % 2 == 0 ? [] : [7])
      let octets = NameIndex.content(wanted)
      var best: (String, [UInt8])?
      for count in 1...wanted.count {
        let head = Array(wanted.prefix(count))
        let content = count < 2 ? [] : NameIndex.content(head)
        // What is shorter than seven octets is not known.
        if content.count >= 7, let name = objects[head] { best = (name, Array(octets[content.count...])) }
      }
      let found = Self.look(names, octets, around: Int(random.next() % 20))
      guard found?.0 == best?.0, found?.1 == best?.1 else {
        Issue.record("\(wanted): found \(String(describing: found)), it is \(String(describing: best))")
        return
      }
    }
  }

  @Test func theLaterOfTwoCountsButNotForTheFixed() {
    let names = ObjectNames(
      BuiltInNames.objects + [
        MIBObject(oid: [1, 3, 6, 1, 2, 1, 2, 2, 1, 8], name: "state"),
        MIBObject(oid: [1, 3, 6, 1, 6, 3, 18, 1, 4], name: "harmless"),
        MIBObject(oid: [1, 3, 6, 1, 4, 1, 99_999, 1], name: "no good"),
        MIBObject(oid: [1, 3, 6, 1, 4, 1, 99_999, 2], name: String(repeating: "x", count: 65)),
        MIBObject(oid: [1, 3, 6, 1, 4, 1], name: "enterprises"),
      ])
    #expect(Self.look(names, [0x2B, 6, 1, 2, 1, 2, 2, 1, 8, 3], around: 0)?.0 == "state")
    #expect(Self.look(names, [0x2B, 6, 1, 6, 3, 18, 1, 4, 0], around: 0)?.0 == "snmpTrapCommunity")
    #expect(Self.look(names, NameIndex.content([1, 3, 6, 1, 4, 1, 99_999, 1]), around: 0) == nil)
    #expect(names.count == ObjectNames.builtIn.count)
  }

  @Test func withoutAListOnlyTheFixedAreKnown() {
    let names = ObjectNames([])
    #expect(names.count == 16)
    #expect(Self.look(names, [0x2B, 6, 1, 2, 1, 1, 3, 0], around: 0)?.0 == "sysUpTime")
    #expect(Self.look(names, [0x2B, 6, 1, 2, 1, 1, 5, 0], around: 0) == nil)
    #expect(Self.look(names, [], around: 0) == nil)
    #expect(Self.look(names, [UInt8](repeating: 0, count: 12), around: 0) == nil)
  }
}
