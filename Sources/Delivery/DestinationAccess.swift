import Model
import Synchronization

/// Where a destination is and with which secrets, as last read: what may change under a running forwarder.
final class DestinationAccess: Sendable {
  /// Everything an attempt needs besides its delivery.
  struct Terms: Sendable {
    /// Grows with every change.
    let number: Int
    let settings: DestinationSettings
    let headers: AttemptHeaders
    let answers: AnswerText

    init(_ settings: DestinationSettings, number: Int = 0) {
      self.number = number
      self.settings = settings
      var configured = settings.headers
      if let origin = settings.webhookOrigin {
        // HTTP 1.1 Web Hooks §2.1: with every alert too.
        configured.removeAll { $0.name.lowercased() == WebHookHandshake.originHeader.lowercased() }
        configured.append((name: WebHookHandshake.originHeader, value: origin))
      }
      if settings.format == .cloudevents, WebHookHandshake.holdsToken(settings.url),
        !configured.contains(where: { $0.name.lowercased() == "cache-control" })
      {
        configured.append((name: "Cache-Control", value: "no-store"))
      }
      headers = AttemptHeaders(
        configured: configured, contentType: settings.contentType ?? settings.format.contentType)
      let urls = [settings.url, settings.proxy].compactMap { $0 }.flatMap(URLSecrets.parts)
      let secrets = [settings.routingKey, settings.hmac, settings.proxy].compactMap { $0 } + urls
      answers = AnswerText(headers: settings.headers + secrets.map { (name: "", value: $0) })
    }

    /// The request of one attempt. A secret that belongs into the body is put in only here.
    func request(_ delivery: Delivery, now: Timestamp) -> WebhookRequest {
      var body = delivery.body
      if settings.format == .pagerduty, let key = settings.routingKey {
        body = PagerDutyPayload.sent(body, routingKey: key)
      }
      var lines = headers.headers(for: delivery, now: now)
      if let hmac = settings.hmac {
        let digest = SHA256.authentication(of: body, key: Array(hmac.utf8))
        lines.append((name: "Mutt-Signature", value: "sha256=" + SHA256.hex(of: digest)))
      }
      return request(lines, body)
    }

    /// Whether the receiver agrees to be sent alerts; nil: it is not to be asked.
    var question: WebhookRequest? {
      guard settings.needsConsent, let origin = settings.webhookOrigin else { return nil }
      let asked = WebHookHandshake.headers(origin: origin, rate: settings.rate)
      let names = Set(asked.map { $0.name.lowercased() })
      var question = request(headers.forQuestion.filter { !names.contains($0.name.lowercased()) } + asked, [])
      question.method = .options
      return question
    }

    private func request(_ lines: [(name: String, value: String)], _ body: [UInt8]) -> WebhookRequest {
      var request = WebhookRequest(
        url: settings.url, headers: lines, body: body,
        timeoutMs: min(max(1, settings.timeoutSeconds), 86_400) * 1_000)
      request.tls = settings.tls
      request.proxy = settings.proxy
      return request
    }
  }

  private struct State {
    var terms: Terms
    var refreshedAt: Timestamp = .absent
    var isRefreshing = false
  }
  private let state: Mutex<State>

  /// A receiver that answers 401 to everything makes us read the files again this often at most, nanoseconds.
  private static var pause: Int64 { 5_000_000_000 }

  init(_ settings: DestinationSettings) { state = Mutex(State(terms: Terms(settings))) }

  var terms: Terms { state.withLock { $0.terms } }

  /// What is new. What decides about waiting and order stays as it was at the start.
  func replace(with settings: DestinationSettings) -> DeliveryMachine.TermsChange {
    state.withLock { state in
      let change = DestinationAccess.change(from: state.terms.settings, to: settings)
      if state.terms.settings == settings { return .none }
      state.terms = Terms(settings, number: state.terms.number + 1)
      return change
    }
  }

  static func change(
    from earlier: DestinationSettings, to next: DestinationSettings
  ) -> DeliveryMachine.TermsChange {
    var moved = earlier
    moved.url = next.url
    moved.proxy = next.proxy
    if moved != earlier { return .address }
    var renewed = earlier
    renewed.headers = next.headers
    renewed.routingKey = next.routingKey
    renewed.hmac = next.hmac
    renewed.tls = next.tls
    return renewed == earlier ? .none : .secrets
  }

  /// Takes over the secrets of `renewed`, and nothing else; says what of it is new. Nothing, when `earlier`
  /// is not what holds any more.
  func renew(
    _ earlier: DestinationSettings, from renewed: DestinationSettings
  ) -> DeliveryMachine.TermsChange {
    state.withLock { state in
      guard state.terms.settings == earlier else { return .none }
      var settings = earlier
      settings.url = renewed.url
      settings.headers = renewed.headers
      settings.routingKey = renewed.routingKey
      settings.hmac = renewed.hmac
      settings.proxy = renewed.proxy
      if settings == earlier { return .none }
      state.terms = Terms(settings, number: state.terms.number + 1)
      return DestinationAccess.change(from: earlier, to: settings)
    }
  }

  /// Whether it is time to read the files again; then `refreshed` is to be said. Where they cannot be had,
  /// one reading waits, and not one for each pause.
  func mayRefresh(now: Timestamp) -> Bool {
    state.withLock { state in
      if state.isRefreshing { return false }
      let last = state.refreshedAt
      if !last.isAbsent, now >= last, now.since(last) < DestinationAccess.pause { return false }
      state.refreshedAt = now
      state.isRefreshing = true
      return true
    }
  }

  func refreshed() { state.withLock { $0.isRefreshing = false } }
}
