package import Model

/// One attempt outside the outbox: what `muttd destinations test` does.
package enum DestinationTrial {
  package struct Result: Sendable, Equatable {
    /// Nil: no answer was had.
    package var status: Int?
    package var meaning: StatusMeaning
    /// What was answered, or why nothing was; safe to show.
    package var text: String
    /// What the receiver said when it was asked whether it agrees; nil: it was not asked.
    package var consent: Consent.Answer?
  }

  package static func attempt(
    _ delivery: Delivery, _ settings: DestinationSettings, over transport: any WebhookTransport,
    now: Timestamp
  ) async -> Result {
    let terms = DestinationAccess.Terms(settings)
    guard let question = terms.question else { return await send(delivery, terms, transport, now) }
    let consent = await ask(question, terms, transport)
    var result: Result
    switch consent {
    case .given: result = await send(delivery, terms, transport, now)
    case .refused(let status, let reason):
      result = Result(status: status == 0 ? nil : status, meaning: .hold, text: reason)
    case .unanswered(let status, _, let error):
      result = Result(status: status == 0 ? nil : status, meaning: .retry, text: error)
    case .cut: result = Result(status: nil, meaning: .retry, text: "cut")
    }
    result.consent = consent
    return result
  }

  private static func ask(
    _ question: WebhookRequest, _ terms: DestinationAccess.Terms, _ transport: any WebhookTransport
  ) async -> Consent.Answer {
    do throws(DeliveryError) {
      let answer = try await transport.send(question)
      return WebHookHandshake.judge(
        answer, origin: terms.settings.webhookOrigin ?? "", answers: terms.answers)
    } catch {
      return WebHookHandshake.judge(error, text: terms.answers.text(error))
    }
  }

  private static func send(
    _ delivery: Delivery, _ terms: DestinationAccess.Terms, _ transport: any WebhookTransport,
    _ now: Timestamp
  ) async -> Result {
    do throws(DeliveryError) {
      let settings = terms.settings
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
