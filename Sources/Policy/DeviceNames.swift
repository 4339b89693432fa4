import Model

/// What the devices of a snapshot are called, by their index. Outlives the snapshot: of that it holds the
/// host tables and texts alone.
package struct DeviceNames: Sendable {
  private var hosts = Hosts()
  private var texts = TextArena()
  /// Of two lists the higher is the newer.
  package private(set) var generation: UInt64 = 0

  /// Of no device.
  package init() {}

  init(_ snapshot: Snapshot) {
    hosts = snapshot.hosts
    texts = snapshot.texts
    generation = snapshot.generation
  }

  package var count: Int { hosts.devices.count }

  /// An index means the same device in both.
  package func isSame(as other: DeviceNames) -> Bool {
    count == other.count && hosts.deviceMark == other.hosts.deviceMark
  }

  package subscript(_ index: Int) -> String { texts.string(hosts.devices[index].name) ?? "" }

  /// What stands in `values` by the devices of `other`, by those of this list: a device keeps its value, one
  /// that `other` does not know gets 0.
  package func rearranged(_ values: [Int64], of other: DeviceNames) -> [Int64] {
    if isSame(as: other) { return values }
    var result = [Int64](repeating: 0, count: count)
    let bytes = other.texts.bytes.span
    for index in values.indices where values[index] != 0 {
      let name = HashedName(bytes, other.texts.range(other.hosts.devices[index].name))
      let device = hosts.names.facts(of: name, in: bytes).device
      if device >= 0 { result[Int(device)] = max(result[Int(device)], values[index]) }
    }
    return result
  }
}

extension Snapshot {
  package var deviceNames: DeviceNames { DeviceNames(self) }
}
