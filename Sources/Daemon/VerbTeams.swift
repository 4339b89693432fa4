import Model

/// Teams that rules name and nobody else knows. There is no table of teams; known is what `device_teams`,
/// `teams.default` or a destination's `match.team` names, and what two rules name alike. Only ever warned
/// about: a team may own no device.
enum VerbTeams {
  static func findings(_ rules: [Rule], _ catalog: Catalog, _ config: Config) -> [VerbFinding] {
    let known = Known(rules, catalog, config)
    var answers: [String: String?] = [:]
    return rules.compactMap { rule in
      guard let team = rule.teamAssignment else { return nil }
      let answer = answers[team] ?? known.objection(to: team)
      answers[team] = .some(answer)
      guard let text = answer else { return nil }
      return VerbFinding(kind: .team, isWarning: true, rule: rule.name, text: text)
    }
  }

  private struct Known {
    /// Where a team is named, by the team.
    private var places: [String: String] = [:]
    /// The spelling that is known, by the lower case of it.
    private var spellings: [String: String] = [:]
    /// People keep a list of teams somewhere: a name outside it means something.
    private let isListed: Bool

    init(_ rules: [Rule], _ catalog: Catalog, _ config: Config) {
      let routed = config.destinations.flatMap(\.match.team)
      isListed = !catalog.deviceTeams.isEmpty || !routed.isEmpty
      add(config.teams.default, "teams.default")
      for entry in catalog.deviceTeams { add(entry.team, "device_teams") }
      for team in routed { add(team, "destinations[].match.team") }
      var uses: [String: Int] = [:]
      for team in rules.compactMap(\.teamAssignment) { uses[team, default: 0] += 1 }
      for team in uses.keys.sorted() where uses[team, default: 0] > 1 { add(team, "other rules") }
    }

    private mutating func add(_ team: String, _ place: String) {
      // What stands in a table says how a team is written; rules among themselves only for what no table has.
      let folded = team.lowercased()
      if team.isEmpty || place == "other rules" && spellings[folded] != nil { return }
      if places[team] == nil { places[team] = place }
      if spellings[folded] == nil { spellings[folded] = team }
    }

    func objection(to team: String) -> String? {
      if places[team] != nil { return nil }
      if let written = spellings[team.lowercased()] {
        return "team \"\(team)\" is written \(written) in \(places[written] ?? "")"
      }
      if let near = nearest(to: team) {
        return "unknown team \"\(team)\"; did you mean \(near), as in \(places[near] ?? "")?"
      }
      if !isListed { return nil }
      return "unknown team \"\(team)\": neither device_teams, teams.default, destinations[].match.team nor "
        + "another rule names it"
    }

    /// A slip of the fingers in a word of four letters, two in one of eight; LAN and WAN are two teams.
    private func nearest(to team: String) -> String? {
      let wanted = Array(team.lowercased().utf8)
      guard wanted.count >= 4, wanted.count <= 64,
        let near = ConfigSpelling.nearest(team, in: places.keys.sorted())
      else { return nil }
      // Numbers are no slips: SITE-1 and SITE-2.
      if masked(team) == masked(near) { return nil }
      let distance = ConfigSpelling.distance(wanted, Array(near.lowercased().utf8))
      return distance <= wanted.count / 4 && distance <= 2 ? near : nil
    }

    private func masked(_ team: String) -> String {
      String(team.lowercased().map { $0.isNumber ? "0" : $0 })
    }
  }
}
