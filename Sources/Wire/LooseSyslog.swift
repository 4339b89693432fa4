import Model

/// A PRI and a message; a tag is taken where one stands, nothing else is guessed.
enum LooseSyslog {
  static func decode(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, into event: inout Event) {
    event.parse = .loose
    let at = SyslogToken.skipSpaces(bytes, start, end)
    SyslogContent.read(bytes, at, end, into: &event)
  }
}
