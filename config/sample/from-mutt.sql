-- Rules, development hosts and teams of a MUTT v2.5 database as a rules file of muttd (JSON is YAML):
-- psql mutt_db -At -f from-mutt.sql > from-mutt.yaml; the ids stay, so that the history keeps pointing at them.
SELECT json_build_object(
  'rules', (SELECT json_agg(json_build_object(
     'id', id, 'name', 'rule-' || id, 'match_type', match_type, 'match_string', match_string,
     'trap_oid', trap_oid, 'syslog_severity', syslog_severity, 'priority', priority,
     'prod_handling', prod_handling, 'dev_handling', dev_handling, 'team_assignment', team_assignment)
     ORDER BY priority, id) FROM alert_rules WHERE is_active),
  -- Names of which only the case differs are one host here.
  'development_hosts', (SELECT coalesce(json_agg(DISTINCT lower(hostname)), '[]') FROM development_hosts),
  'device_teams', (SELECT coalesce(json_object_agg(host, team_assignment), '{}') FROM (
     SELECT DISTINCT ON (lower(hostname)) lower(hostname) AS host, team_assignment
     FROM device_teams ORDER BY lower(hostname), hostname) AS teams));
