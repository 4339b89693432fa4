package import Model

/// The clocks of sources that have a zone of their own (`syslog.timezones`). A source is known by the name in
/// the header (as sent, then without its domain), else by the address in the header, else by the address that
/// sent; of networks the longest prefix counts.
package struct SourceClocks: Sendable {
  package let zones: [SourceZone]
  let clocks: [DeviceClock]
  /// In lower case, ascending, and whose they are.
  private let names: [[UInt8]]
  private let owners: [Int]
  private let networks: NetworkMap

  init(_ zones: [SourceZone]) {
    self.zones = zones
    clocks = zones.map { DeviceClock(zone: $0.zone, isConfigured: true) }
    var named: [(name: [UInt8], owner: Int)] = []
    var networks: [(network: Network, value: Int32)] = []
    for (index, zone) in zones.enumerated() {
      switch zone.source {
      case .name(let name): named.append((HostClaim.bare(name).utf8.map(lowered), index))
      case .network(let network): networks.append((network, Int32(index)))
      }
    }
    named.sort { $0.name.lexicographicallyPrecedes($1.name) }
    names = named.map(\.name)
    owners = named.map(\.owner)
    self.networks = NetworkMap(networks)
  }

  /// The entry that holds for an event whose header has been read; -1: none.
  package func index(of event: Event, in datagram: Span<UInt8>) -> Int {
    if !event.host.isEmpty {
      if let address = HostClaim.address(datagram.extracting(event.host.bounds)) {
        let claimed = networks.value(of: address)
        if claimed >= 0 { return Int(claimed) }
      } else {
        let name = event.host.withoutRoot(in: datagram)
        let sent = owner(of: name, in: datagram)
        if sent >= 0 { return sent }
        var dot = name.start
        while dot < name.end, datagram[dot] != UInt8(ascii: ".") { dot &+= 1 }
        let short = dot == name.end ? -1 : owner(of: ByteRange(name.start, dot), in: datagram)
        if short >= 0 { return short }
      }
    }
    return Int(networks.value(of: event.peer))
  }

  /// By halving: people name few hosts here, and networks for the rest.
  private func owner(of name: ByteRange, in text: Span<UInt8>) -> Int {
    var low = 0
    var high = names.count
    while low < high {
      let middle = (low &+ high) &>> 1
      let order = SourceClocks.compare(names[middle], text, name)
      if order == 0 { return owners[middle] }
      if order < 0 { low = middle &+ 1 } else { high = middle }
    }
    return -1
  }

  /// Less than, equal to or more than 0, as `known` comes before, is or comes behind the name in any case.
  private static func compare(_ known: [UInt8], _ text: Span<UInt8>, _ name: ByteRange) -> Int {
    for step in 0..<min(known.count, Int(name.count)) {
      let difference = Int(known[step]) &- Int(lowered(text[name.start &+ step]))
      if difference != 0 { return difference }
    }
    return known.count &- Int(name.count)
  }
}
