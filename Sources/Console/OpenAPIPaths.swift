extension OpenAPI {
  /// What can be asked.
  static let paths = #"""
    openapi: 3.1.0
    info:
      title: muttd
      version: '1'
      summary: What the daemon received, decided and sent, and how it is doing. Read-only.
      description: >
        Lists come in pages: `next` of a page is the `cursor` of the page behind it, null at the end. A page
        may hold fewer items than `limit` although there are more. Errors are problem details (RFC 9457) with
        a member `do`: what to do now. Parameters that a path does not know are refused. HEAD is answered as
        GET, without the body; other methods with 405 and `Allow`. 421: without tokens, when the Host header
        names neither localhost nor a loopback address. Whoever takes longer than 15 s for a request is
        closed without an answer.
      license: {name: See LICENSE, identifier: Apache-2.0}
    servers:
      - {url: /}
    security:
      - {}
      - token: []
    tags:
      - {name: audit, description: What was received and decided.}
      - {name: rules, description: What people maintain.}
      - {name: way-out, description: What is owed to receivers.}
      - {name: daemon, description: How it is doing.}
    paths:
      /api/v1/events:
        get:
          operationId: listEvents
          tags: [audit]
          summary: Events of the audit, newest first.
          parameters:
            - name: host
              in: query
              description: Without regard to case.
              schema: {$ref: '#/components/schemas/Word'}
            - name: rule
              in: query
              description: Name or id of the rule that won.
              schema: {$ref: '#/components/schemas/Word'}
            - name: handling
              in: query
              description: Without regard to case; unmatched for events that no rule won.
              schema: {$ref: '#/components/schemas/Word'}
            - {$ref: '#/components/parameters/since'}
            - {$ref: '#/components/parameters/until'}
            - name: text
              in: query
              description: A part of raw_message.
              schema: {$ref: '#/components/schemas/Word'}
            - {$ref: '#/components/parameters/limit'}
            - {$ref: '#/components/parameters/cursor'}
          responses:
            '200':
              description: Found.
              content:
                application/json:
                  schema: {$ref: '#/components/schemas/EventPage'}
            '400': {$ref: '#/components/responses/Problem'}
            '401': {$ref: '#/components/responses/Problem'}
            '421': {$ref: '#/components/responses/Problem'}
            '429': {$ref: '#/components/responses/Problem'}
            '503': {$ref: '#/components/responses/Problem'}
      /api/v1/events/{id}:
        get:
          operationId: getEvent
          tags: [audit]
          summary: One event.
          parameters:
            - name: id
              in: path
              required: true
              description: Event id.
              schema: {$ref: '#/components/schemas/EventId'}
          responses:
            '200':
              description: Found.
              content:
                application/json:
                  schema: {$ref: '#/components/schemas/Event'}
            '400': {$ref: '#/components/responses/Problem'}
            '401': {$ref: '#/components/responses/Problem'}
            '404': {$ref: '#/components/responses/Problem'}
            '421': {$ref: '#/components/responses/Problem'}
            '429': {$ref: '#/components/responses/Problem'}
            '503': {$ref: '#/components/responses/Problem'}
      /api/v1/config-changes:
        get:
          operationId: listChanges
          tags: [audit]
          summary: Who changed what, newest first.
          parameters:
            - name: table
              in: query
              description: The table that was changed.
              schema: {$ref: '#/components/schemas/Word'}
            - name: key
              in: query
              description: Name of the rule or host.
              schema: {$ref: '#/components/schemas/Word'}
            - name: actor
              in: query
              description: Who changed it.
              schema: {$ref: '#/components/schemas/Word'}
            - {$ref: '#/components/parameters/since'}
            - {$ref: '#/components/parameters/until'}
            - {$ref: '#/components/parameters/limit'}
            - {$ref: '#/components/parameters/cursor'}
          responses:
            '200':
              description: Found.
              content:
                application/json:
                  schema: {$ref: '#/components/schemas/ChangePage'}
            '400': {$ref: '#/components/responses/Problem'}
            '401': {$ref: '#/components/responses/Problem'}
            '421': {$ref: '#/components/responses/Problem'}
            '429': {$ref: '#/components/responses/Problem'}
            '503': {$ref: '#/components/responses/Problem'}
      /api/v1/rules:
        get:
          operationId: listRules
          tags: [rules]
          summary: Rules in the order in which they decide.
          parameters:
            - {name: all, in: query, description: Retired ones too., schema: {type: boolean}}
            - name: hits
              in: query
              description: Counts hits in the audit. Takes time.
              schema: {type: boolean}
            - {$ref: '#/components/parameters/limit'}
            - {$ref: '#/components/parameters/ruleCursor'}
          responses:
            '200':
              description: Found.
              content:
                application/json:
                  schema: {$ref: '#/components/schemas/RulePage'}
            '400': {$ref: '#/components/responses/Problem'}
            '401': {$ref: '#/components/responses/Problem'}
            '421': {$ref: '#/components/responses/Problem'}
            '429': {$ref: '#/components/responses/Problem'}
            '503': {$ref: '#/components/responses/Problem'}
      /api/v1/rules/{name}:
        get:
          operationId: getRule
          tags: [rules]
          summary: One rule by name or id, with its hits.
          parameters:
            - {name: name, in: path, required: true, schema: {$ref: '#/components/schemas/Word'}}
          responses:
            '200':
              description: Found.
              content:
                application/json:
                  schema: {$ref: '#/components/schemas/Rule'}
            '400': {$ref: '#/components/responses/Problem'}
            '401': {$ref: '#/components/responses/Problem'}
            '404': {$ref: '#/components/responses/Problem'}
            '421': {$ref: '#/components/responses/Problem'}
            '429': {$ref: '#/components/responses/Problem'}
            '503': {$ref: '#/components/responses/Problem'}
      /api/v1/hosts/development:
        get:
          operationId: listDevelopmentHosts
          tags: [rules]
          summary: Development hosts.
          parameters:
            - {$ref: '#/components/parameters/limit'}
            - {$ref: '#/components/parameters/hostCursor'}
          responses:
            '200':
              description: Found.
              content:
                application/json:
                  schema: {$ref: '#/components/schemas/HostPage'}
            '400': {$ref: '#/components/responses/Problem'}
            '401': {$ref: '#/components/responses/Problem'}
            '421': {$ref: '#/components/responses/Problem'}
            '429': {$ref: '#/components/responses/Problem'}
            '503': {$ref: '#/components/responses/Problem'}
      /api/v1/hosts/teams:
        get:
          operationId: listDeviceTeams
          tags: [rules]
          summary: Which team owns which device.
          parameters:
            - {$ref: '#/components/parameters/limit'}
            - {$ref: '#/components/parameters/hostCursor'}
          responses:
            '200':
              description: Found.
              content:
                application/json:
                  schema: {$ref: '#/components/schemas/TeamPage'}
            '400': {$ref: '#/components/responses/Problem'}
            '401': {$ref: '#/components/responses/Problem'}
            '421': {$ref: '#/components/responses/Problem'}
            '429': {$ref: '#/components/responses/Problem'}
            '503': {$ref: '#/components/responses/Problem'}
      /api/v1/hosts/devices:
        get:
          operationId: listDevices
          tags: [rules]
          summary: Devices and their addresses.
          parameters:
            - {$ref: '#/components/parameters/limit'}
            - {$ref: '#/components/parameters/hostCursor'}
          responses:
            '200':
              description: Found.
              content:
                application/json:
                  schema: {$ref: '#/components/schemas/DevicePage'}
            '400': {$ref: '#/components/responses/Problem'}
            '401': {$ref: '#/components/responses/Problem'}
            '421': {$ref: '#/components/responses/Problem'}
            '429': {$ref: '#/components/responses/Problem'}
            '503': {$ref: '#/components/responses/Problem'}
      /api/v1/explain:
        get:
          operationId: explainEvent
          tags: [audit]
          summary: Why an event of the audit would be decided as it is now.
          parameters:
            - name: event
              in: query
              required: true
              description: Event id.
              schema: {$ref: '#/components/schemas/EventId'}
          responses:
            '200':
              description: Found.
              content:
                application/json:
                  schema: {$ref: '#/components/schemas/Explanation'}
            '400': {$ref: '#/components/responses/Problem'}
            '401': {$ref: '#/components/responses/Problem'}
            '404': {$ref: '#/components/responses/Problem'}
            '421': {$ref: '#/components/responses/Problem'}
            '422': {$ref: '#/components/responses/Problem'}
            '429': {$ref: '#/components/responses/Problem'}
            '503': {$ref: '#/components/responses/Problem'}
        post:
          operationId: explainLine
          tags: [audit]
          summary: Why a line would be decided as it is now.
          parameters:
            - name: from
              in: query
              description: Address of the sender, where the body has none.
              schema: {$ref: '#/components/schemas/Address'}
            - name: arrival
              in: query
              description: When it came, where the body does not say.
              schema: {$ref: '#/components/schemas/Arrival'}
          requestBody:
            required: true
            content:
              text/plain:
                schema: {type: string, minLength: 1, maxLength: 131072}
              application/json:
                schema: {$ref: '#/components/schemas/Question'}
          responses:
            '200':
              description: Explained; a packet that becomes no event too.
              content:
                application/json:
                  schema:
                    oneOf:
                      - {$ref: '#/components/schemas/Explanation'}
                      - {$ref: '#/components/schemas/Discarded'}
            '400': {$ref: '#/components/responses/Problem'}
            '401': {$ref: '#/components/responses/Problem'}
            '413': {$ref: '#/components/responses/Problem'}
            '415': {$ref: '#/components/responses/Problem'}
            '421': {$ref: '#/components/responses/Problem'}
            '422': {$ref: '#/components/responses/Problem'}
            '429': {$ref: '#/components/responses/Problem'}
            '503': {$ref: '#/components/responses/Problem'}
      /api/v1/outbox:
        get:
          operationId: listDeliveries
          tags: [way-out]
          summary: Deliveries that are owed or dead.
          parameters:
            - name: destination
              in: query
              description: Name of the destination.
              schema: {$ref: '#/components/schemas/Word'}
            - {name: state, in: query, schema: {type: string, enum: [pending, dead]}}
            - name: host
              in: query
              description: Host of the alert.
              schema: {$ref: '#/components/schemas/Word'}
            - name: rule
              in: query
              description: Rule of the alert.
              schema: {$ref: '#/components/schemas/Word'}
            - {$ref: '#/components/parameters/limit'}
            - {$ref: '#/components/parameters/cursor'}
          responses:
            '200':
              description: Found.
              content:
                application/json:
                  schema: {$ref: '#/components/schemas/DeliveryPage'}
            '400': {$ref: '#/components/responses/Problem'}
            '401': {$ref: '#/components/responses/Problem'}
            '421': {$ref: '#/components/responses/Problem'}
            '429': {$ref: '#/components/responses/Problem'}
            '503': {$ref: '#/components/responses/Problem'}
      /api/v1/destinations:
        get:
          operationId: listDestinations
          tags: [way-out]
          summary: Where alerts go, and whether they get there.
          responses:
            '200':
              description: Found.
              content:
                application/json:
                  schema: {$ref: '#/components/schemas/Destinations'}
            '400': {$ref: '#/components/responses/Problem'}
            '401': {$ref: '#/components/responses/Problem'}
            '421': {$ref: '#/components/responses/Problem'}
            '429': {$ref: '#/components/responses/Problem'}
            '503': {$ref: '#/components/responses/Problem'}
      /api/v1/status:
        get:
          operationId: getStatus
          tags: [daemon]
          summary: Readiness, rates, counters, queues.
          responses:
            '200':
              description: Found.
              content:
                application/json:
                  schema: {$ref: '#/components/schemas/Status'}
            '400': {$ref: '#/components/responses/Problem'}
            '401': {$ref: '#/components/responses/Problem'}
            '421': {$ref: '#/components/responses/Problem'}
            '429': {$ref: '#/components/responses/Problem'}
            '503': {$ref: '#/components/responses/Problem'}
      /api/v1/unmatched:
        get:
          operationId: listUnmatched
          tags: [audit]
          summary: What no rule takes, by host and template, the most frequent first.
          description: >
            Counted are events of unmatched.severity and worse within unmatched.window, not those of
            development hosts; kinds that are ignored are left out. Counts change while pages are read, so a
            kind may be on two of them or on none.
          parameters:
            - name: host
              in: query
              description: Name of the host, without regard to case.
              schema: {$ref: '#/components/schemas/Word'}
            - {$ref: '#/components/parameters/limit'}
            - {$ref: '#/components/parameters/kindCursor'}
          responses:
            '200':
              description: Found.
              content:
                application/json:
                  schema: {$ref: '#/components/schemas/UnmatchedPage'}
            '400': {$ref: '#/components/responses/Problem'}
            '401': {$ref: '#/components/responses/Problem'}
            '421': {$ref: '#/components/responses/Problem'}
            '429': {$ref: '#/components/responses/Problem'}
            '503': {$ref: '#/components/responses/Problem'}
      /api/v1/unmatched/ignored:
        get:
          operationId: listIgnored
          tags: [audit]
          summary: Kinds of unmatched events that raise no alert, and who wanted that.
          parameters:
            - {$ref: '#/components/parameters/limit'}
            - {$ref: '#/components/parameters/kindCursor'}
          responses:
            '200':
              description: Found.
              content:
                application/json:
                  schema: {$ref: '#/components/schemas/IgnoredPage'}
            '400': {$ref: '#/components/responses/Problem'}
            '401': {$ref: '#/components/responses/Problem'}
            '421': {$ref: '#/components/responses/Problem'}
            '429': {$ref: '#/components/responses/Problem'}
            '503': {$ref: '#/components/responses/Problem'}
      /api/v1/tap:
        get:
          operationId: watchDecisions
          tags: [daemon]
          summary: What is decided, as it is decided. A sample.
          description: >
            A line is an object (Decision); once a second at most one (Missed) says how many lines were
            dropped because they were not taken in time, and how many events were more than the sample.
            Empty lines keep the connection alive. It ends with the connection, after `seconds`, or when the
            daemon stops.
          parameters:
            - name: host
              in: query
              description: Name without regard to case, or the address it comes from.
              schema: {$ref: '#/components/schemas/Word'}
            - name: rule
              in: query
              description: Name or id of the rule that won.
              schema: {$ref: '#/components/schemas/Word'}
            - name: severity
              in: query
              description: This severe or more; events without a severity (traps) too.
              schema: {type: integer, minimum: 0, maximum: 7}
            - name: unmatched
              in: query
              description: Only events that no rule won.
              schema: {type: boolean}
            - name: text
              in: query
              description: A part of the message, ASCII letters without regard to case.
              schema: {$ref: '#/components/schemas/Word'}
            - name: rate
              in: query
              description: Lines a second at the most.
              schema: {type: integer, minimum: 1, maximum: 2000, default: 500}
            - name: seconds
              in: query
              description: Ends after so long.
              schema: {type: integer, minimum: 1, maximum: 3600}
          responses:
            '200':
              description: Lines as they come.
              content:
                application/x-ndjson:
                  schema: {}
            '400': {$ref: '#/components/responses/Problem'}
            '401': {$ref: '#/components/responses/Problem'}
            '421': {$ref: '#/components/responses/Problem'}
            '429': {$ref: '#/components/responses/Problem'}
            '503': {$ref: '#/components/responses/Problem'}
      /api/v1/openapi.yaml:
        get:
          operationId: getDescriptionYAML
          tags: [daemon]
          security: [{}]
          summary: This description.
          responses:
            '200':
              description: This description.
              content:
                application/yaml:
                  schema: {}
            '400': {$ref: '#/components/responses/Problem'}
      /api/v1/openapi.json:
        get:
          operationId: getDescriptionJSON
          tags: [daemon]
          security: [{}]
          summary: This description.
          responses:
            '200':
              description: This description.
              content:
                application/json:
                  schema: {type: object}
            '400': {$ref: '#/components/responses/Problem'}

    """#
}
