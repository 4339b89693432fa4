import Foundation
import Model
import TestKit
import Testing

@testable import Console

@Suite struct MetricsTextTests {
  /// Different numbers everywhere, so that a swapped pair shows.
  static func input() -> MetricsInput {
    let ledger = Ledger()
    _ = ledger.addListener(name: "udp://0.0.0.0:514", isDatagram: true)
    _ = ledger.addListener(name: "tcp://[::]:514", isDatagram: false)
    var accounts = ledger.snapshot
    accounts.listeners[0].datagrams = 101
    accounts.listeners[0].kernelDropped = 102
    accounts.listeners[1].frames = 103
    accounts.listeners[1].isTLS = true
    accounts.listeners[1].connections = connections
    accounts.receivedSyslog = 104
    accounts.receivedTraps = 105
    accounts.internalEvents = 106
    for index in 0..<6 {
      accounts.discarded[index] = 110 + UInt64(index)
      accounts.discarded[6 + index] = 220 + UInt64(index)
      accounts.parse[index] = 120 + UInt64(index)
    }
    for index in 0..<17 { accounts.faults[index] = 300 + UInt64(index) }
    accounts.acknowledgements = AnswerCounts(sent: 230, lost: 231)
    accounts.reports = AnswerCounts(sent: 232, lost: 233)
    accounts.engines = 234
    accounts.engineEvictions = 235
    (accounts.matched, accounts.unmatched) = (130, 131)
    accounts.templates = 170
    accounts.templateEvictions = 171
    accounts.sightingEvictions = 176
    accounts.heardFailures = 177
    accounts.templatesUncounted = 172
    accounts.unmatchedAlerts = 173
    accounts.heartbeats = 174
    accounts.heartbeatsFailed = 175
    accounts.carried = 132
    accounts.audited = 133
    accounts.auditPending = 134
    accounts.auditShed = 135
    accounts.auditSkipped = 136
    accounts.auditSetAside = 137
    accounts.forwardable = 138
    accounts.routed = 139
    accounts.unrouted = 140
    let index = accounts.destination("mo\"o\\g\n")
    var moog = accounts.destinations[index]
    moog.created = 150
    moog.delivered = 151
    moog.pending = 152
    moog.dead = 153
    moog.purged = 154
    moog.lost = 155
    moog.retried = 156
    (moog.diverted, moog.died, moog.diversionsCut) = (157, 158, 149)
    accounts.destinations[index] = moog
    accounts.toDecision.observe(nanoseconds: 50_000, weight: 2)
    accounts.toDecision.observe(nanoseconds: 2_000_000)
    accounts.toDecision.observe(nanoseconds: 90_000_000_001)
    var input = MetricsInput(
      accounts: accounts, rulesActive: 160, rulesQuarantined: 161,
      rulesReloadedAt: Timestamp(seconds: 1_795_227_245, nanoseconds: 913_000_000), rulesReloadFailures: 162,
      storeIsUp: true)
    (input.stormsActive, input.stormsBegun, input.areRulesHeldBack) = (166, 167, true)
    (input.auditMonths, input.storeBytes) = ((168, 169), (219, 220))
    (input.auditRemoved, input.templateFailures) = ([("max_size", 217, 218)], [("chat", 176)])
    input.ruleMatches = [("link-down", 163), ("(other)", 164)]
    input.ruleExhaustions = [("sl\"ow", "event_steps", 165)]
    input.httpRefused = [("no_token", 168), ("bad_token", 169)]
    input.readiness = readiness
    (input.lastReloadSucceeded, input.logDropped) = (false, 178)
    input.diskFree = ("/var/lib/muttd", 177)
    return input
  }

  private static var readiness: Readiness {
    var readiness = Readiness(status: .degraded, version: "0.1.0", node: 0, uptime: 1)
    readiness.problems = ["rules", "rules", "disk"].map {
      Readiness.Problem(check: $0, name: "x", state: "x", do: "x")
    }
    return readiness
  }

  private static var connections: ConnectionCounts {
    var counts = ConnectionCounts()
    counts.open = 180
    counts.accepted = 181
    counts.acceptFailures = 182
    counts.oversized = 183
    for index in 0..<3 { counts.refused[index] = 190 + UInt64(index) }
    for index in 0..<8 { counts.closed[index] = 200 + UInt64(index) }
    for index in 0..<7 { counts.handshakeFaults[index] = 210 + UInt64(index) }
    return counts
  }

  private func render(_ input: MetricsInput) -> String {
    String(decoding: MetricsText.render(input), as: UTF8.self)
  }

