import Delivery
import Model
import Synchronization
import TestKit
import Testing

/// *HTTP 1.1 Web Hooks for Event Delivery* §4, as the sender keeps it.
@Suite("The handshake of web hooks")
struct WebHookHandshakeTests {
  private static func settings(_ url: String = "http://h/hook", rate: Rate? = nil) -> DestinationSettings {
    var settings = DestinationSettings(
      name: "hook", url: url, headers: [("Authorization", "Bearer s3cr3t-token"), ("Content-Type", "a/b")])
    settings.format = .cloudevents
    settings.webhookOrigin = "muttd.example"
    settings.rate = rate
    return settings
  }

  private static func trial(
    _ settings: DestinationSettings, _ answers: @escaping @Sendable (WebhookRequest) -> WebhookResponse
  ) async -> (DestinationTrial.Result, [WebhookRequest]) {
    let transport = Asked(answers)
    let result = await DestinationTrial.attempt(
      Samples.delivery(1), settings, over: transport, now: Samples.start)
    return (result, transport.requests)
  }

  private final class Asked: WebhookTransport {
    private let answers: @Sendable (WebhookRequest) -> WebhookResponse
    private let seen = Mutex<[WebhookRequest]>([])
    var requests: [WebhookRequest] { seen.withLock { $0 } }

    init(_ answers: @escaping @Sendable (WebhookRequest) -> WebhookResponse) { self.answers = answers }

    func send(_ request: WebhookRequest) async throws(DeliveryError) -> WebhookResponse {
      seen.withLock { $0.append(request) }
      return answers(request)
    }
  }

  private static func answer(
    _ status: Int, origin: String? = nil, rate: String? = nil, body: String = ""
  ) -> WebhookResponse {
    var answer = WebhookResponse(status: status, bodyStart: Array(body.utf8))
    answer.allowedOrigin = origin
    answer.allowedRate = rate
    return answer
  }

  @Test(
    "the headers decide, whatever the status",
    arguments: [
      (200, "muttd.example", "120", .given(perMinute: 120)), (204, "*", "*", .given(perMinute: nil)),
      (405, "MUTTD.Example ", nil, .given(perMinute: nil)), (200, "*", "plenty", .given(perMinute: nil)),
      (200, "*", " 7 ", .given(perMinute: 7)),
      (200, "*", "0", .refused(status: 200, reason: "consents to 0 alerts a minute")),
      (
        200, "other.example", "9",
        .refused(status: 200, reason: "consents to alerts of \"other.example\", not of muttd.example")
      ),
      (
        // One that echoes what it was sent.
        200, "Bearer  x Bearer s3cr3t-token", nil,
        .refused(status: 200, reason: "consents to alerts of \"Bearer x ***\", not of muttd.example")
      ),
      (
        200, nil, "9",
        .refused(
          status: 200, reason: "does not consent to alerts (no WebHook-Allowed-Origin): status 200: hi")
      ),
      (
        405, " ", nil,
        .refused(
          status: 405, reason: "does not consent to alerts (no WebHook-Allowed-Origin): status 405: hi")
      ),
      (
        503, nil, nil,
        .unanswered(status: 503, retryAfterSeconds: nil, error: "asked for consent: status 503: hi")
      ),
      (
        429, nil, nil,
        .unanswered(status: 429, retryAfterSeconds: nil, error: "asked for consent: status 429: hi")
      ),
    ] as [(Int, String?, String?, Consent.Answer)])
  func judged(status: Int, origin: String?, rate: String?, meaning: Consent.Answer) async {
    let (result, requests) = await Self.trial(Self.settings()) { request in
      request.method == .options
        ? Self.answer(status, origin: origin, rate: rate, body: "hi") : WebhookResponse(status: 202)
    }
    #expect(result.consent == meaning)
    var isGiven = false
    if case .given = meaning { isGiven = true }
    #expect(requests.map(\.method) == (isGiven ? [.options, .post] : [.options]))
    #expect((result.meaning == .delivered) == isGiven)
  }

