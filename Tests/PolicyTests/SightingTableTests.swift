import Model
import Testing

@testable import Policy

/// Who sends and is no device, as one worker keeps it.
@Suite struct SightingTableTests {
  private let start = Timestamp(seconds: 1_795_219_200)

  private func address(_ number: Int) -> IPAddress { IPAddress(v4: 0xC000_0200 + UInt32(number)) }

  private func note(
    _ number: Int, _ name: String = "", isTrap: Bool = false, at seconds: Int64 = 0,
    in table: inout SightingTable
  ) {
    let bytes = Array("<13>\(name) text".utf8)
    let range = name.isEmpty ? ByteRange.absent : ByteRange(4, 4 + name.utf8.count)
    table.note(
      address(number), bytes.span, name: range, host: Matcher.hash(of: range, in: bytes.span), isTrap: isTrap,
      at: start.adding(seconds: seconds))
  }

  // A table cannot be copied, and so stands in no expectation itself.
  private func expectDue(
    _ isDue: Bool, _ expected: Bool, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(isDue == expected, sourceLocation: sourceLocation)
  }

  private func expectEvictions(
    _ count: UInt64, _ expected: UInt64, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(count == expected, sourceLocation: sourceLocation)
  }

  @Test func countsByAddressAndName() {
    var table = SightingTable(capacity: 1_024, seed: 7)
    for second: Int64 in 0..<3 { note(1, "core1", at: second, in: &table) }
    note(1, "CORE1", at: 9, in: &table)
    note(1, "core2", at: 4, in: &table)
    note(2, isTrap: true, at: 5, in: &table)
    note(2, at: 6, in: &table)
    let taken = table.take(monotonic: 0).sorted { ($0.address.low, $0.host) < ($1.address.low, $1.host) }
    #expect(
      taken == [
        Sighting(
          address: address(1), host: "core1", syslog: 4, traps: 0, firstSeen: start,
          lastSeen: start.adding(seconds: 9)),
        Sighting(
          address: address(1), host: "core2", syslog: 1, traps: 0, firstSeen: start.adding(seconds: 4),
          lastSeen: start.adding(seconds: 4)),
        Sighting(
          address: address(2), host: "", syslog: 1, traps: 1, firstSeen: start.adding(seconds: 5),
          lastSeen: start.adding(seconds: 6)),
      ])
    // What was taken is told once; what comes then is counted from nothing.
    let nothing = table.take(monotonic: 0)
    #expect(nothing == [])
    note(2, at: 20, in: &table)
    let again = table.take(monotonic: 0)
    #expect(again.map(\.syslog) == [1] && again.map(\.traps) == [0])
    #expect(again.first?.firstSeen == start.adding(seconds: 20))
    expectEvictions(table.evictions, 0)
  }

  @Test func whoWasHeardLongestAgoGoesFirst() {
    // One set.
    var table = SightingTable(capacity: 8, seed: 7)
    for number in 1...8 { note(number, at: Int64(number), in: &table) }
    note(1, at: 9, in: &table)
    expectEvictions(table.evictions, 0)
    note(9, at: 10, in: &table)
    expectEvictions(table.evictions, 1)
    let kept = Set(table.take(monotonic: 0).map(\.address))
    #expect(kept == Set(([1] + (3...9)).map(address)))
    // What was taken is not lost when it goes.
    for number in 11...18 { note(number, at: Int64(number), in: &table) }
    expectEvictions(table.evictions, 1)
    let late = Set(table.take(monotonic: 0).map(\.address))
    #expect(late == Set((11...18).map(address)))
  }

  @Test func aFloodOfAddressesTakesNoMoreThanTheTable() {
    var table = SightingTable(capacity: 4_096, seed: 7)
    for number in 0..<100_000 { note(number, in: &table) }
    let kept = table.take(monotonic: 0).count
    #expect(kept > 4_000 && kept <= 4_096)
    expectEvictions(table.evictions, UInt64(100_000 - kept))
  }

  /// Several stand in most sets, and some of them look alike to it.
  @Test func everybodyIsCountedByHimself() {
    var table = SightingTable(capacity: 16_384, seed: 7)
    for round in 0..<5 {
      for step in 0..<3_000 { note(step * 7 % 3_000, round % 2 == 0 ? "core" : "CORE", in: &table) }
    }
    expectEvictions(table.evictions, 0)
    let taken = table.take(monotonic: 0)
    #expect(taken.count == 3_000 && taken.allSatisfy { $0.syslog == 5 })
    #expect(Set(taken.map(\.address)).count == 3_000)
  }

  @Test func newcomersAreToldSoonTheRestAfterAMinute() {
    let second: Int64 = 1_000_000_000
    var table = SightingTable(capacity: 8, seed: 7)
    expectDue(table.isDue(monotonic: 0), false)
    note(1, in: &table)
    expectDue(table.isDue(monotonic: 0), true)
    _ = table.take(monotonic: 0)
    expectDue(table.isDue(monotonic: 100 * second), false)
    note(1, in: &table)
    expectDue(table.isDue(monotonic: 59 * second), false)
    expectDue(table.isDue(monotonic: 60 * second), true)
    note(2, in: &table)
    expectDue(table.isDue(monotonic: second), false)
    expectDue(table.isDue(monotonic: 2 * second), true)
  }

  /// Where more come than it would hold until they are told, the outbox is not given a full table every other
  /// second; what it does hold is told as soon as ever.
  @Test(arguments: [(500, 2), (30_000, 30)])
  func aFloodOfNewcomersIsToldMoreRarely(_ count: Int, _ seconds: Int64) {
    let second: Int64 = 1_000_000_000
    var table = SightingTable(capacity: 1_024, seed: 7)
    note(0, in: &table)
    _ = table.take(monotonic: 0)
    for number in 1...count { note(number, in: &table) }
    expectDue(table.isDue(monotonic: 2 * second), true)
    _ = table.take(monotonic: 2 * second)
    note(count + 1, in: &table)
    expectDue(table.isDue(monotonic: (2 + seconds) * second - 1), false)
    expectDue(table.isDue(monotonic: (2 + seconds) * second), true)
    // When it is over, who comes then is told soon again.
    _ = table.take(monotonic: (2 + seconds) * second)
    note(count + 2, in: &table)
    expectDue(table.isDue(monotonic: (4 + seconds) * second), true)
  }

  @Test func aNameIsCutAndRepaired() throws {
    var table = SightingTable(capacity: 8, seed: 7)
    note(1, String(repeating: "h", count: 200), in: &table)
    let bytes: [UInt8] = [0x68, 0xFF, 0x68]
    table.note(address(2), bytes.span, name: ByteRange(0, 3), host: 5, isTrap: false, at: .absent)
    let hosts = Set(table.take(monotonic: 0).map(\.host))
    #expect(hosts == [String(repeating: "h", count: 64), "h\u{FFFD}h"])
  }

  @Test func withoutRoomNothingIsNoted() {
    var table = SightingTable(capacity: 0, seed: 7)
    note(1, in: &table)
    let isOn = table.isOn
    #expect(!isOn)
    expectDue(table.isDue(monotonic: 0), false)
    var real = SightingTable(capacity: 8, seed: 7)
    let none: [UInt8] = []
    real.note(.unspecified, none.span, name: .absent, host: 0, isTrap: true, at: start)
    let nothing = real.take(monotonic: 0)
    #expect(nothing == [])
  }
}
