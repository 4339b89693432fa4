import Model

/// Who sent an event, as far as its decision needs to know.
struct Identity: BitwiseCopyable {
  var from: HostSource = .peer
  /// The header's text, when it is the host and no address.
  var claim = HashedName()
  /// The device that `address` belongs to; -1: none, or the host did not come from an address.
  var device: Int32 = -1
  /// The host's own address; unspecified when it is not known. Never the address of a relay, which would
  /// make everything it relays share its environment, team and device.
  var address: IPAddress = .unspecified
  /// The address that stands for the host where neither a text nor a device does.
  var shown: IPAddress = .unspecified
}

/// Names of devices, and what people keep by host: the answers to "who is this?" and "whose is it?".
struct Hosts: Sendable {
  struct Device: BitwiseCopyable, Sendable {
    var name: TextIndex
    var attributes: TextIndex
  }

  var development = HostTable()
  /// Values are indices of team names.
  var teams = HostTable()
  var deviceNames = NameTable()
  var deviceAddresses = AddressTable()
  var devices: [Device] = []

  /// Settles who sent an event (DESIGN §2, *Who sent it*). `relays`: networks whose claims are believed;
  /// nil: everyone's.
  func identify(_ event: Event, datagram: Span<UInt8>, relays: [Network]?) -> Identity {
    let isBelieved = relays.map { isMember(event.peer, of: $0) } ?? true
    if !isBelieved {
      let known = deviceAddresses.value(of: event.peer)
      if known >= 0 { return Identity(from: .devices, device: known, address: event.peer) }
    }
    guard let claim = readClaim(event, datagram) else { return peer(event) }
    // A claim to be what the kernel saw needs no belief.
    if !isBelieved, claim.address == event.peer { return peer(event) }
    var identity = Identity(from: .header)
    if let address = claim.address {
      identity.shown = address
      identity.address = address
      identity.device = deviceAddresses.value(of: address)
      if identity.device >= 0 { identity.from = .devices }
    } else {
      identity.claim = HashedName(datagram, claim.text)
    }
    if !isBelieved {
      identity.from = .claimed
      identity.address = event.peer
    }
    return identity
  }

  private func peer(_ event: Event) -> Identity {
    let device = deviceAddresses.value(of: event.peer)
    return Identity(
      from: device >= 0 ? .devices : .peer, device: device, address: event.peer, shown: event.peer)
  }

  private func isMember(_ address: IPAddress, of networks: [Network]) -> Bool {
    for network in networks where network.contains(address) { return true }
    return false
  }

  /// The header's host, or the address a trap names; nil when there is neither.
  private func readClaim(_ event: Event, _ datagram: Span<UInt8>) -> (text: ByteRange, address: IPAddress?)? {
    if event.source == .trap {
      return event.claimedAddress.isUnspecified ? nil : (.absent, event.claimedAddress)
    }
    if event.host.isAbsent || event.host.isEmpty { return nil }
    guard let address = IPAddress(datagram.extracting(event.host.bounds)) else { return (event.host, nil) }
    return address.isUnspecified ? nil : (event.host, address)
  }

  /// Looks a host up: the name as sent, then by address (its own entry, then its device's name), then the
  /// short name. -1 when it is unknown.
  func find(_ identity: Identity, in table: HostTable, datagram: Span<UInt8>, texts: TextArena) -> Int32 {
    let sent = table.names.value(of: identity.claim, in: datagram)
    if sent >= 0 { return sent }
    let own = table.addresses.value(of: identity.address)
    if own >= 0 { return own }
    guard identity.device >= 0 else { return table.names.value(of: identity.claim.short, in: datagram) }
    let name = HashedName(texts.bytes.span, texts.range(devices[Int(identity.device)].name))
    let known = table.names.value(of: name, in: texts.bytes.span)
    return known >= 0 ? known : table.names.value(of: name.short, in: texts.bytes.span)
  }

  /// A claim that is not believed makes nothing a development host; only the peer's own address can.
  func isDevelopment(_ identity: Identity, datagram: Span<UInt8>, texts: TextArena) -> Bool {
    if identity.from == .claimed { return development.addresses.value(of: identity.address) >= 0 }
    return find(identity, in: development, datagram: datagram, texts: texts) >= 0
  }

  /// The device this host is, by address or else by name; -1: unknown.
  func device(of identity: Identity, datagram: Span<UInt8>) -> Int32 {
    if identity.device >= 0 { return identity.device }
    let known = deviceNames.value(of: identity.claim, in: datagram)
    return known >= 0 ? known : deviceNames.value(of: identity.claim.short, in: datagram)
  }
}
