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
}
