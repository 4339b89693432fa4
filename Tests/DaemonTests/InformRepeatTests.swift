import Intake
import Model
import Policy
import Testing
import Wire

@testable import Daemon

/// Which informs are the same one, sent again.
@Suite struct InformRepeatTests {
  private static let now = Timestamp(seconds: 1_795_219_200)

  private func desk(_ writer: InformWriter) throws -> DecisionDesk {
    var settings = WorkerSettings()
    settings.answersInforms = true
    settings.security = writer.security
    var desk = DecisionDesk(settings: settings)
    try desk.adopt(VerbDesk.compile(Catalog(), Config()))
    return desk
  }

  private func take(
    _ packet: [UInt8], from last: UInt8 = 7, port: UInt16 = 1_162, _ desk: inout DecisionDesk,
    _ tally: inout WorkerTally
  ) {
    let about = Datagram(peer: IPAddress(v4: 192, 0, 2, last), port: port, arrival: Self.now)
    desk.trap(packet.span, about, id: EventID(rawValue: 1), now: Self.now, &tally)
  }

  /// Whatever the message around it looks like, and however often: acknowledged each time, counted once.
  @Test(arguments: InformWriter.Level.allCases) func theSamePDUIsTheSameInform(
    _ level: InformWriter.Level
  ) throws {
    var writer = try InformWriter(level)
    var desk = try desk(writer)
    var tally = WorkerTally()
    for _ in 0..<3 { take(try writer.inform(requestID: 9, ifIndex: 3), &desk, &tally) }
    #expect(tally.traps == 1)
    #expect(tally.discarded[DiscardReason.duplicateInform.rawValue] == 2)
    #expect(desk.batch.answers.entries.count == 3)
  }

  /// An agent that never changes its request id, or begins with the same one after each start.
  @Test(arguments: InformWriter.Level.allCases) func anotherPDUOfTheSameRequestIDIsAnotherInform(
    _ level: InformWriter.Level
  ) throws {
    var writer = try InformWriter(level)
    var desk = try desk(writer)
    var tally = WorkerTally()
    take(try writer.inform(requestID: 9, ifIndex: 3), &desk, &tally)
    take(try writer.inform(requestID: 9, ifIndex: 4), &desk, &tally)
    take(try writer.inform(requestID: 9, ifIndex: 4, trapOID: "1.3.6.1.6.3.1.1.5.4"), &desk, &tally)
    take(try writer.inform(requestID: 8, ifIndex: 4), &desk, &tally)
    take(try writer.inform(requestID: 9, ifIndex: 3), from: 8, &desk, &tally)
    take(try writer.inform(requestID: 9, ifIndex: 3), port: 1_163, &desk, &tally)
    #expect(tally.traps == 6)
    #expect(tally.discarded[DiscardReason.duplicateInform.rawValue] == 0)
    #expect(desk.batch.answers.entries.count == 6)
    take(try writer.inform(requestID: 9, ifIndex: 4), &desk, &tally)
    #expect(tally.traps == 6)
  }
}
