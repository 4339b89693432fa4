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

  /// Used by whoever's turn it is.
  private var progress: VerbProgress

  /// A piece makes about twice as much text.
  private static let block = 4 * VerbPiece.capacity

  /// - Parameters:
  ///   - output: the descriptor that the answers go to.
  ///   - total: bytes of all the files; nil when it cannot be known.
  init(
    _ snapshot: Snapshot, settings: WorkerSettings, files: [String], peer: IPAddress, arrival: Timestamp,
    output: Int32 = 1, total: Int?
  ) {
    self.snapshot = snapshot
    self.settings = settings
    self.peer = peer
    self.arrival = arrival
    self.output = output
    pieces = VerbPieces(files)
    progress = VerbProgress(total: total)
  }

  /// Answers everything with up to `size` threads, the caller's among them; the others come when the first
  /// piece was a full one.
  func run(size: Int) throws(DaemonFailure) {
    work(helpers: size - 1)
    lock.lock()
    while working > 0 { lock.wait() }
    let failure = failure
    lock.unlock()
    progress.hide()
    if let failure { throw failure }
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
      var helpers = helpers
      while try next(&piece) {
        if helpers > 0, piece.count > VerbPiece.capacity / 2 {
          help(helpers)
          helpers = 0
        }
        block.turn = (turn, piece.order)
        self.answer(piece, &desk, &answer, to: &block)
        block.flush()
        progress.report(lines: piece.firstLine + piece.lineCount - 1, bytes: piece.bytesRead)
        turn.pass()
      }
    } catch {
      lock.lock()
      if failure == nil { failure = error }
      isAtEnd = true
      lock.unlock()
    }
  }

  private func next(_ piece: inout VerbPiece) throws(DaemonFailure) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    if isAtEnd { return false }
    if try pieces.next(into: &piece) { return true }
    isAtEnd = true
    return false
  }

  private func answer(
    _ piece: VerbPiece, _ desk: inout VerbDesk, _ answer: inout VerbAnswer, to block: inout VerbBlock
  ) {
    var at = 0
    var number = piece.firstLine
    while at < piece.count {
      let (line, next) = piece.line(at: at)
      desk.answer(piece.buffer.span, line, peer: peer, arrival: arrival, number: number, &answer, to: &block)
      at = next
      number += 1
    }
  }
}
