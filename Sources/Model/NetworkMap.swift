/// Networks to numbers, compiled for asking: the address space cut at the edges of all networks and searched
/// by halving, so that a thousand networks cost some eleven comparisons. The longest prefix that holds an
/// address says its number; IPv4 networks and IPv4-mapped ones are the same.
package struct NetworkMap: Sendable, Equatable {
  /// Where each piece begins, ascending; the first begins at `::`. Empty for no networks.
  private var starts: [UInt128] = []
  /// What holds from there on; -1: nothing.
  private var values: [Int32] = []

  /// The first of equal networks stays; numbers are 0 or more.
  package init(_ entries: [(network: Network, value: Int32)] = []) {
    if entries.isEmpty { return }
    starts = [0]
    values = [-1]
    // Networks hold each other or are apart: wider ones come before those they hold, and what is written
    // last at a place counts.
    let order = entries.indices.sorted {
      let (left, right) = (entries[$0].network, entries[$1].network)
      return (left.first, right.last, $1) < (right.first, left.last, $0)
    }
    var open: [(last: UInt128, value: Int32)] = []
    for index in order {
      let network = entries[index].network
      while let inner = open.last, inner.last < network.first { close(&open) }
      put(entries[index].value, from: network.first)
      open.append((network.last, entries[index].value))
    }
    while !open.isEmpty { close(&open) }
  }

  /// The innermost network ends, and the one that holds it goes on.
  private mutating func close(_ open: inout [(last: UInt128, value: Int32)]) {
    let inner = open.removeLast()
    if inner.last < .max { put(open.last?.value ?? -1, from: inner.last + 1) }
  }

  private mutating func put(_ value: Int32, from start: UInt128) {
    if starts[starts.count - 1] == start {
      starts.removeLast()
      values.removeLast()
    }
    if values.last == value { return }
    starts.append(start)
    values.append(value)
  }

  package var isEmpty: Bool { starts.isEmpty }

  /// The number of the longest prefix that holds `address`; -1 when none does.
  package func value(of address: IPAddress) -> Int32 {
    if starts.isEmpty { return -1 }
    let number = address.number
    var low = 0
    var high = starts.count
    while high &- low > 1 {
      let middle = (low &+ high) &>> 1
      if starts[middle] <= number { low = middle } else { high = middle }
    }
    return values[low]
  }
}

/// The addresses of a list of networks, compiled for asking.
package struct NetworkSet: Sendable, Equatable {
  private let map: NetworkMap

  package init(_ networks: [Network] = []) {
    map = NetworkMap(networks.map { ($0, 0) })
  }

  package var isEmpty: Bool { map.isEmpty }
  package func contains(_ address: IPAddress) -> Bool { map.value(of: address) >= 0 }

  /// Whether `peer` may come in where this set is who is let in: an empty set lets in everyone.
  package func admits(_ peer: IPAddress) -> Bool { map.isEmpty || contains(peer) }
}

extension IPAddress {
  /// The address as a number, so that addresses have an order.
  package var number: UInt128 { UInt128(high) << 64 | UInt128(low) }
}

extension Network {
  /// The bits that tell its addresses apart.
  private var hostBits: UInt128 { prefix == 0 ? .max : (1 << UInt128(128 - prefix)) - 1 }
  package var first: UInt128 { address.number & ~hostBits }
  package var last: UInt128 { address.number | hostBits }

  /// Written with bits behind the prefix: `10.1.2.3/8`, where 10.0.0.0/8 counts.
  package var hasHostBits: Bool { address.number != first }

  /// All of `other` lies in here.
  package func covers(_ other: Network) -> Bool { first <= other.first && other.last <= last }

  /// The two have an address in common.
  package func overlaps(_ other: Network) -> Bool { first <= other.last && other.first <= last }
}

extension Network: CustomStringConvertible {
  /// `192.0.2.0/24`, `2001:db8::/32`; without the bits that do not count.
  package var description: String {
    let start = IPAddress(
      high: UInt64(truncatingIfNeeded: first >> 64), low: UInt64(truncatingIfNeeded: first))
    let isV4 = prefix >= 96 && start.v4 != nil
    return "\(start)/\(isV4 ? prefix - 96 : prefix)"
  }

  /// The same, and a network of one as its address alone.
  package var shortest: String { prefix == 128 ? "\(address)" : description }
}
