import Model

/// What the demo plays: rules as anybody would write them, and a dozen events that meet them.
enum VerbDemoStory {
  enum Packet: Sendable {
    case syslog(host: String, severity: Int, app: String?, text: String)
    case trap(address: IPAddress, name: String, varbinds: [String])
  }

  struct Scene: Sendable {
    /// What this is to show.
    var title: String
    var packet: Packet
  }

  static let rules = #"""
    rules:
      - name: link-down
        match_type: regex
        match_string: '%LINK-3-UPDOWN: Interface (?<interface>\S+), changed state to down'
        priority: 10
        prod_handling: Page_and_ticket
        dev_handling: Ignore
        team_assignment: NETO
        severity: 4
        key: '{host}::{rule}::{interface}'
        summary: '{host}: {interface} down'
      - name: bgp-neighbor-down
        match_type: regex
        match_string: '%BGP-5-ADJCHANGE: neighbor (?<neighbor>\S+) Down'
        priority: 20
        prod_handling: Page_and_ticket
        dev_handling: Log_only
        severity: 5
        key: '{host}::{rule}::{neighbor}'
        summary: '{host}: BGP neighbor {neighbor} down'
      - name: link-down-trap
        match_type: oid_prefix
        trap_oid: 1.3.6.1.6.3.1.1.5.3
        priority: 30
        prod_handling: Page_and_ticket
        dev_handling: Ignore
        severity: 4
        key: '{host}::{rule}::{ifIndex}'
        summary: '{host}: interface {ifIndex} down'
      - name: cold-start-trap
        match_type: oid_prefix
        trap_oid: 1.3.6.1.6.3.1.1.5.1
        priority: 40
        prod_handling: Ticket_only
        dev_handling: Log_only
        summary: '{host} restarted'
      - name: auth-failure
        match_type: contains
        match_string: authentication failure
        priority: 50
        prod_handling: Ticket_only
        dev_handling: Log_only
        team_assignment: SECOPS
        severity: 3
      - name: config-changed
        match_type: contains
        match_string: '%SYS-5-CONFIG_I'
        priority: 100
        prod_handling: Log_only
        dev_handling: Ignore
    development_hosts: [lab-sw1]
    device_teams: {core1: NETO, edge1: WAN, fw1: SECOPS, lab-sw1: LAB}
    devices:
      - {hostname: core1, addresses: [192.0.2.1]}
      - {hostname: edge1, addresses: [192.0.2.2]}
      - {hostname: lab-sw1, addresses: [192.0.2.100]}

    """#

  static let scenes: [Scene] = [
    Scene(
      title: "A link goes down: somebody is paged.",
      packet: .syslog(
        host: "core1", severity: 3, app: nil,
        text: "%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down")),
    Scene(
      title: "Another link of the same device: another signature, so it does not vanish behind the first.",
      packet: .syslog(
        host: "core1", severity: 3, app: nil,
        text: "%LINK-3-UPDOWN: Interface GigabitEthernet0/2, changed state to down")),
    Scene(
      title: "The same in the laboratory: a development host, ignored.",
      packet: .syslog(
        host: "lab-sw1", severity: 3, app: nil,
        text: "%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down")),
    Scene(
      title: "It comes up again: no rule wants to know.",
      packet: .syslog(
        host: "core1", severity: 5, app: nil,
        text: "%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to up")),
    Scene(
      title: "A rule without a team: the device's owner gets it.",
      packet: .syslog(
        host: "edge1", severity: 5, app: nil,
        text: "%BGP-5-ADJCHANGE: neighbor 192.0.2.9 Down BGP Notification sent")),
    Scene(
      title: "A trap, sent for the device at 192.0.2.1: devices knows its name.",
      packet: .trap(
        address: IPAddress(v4: 192, 0, 2, 1), name: "linkDown",
        varbinds: ["ifIndex.3=i:3", "ifDescr.3=s:GigabitEthernet0/3", "ifOperStatus.3=i:2"])),
    Scene(
      title: "A trap of the laboratory switch.",
      packet: .trap(
        address: IPAddress(v4: 192, 0, 2, 100), name: "linkDown", varbinds: ["ifIndex.7=i:7"])),
    Scene(
      title: "A device restarted.",
      packet: .trap(address: IPAddress(v4: 192, 0, 2, 2), name: "coldStart", varbinds: [])),
    Scene(
      title: "Plain text from a host nobody has heard of: a ticket for the security team.",
      packet: .syslog(
        host: "web7", severity: 4, app: "sshd",
        text: "pam_unix(sshd:auth): authentication failure; rhost=192.0.2.66")),
    Scene(
      title: "A change of configuration: kept in the audit, no alert.",
      packet: .syslog(
        host: "core1", severity: 5, app: nil, text: "%SYS-5-CONFIG_I: Configured from console by ops on vty0")
    ),
    Scene(
      title: "Chatter.",
      packet: .syslog(host: "fw1", severity: 6, app: "dhcpd", text: "DHCPACK on 192.0.2.77")),
    Scene(
      title: "And the last one out.",
      packet: .syslog(
        host: "edge1", severity: 5, app: nil,
        text: "%BGP-5-ADJCHANGE: neighbor 192.0.2.11 Down Peer closed")),
  ]
}
