package import Model

extension Matcher {
  /// The host of an event as templates are counted by: equal for names that differ only in case, and the same
  /// whatever snapshot decides.
  package func hostKey(_ decision: Decision, event: borrowing Event, datagram: Span<UInt8>) -> UInt64 {
    if !decision.deviceName.isNone {
      let texts = snapshot.texts.bytes
      return Mixer.name(texts.span, snapshot.texts.range(decision.deviceName))
    }
    if decision.hostAddress.isUnspecified, event.source != .trap {
      return Mixer.name(datagram, event.host.withoutRoot(in: datagram))
    }
    return Mixer.mix(decision.hostAddress.high ^ Mixer.seed, decision.hostAddress.low ^ ~Mixer.seed)
  }
}

extension Matcher {
  /// The hash of a host's name, whatever its case; 0 only for a name that is absent or empty.
  package static func hash(of name: ByteRange, in text: Span<UInt8>) -> UInt64 {
    name.isAbsent || name.isEmpty ? 0 : Mixer.name(text, name)
  }

  /// The same for an address.
  package static func hash(of address: IPAddress) -> UInt64 {
    max(1, Mixer.mix(address.high ^ Mixer.seed, address.low ^ ~Mixer.seed))
  }
}

extension Mixer {
  /// A name, whatever its case; never 0.
  @inline(__always)
  static func name(_ text: Span<UInt8>, _ range: ByteRange) -> UInt64 {
    let end = range.bounds.upperBound
    var state = seed ^ UInt64(range.count)
    var at = range.bounds.lowerBound
    while at < end {
      // The bit that tells upper from lower case, of every byte.
      state = mix((text.word(at: at, below: end) | 0x2020_2020_2020_2020) ^ 0xA076_1D64_78BD_642F, state)
      at &+= 8
    }
    return max(1, state)
  }
}
