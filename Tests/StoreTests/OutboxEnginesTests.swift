import Model
import Store
import TestKit
import Testing

/// The clocks of SNMP engines over a restart.
@Suite struct OutboxEnginesTests {
  private let now = Timestamp(seconds: 1_795_219_200)

  private func open(_ directory: TemporaryDirectory) throws -> Outbox {
    try Outbox(path: directory.file("outbox.db"), sync: .normal, notices: { _ in })
  }

  private func engine(_ number: UInt8, boots: UInt32 = 1, time: UInt32 = 5, after: Int64 = 0) -> EngineRecord
  {
    EngineRecord(
      id: [0x80, 0, 0, 0, number, 0, 0xFF], boots: boots, time: time, heardAt: now.adding(seconds: after))
  }

  @Test func theyAreKeptAsTheyWereHeardLast() throws {
    let directory = TemporaryDirectory()
    var outbox = try open(directory)
    #expect(try outbox.engines(limit: 10).isEmpty)
    try outbox.note([], limit: 10)
    let largest = engine(2, boots: 2_147_483_647, time: 2_147_483_647, after: 1)
    try outbox.note([engine(1), largest], limit: 10)
    try outbox.note([engine(1, boots: 3, time: 0, after: 2)], limit: nil)
    outbox.close()
    outbox = try open(directory)
    #expect(try outbox.engines(limit: 10) == [engine(1, boots: 3, time: 0, after: 2), largest])
    #expect(try outbox.engines(limit: 1) == [engine(1, boots: 3, time: 0, after: 2)])
  }

  /// Also when its clock moves before anybody has heard of the wish.
  @Test func whoIsToBeForgottenIsToldOnce() throws {
    let directory = TemporaryDirectory()
    let outbox = try open(directory)
    try outbox.note([engine(1, boots: 9), engine(2)], limit: nil)
    #expect(try outbox.takeForgottenEngines().isEmpty)
    #expect(try outbox.forgetEngine(engine(1).id))
    try outbox.note([engine(1, boots: 9, time: 6, after: 1)], limit: 10)
    #expect(try outbox.engines(limit: 10) == [engine(2)])
    #expect(try outbox.takeForgottenEngines() == [engine(1).id])
    #expect(try outbox.takeForgottenEngines().isEmpty)
    try outbox.note([engine(1, boots: 1, after: 2)], limit: 10)
    #expect(try outbox.engines(limit: 10) == [engine(1, boots: 1, after: 2), engine(2)])
  }

  /// A daemon may know whom the table does not, and nobody who is heard makes a wish make room.
  @Test func aWishStandsWhoeverIsHeard() throws {
    let directory = TemporaryDirectory()
    let outbox = try open(directory)
    #expect(try !outbox.forgetEngine(engine(3).id))
    try outbox.note((0..<3 as Range<UInt8>).map { engine($0, after: 60) }, limit: 2)
    #expect(try outbox.forgetEngine(engine(3).id))
    #expect(try outbox.takeForgottenEngines() == [engine(3).id])
  }

  @Test func whoWasHeardLongestAgoMakesRoom() throws {
    let directory = TemporaryDirectory()
    let outbox = try open(directory)
    let all = (0..<20 as Range<UInt8>).map { engine($0, after: Int64($0)) }
    try outbox.note(all.reversed(), limit: nil)
    #expect(try outbox.engines(limit: 100).count == 20)
    try outbox.note([engine(0, after: 30)], limit: 3)
    #expect(try outbox.engines(limit: 100).map(\.id[4]) == [0, 19, 18])
  }
}
