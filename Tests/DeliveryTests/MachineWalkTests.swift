import Delivery
import Model
import Testing

/// Every order in which a small world can answer the machine, and what must hold in all of them.
@Suite("The machine in every order of events")
struct MachineWalkTests {
  @Test("no delivery is lost, doubled or stuck, and a stop always ends", arguments: [4, 8])
  func walk(window: Int) {
    var visited = 0
    visit(World(window: window), [], depth: 5, &visited)
    #expect(visited > 1_000)
  }

  /// Without attempts that we cut: they are cut at a stop, and nothing leaves any more.
  private func whole(_ moves: [World.Move]) -> [World.Move] { moves.filter { $0 != .lastCut } }

  @Test("and no clear overtakes its raise, whatever comes back for another attempt")
  func walkWithClears() {
    var visited = 0
    visit(World(window: 8, hasClears: true), [], depth: 5, moves: whole(World.Move.exhaustive), &visited)
    #expect(visited > 1_000)
    visited = 0
    let world = World(window: 8, hasFallback: true, failures: 1, hasClears: true)
    visit(world, [], depth: 4, moves: whole(World.Move.withFallback), &visited)
    #expect(visited > 500)
  }

  /// Open after one failure or refusal, so that few moves lead there.
  @Test("and none with a fallback either: what goes over is neither sent here nor left behind")
  func walkWithFallback() {
    var visited = 0
    let world = World(window: 8, hasFallback: true, failures: 1)
    visit(world, [], depth: 5, moves: World.Move.withFallback, &visited)
    #expect(visited > 1_000)
  }

  /// An order that a refusal of an old secret must keep: it is as if the attempt had not been.
  @Test("and none overtakes another whose refusal came too late to count")
  func walkWithSecrets() {
    var visited = 0
    let world = World(window: 8, failures: 1, hasClears: true)
    visit(world, [], depth: 5, moves: World.Move.withSecrets, &visited)
    #expect(visited > 1_000)
  }

  @Test("and none where consent is needed: nobody leaves without it")
  func walkWithConsent() {
    var visited = 0
    let world = World(window: 8, hasFallback: true, failures: 1, needsConsent: true)
    visit(world, [], depth: 5, moves: World.Move.withConsent, &visited)
    #expect(visited > 1_000)
  }

  /// Thousands of moves at random, refusals, floods and clocks that are set back among them; from wherever
  /// that leads, everything that is not dead is delivered within half an hour of a receiver that works.
  @Test("a random walk through refusals, throttling and a clock set back", arguments: 1...40)
  func randomWalk(seed: UInt64) {
    var state = seed &* 0x9E37_79B9_7F4A_7C15
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(truncatingIfNeeded: (state >> 33) % UInt64(bound))
    }
    var world = World(
      window: seed % 2 == 0 ? 4 : 8, hasFallback: seed % 4 < 2, failures: Int(seed % 5 + 1),
      needsConsent: seed % 3 == 0, hasClears: seed % 7 < 3)
    world.lastID = 40
    var path: [World.Move] = []
    for _ in 0..<400 {
      let move = World.Move.allCases[next(World.Move.allCases.count)]
      if world.make(move) { path.append(move) }
      if !world.faults.isEmpty { break }
    }
    world.drain()
    if !world.faults.isEmpty { Issue.record("\(world.faults) after \(path)") }
    #expect(path.count > 50)
  }

  private func visit(
    _ world: World, _ path: [World.Move], depth: Int, moves: [World.Move] = World.Move.exhaustive,
    _ visited: inout Int
  ) {
    visited += 1
    var drained = world
    drained.drain()
    var stopped = world
    stopped.stop()
    let faults = drained.faults + stopped.faults
    if !faults.isEmpty { Issue.record("\(faults) after \(path)") }
    guard depth > 0, faults.isEmpty else { return }
    for move in moves {
      var next = world
      if next.make(move) { visit(next, path + [move], depth: depth - 1, moves: moves, &visited) }
    }
  }
}