  @Test func everySampleIsThere() {
    let samples = render(MetricsTextTests.input()).split(separator: "\n").filter { !$0.hasPrefix("#") }
    let plain = samples.filter { !$0.contains("_seconds_") }.map(String.init)
    #expect(plain == MetricsTextTests.samples)
  }

  private static let samples = [
    "mutt_datagrams_total{listener=\"udp://0.0.0.0:514\"} 101",
    "mutt_frames_total{listener=\"tcp://[::]:514\"} 103",
    "mutt_kernel_dropped_total{listener=\"udp://0.0.0.0:514\"} 102",
    "mutt_discarded_total{reason=\"refused\"} 110", "mutt_discarded_total{reason=\"malformed_snmp\"} 111",
    "mutt_discarded_total{reason=\"not_a_notification\"} 112",
    "mutt_discarded_total{reason=\"duplicate_inform\"} 113",
    "mutt_discarded_total{reason=\"discovery\"} 114",
    "mutt_discarded_total{reason=\"storm\"} 115",
    "mutt_discarded_total{reason=\"unknown_user\"} 220",
    "mutt_discarded_total{reason=\"wrong_digest\"} 221",
    "mutt_discarded_total{reason=\"decryption_error\"} 222",
    "mutt_discarded_total{reason=\"not_in_time_window\"} 223",
    "mutt_discarded_total{reason=\"unknown_engine\"} 224",
    "mutt_discarded_total{reason=\"unsupported_security_level\"} 225",
    "mutt_malformed_snmp_total{fault=\"truncated\"} 300",
    "mutt_malformed_snmp_total{fault=\"trailing_bytes\"} 301",
    "mutt_malformed_snmp_total{fault=\"unexpected_tag\"} 302",
    "mutt_malformed_snmp_total{fault=\"indefinite_length\"} 303",
    "mutt_malformed_snmp_total{fault=\"oversized_length\"} 304",
    "mutt_malformed_snmp_total{fault=\"bad_integer\"} 305",
    "mutt_malformed_snmp_total{fault=\"negative_integer\"} 306",
    "mutt_malformed_snmp_total{fault=\"bad_object_id\"} 307",
    "mutt_malformed_snmp_total{fault=\"oversized_object_id\"} 308",
    "mutt_malformed_snmp_total{fault=\"oversized_arc\"} 309",
    "mutt_malformed_snmp_total{fault=\"too_many_varbinds\"} 310",
    "mutt_malformed_snmp_total{fault=\"unsupported_version\"} 311",
    "mutt_malformed_snmp_total{fault=\"unsupported_security_model\"} 312",
    "mutt_malformed_snmp_total{fault=\"bad_security_parameters\"} 313",
    "mutt_malformed_snmp_total{fault=\"empty_enterprise\"} 314",
    "mutt_malformed_snmp_total{fault=\"bad_generic_trap\"} 315",
    "mutt_malformed_snmp_total{fault=\"missing_trap_oid\"} 316",
    "mutt_events_received_total{source=\"syslog\"} 104",
    "mutt_events_received_total{source=\"trap\"} 105",
    "mutt_events_received_total{source=\"internal\"} 106",
    "mutt_answers_total{kind=\"acknowledgement\"} 230", "mutt_answers_total{kind=\"report\"} 232",
    "mutt_answers_lost_total{kind=\"acknowledgement\"} 231",
    "mutt_answers_lost_total{kind=\"report\"} 233", "mutt_snmp_engines 234",
    "mutt_snmp_engine_evictions_total 235",
    "mutt_events_matched_total 130", "mutt_events_unmatched_total 131",
    "mutt_unmatched_templates 170", "mutt_unmatched_template_evictions_total 171",
    "mutt_unmatched_uncounted_total 172", "mutt_unmatched_alerts_total 173",
    "mutt_sighting_evictions_total 176", "mutt_device_sightings_failed_total 177",
    "mutt_events_parse_total{status=\"rfc5424\"} 120", "mutt_events_parse_total{status=\"rfc3164\"} 121",
    "mutt_events_parse_total{status=\"loose\"} 122", "mutt_events_parse_total{status=\"unparsed\"} 123",
    "mutt_events_parse_total{status=\"trap\"} 124", "mutt_events_parse_total{status=\"internal\"} 125",
    "mutt_connections_open{listener=\"tcp://[::]:514\"} 180",
    "mutt_connections_accepted_total{listener=\"tcp://[::]:514\"} 181",
    "mutt_connections_refused_total{listener=\"tcp://[::]:514\",reason=\"limit\"} 190",
    "mutt_connections_refused_total{listener=\"tcp://[::]:514\",reason=\"address\"} 191",
    "mutt_connections_refused_total{listener=\"tcp://[::]:514\",reason=\"proxy_header\"} 192",
    "mutt_connections_closed_total{listener=\"tcp://[::]:514\",reason=\"peer\"} 200",
    "mutt_connections_closed_total{listener=\"tcp://[::]:514\",reason=\"error\"} 201",
    "mutt_connections_closed_total{listener=\"tcp://[::]:514\",reason=\"idle\"} 202",
    "mutt_connections_closed_total{listener=\"tcp://[::]:514\",reason=\"slow\"} 203",
    "mutt_connections_closed_total{listener=\"tcp://[::]:514\",reason=\"framing\"} 204",
    "mutt_connections_closed_total{listener=\"tcp://[::]:514\",reason=\"handshake\"} 205",
    "mutt_connections_closed_total{listener=\"tcp://[::]:514\",reason=\"stop\"} 206",
    "mutt_connections_closed_total{listener=\"tcp://[::]:514\",reason=\"unread\"} 207",
    "mutt_accept_failures_total{listener=\"tcp://[::]:514\"} 182",
    "mutt_frames_oversized_total{listener=\"tcp://[::]:514\"} 183",
    "mutt_tls_handshake_failures_total{listener=\"tcp://[::]:514\",reason=\"no_certificate\"} 210",
    "mutt_tls_handshake_failures_total{listener=\"tcp://[::]:514\",reason=\"bad_certificate\"} 211",
    "mutt_tls_handshake_failures_total{listener=\"tcp://[::]:514\",reason=\"rejected\"} 212",
    "mutt_tls_handshake_failures_total{listener=\"tcp://[::]:514\",reason=\"version\"} 213",
    "mutt_tls_handshake_failures_total{listener=\"tcp://[::]:514\",reason=\"not_tls\"} 214",
    "mutt_tls_handshake_failures_total{listener=\"tcp://[::]:514\",reason=\"closed\"} 215",
    "mutt_tls_handshake_failures_total{listener=\"tcp://[::]:514\",reason=\"other\"} 216",
    "mutt_storms_active 166", "mutt_storms_total 167",
    "mutt_audit_carried_total 132", "mutt_audit_rows_total 133", "mutt_audit_shed_total 135",
    "mutt_audit_skipped_total 136", "mutt_audit_set_aside_total 137", "mutt_audit_pending 134",
    "mutt_audit_months_ahead 168", "mutt_audit_default_rows 169",
    "mutt_audit_removed_total{reason=\"max_size\",event=\"matched\"} 217",
    "mutt_audit_removed_total{reason=\"max_size\",event=\"unmatched\"} 218",
    "mutt_store_bytes{state=\"used\"} 219", "mutt_store_bytes{state=\"free\"} 220",
    "mutt_forwardable_total 138", "mutt_unrouted_total 140", "mutt_deliveries_created_total 150",
    "mutt_deliveries_total{destination=\"mo\\\"o\\\\g\\n\",outcome=\"delivered\"} 151",
    "mutt_deliveries_total{destination=\"mo\\\"o\\\\g\\n\",outcome=\"retried\"} 156",
    "mutt_deliveries_total{destination=\"mo\\\"o\\\\g\\n\",outcome=\"dead\"} 158",
    "mutt_deliveries_total{destination=\"mo\\\"o\\\\g\\n\",outcome=\"diverted\"} 157",
    "mutt_deliveries_total{destination=\"mo\\\"o\\\\g\\n\",outcome=\"purged\"} 154",
    "mutt_deliveries_total{destination=\"mo\\\"o\\\\g\\n\",outcome=\"lost\"} 155",
    "mutt_diversions_cut_total{destination=\"mo\\\"o\\\\g\\n\"} 149",
    "mutt_outbox_pending{destination=\"mo\\\"o\\\\g\\n\"} 152",
    "mutt_outbox_dead{destination=\"mo\\\"o\\\\g\\n\"} 153",
    "mutt_template_failures_total{destination=\"chat\"} 176",
    "mutt_heartbeats_total{outcome=\"heard\"} 174", "mutt_heartbeats_total{outcome=\"failed\"} 175",
    "mutt_rules_active 160",
    "mutt_rules_quarantined 161", "mutt_rules_reload_timestamp_seconds 1795227245.913000000",
    "mutt_rules_reload_failures_total 162", "mutt_rules_held_back 1",
    "mutt_rule_matches_total{rule=\"link-down\"} 163",
    "mutt_rule_matches_total{rule=\"(other)\"} 164",
    "mutt_rule_exhausted_total{rule=\"sl\\\"ow\",reason=\"event_steps\"} 165", "mutt_store_up 1",
    "mutt_config_last_reload_successful 0", "mutt_ready 1",
    "mutt_problems{check=\"intake\"} 0", "mutt_problems{check=\"storm\"} 0",
    "mutt_problems{check=\"rules\"} 1", "mutt_problems{check=\"config\"} 0",
    "mutt_problems{check=\"outbox\"} 0", "mutt_problems{check=\"store\"} 0",
    "mutt_problems{check=\"destination\"} 0", "mutt_problems{check=\"disk\"} 1",
    "mutt_log_dropped_total 178",
    "mutt_disk_free_bytes{directory=\"/var/lib/muttd\"} 177",
    "mutt_http_refused_total{reason=\"no_token\"} 168", "mutt_http_refused_total{reason=\"bad_token\"} 169",
  ]

