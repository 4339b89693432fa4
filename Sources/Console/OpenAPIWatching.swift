extension OpenAPI {
  /// What is answered about packets that become no event, about what no rule takes, and to those who watch:
  /// the end of `components`.
  static let watching = #"""
        Discarded:
          description: What becomes of a packet that is no event; nothing remains of it but this count.
          type: object
          additionalProperties: false
          required: [discarded, reason, counter, bytes, source_ip]
          properties:
            discarded: {enum: [malformed_snmp, not_a_notification, unknown_user]}
            reason: {type: string}
            counter: {type: string}
            bytes: {type: integer}
            source_ip: {type: [string, 'null']}
        UnmatchedKind:
          type: object
          additionalProperties: false
          required: [id, count, total, first_at, last_at, source, severity, host, source_ip, template,
            trap_oid, sample, alert, alert_at]
          properties:
            id: {$ref: '#/components/schemas/KindId'}
            count: {type: integer}
            total: {type: integer}
            first_at: {type: [string, 'null'], format: date-time}
            last_at: {type: [string, 'null'], format: date-time}
            source: {type: string}
            severity: {type: [string, 'null']}
            host: {type: string}
            source_ip: {type: [string, 'null']}
            template: {type: string}
            trap_oid: {type: [string, 'null']}
            sample: {type: string}
            alert: {enum: [raised, waiting, summary, null]}
            alert_at: {type: [string, 'null'], format: date-time}
        IgnoredKind:
          type: object
          additionalProperties: false
          required: [id, everywhere, host, template, since, by, reason]
          properties:
            id: {$ref: '#/components/schemas/KindId'}
            everywhere: {type: boolean}
            host: {type: [string, 'null']}
            template: {type: string}
            since: {type: string, format: date-time}
            by: {type: string}
            reason: {type: [string, 'null']}
        KindId:
          type: string
          pattern: '^[0-9a-f]{16}$'
        UnmatchedPage:
          type: object
          additionalProperties: false
          required: [items, next]
          properties:
            items: {type: array, items: {$ref: '#/components/schemas/UnmatchedKind'}}
            next: {$ref: '#/components/schemas/Next'}
        IgnoredPage:
          type: object
          additionalProperties: false
          required: [items, next]
          properties:
            items: {type: array, items: {$ref: '#/components/schemas/IgnoredKind'}}
            next: {$ref: '#/components/schemas/Next'}
        Decision:
          type: object
          additionalProperties: false
          required: [id, time, host, source, source_ip, severity, rule, handling, environment, team, forward,
            text, cut]
          properties:
            id: {$ref: '#/components/schemas/EventId'}
            time: {type: string, format: date-time}
            host: {type: [string, 'null']}
            source: {type: string}
            source_ip: {type: [string, 'null']}
            severity: {type: [integer, 'null']}
            rule: {type: [string, 'null']}
            handling: {type: [string, 'null']}
            environment: {type: string}
            team: {type: [string, 'null']}
            forward: {type: boolean}
            text: {type: [string, 'null']}
            cut: {type: boolean}
        Missed:
          type: object
          additionalProperties: false
          required: [dropped, skipped]
          properties:
            dropped: {type: integer}
            skipped: {type: integer}

    """#
}
