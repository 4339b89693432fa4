import Foundation
import Intake
import Model
import Policy

/// Several threads that answer the lines of files: each reads a piece, decides its lines at a desk of its
/// own, and puts the answers out when all before them are out. What comes out is what one thread would write,
/// and the memory is that of a piece and a block for each, however long the files are.
///
/// A piece that makes more text than a block holds waits for its turn in its midst.
final class VerbCrew: @unchecked Sendable {
  private let snapshot: Snapshot
  private let settings: WorkerSettings
  private let peer: IPAddress
  private let arrival: Timestamp
  private let output: Int32
  private let turn = VerbTurn()

  // Under `lock`.
  private let lock = WaitCondition()
  private var pieces: VerbPieces
  private var failure: DaemonFailure?
  private var isAtEnd = false
  private var working = 0
  /// Of the threads that are done; nil: every line is answered.
  private var hits: VerbHits?

  /// Used by whoever's turn it is.
  private var progress: VerbProgress

  /// A piece makes about twice as much text.
  private static let block = 4 * VerbPiece.capacity

  /// - Parameters:
  ///   - output: the descriptor that the answers go to.
  ///   - counts: the rules' hits are counted, and nothing is put out for a line.
  ///   - total: bytes of all the files; nil when it cannot be known.
  init(
    _ snapshot: Snapshot, settings: WorkerSettings, files: [String], peer: IPAddress, arrival: Timestamp,
    output: Int32 = 1, counts: Bool = false, total: Int?
  ) {
    self.snapshot = snapshot
    self.settings = settings
    self.peer = peer
    self.arrival = arrival
    self.output = output
    pieces = VerbPieces(files)
    hits = counts ? VerbHits(snapshot) : nil
    progress = VerbProgress(total: total)
  }

  /// Answers everything with up to `size` threads, the caller's among them; the others come when the first
  /// piece was a full one. What was counted, where that is asked for.
  @discardableResult
  func run(size: Int) throws(DaemonFailure) -> VerbHits? {
    work(helpers: size - 1)
    lock.lock()
    while working > 0 { lock.wait() }
    let (failure, hits) = (failure, hits)
    lock.unlock()
    progress.hide()
    if let failure { throw failure }
    return hits
  }

  /// As many threads as there are processors for this process.
  static var usualSize: Int { Processors.usable }

  private func help(_ count: Int) {
    for _ in 0..<count {
      lock.lock()
      working += 1
      lock.unlock()
      DaemonThread(name: "muttd-match").start { [self] in
        work(helpers: 0)
        lock.lock()
        working -= 1
        lock.broadcast()
        lock.unlock()
      }
    }
  }

  private func work(helpers: Int) {
    do throws(DaemonFailure) {
      var desk = try VerbDesk(snapshot, settings: settings)
      var answer = VerbAnswer()
      var block = VerbBlock(descriptor: output, capacity: VerbCrew.block)
      var piece = VerbPiece()
      var hits = counting
      var helpers = helpers
      while try next(&piece) {
        if helpers > 0, piece.count > VerbPiece.capacity / 2 {
          help(helpers)
          helpers = 0
        }
        block.turn = (turn, piece.order)
        if hits == nil {
          self.answer(piece, &desk, &answer, to: &block)
        } else {
          count(piece, &desk, &hits!)
        }
        block.flush()
        progress.report(lines: piece.firstLine + piece.ends.count - 1, bytes: piece.bytesRead)
        turn.pass()
      }
      if let hits { hand(hits) }
    } catch {
      lock.lock()
      if failure == nil { failure = error }
      isAtEnd = true
      lock.unlock()
    }
  }

  /// Nothing counted yet, where counting is asked for.
  private var counting: VerbHits? {
    lock.lock()
    defer { lock.unlock() }
    return hits == nil ? nil : VerbHits(snapshot)
  }

  private func hand(_ found: VerbHits) {
    lock.lock()
    hits?.add(found)
    lock.unlock()
  }

  private func next(_ piece: inout VerbPiece) throws(DaemonFailure) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    if isAtEnd { return false }
    // Behind what cannot be read there is nothing for anybody.
    isAtEnd = true
    isAtEnd = try !pieces.next(into: &piece)
    return !isAtEnd
  }

  private func answer(
    _ piece: VerbPiece, _ desk: inout VerbDesk, _ answer: inout VerbAnswer, to block: inout VerbBlock
  ) {
    var start = 0
    for index in piece.ends.indices {
      let line = start..<piece.ends[index]
      start = line.upperBound + 1
      desk.answer(
        piece.buffer.span, line, peer: peer, arrival: arrival, number: piece.firstLine + index, &answer,
        to: &block)
    }
  }

  private func count(_ piece: VerbPiece, _ desk: inout VerbDesk, _ hits: inout VerbHits) {
    var start = 0
    for index in piece.ends.indices {
      let line = start..<piece.ends[index]
      start = line.upperBound + 1
      hits.add(desk.winner(piece.buffer.span, line, peer: peer, arrival: arrival))
    }
  }
}