  @Test("what is asked: who, how much, with our credentials and without a body; and each alert says who")
  func asked() async {
    let (_, requests) = await Self.trial(Self.settings(rate: Rate(50, per: .second))) { _ in
      Self.answer(200, origin: "*")
    }
    func value(_ name: String, _ index: Int) -> String? {
      requests[index].headers.first { $0.name.lowercased() == name }?.value
    }
    #expect(requests[0].body.isEmpty && requests[0].url == "http://h/hook")
    #expect(value("webhook-request-origin", 0) == "muttd.example")
    #expect(value("webhook-request-rate", 0) == "3000")
    #expect(value("authorization", 0) == "Bearer s3cr3t-token")
    #expect(value("content-type", 0) == nil && value("idempotency-key", 0) == nil)
    #expect(value("webhook-request-origin", 1) == "muttd.example")
    #expect(value("webhook-request-rate", 1) == nil && value("content-type", 1) == "a/b")
    #expect(value("cache-control", 1) == nil)
  }

  @Test(
    "a rate below one a minute asks for one; none asks for none",
    arguments: [(Rate(7, per: .hour), "1"), (nil, nil)])
  func smallRate(rate: Rate?, header: String?) async {
    let (_, requests) = await Self.trial(Self.settings(rate: rate)) { _ in Self.answer(200, origin: "*") }
    #expect(requests[0].headers.first { $0.name == "WebHook-Request-Rate" }?.value == header)
  }

  @Test(
    "a token in the query is not to be kept on the way",
    arguments: ["?access_token=t", "?a=b&access_token=t"])
  func token(query: String) async {
    let (_, requests) = await Self.trial(Self.settings("http://h/hook" + query)) { _ in
      Self.answer(200, origin: "*")
    }
    #expect(requests.allSatisfy { $0.headers.contains { $0 == ("Cache-Control", "no-store") } })
  }

  @Test("without webhook_origin, and on standard output, nobody is asked", arguments: [true, false])
  func unasked(isStandardOutput: Bool) async {
    var settings = Self.settings(isStandardOutput ? "stdout:" : "http://h/hook")
    if !isStandardOutput { settings.webhookOrigin = nil }
    let (result, requests) = await Self.trial(settings) { _ in WebhookResponse(status: 200) }
    #expect(requests.map(\.method) == [.post] && result.consent == nil)
    if !isStandardOutput {
      #expect(!requests[0].headers.contains { $0.name.lowercased().hasPrefix("webhook-") })
    }
  }

  @Test(
    "over the wire: OPTIONS without a body, headers of any case, and POST over the same connection"
  )
  func wire() async throws {
    let long = String(repeating: "x", count: 400)
    let receiver = try Receiver { request, number in
      if number == 2 { return Receiver.answer(204, headers: "WebHook-Allowed-Origin: \(long)\r\n") }
      if !request.line.hasPrefix("OPTIONS ") { return Receiver.answer(202, "ok") }
      return Receiver.answer(
        200, "fine", headers: "webhook-allowed-origin: muttd.example\r\nWEBHOOK-ALLOWED-RATE: 120\r\n")
    }
    defer { receiver.stop() }
    let transport = try CurlTransport()
    defer { transport.shutdown() }
    let result = await DestinationTrial.attempt(
      Samples.delivery(1), Self.settings(receiver.url), over: transport, now: Samples.start)
    #expect(result.consent == .given(perMinute: 120) && result.status == 202)
    #expect(receiver.requests.map { String($0.line.prefix { $0 != " " }) } == ["OPTIONS", "POST"])
    #expect(receiver.requests[0].body.isEmpty && !receiver.requests[1].body.isEmpty)
    #expect(receiver.connections == 1)
    // A header that is too long is cut, and is not ours then.
    var question = WebhookRequest(url: receiver.url, headers: [], body: [], timeoutMs: 10_000)
    question.method = .options
    let cut = try await transport.send(question)
    #expect(cut.allowedOrigin?.utf8.count == 255 && cut.allowedRate == nil)
    let post = WebhookRequest(url: receiver.url, headers: [], body: [1], timeoutMs: 10_000)
    #expect(try await transport.send(post).allowedOrigin == nil)
    #expect(receiver.requests.last?.line.hasPrefix("POST ") == true)
  }
}
