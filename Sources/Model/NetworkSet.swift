/// The addresses of a list of networks, compiled for asking: sorted ranges without overlap, found by halving,
/// so that a thousand networks cost ten comparisons. IPv4 networks and IPv4-mapped ones are the same ranges.
package struct NetworkSet: Sendable, Equatable {
  private struct Block: BitwiseCopyable, Equatable, Sendable {
    var first: UInt128
    var last: UInt128
  }

  private let blocks: [Block]

  package init(_ networks: [Network] = []) {
    let sorted = networks.map { Block(first: $0.first, last: $0.last) }.sorted { $0.first < $1.first }
    var merged: [Block] = []
    for block in sorted {
      let isJoined = merged.last.map { $0.last == .max || block.first <= $0.last + 1 } ?? false
      if isJoined {
        merged[merged.count - 1].last = max(merged[merged.count - 1].last, block.last)
      } else {
        merged.append(block)
      }
    }
    blocks = merged
  }

  package var isEmpty: Bool { blocks.isEmpty }

  package func contains(_ address: IPAddress) -> Bool {
    let number = address.number
    var low = 0
    var high = blocks.count
    while low < high {
      let middle = (low &+ high) &>> 1
      if blocks[middle].first <= number { low = middle &+ 1 } else { high = middle }
    }
    return low > 0 && number <= blocks[low &- 1].last
  }

  /// Whether `peer` may come in where this set is who is let in: an empty set lets in everyone.
  package func admits(_ peer: IPAddress) -> Bool { blocks.isEmpty || contains(peer) }
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
}
