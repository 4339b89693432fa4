import Delivery
import Foundation
import TestKit
import Testing

/// Proxies, and files that cannot be used: what an operator has to change holds the destination, what may
/// pass by itself is tried again.
@Suite("The way to a receiver over libcurl")
struct CurlRouteTests {
  private func send(
    _ url: String, proxy: String? = nil, tls: WebhookRequest.TLS = .init()
  ) async throws -> Result<WebhookResponse, DeliveryError> {
    let transport = try CurlTransport(connections: 4)
    defer { transport.shutdown() }
    var request = WebhookRequest(
      url: url, headers: [("Authorization", "Bearer t0ken")], body: Array("{}".utf8), timeoutMs: 60_000)
    request.proxy = proxy
    request.tls = tls
    do throws(DeliveryError) { return .success(try await transport.send(request)) } catch {
      return .failure(error)
    }
  }

  @Test(
    "a proxy that opens no way: refused is held, overloaded is tried again",
    arguments: [
      (407, DeliveryError.Code.invalid), (403, .invalid), (302, .invalid), (400, .invalid), (502, .connect),
      (503, .connect), (504, .connect), (429, .connect),
    ])
  func connectRefused(status: Int, code: DeliveryError.Code) async throws {
    let proxy = try Receiver { _, _ in Receiver.answer(status, "Proxy says no") }
    defer { proxy.stop() }
    let result = try await send(
      "https://127.0.0.1:9/events", proxy: "http://me:pass@127.0.0.1:\(proxy.port)")
    guard case .failure(let error) = result else {
      Issue.record("an answer without a receiver: \(result)")
      return
    }
    #expect(error.code == code, "\(error)")
    #expect(error.message.contains("the proxy answers \(status)"))
    let request = try #require(proxy.requests.first)
    #expect(request.line == "CONNECT 127.0.0.1:9 HTTP/1.1")
    #expect(request.headers["proxy-authorization"] == "Basic bWU6cGFzcw==")
    // What is for the receiver is not for the proxy.
    #expect(request.headers["authorization"] == nil)
  }

  @Test("over plain HTTP the proxy is given the whole URL, and its 407 is the answer")
  func plain() async throws {
    let proxy = try Receiver { _, number in Receiver.answer(number == 0 ? 407 : 200) }
    defer { proxy.stop() }
    let (url, address) = ("http://127.0.0.1:9/events", "http://127.0.0.1:\(proxy.port)")
    #expect(try await send(url, proxy: address).get().status == 407)
    #expect(try await send(url, proxy: address).get().status == 200)
    #expect(proxy.requests.allSatisfy { $0.line == "POST http://127.0.0.1:9/events HTTP/1.1" })
    #expect(StatusTable.meaning(of: 407) == .hold)
  }

  @Test("a file of certificates that cannot be used is for an operator")
  func files() async throws {
    let folder = TemporaryDirectory()
    let file = folder.path + "/rubbish.pem"
    try Data("no certificate".utf8).write(to: URL(fileURLWithPath: file))
    let plain = try Receiver { _, _ in Receiver.answer(200) }
    defer { plain.stop() }
    let url = "https://127.0.0.1:\(plain.port)/events"
    for tls in [
      WebhookRequest.TLS(certificate: file), WebhookRequest.TLS(certificate: folder.path + "/none"),
      WebhookRequest.TLS(ca: file), WebhookRequest.TLS(ca: folder.path + "/none"),
    ] {
      guard case .failure(let error) = try await send(url, tls: tls) else {
        Issue.record("sent with \(tls)")
        continue
      }
      #expect(error.code == .invalid, "\(tls): \(error)")
      #expect(error.message.contains("correct tls under destinations"))
    }
  }
}
