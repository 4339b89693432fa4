package import Intake
package import Model
import Synchronization

/// Where answers leave: the sockets of the workers by number, and the books of what was sent. The other way
/// round it tells a worker which informs were never answered and are to be taken for new.
package final class AnswerPost: Sendable {
  private let ports: Mutex<[AnswerPort?]>
  /// By worker.
  private let forgotten = Mutex<[Int: [UInt64]]>([:])
  private let forgetful = Atomic<Int>(0)
  private let ledger: Ledger

  package init(_ ports: [AnswerPort?] = [], ledger: Ledger) {
    self.ports = Mutex(ports)
    self.ledger = ledger
  }

  /// Workers that ever were.
  var count: Int { ports.withLock(\.count) }

  /// That of the next worker; nil: nobody waits for an answer there.
  func add(_ port: AnswerPort?) { ports.withLock { $0.append(port) } }

  /// The worker has ended; answers that are still due are lost.
  func remove(_ number: Int) {
    ports.withLock { $0[number] = nil }
    _ = takeForgotten(number)
  }

  /// The worker is to take these informs for new.
  func forget(_ informs: [UInt64], of number: Int) {
    guard ports.withLock({ $0.indices.contains(number) && $0[number] != nil }) else { return }
    forgotten.withLock {
      $0[number, default: []] += informs
      forgetful.store(1, ordering: .relaxed)
    }
  }

  /// Some worker has something to forget.
  var hasForgotten: Bool { forgetful.load(ordering: .relaxed) != 0 }

  /// What this worker is to forget.
  func takeForgotten(_ number: Int) -> [UInt64] {
    forgotten.withLock { all in
      let own = all.removeValue(forKey: number)
      if all.isEmpty { forgetful.store(0, ordering: .relaxed) }
      return own ?? []
    }
  }

  /// Sends the acknowledgements of a batch that is committed.
  package func acknowledge(_ batch: borrowing EventBatch) {
    let counts = send(batch.answers, from: batch.post)
    ledger.update {
      $0.acknowledgements.sent += counts.sent
      $0.acknowledgements.lost += counts.lost
    }
  }

  /// Sends the Reports of one turn of a worker.
  package func report(_ reports: borrowing AnswerList, from post: Int) {
    let counts = send(reports, from: post)
    ledger.update {
      $0.reports.sent += counts.sent
      $0.reports.lost += counts.lost
    }
  }

  private func send(_ answers: borrowing AnswerList, from post: Int) -> AnswerCounts {
    let all = answers.entries.count
    let port = ports.withLock { $0.indices.contains(post) ? $0[post] : nil }
    let sent = port?.send(answers) ?? 0
    return AnswerCounts(sent: UInt64(sent), lost: UInt64(all - sent))
  }
}
