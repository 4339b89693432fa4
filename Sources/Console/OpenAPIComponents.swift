extension OpenAPI {
  /// What is answered.
  static let components = #"""
    components:
      securitySchemes:
        token:
          type: http
          scheme: bearer
          description: >
            A token of the file that http.tokens names. Without that file only loopback listens, and no token
            is asked for.
      parameters:
        limit:
          name: limit
          in: query
          description: Items of a page at the most.
          schema: {type: integer, minimum: 1, maximum: 500, default: 100}
        cursor:
          name: cursor
          in: query
          description: The next of the page before.
          schema: {$ref: '#/components/schemas/EventId'}
        ruleCursor:
          name: cursor
          in: query
          description: The next of the page before.
          schema: {type: string, pattern: '^-?[0-9]{1,9}\.[0-9]{1,18}$'}
        kindCursor:
          name: cursor
          in: query
          description: The next of the page before.
          schema: {type: string, pattern: '^[0-9]{1,19}-[0-9a-f]{16}$'}
        hostCursor:
          name: cursor
          in: query
          description: The next of the page before.
          schema: {$ref: '#/components/schemas/Word'}
        since:
          name: since
          in: query
          description: From this time on.
          schema: {type: string, format: date-time}
        until:
          name: until
          in: query
          description: Before this time.
          schema: {type: string, format: date-time}
      responses:
        Problem:
          description: What went wrong, and what to do.
          content:
            application/problem+json:
              schema: {$ref: '#/components/schemas/Problem'}
      schemas:
        Word: {type: string, minLength: 1, maxLength: 255, pattern: '^[^\x00-\x1F\x7F]+$'}
        EventId: {type: string, pattern: '^[0-9]{1,19}$'}
        Address:
          description: Of the sender.
          oneOf: [{type: string, format: ipv4}, {type: string, format: ipv6}]
        Arrival:
          description: When it came; now when it is left out.
          type: string
          format: date-time
          pattern: '^(19|20|21)[0-9]{2}-'
        Next:
          description: The cursor of the page behind this one; null at the end.
          type: [string, 'null']
        Problem:
          type: object
          additionalProperties: false
          required: [type, title, status, detail, do]
          properties:
            type: {type: string, format: uri}
            title: {type: string}
            status: {type: integer}
            detail: {type: string}
            do: {type: string}
        Event:
          type: object
          additionalProperties: false
          required: [id, event_timestamp, received_at, hostname, matched_rule_id, rule, rule_version,
            handling_decision, forwarded_to_moog, source, source_addr, severity, environment,
            team_assignment, device_team, parse, host_from, clock, raw_message, attrs]
          properties:
            id: {$ref: '#/components/schemas/EventId'}
            event_timestamp: {type: string, format: date-time}
            received_at: {type: [string, 'null'], format: date-time}
            hostname: {type: [string, 'null']}
            matched_rule_id: {type: [integer, 'null']}
            rule: {type: [string, 'null']}
            rule_version: {type: [integer, 'null']}
            handling_decision: {type: [string, 'null']}
            forwarded_to_moog: {type: boolean}
            source: {type: [string, 'null']}
            source_addr: {type: [string, 'null']}
            severity: {type: [integer, 'null']}
            environment: {type: [string, 'null']}
            team_assignment: {type: [string, 'null']}
            device_team: {type: [string, 'null']}
            parse: {type: [string, 'null']}
            host_from: {type: [string, 'null']}
            clock: {type: [string, 'null']}
            raw_message: {type: [string, 'null']}
            attrs: {type: [object, 'null']}
        Change:
          type: object
          additionalProperties: false
          required: [id, changed_at, changed_by, operation, table_name, record_id, record_key, reason,
            correlation_id, version, changes, old_values, new_values]
          properties:
            id: {type: integer}
            changed_at: {type: string, format: date-time}
            changed_by: {type: string}
            operation: {enum: [CREATE, UPDATE, DELETE]}
            table_name: {type: string}
            record_id: {type: [integer, 'null']}
            record_key: {type: [string, 'null']}
            reason: {type: [string, 'null']}
            correlation_id: {type: [string, 'null']}
            version: {type: [integer, 'null']}
            changes: {type: array, items: {$ref: '#/components/schemas/ChangedColumn'}}
            old_values: {type: [object, 'null']}
            new_values: {type: [object, 'null']}
        ChangedColumn:
          type: object
          additionalProperties: false
          required: [column, old, new]
          properties:
            column: {type: string}
            old: {}
            new: {}
        Rule:
          type: object
          additionalProperties: false
          required: [id, name, match_type, match_string, trap_oid, syslog_severity, priority, prod_handling,
            dev_handling, team_assignment, is_active, description, severity, key, summary, doc_url, tags,
            examples, version, updated_at, updated_by, quarantined, hits, last_fired_at]
          properties:
            id: {type: integer}
            name: {type: string}
            match_type: {enum: [contains, regex, oid_prefix]}
            match_string: {type: [string, 'null']}
            trap_oid: {type: [string, 'null']}
            syslog_severity: {type: [integer, 'null']}
            priority: {type: integer}
            prod_handling: {type: string}
            dev_handling: {type: string}
            team_assignment: {type: [string, 'null']}
            is_active: {type: boolean}
            description: {type: [string, 'null']}
            severity: {type: [integer, 'null']}
            key: {type: [string, 'null']}
            summary: {type: [string, 'null']}
            doc_url: {type: [string, 'null']}
            tags: {type: array, items: {type: string}}
            examples: {$ref: '#/components/schemas/Examples'}
            version: {type: integer}
            updated_at: {type: [string, 'null'], format: date-time}
            updated_by: {type: [string, 'null']}
            quarantined: {type: [string, 'null']}
            hits: {type: [integer, 'null']}
            last_fired_at: {type: [string, 'null'], format: date-time}
        Examples:
          type: object
          additionalProperties: false
          required: [match, no_match]
          properties:
            match: {type: array, items: {type: string}}
            no_match: {type: array, items: {type: string}}
        Host:
          type: object
          additionalProperties: false
          required: [hostname]
          properties:
            hostname: {type: string}
        Team:
          type: object
          additionalProperties: false
          required: [hostname, team_assignment]
          properties:
            hostname: {type: string}
            team_assignment: {type: string}
        Device:
          type: object
          additionalProperties: false
          required: [hostname, addresses, first_seen_at, last_seen_at, attrs]
          properties:
            hostname: {type: string}
            addresses: {type: array, items: {type: string}}
            first_seen_at: {type: [string, 'null'], format: date-time}
            last_seen_at: {type: [string, 'null'], format: date-time}
            attrs: {type: [object, 'null']}
        Delivery:
          type: object
          additionalProperties: false
          required: [id, event_id, event_timestamp, destination, state, host, rule, handling, signature,
            created_at, attempts, next_attempt_at, last_status, last_error, came_from]
          properties:
            id: {type: integer}
            event_id: {$ref: '#/components/schemas/EventId'}
            event_timestamp: {type: string, format: date-time}
            destination: {type: string}
            state: {enum: [pending, dead]}
            host: {type: string}
            rule: {type: string}
            handling: {type: string}
            signature: {type: string}
            created_at: {type: string, format: date-time}
            attempts: {type: integer}
            next_attempt_at: {type: [string, 'null'], format: date-time}
            last_status: {type: [integer, 'null']}
            last_error: {type: [string, 'null']}
            came_from: {type: [string, 'null']}
        Destination:
          type: object
          additionalProperties: false
          required: [name, format, url, match, fallback, rate, pending, dead, delivered, state, since, reason]
          properties:
            name: {type: string}
            format: {type: string}
            url: {type: string}
            match: {type: string}
            fallback: {type: [string, 'null']}
            rate: {type: [string, 'null']}
            pending: {type: integer}
            dead: {type: integer}
            delivered: {type: integer}
            state: {$ref: '#/components/schemas/DestinationState'}
            since: {type: [string, 'null'], format: date-time}
            reason: {type: [string, 'null']}
        DestinationState: {enum: [works, failing, open, held]}
        EventPage:
          type: object
          additionalProperties: false
          required: [items, next]
          properties:
            items: {type: array, items: {$ref: '#/components/schemas/Event'}}
            next: {$ref: '#/components/schemas/Next'}
        ChangePage:
          type: object
          additionalProperties: false
          required: [items, next]
          properties:
            items: {type: array, items: {$ref: '#/components/schemas/Change'}}
            next: {$ref: '#/components/schemas/Next'}
        RulePage:
          type: object
          additionalProperties: false
          required: [items, next]
          properties:
            items: {type: array, items: {$ref: '#/components/schemas/Rule'}}
            next: {$ref: '#/components/schemas/Next'}
        HostPage:
          type: object
          additionalProperties: false
          required: [items, next]
          properties:
            items: {type: array, items: {$ref: '#/components/schemas/Host'}}
            next: {$ref: '#/components/schemas/Next'}
        TeamPage:
          type: object
          additionalProperties: false
          required: [items, next]
          properties:
            items: {type: array, items: {$ref: '#/components/schemas/Team'}}
            next: {$ref: '#/components/schemas/Next'}
        DevicePage:
          type: object
          additionalProperties: false
          required: [items, next]
          properties:
            items: {type: array, items: {$ref: '#/components/schemas/Device'}}
            next: {$ref: '#/components/schemas/Next'}
        DeliveryPage:
          type: object
          additionalProperties: false
          required: [items, next]
          properties:
            items: {type: array, items: {$ref: '#/components/schemas/Delivery'}}
            next: {$ref: '#/components/schemas/Next'}
        Destinations:
          type: object
          additionalProperties: false
          required: [items]
          properties:
            items: {type: array, items: {$ref: '#/components/schemas/Destination'}}
        Question:
          description: One of message and trap.
          type: object
          additionalProperties: false
          oneOf:
            - {required: [message]}
            - {required: [trap]}
          properties:
            message: {type: string, minLength: 1, description: A syslog message as it stands in the datagram.}
            trap: {type: string, pattern: '^([0-9a-fA-F]{2})+$', description: The SNMP packet in hexadecimal.}
            from: {$ref: '#/components/schemas/Address'}
            arrival: {$ref: '#/components/schemas/Arrival'}
        Explanation:
          type: object
          additionalProperties: false
          required: [event_id, source, parse, bytes, truncated, source_ip, event_timestamp, received_at,
            clock, zone_assumed, zone, zone_key, claim, hostname, host_from, host_reason, severity, message,
            trap_oid, template, template_counted, rule_id, rule, rule_version, handling, forward,
            environment, environment_reason, team, team_from, device_team, teams, alert_severity,
            severity_from, signature, summary, labels, rules, routes, stored, deliveries,
            rule_changes, repaired]
          properties:
            event_id: {oneOf: [{$ref: '#/components/schemas/EventId'}, {type: 'null'}]}
            source: {type: string}
            parse: {type: string}
            bytes: {type: integer}
            truncated: {type: boolean}
            repaired: {type: boolean}
            source_ip: {type: [string, 'null']}
            event_timestamp: {type: [string, 'null'], format: date-time}
            received_at: {type: [string, 'null'], format: date-time}
            clock: {type: string}
            zone_assumed: {type: [string, 'null']}
            zone: {type: [string, 'null']}
            zone_key: {type: [string, 'null']}
            claim: {type: [string, 'null']}
            hostname: {type: [string, 'null']}
            host_from: {type: string}
            host_reason: {type: string}
            severity: {type: [integer, 'null']}
            message: {type: [string, 'null']}
            trap_oid: {type: [string, 'null']}
            template: {type: [string, 'null']}
            template_counted: {type: boolean}
            rule_id: {type: [integer, 'null']}
            rule: {type: [string, 'null']}
            rule_version: {type: [integer, 'null']}
            handling: {type: [string, 'null']}
            forward: {type: boolean}
            environment: {type: string}
            environment_reason: {type: string}
            team: {type: [string, 'null']}
            team_from: {type: string}
            device_team: {type: [string, 'null']}
            teams: {type: array, items: {$ref: '#/components/schemas/TeamStep'}}
            alert_severity: {type: [integer, 'null']}
            severity_from: {type: [string, 'null']}
            signature: {type: [string, 'null']}
            summary: {type: [string, 'null']}
            labels: {type: [object, 'null']}
            rules: {type: array, items: {$ref: '#/components/schemas/RuleVerdict'}}
            rules_left_out: {type: integer, description: Verdicts beyond 4 MiB; never the winner's.}
            routes: {type: array, items: {$ref: '#/components/schemas/Route'}}
            stored: {oneOf: [{$ref: '#/components/schemas/Event'}, {type: 'null'}]}
            rule_changes: {type: array, items: {$ref: '#/components/schemas/Change'}}
            deliveries: {type: array, items: {$ref: '#/components/schemas/Delivery'}}
        TeamStep:
          type: object
          additionalProperties: false
          required: [source, team]
          properties:
            source: {type: string}
            team: {type: [string, 'null']}
        RuleVerdict:
          type: object
          additionalProperties: false
          required: [priority, id, rule, match_type, verdict, detail, text, compared]
          properties:
            priority: {type: integer}
            id: {type: integer}
            rule: {type: string}
            match_type: {type: [string, 'null']}
            verdict: {enum: [won, holds_same_priority, holds_later, does_not_hold, quarantined]}
            detail: {type: [string, 'null']}
            text: {type: string}
            compared: {type: array, items: {$ref: '#/components/schemas/Comparison'}}
        Comparison:
          type: object
          additionalProperties: false
          required: [part, wants, has, holds]
          properties:
            part: {enum: [text, severity, trap_oid]}
            wants: {type: string}
            has: {type: [string, 'null']}
            holds: {type: boolean}
        Route:
          type: object
          additionalProperties: false
          required: [destination, taken, reason]
          properties:
            destination: {type: string}
            taken: {type: boolean}
            reason: {type: [string, 'null']}
        Status:
          type: object
          additionalProperties: false
          required: [readiness, time, reload, rates, accounts, discarded, listeners, queues, destinations,
            rules]
          properties:
            readiness: {$ref: '#/components/schemas/Readiness'}
            time: {type: string, format: date-time}
            reload: {$ref: '#/components/schemas/Reload'}
            rates: {$ref: '#/components/schemas/Counts'}
            accounts: {$ref: '#/components/schemas/Counts'}
            discarded: {$ref: '#/components/schemas/Counts'}
            listeners: {type: array, items: {$ref: '#/components/schemas/Listener'}}
            queues: {$ref: '#/components/schemas/Queues'}
            destinations: {type: array, items: {$ref: '#/components/schemas/DestinationStatus'}}
            rules: {type: array, items: {$ref: '#/components/schemas/RuleCount'}}
        Readiness:
          description: The answer of /readyz.
          type: object
          required: [status, version, node, uptime_s, problems, intake, rules, store, outbox, disk]
          properties:
            status: {enum: [ok, degraded, failed]}
            version: {type: string}
            node: {type: integer}
            uptime_s: {type: integer}
            problems: {type: array, items: {$ref: '#/components/schemas/ReadinessProblem'}}
            problems_left_out: {type: integer}
            intake: {type: object}
            rules: {type: object}
            store: {type: object}
            outbox: {type: object}
            disk: {type: object}
        Reload:
          description: >
            What became of the reloads that were asked for: result is that of the newest up to answered, null
            before the first. partly: the configuration was taken, the store could not be asked for the rules.
            reason is why it was not taken, or not whole; of one that was taken, which rules can never win.
          type: object
          additionalProperties: false
          required: [asked, answered, result, at, reason]
          properties:
            asked: {type: integer}
            answered: {type: integer}
            result: {enum: [taken, partly, refused, null]}
            at: {type: [string, 'null'], format: date-time}
            reason: {type: [string, 'null']}
        Counts:
          description: Counters, or rates a second with over_s, the seconds they speak of.
          type: object
          additionalProperties: {type: integer}
        ReadinessProblem:
          type: object
          additionalProperties: false
          required: [check, name, state, do]
          properties:
            check: {type: string}
            name: {type: string}
            state: {type: string}
            since: {type: string, format: date-time}
            reason: {type: string}
            pending: {type: integer}
            oldest_s: {type: integer}
            do: {type: string}
        Listener:
          type: object
          additionalProperties: false
          required: [name, listening, datagrams, frames, kernel_dropped, connections_open]
          properties:
            name: {type: string}
            listening:
              description: False once a reload has closed it; what it has counted stays.
              type: boolean
            datagrams: {type: [integer, 'null']}
            frames: {type: [integer, 'null']}
            kernel_dropped: {type: integer}
            connections_open: {type: [integer, 'null']}
        Queues:
          type: object
          additionalProperties: false
          required: [recorder_percent, store_percent, sheds_from_severity]
          properties:
            recorder_percent: {type: integer}
            store_percent: {type: integer}
            sheds_from_severity: {type: [integer, 'null']}
        DestinationStatus:
          type: object
          additionalProperties: false
          required: [name, state, since, reason, pending, dead, delivered]
          properties:
            name: {type: string}
            state: {$ref: '#/components/schemas/DestinationState'}
            since: {type: [string, 'null'], format: date-time}
            reason: {type: [string, 'null']}
            pending: {type: integer}
            dead: {type: integer}
            delivered: {type: integer}
        RuleCount:
          type: object
          additionalProperties: false
          required: [name, matches]
          properties:
            name: {type: string}
            matches: {type: integer}

    """#
}
