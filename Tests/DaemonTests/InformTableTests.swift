import Testing

@testable import Daemon

/// An inform that is sent again is known for a while, in a bounded number of places.
@Suite struct InformTableTests {
  private let second: Int64 = 1_000_000_000

  /// One that an expectation can ask.
  private final class Table {
    private var table = InformTable()
    func isRepeated(_ hash: UInt64, now: Int64) -> Bool { table.isRepeated(hash, now: now) }
    func forget(_ hash: UInt64) { table.forget(hash) }
  }

  @Test func theFirstIsNewAndTheNextAreNot() {
    let table = Table()
    #expect(!table.isRepeated(7, now: 10))
    for step: Int64 in 0..<5 { #expect(table.isRepeated(7, now: 10 + step * second)) }
    // Another of the same set, and one whose hash is nothing.
    #expect(!table.isRepeated(7 + 16_384, now: 10))
    #expect(!table.isRepeated(0, now: 10))
    #expect(table.isRepeated(0, now: 11))
    #expect(table.isRepeated(7, now: 11))
  }

  /// From the first on, not from the last: a sender that never gives up is a new event now and then.
  @Test func itIsForgottenAfterAWhile() {
    let table = Table()
    let start = 5 * second
    #expect(!table.isRepeated(7, now: start))
    #expect(table.isRepeated(7, now: start + InformTable.memory - 1))
    #expect(!table.isRepeated(7, now: start + InformTable.memory))
    #expect(table.isRepeated(7, now: start + InformTable.memory + second))
  }

  @Test func whatIsForgottenIsNewAgain() {
    let table = Table()
    table.forget(7)
    for hash in [7, 8, 7 + 16_384] as [UInt64] { #expect(!table.isRepeated(hash, now: second)) }
    table.forget(7)
    #expect(!table.isRepeated(7, now: 2 * second))
    for hash in [7, 8, 7 + 16_384] as [UInt64] { #expect(table.isRepeated(hash, now: 3 * second)) }
  }

  @Test func theOldestOfFourMakesRoom() {
    let table = Table()
    let hashes = (0..<5 as Range<UInt64>).map { 3 + $0 * 16_384 }
    for (index, hash) in hashes.prefix(4).enumerated() {
      #expect(!table.isRepeated(hash, now: second + Int64(index)))
    }
    for hash in hashes.prefix(4) { #expect(table.isRepeated(hash, now: 2 * second)) }
    #expect(!table.isRepeated(hashes[4], now: 3 * second))
    for hash in hashes.dropFirst() { #expect(table.isRepeated(hash, now: 3 * second)) }
    #expect(!table.isRepeated(hashes[0], now: 3 * second))
  }

  @Test func aTimeBeforeTheFirstSecondIsATime() {
    let table = Table()
    #expect(!table.isRepeated(9, now: 0))
    #expect(table.isRepeated(9, now: 0))
  }

  /// 65,536 are remembered, whatever comes: what does not fit is taken for new, and acknowledged too.
  @Test func aFloodIsTakenForNew() {
    let table = Table()
    for hash: UInt64 in 0..<65_536 { #expect(!table.isRepeated(hash, now: second)) }
    for hash: UInt64 in 0..<65_536 { #expect(table.isRepeated(hash, now: second)) }
    for hash: UInt64 in 65_536..<131_072 { #expect(!table.isRepeated(hash, now: 2 * second)) }
    #expect(!table.isRepeated(5, now: 3 * second))
  }
}
