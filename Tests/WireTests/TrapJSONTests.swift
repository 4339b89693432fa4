import Foundation
import Model
import Testing

@testable import Wire

/// What a value's octets are in JSON, read back by another reader.
@Suite struct TrapJSONTests {
  private func value(of octets: [UInt8]) throws -> (value: String, text: String) {
    let reading = Reading(
      TrapBuilder.v2c(TrapBuilder.varbind(TrapBuilder.tlv(0x04, octets)), TrapBuilder.varbind([0x05, 0])))
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(reading.snmp.utf8)) as? [String: Any])
    let varbinds = try #require(object["varbinds"] as? [[String: Any]])
    #expect(varbinds.count == 2 && varbinds[1]["value"] is NSNull)
    #expect(try JSONSerialization.jsonObject(with: Data(reading.raw.utf8)) is [String: Any])
    return try (#require(varbinds[0]["value"] as? String), #require(varbinds[0]["text"] as? String))
  }

  @Test(arguments: 0..<80)
  func quotesAreEscapedWhereverTheyStand(_ length: Int) throws {
    // At every place of a block of sixteen bytes, at its end, and nothing but them.
    let plain = (0..<length).map { UInt8(ascii: "a") + UInt8($0 % 26) }
    var texts = [plain, plain.map { _ in UInt8(ascii: "\"") }, plain.map { _ in UInt8(ascii: "\\") }]
    for place in plain.indices {
      var text = plain
      text[place] = UInt8(ascii: place % 2 == 0 ? "\"" : "\\")
      texts.append(text)
    }
    for text in texts {
      let (value, shown) = try value(of: text)
      #expect(Array(value.utf8) == text && Array(shown.utf8) == text)
    }
  }

  @Test func theLongestValuesHaveRoom() throws {
    for octets in [
      [UInt8](repeating: UInt8(ascii: "\""), count: 60_000), [UInt8](repeating: 0xFF, count: 60_000),
    ] {
      let (value, text) = try value(of: octets)
      #expect(value.utf8.count == (octets[0] == 0xFF ? 120_002 : 60_000) && text == value)
    }
  }
}