  @Test func histogramsAreCumulative() {
    let samples = render(MetricsTextTests.input()).split(separator: "\n").filter {
      $0.hasPrefix("mutt_decision_seconds")
    }
    let expected: [(String, Int)] = [
      ("0.0001", 2), ("0.00025", 2), ("0.0005", 2), ("0.001", 2), ("0.0025", 3), ("0.005", 3), ("0.01", 3),
      ("0.025", 3), ("0.05", 3), ("0.1", 3), ("0.25", 3), ("0.5", 3), ("1", 3), ("2.5", 3), ("5", 3),
      ("10", 3),
      ("60", 3), ("+Inf", 4),
    ]
    let buckets = expected.map { "mutt_decision_seconds_bucket{le=\"\($0.0)\"} \($0.1)" }
    #expect(
      samples.map(String.init) == buckets + [
        "mutt_decision_seconds_sum 90.002100001", "mutt_decision_seconds_count 4",
      ])
  }

  @Test func deliveriesAreMeasuredByDestinationAndByWhetherTheyWereRetried() {
    var accounts = Accounts()
    for (name, first, late) in [("moog", 2_000_000, 90_000_000_000), ("pager", 700_000, 0)]
      as [(String, Int64, Int64)]
    {
      let index = accounts.destination(name)
      accounts.destinations[index].toDelivery.observe(nanoseconds: first)
      if late > 0 { accounts.destinations[index].toLateDelivery.observe(nanoseconds: late) }
    }
    let lines = Set(render(MetricsInput(accounts: accounts)).split(separator: "\n").map(String.init))
    for line in [
      "mutt_delivery_seconds_bucket{destination=\"moog\",le=\"0.001\"} 0",
      "mutt_delivery_seconds_bucket{destination=\"moog\",le=\"0.0025\"} 1",
      "mutt_delivery_seconds_count{destination=\"moog\"} 1",
      "mutt_delivery_seconds_bucket{destination=\"pager\",le=\"0.001\"} 1",
      "mutt_delivery_retried_seconds_bucket{destination=\"moog\",le=\"60\"} 0",
      "mutt_delivery_retried_seconds_sum{destination=\"moog\"} 90",
      "mutt_delivery_retried_seconds_count{destination=\"pager\"} 0",
    ] { #expect(lines.contains(line), "\(line)") }
  }

  @Test func everyFamilyHasHelpAndTypeOnce() {
    let lines = render(MetricsTextTests.input()).split(separator: "\n")
    let helped = lines.filter { $0.hasPrefix("# HELP ") }.map { $0.split(separator: " ")[2] }
    let typed = lines.filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] }
    #expect(helped == typed)
    #expect(Set(helped).count == helped.count)
  }

  @Test func anEmptyProcessHasNoHalfFamilies() {
    let text = render(MetricsInput(accounts: Accounts()))
    #expect(text.contains("mutt_rules_reload_timestamp_seconds 0\n"))
    #expect(text.contains("mutt_rules_held_back 0\n"))
    #expect(text.contains("mutt_store_up 0\n"))
    #expect(!text.contains("mutt_frames_total"))
    #expect(!text.contains("mutt_outbox_pending"))
    #expect(!text.contains("mutt_audit_months_ahead"))
    #expect(!text.contains("mutt_audit_removed_total"))
    #expect(!text.contains("mutt_store_bytes"))
  }

  @Test(arguments: [true, false]) func promtoolFindsNothing(full: Bool) throws {
    let bytes = MetricsText.render(full ? MetricsTextTests.input() : MetricsInput(accounts: Accounts()))
    let directory = TemporaryDirectory()
    try Data(bytes).write(to: URL(filePath: directory.file("metrics")))
    let (status, found) = try Program.shell("promtool check metrics <'\(directory.file("metrics"))'")
    #expect(found == "")
    #expect(status == 0)
  }
}
