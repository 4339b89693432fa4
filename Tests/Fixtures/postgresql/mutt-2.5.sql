-- A database as MUTT v2.5 makes it, with sample rows: what muttd db adopt starts from. Written after MUTT's
-- schema document; names of indexes and functions are MUTT's own.

CREATE TABLE alert_rules (
    id SERIAL PRIMARY KEY,
    match_string VARCHAR(255),
    trap_oid VARCHAR(255),
    syslog_severity INTEGER CHECK (syslog_severity >= 0 AND syslog_severity <= 7),
    match_type VARCHAR(50) NOT NULL DEFAULT 'contains'
        CHECK (match_type IN ('contains', 'regex', 'oid_prefix')),
    priority INTEGER NOT NULL DEFAULT 100,
    prod_handling VARCHAR(100) NOT NULL,
    dev_handling VARCHAR(100) NOT NULL,
    team_assignment VARCHAR(100) NOT NULL,
    is_active BOOLEAN DEFAULT TRUE,
    CONSTRAINT check_criteria CHECK (match_string IS NOT NULL OR trap_oid IS NOT NULL)
);
CREATE INDEX idx_rules_match_type ON alert_rules (match_type);
CREATE INDEX idx_rules_active ON alert_rules (is_active);
CREATE INDEX idx_rules_priority ON alert_rules (priority);

CREATE TABLE development_hosts (hostname VARCHAR(255) PRIMARY KEY);

CREATE TABLE device_teams (
    hostname VARCHAR(255) PRIMARY KEY,
    team_assignment VARCHAR(100) NOT NULL
);

CREATE TABLE event_audit_log (
    id BIGSERIAL,
    event_timestamp TIMESTAMPTZ NOT NULL,
    hostname VARCHAR(255) NOT NULL,
    matched_rule_id INTEGER NOT NULL REFERENCES alert_rules (id) ON DELETE RESTRICT,
    handling_decision VARCHAR(100) NOT NULL,
    forwarded_to_moog BOOLEAN NOT NULL DEFAULT FALSE,
    raw_message TEXT NOT NULL,
    PRIMARY KEY (id, event_timestamp)
) PARTITION BY RANGE (event_timestamp);
CREATE INDEX idx_audit_timestamp ON event_audit_log (event_timestamp);
CREATE INDEX idx_audit_hostname ON event_audit_log (hostname);
CREATE INDEX idx_audit_rule ON event_audit_log (matched_rule_id);

CREATE TABLE event_audit_log_archive (LIKE event_audit_log INCLUDING DEFAULTS);

CREATE TABLE config_audit_log (
    id BIGSERIAL PRIMARY KEY,
    changed_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    changed_by VARCHAR(100) NOT NULL,
    operation VARCHAR(10) NOT NULL CHECK (operation IN ('CREATE', 'UPDATE', 'DELETE')),
    table_name VARCHAR(50) NOT NULL,
    record_id INTEGER NOT NULL,
    old_values JSONB,
    new_values JSONB,
    reason TEXT,
    correlation_id VARCHAR(36)
);
CREATE INDEX idx_config_audit_record ON config_audit_log (table_name, record_id);
CREATE INDEX idx_config_audit_time ON config_audit_log (changed_at DESC);
CREATE INDEX idx_config_audit_by ON config_audit_log (changed_by);
CREATE INDEX idx_config_audit_correlation ON config_audit_log (correlation_id);
CREATE INDEX idx_config_audit_old ON config_audit_log USING GIN (old_values);
CREATE INDEX idx_config_audit_new ON config_audit_log USING GIN (new_values);

CREATE FUNCTION create_monthly_partition(partition_date DATE) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
    first DATE := date_trunc('month', partition_date);
BEGIN
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF event_audit_log FOR VALUES FROM (%L) TO (%L)',
        'event_audit_log_' || to_char(first, 'YYYY_MM'), first, first + INTERVAL '1 month');
END
$$;

CREATE FUNCTION drop_old_partitions(retention_months INTEGER) RETURNS INTEGER LANGUAGE plpgsql AS $$
BEGIN
    RETURN 0;
END
$$;

-- The month before this one, this one and the two that follow, as MUTT's job makes them.
SELECT create_monthly_partition((now() + make_interval(months => m))::date) FROM generate_series(-1, 2) m;

INSERT INTO alert_rules
    (match_string, trap_oid, syslog_severity, match_type, priority, prod_handling, dev_handling, team_assignment)
VALUES
    ('link down', NULL, NULL, 'contains', 10, 'Page_and_ticket', 'Ignore', 'NETO'),
    ('port \d+ .* down$', NULL, NULL, 'regex', 20, 'Ticket_only', 'Log_only', 'NETO'),
    (NULL, '.1.3.6.1.4.1.9', NULL, 'oid_prefix', 30, 'Page_only', 'Ignore', 'NETO'),
    (NULL, '1.3.6.1.6.3.1.1.5.*', NULL, 'oid_prefix', 40, 'Page_only', 'Ignore', 'NETO'),
    ('fan', '1.3.6.1.4.1.2636', NULL, 'contains', 50, 'Ticket_only', 'Ignore', 'SITE'),
    ('authentication failure', NULL, NULL, 'contains', 60, 'Page_and_tickets', 'Email_only', 'SECOPS'),
    ('critical', NULL, 2, 'contains', 70, 'Page_only', 'Log_only', 'NETO'),
    ('disk (full', NULL, NULL, 'regex', 80, 'Ticket_only', 'Log_only', 'NETO'),
    ('first of equals', NULL, NULL, 'contains', 100, 'Ticket_only', 'Log_only', 'NETO'),
    ('second of equals', NULL, NULL, 'contains', 100, 'Log_only', 'Log_only', 'NETO');
-- An edit puts a rule at the end of its table.
UPDATE alert_rules SET team_assignment = 'NETO' WHERE id = 9;

INSERT INTO development_hosts VALUES ('Lab-SW1'), ('lab-sw1'), ('lab-sw2');
INSERT INTO device_teams VALUES ('Core1', 'SITE-AMS'), ('core1', 'SITE-AMS'), ('LAB-SW2', 'LAB');

INSERT INTO event_audit_log
    (event_timestamp, hostname, matched_rule_id, handling_decision, forwarded_to_moog, raw_message)
SELECT now() - make_interval(mins => n), 'core' || n % 3, 1, 'Page_and_ticket', true,
    '{"hostname": "core1", "message": "link down", "timestamp": "x"}'
FROM generate_series(1, 60) n;

INSERT INTO config_audit_log (changed_by, operation, table_name, record_id, old_values, new_values, reason)
VALUES ('webui:1a2b3c4d', 'UPDATE', 'alert_rules', 1,
    '{"id": 1, "match_type": "contains", "match_string": "link down", "priority": 50, "prod_handling":
      "Ticket_only", "dev_handling": "Ignore", "team_assignment": "NETO", "is_active": true}',
    '{"id": 1, "match_type": "contains", "match_string": "link down", "priority": 10, "prod_handling":
      "Page_and_ticket", "dev_handling": "Ignore", "team_assignment": "NETO", "is_active": true}', 'page for it');
