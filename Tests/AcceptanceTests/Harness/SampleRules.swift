/// The small network that most tests talk about.
enum SampleRules {
  /// core1 is production, lab-sw1 (127.0.0.5) a development host; both have owners.
  static let yaml = #"""
    rules:
      - name: link-down
        match_type: regex
        match_string: '%LINK-3-UPDOWN: Interface (?<interface>\S+), changed state to down'
        priority: 10
        prod_handling: Page_and_ticket
        dev_handling: Ignore
        team_assignment: NETO
        key: '{host}::{rule}::{interface}'
        summary: '{host}: {interface} down'
      - name: numbered
        match_type: contains
        match_string: 'link is down'
        priority: 20
        prod_handling: Page_only
        dev_handling: Log_only
      - name: noted
        match_type: contains
        match_string: 'configured from'
        priority: 30
        prod_handling: Log_only
        dev_handling: Log_only
      - name: link-trap
        match_type: oid_prefix
        trap_oid: 1.3.6.1.6.3.1.1.5.3
        priority: 40
        prod_handling: Ticket_only
        dev_handling: Suppress
      - name: enterprise-trap
        match_type: oid_prefix
        trap_oid: 1.3.6.1.4.1.9.9.41
        priority: 50
        prod_handling: Page_only
        dev_handling: Suppress
        team_assignment: CISCO
    development_hosts: [lab-sw1]
    device_teams: {core1: SITE-AMS, lab-sw1: LAB}
    devices:
      - {hostname: lab-sw1, addresses: [127.0.0.5]}
      - {hostname: edge7, addresses: [127.0.0.7]}

    """#

  /// A raise and its clear.
  static let downAndUp = ["down", "up"].map { word in
    """
      - name: link-\(word)
        match_type: contains
        match_string: 'link is \(word)'
        severity: \(word == "up" ? 0 : 5)
        key: '{host}::link'
        prod_handling: Page_only
        dev_handling: Log_only

    """
  }.reduce("rules:\n", +)

  /// Rules that match nothing a test sends, to make a set of a certain size.
  static func filler(_ count: Int) -> String {
    (0..<count).map { index in
      """
        - name: filler-\(index)
          match_type: \(index % 5 < 3 ? "contains" : "regex")
          match_string: '\(index % 5 < 3 ? "FILL-\(index)-NEVER" : "FILL-\(index)-[0-9]+ never (seen|heard)")'
          priority: \(1000 + index)
          prod_handling: Log_only
          dev_handling: Log_only

      """
    }.joined()
  }
}
