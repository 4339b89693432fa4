import Model

/// Who sent an event, as far as its decision needs to know.
struct Identity: BitwiseCopyable {
  var from: HostSource = .peer
  /// The header's text, when it is the host and no address.
  var claim = HashedName()
  /// The device that `address` belongs to; -1: none, or the host did not come from an address.
  var device: Int32 = -1
  /// What is kept by the host's own address; nothing when that is not known. Never by the address of a relay,
  /// which would make everything it relays share its environment, team and device.
  var own = HostFacts()
  /// The address that stands for the host where neither a text nor a device does.
  var shown: IPAddress = .unspecified
}

/// Names of devices, and what people keep by host: the answers to "who is this?" and "whose is it?".
struct Hosts: Sendable {
  struct Device: BitwiseCopyable, Sendable {
    var name: TextIndex
    var attributes: TextIndex
    /// What is kept by its name, else by its short name.
    var named = HostFacts()
  }

  var names = NameTable()
  var addresses = AddressTable()
  var devices: [Device] = []
  /// Equal where the devices bear the same names in the same order.
  var deviceMark: UInt64 = 0

  /// Nothing is kept about anybody.
  var isEmpty: Bool { names.isEmpty && addresses.isEmpty && devices.isEmpty }

  /// Settles who sent an event (DESIGN §2, *Who sent it*). `relays`: networks whose claims are believed;
  /// nil: everyone's.
  @inline(__always)
  func identify(_ event: borrowing Event, datagram: Span<UInt8>, relays: NetworkSet?) -> Identity {
    if let relays, !relays.contains(event.peer) { return identifyStranger(event, datagram: datagram) }
    guard let claim = readClaim(event, datagram) else { return peer(event) }
    return believed(claim, datagram)
  }

  /// A peer that is no relay: it is who the kernel says it is, or else what it says is marked as a claim.
  @inline(never)
  private func identifyStranger(_ event: borrowing Event, datagram: Span<UInt8>) -> Identity {
    let known = addresses.facts(of: event.peer)
    if known.device >= 0 { return Identity(from: .devices, device: known.device, own: known) }
    guard let claim = readClaim(event, datagram) else { return peer(event) }
    // A claim to be what the kernel saw needs no belief.
    if claim.address == event.peer { return peer(event) }
    var identity = believed(claim, datagram)
    identity.from = .claimed
    identity.own = known
    return identity
  }

  @inline(__always)
  func believed(_ claim: (text: ByteRange, address: IPAddress?), _ datagram: Span<UInt8>) -> Identity {
    guard let address = claim.address else {
      let name =
        names.isEmpty ? HashedName(unhashed: datagram, claim.text) : HashedName(datagram, claim.text)
      return Identity(from: .header, claim: name)
    }
    let own = addresses.facts(of: address)
    return Identity(from: own.device >= 0 ? .devices : .header, device: own.device, own: own, shown: address)
  }

  private func peer(_ event: borrowing Event) -> Identity {
    let own = addresses.facts(of: event.peer)
    return Identity(
      from: own.device >= 0 ? .devices : .peer, device: own.device, own: own, shown: event.peer)
  }

  /// The header's host, or the address a trap names; nil when there is neither.
  @inline(__always)
  private func readClaim(
    _ event: borrowing Event, _ datagram: Span<UInt8>
  ) -> (text: ByteRange, address: IPAddress?)? {
    if event.source == .trap {
      return event.claimedAddress.isUnspecified ? nil : (.absent, event.claimedAddress)
    }
    let host = event.host
    if host.isAbsent || host.isEmpty { return nil }
    guard let address = HostClaim.address(datagram.extracting(host.bounds)) else { return (host, nil) }
    return address.isUnspecified ? nil : (host, address)
  }

  /// What is kept about a host: by the name as sent, then by address (its own, then its device's name), then
  /// by the short name. A claim that is not believed makes nothing a development host; only the peer's own
  /// address can.
  @inline(__always)
  func facts(of identity: Identity, datagram: Span<UInt8>) -> HostFacts {
    var facts = names.facts(of: identity.claim, in: datagram)
    facts.fillOwner(from: identity.own)
    if identity.device >= 0 {
      facts.device = identity.device
      facts.fillOwner(from: devices[Int(identity.device)].named)
    } else if identity.claim.hasShort {
      facts.fill(from: names.facts(of: identity.claim.short(in: datagram), in: datagram))
    }
    if identity.from == .claimed { facts.isDevelopment = identity.own.isDevelopment }
    return facts
  }
}
