import Model
import Policy
import Testing

@testable import Daemon

/// When devices were heard, from the workers' tables to the pages that are written.
@Suite struct DeviceRoundTests {
  private func snapshot(_ devices: [String], generation: UInt64 = 1) throws -> Snapshot {
    var catalog = Catalog()
    // Other names beside them, and rows in another order than that of the index.
    catalog.developmentHosts = ["lab1"]
    catalog.devices = devices.reversed().enumerated().map { index, name in
      Device(hostname: name, addresses: [IPAddress(v4: 192, 0, 2, UInt8(index + 1))])
    }
    return try Snapshot.compile(catalog, settings: PolicySettings(), generation: generation)
  }

  private func time(_ seconds: Int64) -> Timestamp { Timestamp(seconds: 1_795_000_000 + seconds) }

  /// What a worker has heard, by name: the index is that of the sorted names.
  private func heard(_ devices: [String], generation: UInt64 = 1, _ times: [String: Int64]) throws
    -> HeardDevices
  {
    var heard = HeardDevices()
    heard.adopt(try snapshot(devices, generation: generation).deviceNames)
    let names = devices.sorted()
    for (name, seconds) in times {
      heard.note(Int32(try #require(names.firstIndex(of: name))), at: time(seconds))
    }
    return heard
  }

  private func text(_ page: DeviceRound.Page) -> [String] {
    page.devices.map {
      "\($0.hostname) \($0.first.since(time(0)) / 1_000_000_000)-\($0.last.since(time(0)) / 1_000_000_000)"
    }
  }

  @Test func workersAreAddedUp() throws {
    var round = DeviceRound()
    let names = ["a", "b", "c"]
    round.add(try heard(names, ["a": 5, "c": 7]))
    round.add(try heard(names, ["a": 3]))
    round.add(try heard(names, ["c": 9]))
    #expect(round.count == 2)
    #expect(text(round.page(10)) == ["a 3-5", "c 7-9"])
    #expect(round.count == 0 && !round.isUnderWay)
    #expect(text(round.page(10)) == [])
  }

  /// Devices come and go while workers still count by the list of before, in any order.
  @Test(arguments: [true, false]) func indicesOfTwoListsAreNotMixedUp(_ newerFirst: Bool) throws {
    let old = try heard(["b", "c", "d"], generation: 1, ["b": 1, "c": 2, "d": 3])
    let new = try heard(["a", "c", "D"], generation: 2, ["a": 11, "c": 12])
    var round = DeviceRound()
    for one in newerFirst ? [new, old] : [old, new] { round.add(one) }
    // b is gone; d has another spelling, and is written under the one it has now.
    #expect(text(round.page(10)) == ["D 3-3", "a 11-11", "c 2-12"])
  }

  @Test func aWorkerKeepsWhatItHeardThroughAReload() throws {
    var worker = try heard(["b", "c"], generation: 1, ["b": 1, "c": 2])
    worker.adopt(try snapshot(["a", "b", "c", "x"], generation: 2).deviceNames)
    worker.note(3, at: time(5))
    worker.note(2, at: time(6))
    var round = DeviceRound()
    round.add(worker)
    #expect(text(round.page(10)) == ["b 1-1", "c 6-6", "x 5-5"])
    worker.adopt(try snapshot([], generation: 3).deviceNames)
    #expect(worker.times.isEmpty && !worker.isDue(monotonic: .max, after: 1))
  }

  @Test func equalListsAreKnownAndOthersAreNot() throws {
    let names = try snapshot(["a", "b"]).deviceNames
    #expect(names.isSame(as: try snapshot(["b", "a"], generation: 7).deviceNames))
    for other in [["a"], ["a", "c"], ["a", "B"], ["a", "b", "c"], []] {
      #expect(!names.isSame(as: try snapshot(other).deviceNames), "\(other)")
    }
  }

  @Test func aTellerKeepsWhatIsNotTaken() throws {
    var worker = try heard(["a", "b"], ["a": 1])
    #expect(worker.isDue(monotonic: 100, after: 50))
    worker.tell(monotonic: 100) { _ in false }
    #expect(!worker.isDue(monotonic: 149, after: 50))
    worker.note(1, at: time(2))
    var round = DeviceRound()
    #expect(worker.isDue(monotonic: 150, after: 50))
    worker.tell(monotonic: 150) { heard in
      round.add(heard)
      return true
    }
    #expect(text(round.page(10)) == ["a 1-1", "b 2-2"])
    // Nothing is told of nothing.
    worker.tell(monotonic: 200) { _ in
      Issue.record("told again")
      return true
    }
  }

  @Test func pagesFollowEachOtherAndWhatIsLeftComesBack() throws {
    let names = ["a", "b", "c", "d", "e"]
    var round = DeviceRound()
    round.add(try heard(names, ["a": 1, "b": 2, "c": 3, "d": 4, "e": 5]))
    let first = round.page(2)
    #expect(text(first) == ["a 1-1", "b 2-2"])
    #expect(round.isUnderWay && round.count == 3)
    round.takeBack(first, ["b"])
    // Heard again while the round is under way: of the next round, unless its page is still to come.
    round.add(try heard(names, ["a": 9, "d": 9]))
    #expect(text(round.page(2)) == ["c 3-3", "d 4-9"])
    let last = round.page(2)
    #expect(text(last) == ["e 5-5"])
    #expect(!round.isUnderWay && round.count == 2)
    round.takeBack(last)
    #expect(text(round.page(10)) == ["a 9-9", "b 2-2", "e 5-5"])
  }

  @Test func aRefusedPageEndsTheRound() throws {
    var round = DeviceRound()
    round.add(try heard(["a", "b", "c"], ["a": 1, "b": 2, "c": 3]))
    let page = round.page(1)
    round.takeBack(page)
    #expect(!round.isUnderWay && round.count == 3)
    #expect(text(round.page(5)) == ["a 1-1", "b 2-2", "c 3-3"])
  }
}
