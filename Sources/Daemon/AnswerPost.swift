package import Intake
package import Model

/// Where answers leave: the sockets of the workers by number, and the books of what was sent.
package struct AnswerPost: Sendable {
  private let ports: [AnswerPort?]
  private let ledger: Ledger

  package init(_ ports: [AnswerPort?], ledger: Ledger) {
    self.ports = ports
    self.ledger = ledger
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
    let sent = ports.indices.contains(post) ? ports[post]?.send(answers) ?? 0 : 0
    return AnswerCounts(sent: UInt64(sent), lost: UInt64(all - sent))
  }
}
