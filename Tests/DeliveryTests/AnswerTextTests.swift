import Testing

@testable import Delivery

@Suite("What is kept of an answer")
struct AnswerTextTests {
  private let texts = AnswerText(headers: [
    (name: "Authorization", value: "Bearer hunter22hunter22"), (name: "X-Mode", value: "fast"),
  ])

  @Test(
    "one safe line",
    arguments: [
      ("", "status 500"), ("  \r\n", "status 500"), ("no", "status 500: no"),
      ("a\r\n\tb  c", "status 500: a b c"), ("\u{1B}[31mred", "status 500: \u{FFFD}[31mred"),
      ("\u{202E}evil", "status 500: \u{FFFD}evil"), ("a\0b", "status 500: a\u{FFFD}b"),
      ("your token Bearer hunter22hunter22 is bad", "status 500: your token *** is bad"),
      ("hunter22hunter22 hunter22hunter22", "status 500: *** ***"), ("fast", "status 500: fast"),
      // A combining mark behind it makes another character of its end.
      ("hunter22hunter22\u{301} is bad", "status 500: ***\u{301} is bad"),
    ])
  func safe(body: String, text: String) {
    #expect(texts.text(status: 500, body: Array(body.utf8)) == text)
  }

  /// What a receiver makes of `Basic dXNlcjpwYTU1d29yZC1BYmNkMTIzNA==` and of a token when it writes it down.
  @Test(
    "a secret is found in other people's writing",
    arguments: [
      ("token abc12345\\/def67890==", "token ***\\/***=="), ("abc12345&#x2F;def67890", "***&#x2F;***"),
      ("abc12345%2Fdef67890%3D%3D", "***%2F***%3D%3D"), ("you are admin:pa55word-Abcd1234", "you are ***"),
      ("wrong password pa55word-Abcd1234", "wrong password ***"), ("pa55word&#45;Abcd1234", "***&#45;***"),
      ("token abc12345/def67", "token ***/def67"),
      ("no administrator at application/json", "no administrator at application/json"),
    ])
  func writtenOtherwise(body: String, text: String) {
    let texts = AnswerText(headers: [
      (name: "Authorization", value: "Bearer abc12345/def67890=="),
      (name: "X-Other", value: "Basic \(Base64.text(of: Array("admin:pa55word-Abcd1234".utf8)))"),
      (name: "X-Words", value: "administrator/application"),
    ])
    #expect(texts.text(status: 500, body: Array(body.utf8)) == "status 500: \(text)")
  }

  @Test("Base64 (RFC 4648 §10)")
  func base64() {
    let vectors = [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ]
    for (text, coded) in vectors {
      #expect(Base64.text(of: Array(text.utf8)) == coded)
      #expect(Base64.bytes(of: coded) == Array(text.utf8))
    }
    #expect(Base64.bytes(of: "Zg") == Array("f".utf8))
    #expect(Base64.bytes(of: "Z-g=") == nil)
    let all = (0...255).map { UInt8($0) }
    #expect(Base64.bytes(of: Base64.text(of: all)) == all)
  }

  @Test("at most 512 bytes, cut between characters, broken UTF-8 repaired")
  func bounded() {
    for unit in ["x", "é", "€", "😀"] {
      let text = texts.text(status: 503, body: Array(String(repeating: unit, count: 4_096).utf8))
      #expect(text.utf8.count <= 512)
      #expect(text.utf8.count > 500)
      #expect(text.hasSuffix("\(unit)…"))
    }
    let broken = texts.text(status: 503, body: [UInt8](repeating: 0xFF, count: 4_096))
    #expect(broken.utf8.count <= 512)
    #expect(texts.text(DeliveryError(.broken, String(repeating: "y", count: 999))).utf8.count == 512)
  }

  @Test(
    "a header's value is one safe line too",
    arguments: [
      ("other.example", "other.example"), (" a \u{1B}[31m b", "a \u{FFFD}[31m b"),
      ("Bearer hunter22hunter22", "***"), ("https://hunter22hunter22@h", "https://***@h"),
    ])
  func header(value: String, text: String) {
    #expect(texts.text(header: value) == text)
  }

  @Test(
    "a secret that stands across the end of what is kept does not show its beginning",
    arguments: [1, 4, 20, 63])
  func cutSecret(kept: Int) {
    let secret = "s3cr3t-" + String(repeating: "q", count: 57)
    let texts = AnswerText(headers: [(name: "X-Key", value: secret)])
    let filler = String(repeating: "x", count: 64 - kept)
    // So many that what they leave is shown to its end.
    let body = Array((filler + String(repeating: secret, count: 64)).utf8.prefix(WebhookResponse.bodyLimit))
    let hidden = String(repeating: "***", count: 64)
    #expect(texts.text(status: 500, body: body) == "status 500: \(filler)\(hidden)")
    let long = String(repeating: "x", count: WebhookResponse.headerLimit - kept)
    #expect(texts.text(header: long + secret.prefix(kept)) == long + "***")
    // What was not cut is shown as it is.
    #expect(texts.text(header: String(secret.prefix(kept))) == secret.prefix(kept))
  }

  @Test("the same where it was cut inside a character")
  func cutCharacter() {
    let texts = AnswerText(headers: [(name: "X-Key", value: "geheimnis-ü-geheim")])
    let filler = String(repeating: "x", count: WebhookResponse.headerLimit - 11)
    let bytes = Array((filler + "geheimnis-ü").utf8.dropLast())
    #expect(texts.text(header: String(decoding: bytes, as: UTF8.self)) == filler + "***")
  }
}
