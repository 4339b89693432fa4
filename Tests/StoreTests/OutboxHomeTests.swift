import Foundation
import Model
import Synchronization
import TestKit
import Testing

@testable import Store

/// The outbox is removed, moved or replaced while it is open.
@Suite struct OutboxHomeTests {
  private static let now = Timestamp(seconds: 1_795_227_245)

  private func add(_ event: Int64, to outbox: Outbox) throws {
    var work = Outbox.Work()
    work.deliveries = [
      Delivery(
        eventID: EventID(rawValue: event), eventTime: Self.now, destination: "moog", host: "core1", rule: "r",
        handling: "Page_only", signature: "s", body: Array("{}".utf8), createdAt: Self.now)
    ]
    work.idCeiling = event
    _ = try outbox.write(work)
  }

  private func events(_ path: String) throws -> [Int64] {
    let other = try Outbox(path: path, sync: .normal, access: .commandLine, notices: { _ in })
    return try other.list(OutboxFilter()).map(\.eventID.rawValue)
  }

  @Test(arguments: [[""], ["-wal"], ["-shm"], ["", "-wal", "-shm"]])
  func whatWasRemovedIsWrittenAgain(_ removed: [String]) throws {
    let directory = TemporaryDirectory()
    let path = directory.file("outbox.db")
    let outbox = try Outbox(path: path, sync: .full, notices: { _ in })
    #expect(outbox.isNew)
    try add(1, to: outbox)
    #expect(outbox.isInPlace)
    for suffix in removed { try FileManager.default.removeItem(atPath: path + suffix) }
    #expect(!outbox.isInPlace)
    try add(2, to: outbox)
    #expect(try outbox.putBack(now: Self.now).replaced == nil)
    #expect(outbox.isInPlace)
    try add(3, to: outbox)
    #expect(try events(path) == [1, 2, 3])
    #expect(outbox.idCeiling == 3)
    // As a kill leaves it.
    let copy = TemporaryDirectory()
    for suffix in ["", "-wal"] {
      try FileManager.default.copyItem(atPath: path + suffix, toPath: copy.file("outbox.db" + suffix))
    }
    #expect(try events(copy.file("outbox.db")) == [1, 2, 3])
    outbox.close()
    #expect(directory.files.sorted() == ["muttd.lock", "outbox.db", "outbox.db.closed"])
    let next = try Outbox(path: path, sync: .full, notices: { Issue.record("\($0)") })
    #expect(!next.isNew)
    #expect(try next.list(OutboxFilter()).count == 3)
  }

  @Test func whatStandsInItsPlaceIsKept() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("outbox.db")
    let outbox = try Outbox(path: path, sync: .full, notices: { _ in })
    try add(1, to: outbox)
    let other = TemporaryDirectory()
    let stranger = try Outbox(path: other.file("outbox.db"), sync: .full, notices: { _ in })
    try add(7, to: stranger)
    stranger.close()
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.moveItem(atPath: other.file("outbox.db"), toPath: path)
    #expect(!outbox.isInPlace)
    let replaced = try #require(try outbox.putBack(now: Self.now).replaced)
    #expect(replaced.hasPrefix(path + ".replaced-"))
    #expect(try events(path) == [1])
    #expect(try events(replaced) == [7])
  }

  /// The whole directory was moved away, and another daemon works in a new one by now.
  @Test func theFilesOfAnotherDaemonAreNotTouched() throws {
    let directory = TemporaryDirectory()
    let state = directory.file("state")
    try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: false)
    let outbox = try Outbox(path: state + "/outbox.db", sync: .full, notices: { _ in })
    try add(1, to: outbox)
    try FileManager.default.moveItem(atPath: state, toPath: directory.file("away"))
    try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: false)
    let second = try Outbox(path: state + "/outbox.db", sync: .full, notices: { _ in })
    try add(7, to: second)
    let error = #expect(throws: StoreError.self) { try outbox.putBack(now: Self.now) }
    #expect(error?.code == .locked)
    try add(8, to: second)
    #expect(try events(state + "/outbox.db") == [7, 8])
    // Where nobody does, nobody else can from then on.
    second.close()
    #expect(try outbox.putBack(now: Self.now).replaced != nil)
    let late = #expect(throws: StoreError.self) {
      try Outbox(path: state + "/outbox.db", sync: .full, notices: { _ in })
    }
    #expect(late?.code == .locked)
    #expect(try events(state + "/outbox.db") == [1])
  }

  /// The removed file keeps its room until it is closed: a copy for which there is none would fill the disk.
  @Test func withoutRoomNothingIsBegun() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("outbox.db")
    // What a kill in the midst of a copy has left goes with the next start.
    try Data([1, 2, 3]).write(to: URL(filePath: path + ".copy"))
    let outbox = try Outbox(path: path, sync: .full, notices: { _ in })
    #expect(!directory.files.contains("outbox.db.copy"))
    try add(1, to: outbox)
    try FileManager.default.removeItem(atPath: path)
    let error = #expect(throws: StoreError.self) { try outbox.putBack(now: Self.now, room: { _ in 1 << 20 }) }
    #expect(error?.code == .full)
    #expect(directory.files.filter { $0.contains("copy") || $0.contains("salvage") } == [])
    try add(2, to: outbox)
    _ = try outbox.putBack(now: Self.now, room: { _ in 1 << 30 })
    #expect(try events(path) == [1, 2])
  }

  @Test func aLockThatWasRemovedIsTakenAgain() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("outbox.db")
    let outbox = try Outbox(path: path, sync: .full, notices: { _ in })
    try add(1, to: outbox)
    try FileManager.default.removeItem(atPath: directory.file("muttd.lock"))
    #expect(!outbox.isInPlace)
    #expect(try outbox.putBack(now: Self.now).wasWhole)
    #expect(outbox.isInPlace)
    #expect(throws: StoreError.self) { try Outbox(path: path, sync: .full, notices: { _ in }) }
    try add(2, to: outbox)
    #expect(try events(path) == [1, 2])
  }

  /// A command that had it open before changes nothing that anybody would find.
  @Test func whoChangesARemovedFileIsTold() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("outbox.db")
    let outbox = try Outbox(path: path, sync: .full, notices: { _ in })
    try add(1, to: outbox)
    let verb = try Outbox(path: path, sync: .normal, access: .commandLine, notices: { _ in })
    try FileManager.default.removeItem(atPath: path)
    _ = try outbox.putBack(now: Self.now)
    var done: [Outbox.HandWork] = []
    let error = #expect(throws: StoreError.self) {
      try verb.change(.purge, OutboxFilter(), now: Self.now, done: &done)
    }
    #expect(error?.code == .unavailable && done.isEmpty)
    #expect(try events(path) == [1])
  }

  /// Nowhere to write it: what is owed goes on standing in the open file.
  @Test func whatCannotBeWrittenAgainGoesOn() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("outbox.db")
    let outbox = try Outbox(path: path, sync: .full, notices: { _ in })
    try add(1, to: outbox)
    try FileManager.default.removeItem(atPath: directory.path)
    #expect(throws: StoreError.self) { try outbox.putBack(now: Self.now) }
    try add(2, to: outbox)
    #expect(try outbox.list(OutboxFilter()).count == 2)
    try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
    _ = try outbox.putBack(now: Self.now)
    #expect(try events(path) == [1, 2])
  }
}
