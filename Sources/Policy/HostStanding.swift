package import Model

/// What people keep about a host by its name: whose it is, and whether it is one for development.
package struct HostStanding: Sendable, Equatable {
  package var environment = Environment.prod
  package var deviceTeam: String?
  /// The first of `teams.order` that is not empty, where no rule has a say.
  package var team: String?
  package var teamFrom = TeamSource.default
  /// The device's attributes, a JSON object.
  package var attributes: String?

  package init() {}
}

extension Snapshot {
  /// For cold paths: of a host as events name it, which may be an address.
  package func standing(of host: String) -> HostStanding {
    let bytes = Array(host.utf8)
    let claim = (text: ByteRange(0, bytes.count), address: HostClaim.address(bytes.span))
    let facts = hosts.facts(of: hosts.believed(claim, bytes.span), datagram: bytes.span)
    var standing = HostStanding()
    if facts.isDevelopment { standing.environment = .dev }
    standing.deviceTeam = string(TextIndex(facts.team))
    if facts.device >= 0 { standing.attributes = string(hosts.devices[Int(facts.device)].attributes) }
    for source in settings.teamOrder {
      let team: String? =
        switch source {
        case .rule: nil
        case .device: standing.deviceTeam
        case .default: string(defaultTeam)
        }
      if let team {
        standing.team = team
        standing.teamFrom = source
        break
      }
    }
    return standing
  }
}
