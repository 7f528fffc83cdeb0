-- Connectors, and the rules for their webhooks: hosts, response rules, quotas. An application sees the connectors that
-- it was granted. security_barrier: no condition of a query is evaluated on rows that its session may not see.

CREATE OR REPLACE VIEW o365.connectors WITH (security_barrier) AS
    SELECT c.slug, c.name, c.app_id, c.callback_url, c.landing_page, c.enabled_for, c.target_urls, c.clean_page,
           c.allow_anonymous, c.registered_at,
           c.changed_at, ARRAY(SELECT a.role::text FROM o365_internal.application AS a
                                WHERE a.connector_id = c.connector_id ORDER BY 1) AS applications,
           c.require_state, c.confirm, o365_internal.ways_of(c.ways) AS ways, c.support, c.language,
           c.max_age, c.when_blocked, c.schedule, c.time_zone, c.digest_when_late
      FROM o365_internal.connector AS c
     WHERE c.removed_at IS NULL AND c.connector_id = ANY ((SELECT o365_internal.visible_connectors())::integer[])
     ORDER BY c.slug;
COMMENT ON VIEW o365.connectors IS 'Registered connectors and who may use them.';
COMMENT ON COLUMN o365.connectors.slug IS 'Name in URLs.';
COMMENT ON COLUMN o365.connectors.name IS 'Name people see.';
COMMENT ON COLUMN o365.connectors.app_id IS 'GUID by which Microsoft''s page knows it.';
COMMENT ON COLUMN o365.connectors.callback_url IS 'Redirect URL to register at Microsoft.';
COMMENT ON COLUMN o365.connectors.landing_page IS 'Page with the button when it is not ours.';
COMMENT ON COLUMN o365.connectors.enabled_for IS 'Any of mail, groups, teams.';
COMMENT ON COLUMN o365.connectors.target_urls IS 'Sites that card actions may lead to.';
COMMENT ON COLUMN o365.connectors.clean_page IS '302, no-referrer or origin.';
COMMENT ON COLUMN o365.connectors.allow_anonymous IS 'Whether anybody may connect.';
COMMENT ON COLUMN o365.connectors.registered_at IS 'Since when.';
COMMENT ON COLUMN o365.connectors.changed_at IS 'Last change.';
COMMENT ON COLUMN o365.connectors.applications IS 'Roles that may use it.';
COMMENT ON COLUMN o365.connectors.require_state IS 'Whether a callback needs a state that was handed out here.';
COMMENT ON COLUMN o365.connectors.confirm IS 'Whether a connection waits until its user confirms it.';
COMMENT ON COLUMN o365.connectors.ways IS
    'How its users connect: workflow (they paste the webhook of a Teams workflow), button (Microsoft''s Connect page).';
COMMENT ON COLUMN o365.connectors.support IS 'Whom its users ask for help; null when nobody is named.';
COMMENT ON COLUMN o365.connectors.language IS 'Language of its pages; null: each browser''s.';
COMMENT ON COLUMN o365.connectors.max_age IS
    'How long after they were sent its cards may leave, unless they say otherwise; null: for ever.';
COMMENT ON COLUMN o365.connectors.when_blocked IS
    'What happens behind a card that keeps failing: wait, or pass (it is set aside and the others go on).';
COMMENT ON COLUMN o365.connectors.schedule IS
    'When its connections get their cards, unless their users choose: immediate, hourly, daily or weekly.';
COMMENT ON COLUMN o365.connectors.time_zone IS 'Time zone of their schedules; null: the setting time_zone.';
COMMENT ON COLUMN o365.connectors.digest_when_late IS
    'Cards that wait for a limit are folded where all of them would need longer than this; null: never.';

CREATE OR REPLACE VIEW o365.webhook_hosts WITH (security_barrier) AS
    SELECT w.dialect, n.name AS host, w.port, w.enabled, h.held_until, h.why AS held_reason, h.held_by, h.held_at
      FROM o365_internal.webhook_host AS w
     CROSS JOIN LATERAL (SELECT CASE WHEN w.subdomains THEN '*.' ELSE '' END || w.host AS name) AS n
      LEFT JOIN o365_internal.host AS h ON h.name = n.name AND h.held_until > now()
     ORDER BY 4 DESC, 1, 2;
COMMENT ON VIEW o365.webhook_hosts IS 'Hosts on which webhooks are allowed.';
COMMENT ON COLUMN o365.webhook_hosts.dialect IS 'connector or workflow.';
COMMENT ON COLUMN o365.webhook_hosts.host IS 'Host; *. stands for any host below it.';
COMMENT ON COLUMN o365.webhook_hosts.port IS 'Port.';
COMMENT ON COLUMN o365.webhook_hosts.enabled IS
    'Whether webhooks may lie there now. Hosts of government clouds and of China are off: '
    'o365.allow_webhook_host turns them on.';
COMMENT ON COLUMN o365.webhook_hosts.held_until IS
    'Until when it is held (o365.hold_host); infinity: until somebody releases it; null: it is not held.';
COMMENT ON COLUMN o365.webhook_hosts.held_reason IS 'Why it is held; null when nobody said, or it is not held.';
COMMENT ON COLUMN o365.webhook_hosts.held_by IS 'Role that held it.';
COMMENT ON COLUMN o365.webhook_hosts.held_at IS 'When.';

CREATE OR REPLACE VIEW o365.response_rules WITH (security_barrier) AS
    SELECT r.rule_id, r.dialect, r.name, r.status_from, r.status_to, r.body_pattern, r.outcome, r.source
      FROM o365_internal.response_rule AS r ORDER BY r.rule_id;
COMMENT ON VIEW o365.response_rules IS 'How answers of the far end are read, first match wins.';
COMMENT ON COLUMN o365.response_rules.rule_id IS 'Order, and the name in attempts.';
COMMENT ON COLUMN o365.response_rules.dialect IS 'connector or workflow.';
COMMENT ON COLUMN o365.response_rules.name IS 'What it recognises.';
COMMENT ON COLUMN o365.response_rules.status_from IS 'Lowest HTTP status.';
COMMENT ON COLUMN o365.response_rules.status_to IS 'Highest HTTP status.';
COMMENT ON COLUMN o365.response_rules.body_pattern IS 'What the body must match; null: anything.';
COMMENT ON COLUMN o365.response_rules.outcome IS 'What follows.';
COMMENT ON COLUMN o365.response_rules.source IS 'Where the rule comes from.';

CREATE OR REPLACE VIEW o365.quotas WITH (security_barrier) AS
    SELECT w.dialect, w.per, w.seconds, w.posts, w.margin, w.source FROM o365_internal.quota_window AS w
     WHERE w.posts IS NOT NULL ORDER BY w.dialect, w.per DESC, w.seconds;
COMMENT ON VIEW o365.quotas IS
    'Limits of the far end that workers keep: a number of POSTs in a number of seconds. o365.set_quota changes them, '
    'o365.quota_usage shows how much of them is used.';
COMMENT ON COLUMN o365.quotas.dialect IS 'Whose webhooks: connector or workflow.';
COMMENT ON COLUMN o365.quotas.per IS
    'What is counted: POSTs to one webhook, or what one Flow bot posts, whose flows may be several (o365.share_quota).';
COMMENT ON COLUMN o365.quotas.seconds IS 'Length of the window.';
COMMENT ON COLUMN o365.quotas.posts IS 'How many POSTs may lie in it.';
COMMENT ON COLUMN o365.quotas.margin IS
    'Seconds that are added to the length, because a flow posts some time after it has answered.';
COMMENT ON COLUMN o365.quotas.source IS 'Where the limit comes from; null: an operator set it.';
