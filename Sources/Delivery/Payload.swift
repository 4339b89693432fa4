package import Model

/// Writes the bodies of one destination. Made once per alert, at its commit into the outbox: what is sent
/// later, and again, is the same bytes.
package struct Payload: Sendable {
  package struct Written: Sendable, Equatable {
    package var body: [UInt8]
    /// Why it is not what the destination's template makes of the alert; nil: it is.
    package var fault: String?
  }

  private let format: PayloadFormat
  private let sendsRaw: Bool
  /// The name of the destination.
  package let receiver: String
  private let template: TemplatePayload?
  /// The template's bodies are declared to be JSON.
  private let isJSON: Bool
  private let node: Int
  private let agentLocation: String
  private let mutt: MuttPayload

  /// `node`: 0...1023. `agentLocation`: the name of the host this daemon runs on.
  package init(_ settings: DestinationSettings, node: Int, agentLocation: String) {
    format = settings.format
    sendsRaw = settings.sendsRaw
    receiver = settings.name
    template = settings.template
    isJSON = PayloadFormat.isJSON(settings.contentType ?? settings.format.contentType)
    self.node = node
    self.agentLocation = agentLocation
    mutt = MuttPayload(node: node, agentLocation: agentLocation)
  }

  /// The bodies of both are the same for every alert.
  package func isAlike(_ other: Payload) -> Bool {
    switch format {
    case .alertmanager, .template: false
    default: format == other.format && sendsRaw == other.sendsRaw
    }
  }

  /// A template that makes no JSON of it, where it is to, is replaced by what `format: mutt` would send: the
  /// receiver would answer 400, and the alert be given up.
  package func written(_ row: EventRow, _ bytes: Span<UInt8>) -> Written {
    let body = body(of: row, bytes)
    guard format == .template, template != nil, isJSON, let fault = JSONCheck.problem(body) else {
      return Written(body: body)
    }
    return Written(body: muttBody(row, bytes), fault: fault)
  }

  private func body(of row: EventRow, _ bytes: Span<UInt8>) -> [UInt8] {
    if format == .mutt { return muttBody(row, bytes) }
    let facts = AlertFacts(row, bytes, includesRaw: sendsRaw)
    return switch format {
    case .mutt: muttBody(row, bytes)
    case .moogsoft: MoogsoftPayload.body(facts, agentLocation: agentLocation)
    case .alertmanager: AlertmanagerPayload.webhook(facts, receiver: receiver)
    case .alertmanagerAPI: AlertmanagerPayload.api(facts)
    case .pagerduty: PagerDutyPayload.body(facts)
    case .cloudevents:
      CloudEventsPayload.body(facts, agentLocation: agentLocation, data: muttBody(row, bytes))
    case .template: template?.body(facts) ?? muttBody(row, bytes)
    }
  }

  private func muttBody(_ row: EventRow, _ bytes: Span<UInt8>) -> [UInt8] {
    var body: [UInt8] = []
    mutt.append(row, of: bytes, includesRaw: sendsRaw, to: &body)
    return body
  }
}
