/// An object or a notification as a MIB defines it: what its numbers are called and how its values read.
package struct MIBObject: Sendable {
  package var oid: [UInt32]
  package var name: String
  package var syntax: ObjectSyntax
  /// The words of an enumeration, or the names of a BITS object's bits, in the order of the values.
  package var labels: [Label]
  /// DISPLAY-HINT (RFC 2579 §3.1); read with `ObjectSyntax.hint` alone.
  package var hint: String

  package struct Label: Equatable, Sendable {
    package var value: Int32
    package var word: String

    package init(value: Int32, word: String) {
      self.value = value
      self.word = word
    }
  }

  package init(
    oid: [UInt32], name: String, syntax: ObjectSyntax = .plain, labels: [Label] = [], hint: String = ""
  ) {
    self.oid = oid
    self.name = name
    self.syntax = syntax
    self.labels = labels
    self.hint = hint
  }
}

/// How an object's values are written. Numbers need none of these: they are told apart by their BER type.
package enum ObjectSyntax: UInt8, BitwiseCopyable, Sendable {
  /// Octet strings as text where they are text, else in hexadecimal.
  case plain
  /// No object: a notification.
  case notification
  /// Octet strings always in hexadecimal.
  case octets
  /// PhysAddress, MacAddress (RFC 2579): `00:1b:21:0a:0b:0c`.
  case physicalAddress
  /// DateAndTime (RFC 2579): `2026-11-21T02:14:05.9Z`.
  case dateAndTime
  /// InetAddress (RFC 4001).
  case inetAddress
  /// InetAddressType, which says of what kind the InetAddress behind it is.
  case inetAddressType
  /// BITS: the names of the bits that are set.
  case bits
  /// As a DISPLAY-HINT says.
  case hint

  /// What a textual convention's name and DISPLAY-HINT ask for, of an object whose values are octet strings.
  package init(convention: String, hint: String) {
    switch (convention, hint) {
    case ("DateAndTime", _), (_, "2d-1d-1d,1d:1d:1d.1d,1a1d:1d"): self = .dateAndTime
    case ("MacAddress", _), ("PhysAddress", _), (_, "1x:"): self = .physicalAddress
    case ("InetAddress", _), ("InetAddressIPv4", _), ("InetAddressIPv6", _): self = .inetAddress
    case ("InetAddressIPv4z", _), ("InetAddressIPv6z", _): self = .inetAddress
    case ("BridgeId", _), ("SnmpEngineID", _), ("TAddress", _): self = .octets
    case (_, ""), (_, "255a"), (_, "255t"): self = .plain
    default: self = ObjectSyntax.isText(hint) ? .plain : .hint
    }
  }

  /// `255a`, `32t`, `1a`: characters, as many as there are.
  private static func isText(_ hint: String) -> Bool {
    guard let last = hint.utf8.last, last == UInt8(ascii: "a") || last == UInt8(ascii: "t") else {
      return false
    }
    return hint.utf8.dropLast().allSatisfy(isDigit)
  }
}
