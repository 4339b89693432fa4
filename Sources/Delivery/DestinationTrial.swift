package import Model

/// One attempt outside the outbox: what `muttd destinations test` does.
package enum DestinationTrial {
  package struct Result: Sendable, Equatable {
    /// Nil: no answer was had.
    package var status: Int?
    package var meaning: StatusMeaning
    /// What was answered, or why nothing was; safe to show.
    package var text: String
  }

  package static func attempt(
    _ delivery: Delivery, _ settings: DestinationSettings, over transport: any WebhookTransport,
    now: Timestamp
  ) async -> Result {
    let terms = DestinationAccess.Terms(settings)
    do throws(DeliveryError) {
      let answer = try await transport.send(terms.request(delivery, now: now))
      let words = terms.answers.text(status: answer.status, body: answer.bodyStart)
      if let objection = settings.format.objection(to: answer) {
        return Result(status: answer.status, meaning: .hold, text: "\(objection); \(words)")
      }
      return Result(status: answer.status, meaning: StatusTable.meaning(of: answer.status), text: words)
    } catch {
      return Result(
        status: nil, meaning: error.code == .invalid ? .hold : .retry, text: terms.answers.text(error))
    }
  }
}
