import Model
import TestKit
import Testing

@testable import Store

@Suite struct SpoolRecordTests {
  @Test func aRowThatWasCutSaysSoWhenItIsReadBack() throws {
    var factory = EventFactory()
    var batch = EventBatch()
    factory.add(to: &batch, rule: (4, "whole"), labels: #"{"a":"b"}"#)
    factory.add(to: &batch, rule: (4, "cut"))
    batch.rows[1].isTruncated = true
    var bytes: [UInt8] = []
    #expect(SpoolRecord.encode(batch, to: &bytes).count == 2)
    var read = EventBatch()
    #expect(SpoolRecord.decode(bytes, into: &read))
    #expect(read.rows.map(\.isTruncated) == [false, true])
    let attributes = read.rows.map { row in
      var text: [UInt8] = []
      AuditTexts.appendAttributes(row, read.bytes.span, rule: .absent, to: &text)
      return String(decoding: text, as: UTF8.self)
    }
    #expect(attributes == [#"{"labels":{"a":"b"}}"#, #"{"truncated":true}"#])
  }
}
