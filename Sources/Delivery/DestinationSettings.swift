package import Model

/// Which alerts a destination takes. An empty list, and no `minSeverity`, means everything.
package struct RouteMatch: Sendable, Equatable {
  /// Compared without regard to ASCII case.
  package var handling: [String]
  /// Compared without regard to ASCII case.
  package var team: [String]
  package var environment: [Environment]
  /// Lowest severity of the alert that is taken, 0...5. A clear (0) is taken whatever it says.
  package var minSeverity: Int?

  package init(
    handling: [String] = [], team: [String] = [], environment: [Environment] = [], minSeverity: Int? = nil
  ) {
    self.handling = handling
    self.team = team
    self.environment = environment
    self.minSeverity = minSeverity
  }
}

/// One entry of `destinations` in the configuration.
package struct DestinationSettings: Sendable {
  package var name: String
  /// `http:`, `https:` or `stdout:`.
  package var url: String
  /// Sent with every request, in this order. Values may be secrets: no description shows them.
  package var headers: [(name: String, value: String)]
  package var match: RouteMatch
  /// False: the raw event stays out of the payload.
  package var sendsRaw: Bool
  /// For the whole attempt, from connecting to the end of the answer; 1 or more.
  package var timeoutSeconds: Int
  /// Attempts under way at the same time; 1 or more.
  package var concurrency: Int
  /// Upper bound of the first wait before a retry; it doubles from attempt to attempt.
  package var retryInitialMs: Int
  /// Upper bound of every wait before a retry.
  package var retryMaxMs: Int
  /// Attempts that may begin in a time; nil: as many as there are.
  package var rate: Rate?
  package var format = PayloadFormat.mutt
  /// With `format: template`.
  package var template: TemplatePayload?
  /// Of the template's bodies; nil: what the format says.
  package var contentType: String?
  /// Takes the alerts of this one while it is held or open; a name.
  package var fallback: String?
  /// It is the fallback of another.
  package var standsIn = false
  /// The name under which the receiver is asked whether it agrees to be sent alerts; nil: it is not asked.
  package var webhookOrigin: String?
  /// Put into PagerDuty's bodies when they leave; a secret.
  package var routingKey: String?
  /// Key of the signature in the header `Mutt-Signature`; a secret.
  package var hmac: String?
  package var tls = WebhookRequest.TLS()
  /// A URL; may hold a password. Nil: straight, whatever the environment says.
  package var proxy: String?
  package var breaker = DeliveryGate.Limits()
  /// Age from which a failed delivery is dead.
  package var maxAgeSeconds: Int
  /// Age from which a delivery stands behind the fresh ones.
  package var staleAfterSeconds: Int

  package init(
    name: String, url: String, headers: [(name: String, value: String)] = [],
    match: RouteMatch = RouteMatch(),
    sendsRaw: Bool = true, timeoutSeconds: Int = 10, concurrency: Int = 8, retryInitialMs: Int = 1_000,
    retryMaxMs: Int = 60_000, maxAgeSeconds: Int = 86_400, staleAfterSeconds: Int = 1_800
  ) {
    self.name = name
    self.url = url
    self.headers = headers
    self.match = match
    self.sendsRaw = sendsRaw
    self.timeoutSeconds = timeoutSeconds
    self.concurrency = concurrency
    self.retryInitialMs = retryInitialMs
    self.retryMaxMs = retryMaxMs
    self.maxAgeSeconds = maxAgeSeconds
    self.staleAfterSeconds = staleAfterSeconds
  }

  /// `stdout:`: for trying things out; it never sets `forwarded_to_moog`.
  package var isStandardOutput: Bool { url == "stdout:" }

  /// Nothing leaves without the receiver's consent.
  package var needsConsent: Bool { webhookOrigin != nil && !isStandardOutput }
}

extension DestinationSettings: Equatable {
  package static func == (left: DestinationSettings, right: DestinationSettings) -> Bool {
    left.name == right.name && left.match == right.match
      && left.secrets.map(ExactKey.init) == right.secrets.map(ExactKey.init)
      && left.sendsRaw == right.sendsRaw && left.timeoutSeconds == right.timeoutSeconds
      && left.concurrency == right.concurrency && left.retryInitialMs == right.retryInitialMs
      && left.retryMaxMs == right.retryMaxMs && left.maxAgeSeconds == right.maxAgeSeconds
      && left.staleAfterSeconds == right.staleAfterSeconds && left.rate == right.rate
      && left.breaker == right.breaker && left.format == right.format && left.template == right.template
      && left.contentType == right.contentType
      && left.webhookOrigin == right.webhookOrigin && left.fallback == right.fallback
      && left.standsIn == right.standsIn
      && left.tls == right.tls
  }

  /// What a receiver compares byte by byte; an absent one is not an empty one.
  private var secrets: [String] {
    let single = [url, routingKey, hmac, proxy].map { $0.map { "+" + $0 } ?? "-" }
    return single + headers.flatMap { [$0.name, $0.value] }
  }
}

extension DestinationSettings: CustomStringConvertible, CustomDebugStringConvertible {
  package var description: String {
    "\(name) (\(RedactedURL.text(of: url)), headers: \(headers.map(\.name)))"
  }
  package var debugDescription: String { description }
}
