import Model

/// What stands around the PDU of an SNMPv3 message (RFC 3412 §6.8). What DES padded it with may follow.
struct ScopedPDU: BitwiseCopyable {
  let contextName: ByteRange
  /// Of the PDU, and where it stands.
  let tag: UInt8
  let tagOffset: Int
  /// Of the PDU, behind its tag and length.
  let content: ByteRange
  let end: Int

  init(_ bytes: Span<UInt8>) throws(TrapFault) {
    var plain = BERReader(at: 0, end: bytes.count)
    let whole = try plain.element(bytes, tag: BERTag.sequence)
    end = whole.end
    var scoped = BERReader(at: whole.start, end: whole.end)
    _ = try scoped.element(bytes, tag: BERTag.octetString)
    contextName = try scoped.element(bytes, tag: BERTag.octetString)
    tagOffset = scoped.at
    (tag, content) = try scoped.element(bytes)
    try scoped.finish()
  }
}
