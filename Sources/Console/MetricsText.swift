import Model

/// The Prometheus text format (version 0.0.4) of DESIGN §6's metrics: base units, closed label sets.
package enum MetricsText {
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  package static func render(_ input: MetricsInput) -> [UInt8] {
    var writer = MetricsWriter()
    let accounts = input.accounts
    appendIntake(accounts, to: &writer)
    appendConnections(accounts, to: &writer)
    writer.single(
      "mutt_storms_active", .gauge, "Sources whose events are shed now, as far as there are records of them.",
      UInt64(max(0, input.stormsActive)))
    writer.single("mutt_storms_total", .counter, "Storms that have begun.", input.stormsBegun)
    appendAudit(accounts, to: &writer)
    if let months = input.auditMonths {
      writer.single(
        "mutt_audit_months_ahead", .gauge, "Months of the audit that are made beyond the current one.",
        months.ahead)
      writer.single(
        "mutt_audit_default_rows", .gauge, "Audit rows in the default partition: their month has none.",
        months.strays)
    }
    appendStore(input, to: &writer)
    appendDelivery(accounts, to: &writer)
    writer.family(
      "mutt_breaker_state", .gauge,
      "How a destination is taken: 0 closed, 1 trials are under way, 2 open, 3 held.", "destination",
      input.destinations.map { ($0.name, $0.breaker) })
    writer.family(
      "mutt_template_failures_total", .counter,
      "Alerts of which a destination's template made no JSON; the body is in the format mutt.", "destination",
      input.templateFailures)
    writer.family(
      "mutt_heartbeats_total", .counter, "Heartbeats; failed counts those that were withheld too.", "outcome",
      [("heard", accounts.heartbeats), ("failed", accounts.heartbeatsFailed)])
    appendRules(input, to: &writer)
    appendReadiness(input, to: &writer)
    writer.family(
      "mutt_http_refused_total", .counter, "HTTP requests that were not let in, by reason.", "reason",
      input.httpRefused.map { ($0.reason, $0.count) })
    writer.histogram(
      "mutt_decision_seconds", "Time from the arrival of a datagram to its decision.", accounts.toDecision)
    writer.histogram(
      "mutt_commit_seconds", "Time from the arrival of a datagram to the commit of its event.",
      accounts.toCommit)
    writer.histograms(
      "mutt_delivery_seconds",
      "Time from the arrival of a datagram to the delivery of its alert by a first attempt.", "destination",
      accounts.destinations.map { ($0.name, $0.toDelivery) })
    writer.histograms(
      "mutt_delivery_retried_seconds",
      "The same of what was delivered by a later attempt: after a failure, or replayed by hand.",
      "destination", accounts.destinations.map { ($0.name, $0.toLateDelivery) })
    return writer.bytes
  }

  private static func appendIntake(_ accounts: Accounts, to writer: inout MetricsWriter) {
    let datagrams = accounts.listeners.filter(\.isDatagram)
    writer.family(
      "mutt_datagrams_total", .counter, "Datagrams received.", "listener",
      datagrams.map { ($0.name, $0.datagrams) })
    writer.family(
      "mutt_frames_total", .counter, "Frames received over streams.", "listener",
      accounts.listeners.filter { !$0.isDatagram }.map { ($0.name, $0.frames) })
    writer.family(
      "mutt_kernel_dropped_total", .counter, "Datagrams the kernel dropped before they could be read.",
      "listener", datagrams.map { ($0.name, $0.kernelDropped) })
    writer.family(
      "mutt_discarded_total", .counter, "Datagrams that became no event, by reason.", "reason",
      DiscardReason.allCases.map { ("\($0.name)", accounts.discarded[$0.rawValue]) })
    writer.family(
      "mutt_malformed_snmp_total", .counter,
      "Datagrams of a trap port that are no SNMP message, by what is wrong with them.", "fault",
      SNMPFault.allCases.map { ("\($0.name)", accounts.faults[Int($0.rawValue)]) })
    writer.family(
      "mutt_events_received_total", .counter, "Events received, by source.", "source",
      [
        ("syslog", accounts.receivedSyslog), ("trap", accounts.receivedTraps),
        ("internal", accounts.internalEvents),
      ])
    writer.family(
      "mutt_answers_total", .counter, "Datagrams sent back to senders of SNMP messages.", "kind",
      [("acknowledgement", accounts.acknowledgements.sent), ("report", accounts.reports.sent)])
    writer.family(
      "mutt_answers_lost_total", .counter, "Answers the kernel did not take.", "kind",
      [("acknowledgement", accounts.acknowledgements.lost), ("report", accounts.reports.lost)])
    writer.single(
      "mutt_snmp_engines", .gauge, "SNMPv3 engines that are known: a message of theirs was authentic.",
      accounts.engines)
    writer.single(
      "mutt_snmp_engine_evictions_total", .counter, "SNMPv3 engines forgotten for want of room.",
      accounts.engineEvictions)
    writer.single("mutt_events_matched_total", .counter, "Events a rule held for.", accounts.matched)
    writer.single("mutt_events_unmatched_total", .counter, "Events no rule held for.", accounts.unmatched)
    writer.single(
      "mutt_unmatched_templates", .gauge,
      "Kinds of unmatched events that are counted now, by host and template.", accounts.templates)
    writer.single(
      "mutt_unmatched_template_evictions_total", .counter,
      "Kinds of unmatched events forgotten within their window for want of room.", accounts.templateEvictions)
    writer.single(
      "mutt_unmatched_uncounted_total", .counter,
      "Unmatched events whose kind could not be counted: more came than could be added up.",
      accounts.templatesUncounted)
    writer.single(
      "mutt_unmatched_alerts_total", .counter, "Alerts raised because no rule took events that kept coming.",
      accounts.unmatchedAlerts)
    writer.single(
      "mutt_sighting_evictions_total", .counter,
      "Senders without a device that were forgotten, for want of room, before muttd hosts could list them.",
      accounts.sightingEvictions)
    writer.single(
      "mutt_device_sightings_failed_total", .counter,
      "How often the store did not take when devices were heard; it is asked again a minute later.",
      accounts.heardFailures)
    writer.family(
      "mutt_events_parse_total", .counter, "Events by how well they could be read.", "status",
      ParseStatus.allCases.map { ("\($0.name)", accounts.parse[Int($0.rawValue)]) })
  }

  private static func appendConnections(_ accounts: Accounts, to writer: inout MetricsWriter) {
    let streams = accounts.listeners.filter { !$0.isDatagram }
    writer.family(
      "mutt_connections_open", .gauge, "Connections that are open.", "listener",
      streams.map { ($0.name, $0.connections.open) })
    writer.family(
      "mutt_connections_accepted_total", .counter,
      "Connections that came; each is open, refused or closed.", "listener",
      streams.map { ($0.name, $0.connections.accepted) })
    writer.family(
      "mutt_connections_refused_total", .counter, "Connections turned away, by reason.",
      ["listener", "reason"],
      streams.flatMap { stream in
        RefusalReason.allCases.map {
          ([stream.name, "\($0.name)"], stream.connections.refused[$0.rawValue])
        }
      })
    writer.family(
      "mutt_connections_closed_total", .counter, "Connections that ended, by reason.",
      ["listener", "reason"],
      streams.flatMap { stream in
        ClosingReason.allCases.map { ([stream.name, "\($0.name)"], stream.connections.closed[$0.rawValue]) }
      })
    writer.family(
      "mutt_accept_failures_total", .counter,
      "Times no connection could be accepted for want of descriptors or memory.", "listener",
      streams.map { ($0.name, $0.connections.acceptFailures) })
    writer.family(
      "mutt_frames_oversized_total", .counter,
      "Frames longer than listen.tcp.max_frame, whose end was passed over.", "listener",
      streams.map { ($0.name, $0.connections.oversized) })
    writer.family(
      "mutt_tls_handshake_failures_total", .counter, "TLS handshakes that failed, by reason.",
      ["listener", "reason"],
      streams.filter(\.isTLS).flatMap { stream in
        HandshakeFault.allCases.map {
          ([stream.name, "\($0.name)"], stream.connections.handshakeFaults[$0.rawValue])
        }
      })
  }

  private static func appendAudit(_ accounts: Accounts, to writer: inout MetricsWriter) {
    writer.single(
      "mutt_audit_carried_total", .counter, "Audit rows found in the spool at start.", accounts.carried)
    writer.single("mutt_audit_rows_total", .counter, "Audit rows committed to the store.", accounts.audited)
    writer.single(
      "mutt_audit_shed_total", .counter, "Audit rows of unmatched events given up under load.",
      accounts.auditShed)
    writer.single(
      "mutt_audit_skipped_total", .counter, "Events outside audit.events.", accounts.auditSkipped)
    writer.single(
      "mutt_audit_set_aside_total", .counter, "Audit rows the store refused, kept apart.",
      accounts.auditSetAside)
    writer.single(
      "mutt_audit_pending", .gauge, "Audit rows on their way to the store.", accounts.auditPending)
  }

  /// Of the embedded store.
  private static func appendStore(_ input: MetricsInput, to writer: inout MetricsWriter) {
    writer.family(
      "mutt_audit_removed_total", .counter,
      "Old rows removed from muttd.db, by the bound that asked for it and whether a rule had won.",
      ["reason", "event"],
      input.auditRemoved.flatMap { row in
        [([row.reason, "matched"], row.matched), ([row.reason, "unmatched"], row.unmatched)]
      })
    guard let bytes = input.storeBytes else { return }
    writer.family(
      "mutt_store_bytes", .gauge,
      "What muttd.db holds, and what in it is free to be written again, bytes.", "state",
      [("used", bytes.used), ("free", bytes.free)])
  }

  private static func appendDelivery(_ accounts: Accounts, to writer: inout MetricsWriter) {
    let destinations = accounts.destinations
    writer.single(
      "mutt_forwardable_total", .counter, "Events whose handling is forwarded.", accounts.forwardable)
    writer.single(
      "mutt_unrouted_total", .counter, "Forwardable events that no destination takes.", accounts.unrouted)
    writer.single(
      "mutt_deliveries_created_total", .counter,
      "Deliveries owed: those found in the outbox at start, and one per event and destination.",
      accounts.deliveries)
    writer.family(
      "mutt_deliveries_total", .counter,
      "What became of deliveries and their attempts; retried counts attempts that will be repeated, "
        + "dead those that were given up, diverted those that went over to the fallback.",
      ["destination", "outcome"],
      destinations.flatMap { destination in
        [
          ([destination.name, "delivered"], destination.delivered),
          ([destination.name, "retried"], destination.retried),
          ([destination.name, "dead"], destination.died),
          ([destination.name, "diverted"], destination.diverted),
          ([destination.name, "purged"], destination.purged), ([destination.name, "lost"], destination.lost),
        ]
      })
    writer.family(
      "mutt_diversions_cut_total", .counter,
      "How often so much waited for a destination that is held or open that it goes over to its fallback in "
        + "several goes.", "destination",
      destinations.map { ($0.name, $0.diversionsCut) })
    writer.family(
      "mutt_outbox_pending", .gauge, "Deliveries that wait or are under way.", "destination",
      destinations.map { ($0.name, $0.pending) })
    writer.family(
      "mutt_outbox_dead", .gauge, "Deliveries that were given up and kept.", "destination",
      destinations.map { ($0.name, $0.dead) })
  }

  private static func appendRules(_ input: MetricsInput, to writer: inout MetricsWriter) {
    writer.single("mutt_rules_active", .gauge, "Rules that decide.", UInt64(input.rulesActive))
    writer.single(
      "mutt_rules_quarantined", .gauge, "Rules that cannot be used.", UInt64(input.rulesQuarantined))
    writer.header(
      "mutt_rules_reload_timestamp_seconds", .gauge, "When the rules that decide were taken; 0: never.")
    writer.sample(
      "mutt_rules_reload_timestamp_seconds", [],
      nanoseconds: input.rulesReloadedAt.isAbsent ? 0 : UInt64(max(0, input.rulesReloadedAt.nanoseconds)))
    writer.single(
      "mutt_rules_reload_failures_total", .counter, "Sets of rules that could not be taken.",
      input.rulesReloadFailures)
    writer.single(
      "mutt_rules_held_back", .gauge, "1 when the rules that were read last are not those that decide.",
      input.areRulesHeldBack ? 1 : 0)
    writer.family(
      "mutt_rule_matches_total", .counter,
      "Events a rule has won since the start; the first 500 rules to fire are named.", "rule",
      input.ruleMatches.map { ($0.rule, $0.count) })
    writer.family(
      "mutt_rule_exhausted_total", .counter,
      "Events about which PCRE2 could not say whether a rule holds, or what its labels are, by reason.",
      ["rule", "reason"], input.ruleExhaustions.map { ([$0.rule, $0.reason], $0.count) })
    writer.single(
      "mutt_store_up", .gauge, "1 when the store can be reached.", input.storeIsUp ? 1 : 0)
  }

  private static func appendReadiness(_ input: MetricsInput, to writer: inout MetricsWriter) {
    writer.single(
      "mutt_config_last_reload_successful", .gauge,
      "1 when the last reload that was asked for was taken, or none was.", input.lastReloadSucceeded ? 1 : 0)
    if let readiness = input.readiness {
      writer.single(
        "mutt_ready", .gauge, "1 when /readyz answers 200, degraded or not.",
        readiness.status == .failed ? 0 : 1)
      writer.family(
        "mutt_problems", .gauge, "1 when /readyz names a problem of this check.", "check",
        Readiness.checks.map { check in
          (check, readiness.problems.contains { $0.check == check } ? 1 : 0)
        })
    }
    writer.single(
      "mutt_log_dropped_total", .counter, "Lines of the log that stderr did not take.", input.logDropped)
    if let disk = input.diskFree {
      writer.family(
        "mutt_disk_free_bytes", .gauge, "Bytes the daemon may still write where its state lies.", "directory",
        [(disk.directory, disk.bytes)])
    }
  }
}
