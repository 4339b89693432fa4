import Model

/// What the demo plays: rules as anybody would write them, events that meet them, and what comes while nobody
/// takes alerts. Every line of it fits a terminal of 80 columns.
enum VerbDemoStory {
  enum Packet: Sendable {
    case syslog(host: String, severity: Int, app: String?, text: String)
    case trap(address: IPAddress, name: String, varbinds: [String])
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
      - name: link-trap
        match_type: oid_prefix
        trap_oid: 1.3.6.1.6.3.1.1.5.3
        priority: 30
        prod_handling: Page_and_ticket
        dev_handling: Ignore
        severity: 4
        key: '{host}::{rule}::{ifIndex}'
        summary: '{host}: interface {ifIndex} down'
      - name: auth-failure
        match_type: contains
        match_string: authentication failure
        priority: 50
        prod_handling: Ticket_only
        dev_handling: Log_only
        team_assignment: SECOPS
        severity: 3
    development_hosts: [lab1]
    device_teams: {core1: NETO, lab1: LAB}
    devices:
      - {hostname: core1, addresses: [192.0.2.1]}

    """#

  static let scenes: [Packet] = [
    // A link goes down: somebody is paged.
    .syslog(
      host: "core1", severity: 3, app: nil,
      text: "%LINK-3-UPDOWN: Interface Gi0/1, changed state to down"),
    // The same in the laboratory, on a development host.
    .syslog(
      host: "lab1", severity: 3, app: nil,
      text: "%LINK-3-UPDOWN: Interface Gi0/1, changed state to down"),
    // A trap for an address that `devices` has a name for.
    .trap(
      address: IPAddress(v4: 192, 0, 2, 1), name: "linkDown",
      varbinds: ["ifIndex.3=i:3", "ifOperStatus.3=i:2"]),
    // Plain text from a host nobody has heard of: a ticket for the security team.
    .syslog(
      host: "web7", severity: 4, app: "sshd", text: "authentication failure for root"),
    // Chatter.
    .syslog(host: "fw1", severity: 6, app: "dhcpd", text: "DHCPACK on 192.0.2.77"),
  ]

  /// What happens while the web hook is dead.
  static let outage: [Packet] = (2...4).map { number in
    .syslog(
      host: "core1", severity: 3, app: nil,
      text: "%LINK-3-UPDOWN: Interface Gi0/\(number), changed state to down")
  }
}
