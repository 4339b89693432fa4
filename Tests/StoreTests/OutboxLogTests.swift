import Foundation
import Model
import Synchronization
import TestKit
import Testing

@testable import Store

/// Damage in the write-ahead log: SQLite says nothing of it, the outbox does.
@Suite struct OutboxLogTests {
  /// A log as a kill leaves it, with this many transactions of one delivery each; the frames where each ends.
  private func killed(
    _ directory: TemporaryDirectory, transactions: Int
  ) throws -> (path: String, ends: [Int]) {
    let path = directory.file("outbox.db")
    let running = directory.file("running.db")
    let outbox = try Outbox(path: running, sync: .full) { _ in }
    var ends: [Int] = []
    for event in 1...transactions {
      var work = Outbox.Work()
      work.deliveries = [EventFactory.delivery(EventID(rawValue: Int64(event)), to: "moog")]
      _ = try outbox.write(work)
      ends.append(Int(StateFile.size(running + "-wal") - 32) / 4_120)
    }
    for suffix in ["", "-wal"] {
      try FileManager.default.copyItem(atPath: running + suffix, toPath: path + suffix)
    }
    outbox.close()
    return (path, ends)
  }

  private func flip(_ path: String, at offset: Int) throws {
    var bytes = Array(try #require(FileManager.default.contents(atPath: path)))
    bytes[offset] ^= 0x10
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  /// Opens it as a start does: what was said, and the events that are there.
  private func opened(_ path: String) throws -> (notices: [Notice], events: [Int64]) {
    let said = Mutex<[Notice]>([])
    let outbox = try Outbox(path: path, sync: .full) { notice in said.withLock { $0.append(notice) } }
    let events = try outbox.list(OutboxFilter()).map(\.eventID.rawValue)
    outbox.close()
    return (said.withLock { $0 }, events)
  }

  private func kept(_ directory: TemporaryDirectory) -> [String] {
    directory.files.filter { $0.hasPrefix("outbox.db-wal.corrupt-") }
  }

  @Test func oneThatIsWholeSaysNothing() throws {
    let directory = TemporaryDirectory()
    let (path, ends) = try killed(directory, transactions: 5)
    #expect(try LogWalk.damage(in: path + "-wal") == nil)
    // Frames of an earlier log behind the end of this one, and half a frame.
    let size = Int(StateFile.size(path + "-wal"))
    #expect(ends.last == (size - 32) / 4_120)
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path + "-wal"))
    try file.seekToEnd()
    try file.write(contentsOf: Data(repeating: 0x5a, count: 3 * 4_120 + 99))
    try file.close()
    let (notices, events) = try opened(path)
    #expect(notices.isEmpty && events == [1, 2, 3, 4, 5])
    #expect(kept(directory).isEmpty)
  }

  /// In the page of a frame, in its head, and in the head of the log.
  @Test(arguments: [4_000, 20, -10]) func committedAlertsBehindDamageAreSaid(place: Int) throws {
    let directory = TemporaryDirectory()
    let (path, ends) = try killed(directory, transactions: 6)
    // The last frame of the third transaction.
    let frame = place < 0 ? 0 : ends[2]
    try flip(path + "-wal", at: place < 0 ? 32 + place : 32 + (frame - 1) * 4_120 + place)
    let before = FileManager.default.contents(atPath: path + "-wal")
    let (notices, events) = try opened(path)
    let notice = try #require(notices.first)
    #expect(notices.count == 1 && notice.level == .error)
    #expect(notice.message.hasPrefix("the log of the outbox is damaged; what was committed behind"))
    let fields = Dictionary(notice.fields.map { ($0.0, "\($0.1)") }) { $1 }
    #expect(fields["frame"] == "\(Notice.Value.number(Int64(frame)))")
    #expect(
      fields["transactions"].map { $0 != "\(Notice.Value.number(0))" } == true
        && fields["frames_behind"] == "\(Notice.Value.number(Int64(ends[5] - frame)))")
    #expect(events == (place < 0 ? [] : [1, 2]))
    let name = try #require(kept(directory).first)
    #expect(FileManager.default.contents(atPath: directory.file(name)) == before)
    // Said once.
    #expect(try opened(path).notices.isEmpty)
  }

  /// As a power cut leaves it: in the last transaction, of which nobody knows whether it was confirmed.
  @Test func aTornEndIsAWarning() throws {
    let directory = TemporaryDirectory()
    let (path, ends) = try killed(directory, transactions: 3)
    try #require(ends[2] - ends[1] > 1)
    try flip(path + "-wal", at: 32 + ends[1] * 4_120 + 2_000)
    let (notices, events) = try opened(path)
    #expect(notices.map(\.level) == [.warning] && events == [1, 2])
  }

  /// A kill in the middle of a transaction: nothing of it was committed.
  @Test func whatWasNeverCommittedIsNoLoss() throws {
    let directory = TemporaryDirectory()
    let (path, ends) = try killed(directory, transactions: 3)
    try #require(ends[2] - ends[1] > 2)
    let size = 32 + (ends[2] - 1) * 4_120
    let log = try FileHandle(forUpdating: URL(fileURLWithPath: path + "-wal"))
    try log.truncate(atOffset: UInt64(size))
    try log.close()
    try flip(path + "-wal", at: 32 + ends[1] * 4_120 + 2_000)
    let (notices, events) = try opened(path)
    #expect(notices.isEmpty && events == [1, 2])
  }

  /// Between a kill and a start.
  @Test func lookingByHandLeavesItForTheStartToSay() throws {
    let directory = TemporaryDirectory()
    let (path, ends) = try killed(directory, transactions: 6)
    try flip(path + "-wal", at: 32 + (ends[2] - 1) * 4_120 + 4_000)
    let before = FileManager.default.contents(atPath: path + "-wal")
    let looking = try Outbox(path: path, sync: .full, access: .commandLine) { _ in Issue.record("said") }
    #expect(try looking.list(OutboxFilter()).count == 2)
    looking.close()
    #expect(FileManager.default.contents(atPath: path + "-wal") == before)
    #expect(try opened(path).notices.count == 1)
    #expect(kept(directory).count == 1)
  }

  @Test func changingByHandSaysAndKeepsItFirst() throws {
    let directory = TemporaryDirectory()
    let (path, ends) = try killed(directory, transactions: 6)
    try flip(path + "-wal", at: 32 + (ends[2] - 1) * 4_120 + 4_000)
    let before = FileManager.default.contents(atPath: path + "-wal")
    let said = Mutex<[Notice]>([])
    let changing = try Outbox(path: path, sync: .full, access: .commandLine) { one in
      said.withLock { $0.append(one) }
    }
    var done: [Outbox.HandWork] = []
    try changing.change(.purge, OutboxFilter(), now: EventFactory.start, done: &done)
    #expect(done.map(\.purgedPending) == [2])
    changing.close()
    #expect(said.withLock { $0.map(\.level) } == [.error])
    let name = try #require(kept(directory).first)
    #expect(FileManager.default.contents(atPath: directory.file(name)) == before)
    let (notices, events) = try opened(path)
    #expect(notices.isEmpty && events.isEmpty)
  }

  /// The same of the store, whose rows come back from the outbox.
  @Test func theStoresLogIsLookedAtToo() throws {
    let directory = TemporaryDirectory()
    let (path, running) = (directory.file("muttd.db"), directory.file("running.db"))
    let store = try SQLiteStore(path: running, mode: .daemon, migrate: true, notices: { _ in })
    var factory = EventFactory()
    for _ in 0..<6 {
      var batch = EventBatch()
      factory.add(to: &batch, rule: nil)
      _ = try store.append(batch, matchedOnly: false, afterDoubt: false)
    }
    for suffix in ["", "-wal"] {
      try FileManager.default.copyItem(atPath: running + suffix, toPath: path + suffix)
    }
    store.close()
    let frames = (Int(StateFile.size(path + "-wal")) - 32) / 4_120
    try flip(path + "-wal", at: 32 + (frames - 6) * 4_120 + 4_000)
    let before = FileManager.default.contents(atPath: path + "-wal")
    let looking = try SQLiteStore(path: path, mode: .readOnly, migrate: false, notices: { _ in })
    _ = try looking.catalogVersion()
    looking.close()
    #expect(FileManager.default.contents(atPath: path + "-wal") == before)
    let said = Mutex<[Notice]>([])
    try SQLiteStore(path: path, mode: .daemon, migrate: true) { one in said.withLock { $0.append(one) } }
      .close()
    #expect(said.withLock { $0.map(\.component) } == ["store"])
    #expect(said.withLock { $0.first?.message.hasPrefix("the log of the store is damaged") } == true)
    let name = try #require(directory.files.first { $0.hasPrefix("muttd.db-wal.corrupt-") })
    #expect(FileManager.default.contents(atPath: directory.file(name)) == before)
  }

  @Test func theLogIsFoldedBack() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("outbox.db")
    let outbox = try Outbox(path: path, sync: .full) { _ in }
    var work = Outbox.Work()
    work.deliveries = [EventFactory.delivery(EventID(rawValue: 7), to: "moog")]
    _ = try outbox.write(work)
    try outbox.foldBack()
    try FileManager.default.copyItem(atPath: path, toPath: directory.file("copy.db"))
    let copy = try SQLiteConnection(path: directory.file("copy.db"), access: .write)
    #expect(try copy.number("SELECT event_id FROM deliveries", "reading") == 7)
    // Twice is as good as once.
    try outbox.foldBack()
    outbox.close()
  }
}
