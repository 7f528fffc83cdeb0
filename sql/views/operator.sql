-- Views for operators; an application sees the rows of the connectors it was granted. security_barrier: no condition of
-- a query is tried on rows that its session may not see.

CREATE OR REPLACE VIEW o365.settings WITH (security_barrier) AS
    SELECT s.name, s.value, s.help, s.default_value, s.unit, s.range, s.changed_at, s.changed_by
      FROM o365_internal.setting AS s ORDER BY s.name;
COMMENT ON VIEW o365.settings IS 'The settings of the installation. Change one with o365.set.';
COMMENT ON COLUMN o365.settings.name IS 'Name.';
COMMENT ON COLUMN o365.settings.value IS 'Value in force.';
COMMENT ON COLUMN o365.settings.help IS 'What it does.';
COMMENT ON COLUMN o365.settings.default_value IS 'The value that the product comes with.';
COMMENT ON COLUMN o365.settings.unit IS 'What a number counts; null for other values.';
COMMENT ON COLUMN o365.settings.range IS 'The numbers or words that it takes; null where help says it.';
COMMENT ON COLUMN o365.settings.changed_at IS 'When o365.set last changed it; null: never.';
COMMENT ON COLUMN o365.settings.changed_by IS 'Role that did; null: nobody.';

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
COMMENT ON VIEW o365.webhook_hosts IS 'Hosts that webhooks may lie on.';
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
    'Limits of the far end that workers keep: so many POSTs in so many seconds. o365.set_quota changes them, '
    'o365.quota_usage shows how far they are used.';
COMMENT ON COLUMN o365.quotas.dialect IS 'Whose webhooks: connector or workflow.';
COMMENT ON COLUMN o365.quotas.per IS
    'What is counted: POSTs to one webhook, or what one Flow bot posts, whose flows may be several (o365.share_quota).';
COMMENT ON COLUMN o365.quotas.seconds IS 'Length of the window.';
COMMENT ON COLUMN o365.quotas.posts IS 'How many POSTs may lie in it.';
COMMENT ON COLUMN o365.quotas.margin IS
    'Seconds that are added to the length, because a flow posts some time after it has answered.';
COMMENT ON COLUMN o365.quotas.source IS 'Where the limit comes from; null: an operator set it.';

CREATE OR REPLACE VIEW o365.subscriptions WITH (security_barrier) AS
    SELECT s.subscription_id, c.slug AS connector, s.app_user, s.app_type, s.group_name, s.dialect, s.webhook_host,
           s.status, s.status_reason, s.status_at, s.connected_at, s.renewed_at, s.key_id, s.in_doubt_policy,
           s.label, s.proved_at, CASE WHEN s.dialect = 'workflow' THEN s.payload END AS payload, s.paused_until,
           (SELECT l.posted_on FROM o365_internal.lane AS l
             WHERE l.subscription_id = s.subscription_id LIMIT 1) AS posted_on,
           s.idle_since, s.extra, s.unwanted_events, s.schedule, s.time_zone
      FROM o365_internal.subscription AS s LEFT JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
     WHERE s.connector_id = ANY ((SELECT o365_internal.visible_connectors())::integer[]);
COMMENT ON VIEW o365.subscriptions IS 'Connections. Never a webhook: only its host.';
COMMENT ON COLUMN o365.subscriptions.subscription_id IS 'Number for o365.send, pause, resume, remove.';
COMMENT ON COLUMN o365.subscriptions.connector IS 'Connector''s slug.';
COMMENT ON COLUMN o365.subscriptions.app_user IS 'The application''s user.';
COMMENT ON COLUMN o365.subscriptions.app_type IS 'As Microsoft sent it.';
COMMENT ON COLUMN o365.subscriptions.group_name IS 'Group; null for an inbox.';
COMMENT ON COLUMN o365.subscriptions.dialect IS 'connector or workflow.';
COMMENT ON COLUMN o365.subscriptions.webhook_host IS 'Where the webhook lies.';
COMMENT ON COLUMN o365.subscriptions.status IS 'pending, active, paused, suspended, gone, retired, removed.';
COMMENT ON COLUMN o365.subscriptions.status_reason IS 'Why.';
COMMENT ON COLUMN o365.subscriptions.status_at IS 'Since when.';
COMMENT ON COLUMN o365.subscriptions.connected_at IS 'First connected.';
COMMENT ON COLUMN o365.subscriptions.renewed_at IS 'Last renewed.';
COMMENT ON COLUMN o365.subscriptions.key_id IS 'Key its webhook is sealed under.';
COMMENT ON COLUMN o365.subscriptions.schedule IS
    'When its cards leave: immediate, or folded into digests. Change it with o365.set_schedule.';
COMMENT ON COLUMN o365.subscriptions.time_zone IS 'Time zone of its schedule; null: its connector''s.';
COMMENT ON COLUMN o365.subscriptions.in_doubt_policy IS
    'resend or skip: what happens to a card without a clear answer. Change it with o365.set_in_doubt_policy.';
COMMENT ON COLUMN o365.subscriptions.label IS 'Name that pages show for the account; null: app_user.';
COMMENT ON COLUMN o365.subscriptions.proved_at IS
    'When its user last typed the code of a card that was posted there; null: never.';
COMMENT ON COLUMN o365.subscriptions.payload IS
    'What its workflow takes: envelope, or card (the bare one); null for a connector webhook.';
COMMENT ON COLUMN o365.subscriptions.paused_until IS 'When its pause ends by itself; null: when somebody resumes it.';
COMMENT ON COLUMN o365.subscriptions.posted_on IS 'The day, UTC, on which the far end last took a card; null: never.';
COMMENT ON COLUMN o365.subscriptions.idle_since IS
    'Since when nothing was posted to its workflow, once that is 75 of the 90 days after which Microsoft turns a flow '
    'off; null otherwise. o365.send_test starts it.';
COMMENT ON COLUMN o365.subscriptions.extra IS 'Fields beside each of its cards (o365.set_extra); null: none.';
COMMENT ON COLUMN o365.subscriptions.unwanted_events IS
    'Events that its user does not want: cards about them end as cancelled.';

-- Why the cards of a lane wait. It is read for lanes that have cards, a lane at a time.
CREATE OR REPLACE VIEW :internal_views.lane_now AS
    SELECT l.subscription_id, s.connector_id, s.app_user, s.group_name, l.failures, f.card_id AS first_card,
           f.enqueued_at AS oldest,
           CASE WHEN l.why IS DISTINCT FROM 'pause' AND (SELECT o365_internal.workers_away()) IS NULL
                THEN nullif(CASE WHEN l.next_at IS NOT NULL THEN greatest(l.next_at, h.held_until, h.failing_until) END,
                            'infinity') END AS next_at,
           CASE WHEN s.status IN ('removed', 'gone', 'retired') THEN s.status || ': what waits will be cancelled'
                WHEN l.verdict IS NOT NULL   -- whose time is not written yet
                THEN format('%s: %s', CASE s.status WHEN 'paused' THEN 'paused' ELSE 'suspended' END, l.verdict)
                WHEN l.why = 'pause'
                THEN format('%s since %s%s%s', s.status, to_char(s.status_at, 'YYYY-MM-DD HH24:MI'),
                            ' until ' || to_char(s.paused_until, 'YYYY-MM-DD HH24:MI'), ': ' || s.status_reason)
                WHEN h.failing_since IS NOT NULL AND (h.held_until > now()) IS NOT TRUE
                THEN coalesce((SELECT o365_internal.workers_away()),
                              format('host %s fails since %s: %s; it is tried again at %s', h.name,
                                     to_char(h.failing_since, 'YYYY-MM-DD HH24:MI'), h.problem,
                                     to_char(h.failing_until, 'YYYY-MM-DD HH24:MI:SS')))
                WHEN h.host_id IS NOT NULL
                THEN format('host %s is held by %s since %s%s%s', h.name, h.held_by,
                            to_char(h.held_at, 'YYYY-MM-DD HH24:MI'),
                            ' until ' || to_char(nullif(h.held_until, 'infinity'), 'YYYY-MM-DD HH24:MI'), ': ' || h.why)
                ELSE coalesce((SELECT o365_internal.workers_away()), CASE
                     WHEN l.worker IS NOT NULL AND l.lease_until > now()
                     THEN format('worker %s is at it', (SELECT w.name FROM o365_internal.worker AS w
                                                         WHERE w.worker_id = l.worker))
                     WHEN l.xmax <> '0' AND l.next_at < now() - interval '1 second'
                          AND o365_internal.lane_waits(l.subscription_id, l.next_at, l.xmax) IS NOT NULL
                     THEN o365_internal.lane_waits(l.subscription_id, l.next_at, l.xmax)
                     WHEN l.throttled_since IS NOT NULL
                     THEN format('throttled since %s: %s; card %s is tried again at %s',
                                 to_char(l.throttled_since, 'YYYY-MM-DD HH24:MI'), l.problem,
                                 f.card_id, to_char(l.next_at, 'YYYY-MM-DD HH24:MI'))
                     WHEN l.failures > 0
                     THEN format('card %s failed %s since %s: %s; it is tried again at %s', f.card_id,
                                 CASE l.failures WHEN 1 THEN 'once' ELSE l.failures || ' times' END,
                                 to_char(l.failing_since, 'YYYY-MM-DD HH24:MI'), l.problem,
                                 to_char(l.next_at, 'YYYY-MM-DD HH24:MI'))
                     WHEN l.why = 'quota' AND l.not_before > now()
                     THEN o365_internal.quota_reason(s.dialect, l.quota_window, l.not_before)
                     WHEN l.problem IS NOT NULL THEN l.problem
                     WHEN f.passes AND l.next_at > now()
                     THEN o365_internal.quota_reason(s.dialect, l.quota_window, l.next_at)
                     WHEN l.why = 'schedule' AND NOT f.passes
                     THEN format('its schedule is %s: its cards are folded into a digest at %s', s.schedule,
                                 to_char(l.not_before, 'YYYY-MM-DD HH24:MI'))
                     WHEN l.next_at IS NOT NULL
                     THEN format('due %s %s', CASE WHEN l.next_at > now() THEN 'at' ELSE 'since' END,
                                 to_char(l.next_at, 'YYYY-MM-DD HH24:MI'))
                     ELSE o365_internal.lane_waits(l.subscription_id, NULL, l.xmax) END) END AS reason,
           CASE WHEN l.why = 'pause' THEN l.why WHEN h.host_id IS NOT NULL THEN 'host'
                WHEN f.passes
                THEN CASE WHEN l.worker IS NULL AND l.next_at > now()
                          THEN CASE WHEN l.problem IS NULL THEN 'quota' ELSE 'retry' END END
                WHEN l.not_before > now() THEN l.why END AS why,
           CASE WHEN l.why = 'pause' THEN s.paused_until
                WHEN h.host_id IS NOT NULL
                THEN nullif(greatest(CASE WHEN h.held_until > now() THEN h.held_until ELSE h.failing_until END,
                                     l.not_before), 'infinity')
                WHEN f.passes THEN CASE WHEN l.worker IS NULL AND l.next_at > now() THEN l.next_at END
                WHEN l.not_before > now() THEN l.not_before END AS until,
           CASE WHEN l.why = 'pause' OR s.status IN ('removed', 'gone', 'retired') THEN s.status_at
                WHEN h.host_id IS NOT NULL THEN coalesce(h.held_at, h.failing_since)
                WHEN l.worker IS NOT NULL AND l.lease_until > now() THEN l.claimed_at
                WHEN l.throttled_since IS NOT NULL THEN l.throttled_since
                WHEN l.failures > 0 THEN l.failing_since
                WHEN l.why IS NULL AND l.next_at <= now() THEN greatest(l.next_at, f.enqueued_at)
                ELSE greatest(l.claimed_at, f.enqueued_at) END AS since
      FROM o365_internal.lane AS l
      JOIN o365_internal.subscription AS s ON s.subscription_id = l.subscription_id
      LEFT JOIN o365_internal.host AS h
        ON h.host_id = l.host_id AND (h.held_until > now() OR h.failing_since IS NOT NULL)
     -- An urgent card passes the schedule, and waits for its next try or the quota alone.
     CROSS JOIN LATERAL (SELECT o.card_id, o.enqueued_at,
                                l.why IS NOT DISTINCT FROM 'schedule' AND o.position < 0
                                    AND o.position >= o365_internal.tests_below()
                                    AND l.next_at < 'infinity' AS passes
                           FROM o365_internal.outbox AS o WHERE o.subscription_id = l.subscription_id
                          ORDER BY o.position LIMIT 1) AS f;
COMMENT ON VIEW :internal_views.lane_now IS
    'Lanes that have cards, and why those wait: what o365.queue and o365.cards show.';
COMMENT ON COLUMN :internal_views.lane_now.subscription_id IS 'The lane.';
COMMENT ON COLUMN :internal_views.lane_now.connector_id IS 'Its subscription''s connector.';
COMMENT ON COLUMN :internal_views.lane_now.app_user IS 'Its subscription''s user.';
COMMENT ON COLUMN :internal_views.lane_now.group_name IS 'Its subscription''s group.';
COMMENT ON COLUMN :internal_views.lane_now.failures IS 'How often the first card failed so far.';
COMMENT ON COLUMN :internal_views.lane_now.first_card IS 'Card that goes first.';
COMMENT ON COLUMN :internal_views.lane_now.oldest IS 'When that card''s transaction began.';
COMMENT ON COLUMN :internal_views.lane_now.next_at IS 'When it is next tried; null when nobody can tell.';
COMMENT ON COLUMN :internal_views.lane_now.reason IS 'Why it waits, in words.';
COMMENT ON COLUMN :internal_views.lane_now.why IS
    'What kind of wait it is, as lane.why; null when it waits for no time.';
COMMENT ON COLUMN :internal_views.lane_now.until IS 'Until when, where that is known.';
COMMENT ON COLUMN :internal_views.lane_now.since IS 'Since when it waits so.';

-- Each branch is read by an index of its own: lanes that have a time, that are paused, and those that have neither
-- although they have cards, which nobody has fed yet.
CREATE OR REPLACE VIEW o365.queue WITH (security_barrier) AS
    SELECT l.subscription_id, c.slug AS connector, l.group_name,
           (SELECT count(*) FROM (SELECT FROM o365_internal.outbox AS o
                                   WHERE o.subscription_id = l.subscription_id LIMIT 10001) AS o) AS waiting,
           l.oldest, l.next_at, l.reason, l.failures, l.first_card, l.why, l.until, l.since
      FROM (SELECT n.subscription_id FROM o365_internal.lane AS n WHERE n.next_at IS NOT NULL
            UNION ALL
            SELECT n.subscription_id FROM o365_internal.lane AS n WHERE n.next_at IS NULL AND n.why = 'pause'
            UNION ALL
            SELECT n.subscription_id FROM o365_internal.lane AS n
             WHERE n.next_at IS NULL AND n.why IS DISTINCT FROM 'pause'
               AND EXISTS (SELECT FROM o365_internal.outbox AS o WHERE o.subscription_id = n.subscription_id)) AS n
      JOIN :internal_views.lane_now AS l ON l.subscription_id = n.subscription_id
      LEFT JOIN o365_internal.connector AS c ON c.connector_id = l.connector_id
     WHERE l.connector_id = ANY ((SELECT o365_internal.visible_connectors())::integer[]);
COMMENT ON VIEW o365.queue IS 'Subscriptions that have cards which are not at their end, and why those wait.';
COMMENT ON COLUMN o365.queue.subscription_id IS 'Subscription.';
COMMENT ON COLUMN o365.queue.connector IS 'Connector''s slug.';
COMMENT ON COLUMN o365.queue.group_name IS 'Group; null for an inbox.';
COMMENT ON COLUMN o365.queue.waiting IS 'Cards; 10001 stands for more than ten thousand.';
COMMENT ON COLUMN o365.queue.oldest IS 'When the transaction of the first card began.';
COMMENT ON COLUMN o365.queue.next_at IS
    'When it is next tried, in the past when it is due; null while held, and when nobody can tell.';
COMMENT ON COLUMN o365.queue.reason IS 'Why they wait, in words, with since when and by whom.';
COMMENT ON COLUMN o365.queue.failures IS 'How often the first card failed so far.';
COMMENT ON COLUMN o365.queue.first_card IS 'Card that goes first; the others wait behind it.';
COMMENT ON COLUMN o365.queue.why IS
    'What kind of wait it is: retry (the next try of a card, or the end of a throttle), quota (a limit of '
    'o365.quotas), host (the far end as a whole), schedule (its digest), pause (paused, suspended or not confirmed '
    'yet: reason says which). Null when it waits for no time: it is due, a worker is at it, or its cards were just '
    'sent.';
COMMENT ON COLUMN o365.queue.until IS
    'When that wait ends; null where nobody knows: a pause without an end, or no wait.';
COMMENT ON COLUMN o365.queue.since IS
    'Since when it waits so: since the pause, the hold, the claim, the throttle or the first failure; of other waits '
    'since its last claim, or since its first card was sent.';

-- One row a card, wherever it stands. What holds for all branches stands outside of the UNION, as in o365.deliveries
-- below, which says how history is read.
CREATE OR REPLACE VIEW o365.cards WITH (security_barrier) AS
    WITH few AS MATERIALIZED (SELECT f.ids, o365_internal.few_wait(f.ids) AS few_wait
                                FROM o365_internal.few_subscriptions() AS f (ids))
    SELECT d.card_id, d.subscription_id, c.slug AS connector, s.app_user, s.group_name, d.event, d.state,
           CASE d.state WHEN 'ended' THEN d.at WHEN 'waiting' THEN d.enqueued_at END AS since, l.why,
           CASE WHEN d.state = 'scheduled' THEN d.at ELSE l.until END AS until, l.next_at,
           CASE WHEN d.state <> 'waiting' THEN d.reason
                WHEN d.card_id = l.first_card THEN l.reason
                ELSE format('behind card %s: %s', l.first_card, l.reason) END AS reason,
           coalesce(d.attempts::bigint, (SELECT count(*) FROM o365_internal.attempt AS x
                                          WHERE x.card_id = d.card_id AND x.at >= d.enqueued_at
                                            AND x.at <= coalesce(d.at, 'infinity'))
                                        + (d.took_ms IS NOT NULL)::integer) AS attempts,
           d.outcome, d.enqueued_at
      FROM (SELECT o.card_id, o.subscription_id, o.event, 'waiting'::text AS state, NULL::timestamptz AS at,
                   NULL::text AS outcome, NULL::text AS reason, o.enqueued_at, NULL::integer AS attempts,
                   NULL::integer AS took_ms, NULL::integer AS connector_id, true AS walked
              FROM o365_internal.outbox AS o
            UNION ALL
            SELECT h.card_id, h.subscription_id, h.event, 'scheduled', h.due_at, NULL,
                   'not in the queue yet: see o365.scheduled_cards', h.enqueued_at, NULL, NULL, NULL, true
              FROM o365_internal.scheduled AS h
            UNION ALL
            SELECT w.card_id, w.subscription_id, w.event, 'ended', w.at, w.outcome, w.reason, w.enqueued_at, w.attempts,
                   w.took_ms, w.connector_id, true
              FROM o365_internal.delivery AS w
            UNION ALL
            SELECT f.card_id, f.subscription_id, f.event, 'waiting', NULL, NULL, NULL, f.enqueued_at, NULL, NULL, NULL,
                   false
              FROM o365_internal.few_waiting() AS f
            UNION ALL
            SELECT f.card_id, f.subscription_id, f.event, 'ended', f.at, f.outcome, f.reason, f.enqueued_at, f.attempts,
                   f.took_ms, f.connector_id, false
              FROM o365_internal.few_deliveries() AS f) AS d
      LEFT JOIN o365_internal.subscription AS s ON s.subscription_id = d.subscription_id
      LEFT JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
      LEFT JOIN LATERAL o365_internal.wait_of(CASE WHEN d.state = 'waiting' THEN d.subscription_id END) AS l ON true
     WHERE d.walked AND (SELECT few.ids IS NULL OR d.state = 'scheduled' OR d.state = 'waiting' AND NOT few.few_wait
                           FROM few)
           AND ((SELECT 0 = ANY (o365_internal.visible_connectors()))
                OR coalesce(d.connector_id, (SELECT v.connector_id FROM o365_internal.subscription AS v
                                              WHERE v.subscription_id = d.subscription_id))
                   = ANY ((SELECT o365_internal.visible_connectors())::integer[]))
        OR NOT d.walked AND (SELECT few.ids IS NOT NULL AND (d.state = 'ended' OR few.few_wait) FROM few)
     -- Newest first from the view itself, so that the index serves the usual question.
     ORDER BY d.card_id DESC;
COMMENT ON VIEW o365.cards IS
    'Every card that is scheduled, waits or has ended, one row each, newest first, ends for as long as history_days. '
    'select * from o365.cards where card_id = 42. o365.explain_card says more about one, o365.oldest_card which has '
    'waited longest, o365.deliveries and o365.posts how cards ended.';
COMMENT ON COLUMN o365.cards.card_id IS 'Card, as o365.send returned it.';
COMMENT ON COLUMN o365.cards.subscription_id IS 'Where it goes.';
COMMENT ON COLUMN o365.cards.connector IS 'Connector''s slug.';
COMMENT ON COLUMN o365.cards.app_user IS 'The application''s user.';
COMMENT ON COLUMN o365.cards.group_name IS 'Group; null for an inbox.';
COMMENT ON COLUMN o365.cards.event IS 'Event it reports.';
COMMENT ON COLUMN o365.cards.state IS 'scheduled (o365.scheduled_cards says more), waiting or ended.';
COMMENT ON COLUMN o365.cards.since IS
    'When it ended; while it waits, when its transaction began; null while it is scheduled.';
COMMENT ON COLUMN o365.cards.why IS 'What kind of wait its subscription has, as in o365.queue; null when it has ended.';
COMMENT ON COLUMN o365.cards.until IS
    'When that wait ends, as in o365.queue; of one that is scheduled, when it is due.';
COMMENT ON COLUMN o365.cards.next_at IS
    'When the first card of its subscription is next tried; null while held, when nobody can tell, and when it has '
    'ended.';
COMMENT ON COLUMN o365.cards.reason IS
    'Why it waits, in words, with since when and by whom; of one that has ended, why it was not delivered.';
COMMENT ON COLUMN o365.cards.attempts IS 'POSTs it took so far.';
COMMENT ON COLUMN o365.cards.outcome IS 'How it ended, as in o365.deliveries; null while it waits.';
COMMENT ON COLUMN o365.cards.enqueued_at IS 'When its transaction began.';

CREATE OR REPLACE VIEW o365.scheduled_cards WITH (security_barrier) AS
    SELECT s.card_id, s.subscription_id, c.slug AS connector, u.app_user, s.event, s.due_at,
           CASE WHEN a.position IS NULL THEN 'scheduled'
                ELSE format('set aside since %s, after it failed %s: %s', to_char(a.at, 'YYYY-MM-DD HH24:MI'),
                            CASE a.failures WHEN 1 THEN 'once' ELSE a.failures || ' times' END, a.problem) END
               AS reason,
           s.not_after, s.collapse_key AS collapse, coalesce(s.urgent, false) AS urgent, a.failures
      FROM o365_internal.scheduled AS s
      JOIN o365_internal.subscription AS u ON u.subscription_id = s.subscription_id
      LEFT JOIN o365_internal.connector AS c ON c.connector_id = u.connector_id
      LEFT JOIN o365_internal.set_aside AS a ON a.subscription_id = s.subscription_id AND a.position = s.position
     WHERE u.connector_id = ANY ((SELECT o365_internal.visible_connectors())::integer[])
     ORDER BY s.due_at;
COMMENT ON VIEW o365.scheduled_cards IS
    'Cards that wait for a time of their own: sent with not_before, or set aside because they kept failing '
    '(when_blocked => pass). Those that are due first come first.';
COMMENT ON COLUMN o365.scheduled_cards.card_id IS 'Card, as o365.send returned it.';
COMMENT ON COLUMN o365.scheduled_cards.subscription_id IS 'Where it goes.';
COMMENT ON COLUMN o365.scheduled_cards.connector IS 'Connector''s slug.';
COMMENT ON COLUMN o365.scheduled_cards.app_user IS 'The application''s user.';
COMMENT ON COLUMN o365.scheduled_cards.event IS 'Event it reports.';
COMMENT ON COLUMN o365.scheduled_cards.due_at IS 'When it joins the other cards of its connection.';
COMMENT ON COLUMN o365.scheduled_cards.reason IS 'scheduled, or since when and why it is set aside.';
COMMENT ON COLUMN o365.scheduled_cards.not_after IS 'After this time it ends as expired; null: never.';
COMMENT ON COLUMN o365.scheduled_cards.collapse IS 'Key by which a newer card replaces it; null: none does.';
COMMENT ON COLUMN o365.scheduled_cards.urgent IS 'Whether it goes before the others then.';
COMMENT ON COLUMN o365.scheduled_cards.failures IS 'How many POSTs of it failed; null when it was never set aside.';

-- History is read in one of two ways, walked (back in time, each row looked at) or by the subscriptions of whoever sees
-- few rows: the condition of a way that is not taken is a constant, and nothing is read for it. The walked one is a
-- plain table without conditions of its own, so that PostgreSQL merges the indexes of its partitions. The other one is
-- a function, which is cheap to PostgreSQL: an estimate above jit_above_cost makes it compile the question, which takes
-- a hundred times as long as the answer.
-- Who sees all is not asked about each row, and the joins are outer ones, which a question that names none of their
-- columns does not pay for. The attempts of a card lie between its beginning and its end: one or two days' partitions.
CREATE OR REPLACE VIEW o365.deliveries WITH (security_barrier) AS
    WITH few AS MATERIALIZED (SELECT f.ids FROM o365_internal.few_subscriptions() AS f (ids))
    SELECT d.at, d.card_id, d.subscription_id, c.slug AS connector, s.app_user, s.group_name, d.event, d.outcome,
           d.reason, d.enqueued_at,
           coalesce(d.attempts::bigint, (SELECT count(*) FROM o365_internal.attempt AS x
                                          WHERE x.card_id = d.card_id AND x.at >= d.enqueued_at AND x.at <= d.at)
                                        + (d.took_ms IS NOT NULL)::integer) AS attempts,
           CASE WHEN d.took_ms IS NOT NULL THEN d.http_status
                ELSE (SELECT (array_agg(x.http_status ORDER BY x.at DESC))[1] FROM o365_internal.attempt AS x
                       WHERE x.card_id = d.card_id AND x.at >= d.enqueued_at AND x.at <= d.at) END AS http_status,
           (SELECT r.name FROM o365_internal.response_rule AS r
             WHERE r.rule_id = CASE WHEN d.took_ms IS NOT NULL THEN d.rule_id
                ELSE (SELECT (array_agg(x.rule_id ORDER BY x.at DESC))[1] FROM o365_internal.attempt AS x
                       WHERE x.card_id = d.card_id AND x.at >= d.enqueued_at AND x.at <= d.at) END) AS rule,
           d.claimed_at
      FROM (SELECT w.at, w.card_id, w.subscription_id, w.event, w.outcome, w.reason, w.enqueued_at, w.claimed_at,
                   w.took_ms, w.http_status, w.rule_id, w.attempts, w.connector_id, true AS walked
              FROM o365_internal.delivery AS w
            UNION ALL
            SELECT f.at, f.card_id, f.subscription_id, f.event, f.outcome, f.reason,
                   f.enqueued_at, f.claimed_at, f.took_ms, f.http_status, f.rule_id, f.attempts, f.connector_id, false
              FROM o365_internal.few_deliveries() AS f) AS d
      LEFT JOIN o365_internal.subscription AS s ON s.subscription_id = d.subscription_id
      LEFT JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
     WHERE d.walked AND (SELECT few.ids IS NULL FROM few)
           AND ((SELECT 0 = ANY (o365_internal.visible_connectors()))
                OR coalesce(d.connector_id, (SELECT v.connector_id FROM o365_internal.subscription AS v
                                              WHERE v.subscription_id = d.subscription_id))
                   = ANY ((SELECT o365_internal.visible_connectors())::integer[]))
        OR NOT d.walked AND (SELECT few.ids IS NOT NULL FROM few)
     -- Newest first from the view itself, so that the index serves the usual question:
     -- PostgreSQL plans such a view apart.
     ORDER BY d.at DESC;
COMMENT ON VIEW o365.deliveries IS 'How cards ended, one row each, for as long as history_days.';
COMMENT ON COLUMN o365.deliveries.at IS 'When.';
COMMENT ON COLUMN o365.deliveries.card_id IS 'Card, as o365.send returned it.';
COMMENT ON COLUMN o365.deliveries.subscription_id IS 'Subscription.';
COMMENT ON COLUMN o365.deliveries.connector IS 'Connector''s slug.';
COMMENT ON COLUMN o365.deliveries.app_user IS 'The application''s user.';
COMMENT ON COLUMN o365.deliveries.group_name IS 'Group; null for an inbox.';
COMMENT ON COLUMN o365.deliveries.event IS 'Event it reported.';
COMMENT ON COLUMN o365.deliveries.outcome IS
    'delivered, accepted (taken, but not proven to be shown), in_doubt, dead, expired (its time had passed), '
    'superseded (a newer card replaced it), cancelled, digested (it is part of a digest, which reason names).';
COMMENT ON COLUMN o365.deliveries.reason IS 'Why not delivered.';
COMMENT ON COLUMN o365.deliveries.enqueued_at IS 'When its transaction began.';
COMMENT ON COLUMN o365.deliveries.attempts IS 'POSTs it took.';
COMMENT ON COLUMN o365.deliveries.http_status IS 'Status of the last answer.';
COMMENT ON COLUMN o365.deliveries.rule IS 'Response rule that read the last answer.';
COMMENT ON COLUMN o365.deliveries.claimed_at IS
    'When a worker first took it up: before that are its transaction and the cards in front of it, after that is '
    'delivery. Null when no worker had it.';

-- What is counted already by the hour, and the rest by hand: the chores count what is older than a minute or two.
CREATE OR REPLACE VIEW o365.outcomes WITH (security_barrier) AS
    SELECT o.hour, c.slug AS connector, o.outcome, nullif(o.http_status, 0) AS http_status, r.name AS rule, o.cards
      FROM (SELECT h.hour, h.connector_id, h.outcome, h.http_status, h.rule_id, h.cards
              FROM o365_internal.outcome_hour AS h
            UNION ALL
            SELECT u.hour, u.connector_id, u.outcome, u.http_status, u.rule_id, u.cards
              FROM o365_internal.outcomes_not_counted() AS u) AS o
      JOIN o365_internal.connector AS c ON c.connector_id = o.connector_id
      LEFT JOIN o365_internal.response_rule AS r ON r.rule_id = o.rule_id
     WHERE o.connector_id = ANY ((SELECT o365_internal.visible_connectors())::integer[]);
COMMENT ON VIEW o365.outcomes IS
    'How many cards ended, by hour, connector, outcome, status and rule: what o365.deliveries has, counted. Add up '
    'cards: an hour can have two rows of a kind. select outcome, sum(cards) '
    'from o365.outcomes where hour >= current_date group by outcome';
COMMENT ON COLUMN o365.outcomes.hour IS 'The hour in which they ended: its begin, hours of UTC.';
COMMENT ON COLUMN o365.outcomes.connector IS 'Connector''s slug.';
COMMENT ON COLUMN o365.outcomes.outcome IS 'As in o365.deliveries.';
COMMENT ON COLUMN o365.outcomes.http_status IS
    'Status of the last answer; null when none came or no POST ended the card.';
COMMENT ON COLUMN o365.outcomes.rule IS 'Response rule that read the last answer.';
COMMENT ON COLUMN o365.outcomes.cards IS 'How many.';

-- What holds for one branch of the UNION stands outside of it:
-- inside it would keep PostgreSQL from merging the two indexes.
CREATE OR REPLACE VIEW o365.posts WITH (security_barrier) AS
    WITH few AS MATERIALIZED (SELECT f.ids FROM o365_internal.few_subscriptions() AS f (ids))
    SELECT t.at, t.card_id, t.subscription_id, c.slug AS connector, t.outcome, t.http_status, r.name AS rule, t.problem,
           t.retry_after_s, t.took_ms, w.name AS worker, t.post_no
      FROM (SELECT a.at, a.card_id, a.subscription_id, a.outcome, a.rule_id, a.http_status, a.problem,
                   a.retry_after_s, a.took_ms, a.worker, a.post_no, a.connector_id, true AS walked
              FROM o365_internal.attempt AS a
            UNION ALL
            SELECT d.at, d.card_id, d.subscription_id, d.outcome, d.rule_id, d.http_status, d.reason,
                   d.retry_after_s, d.took_ms, d.worker, d.post_no, d.connector_id, true
              FROM o365_internal.delivery AS d
            UNION ALL
            SELECT a.at, a.card_id, a.subscription_id, a.outcome, a.rule_id, a.http_status,
                   a.problem, a.retry_after_s, a.took_ms, a.worker, a.post_no, a.connector_id, false
              FROM o365_internal.few_attempts() AS a
            UNION ALL
            SELECT d.at, d.card_id, d.subscription_id, d.outcome, d.rule_id, d.http_status,
                   d.reason, d.retry_after_s, d.took_ms, d.worker, d.post_no, d.connector_id, false
              FROM o365_internal.few_deliveries() AS d) AS t
      LEFT JOIN o365_internal.subscription AS s ON s.subscription_id = t.subscription_id
      LEFT JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
      LEFT JOIN o365_internal.response_rule AS r ON r.rule_id = t.rule_id
      LEFT JOIN o365_internal.worker AS w ON w.worker_id = t.worker
     WHERE t.took_ms IS NOT NULL
       AND (t.walked AND (SELECT few.ids IS NULL FROM few)
            AND ((SELECT 0 = ANY (o365_internal.visible_connectors()))
                 OR coalesce(t.connector_id, (SELECT v.connector_id FROM o365_internal.subscription AS v
                                               WHERE v.subscription_id = t.subscription_id))
                    = ANY ((SELECT o365_internal.visible_connectors())::integer[]))
            OR NOT t.walked AND (SELECT few.ids IS NOT NULL FROM few))
     ORDER BY t.at DESC;
COMMENT ON VIEW o365.posts IS
    'Every POST, newest first, for as long as history_days: what came back and which rule read it. Of an answer that '
    'no rule explains the first 200 characters, without URLs and what looks like a secret.';
COMMENT ON COLUMN o365.posts.at IS 'When it was reported.';
COMMENT ON COLUMN o365.posts.card_id IS 'Card, as o365.send returned it.';
COMMENT ON COLUMN o365.posts.subscription_id IS 'Subscription.';
COMMENT ON COLUMN o365.posts.connector IS 'Connector''s slug.';
COMMENT ON COLUMN o365.posts.outcome IS 'How the answer was read.';
COMMENT ON COLUMN o365.posts.http_status IS 'Status of the answer; null when none came.';
COMMENT ON COLUMN o365.posts.rule IS 'The rule that read it; null when none fitted.';
COMMENT ON COLUMN o365.posts.problem IS 'What went wrong, in words.';
COMMENT ON COLUMN o365.posts.retry_after_s IS 'Seconds the far end asked to wait.';
COMMENT ON COLUMN o365.posts.took_ms IS 'Milliseconds of the POST.';
COMMENT ON COLUMN o365.posts.worker IS 'Worker that made it; null when its row is older than history_days.';
COMMENT ON COLUMN o365.posts.post_no IS
    'Its number among the POSTs of its subscription, from 1, without gaps; '
    'null for those of before version 25 of the schema.';

CREATE OR REPLACE VIEW o365.card_warnings WITH (security_barrier) AS
    WITH few AS MATERIALIZED (SELECT f.ids FROM o365_internal.few_subscriptions() AS f (ids))
    SELECT w.card_id, w.subscription_id, c.slug AS connector, p.path, p.problem, p.hint, w.at
      FROM (SELECT a.card_id, a.subscription_id, a.warnings, a.at, true AS walked FROM o365_internal.card_warning AS a
            UNION ALL
            SELECT f.card_id, f.subscription_id, f.warnings, f.at, false
              FROM o365_internal.few_card_warnings() AS f) AS w
      LEFT JOIN o365_internal.subscription AS s ON s.subscription_id = w.subscription_id
      LEFT JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id,
           jsonb_to_recordset(w.warnings) AS p (path text, problem text, hint text)
     WHERE w.walked AND (SELECT few.ids IS NULL FROM few)
           AND ((SELECT 0 = ANY (o365_internal.visible_connectors()))
                OR (SELECT v.connector_id FROM o365_internal.subscription AS v
                     WHERE v.subscription_id = w.subscription_id)
                   = ANY ((SELECT o365_internal.visible_connectors())::integer[]))
        OR NOT w.walked AND (SELECT few.ids IS NOT NULL FROM few)
     ORDER BY w.at DESC;
COMMENT ON VIEW o365.card_warnings IS
    'What o365.check_card said about cards that were sent all the same, a row each, newest first.';
COMMENT ON COLUMN o365.card_warnings.card_id IS 'The card.';
COMMENT ON COLUMN o365.card_warnings.subscription_id IS 'Where it goes.';
COMMENT ON COLUMN o365.card_warnings.connector IS 'Connector''s slug.';
COMMENT ON COLUMN o365.card_warnings.path IS 'JSON path of the place in the card.';
COMMENT ON COLUMN o365.card_warnings.problem IS 'What will not be seen.';
COMMENT ON COLUMN o365.card_warnings.hint IS 'What to write instead.';
COMMENT ON COLUMN o365.card_warnings.at IS 'When its transaction began.';

CREATE OR REPLACE VIEW o365.action_events WITH (security_barrier) AS
    SELECT e.event_id, e.at, c.slug AS connector, e.subscription_id, s.app_user, e.card_id, e.path, e.name,
           e.target, e.request_id, e.way
      FROM o365_internal.action_event AS e
      JOIN o365_internal.subscription AS s ON s.subscription_id = e.subscription_id
      JOIN o365_internal.connector AS c ON c.connector_id = e.connector_id
     WHERE e.connector_id = ANY ((SELECT o365_internal.visible_connectors())::integer[]);
COMMENT ON VIEW o365.action_events IS
    'What was pressed in cards and waits for its application, which takes it with o365.take_action_events. Never '
    'what was typed, nor who pressed.';
COMMENT ON COLUMN o365.action_events.event_id IS 'Event.';
COMMENT ON COLUMN o365.action_events.at IS 'When it was pressed.';
COMMENT ON COLUMN o365.action_events.connector IS 'Connector''s slug.';
COMMENT ON COLUMN o365.action_events.subscription_id IS 'Where the card went.';
COMMENT ON COLUMN o365.action_events.app_user IS
    'The application''s user whose connection that is, not who pressed.';
COMMENT ON COLUMN o365.action_events.card_id IS 'Card, as o365.send returned it.';
COMMENT ON COLUMN o365.action_events.path IS 'JSON path of the action in the card.';
COMMENT ON COLUMN o365.action_events.name IS 'The button''s name.';
COMMENT ON COLUMN o365.action_events.target IS 'Its target, as the card has it.';
COMMENT ON COLUMN o365.action_events.request_id IS 'The request that brought it.';
COMMENT ON COLUMN o365.action_events.way IS
    'call: Microsoft''s service called POST /action. page: pressed on the page of the card''s action.';

CREATE OR REPLACE VIEW o365.action_rules WITH (security_barrier) AS
    SELECT c.slug AS connector, a.card_id, a.subscription_id, nullif(a.action, '') AS action, a.status,
           ARRAY(SELECT t.tag FROM jsonb_object_keys(a.translations) AS t (tag) ORDER BY t.tag) AS languages,
           a.card IS NOT NULL AS has_card, a.once, a.waits, CASE WHEN a.card_id IS NOT NULL THEN a.at END AS sent_at
      FROM o365_internal.action_answer AS a
      JOIN o365_internal.connector AS c ON c.connector_id = a.connector_id
     WHERE a.connector_id = ANY ((SELECT o365_internal.visible_connectors())::integer[]);
COMMENT ON VIEW o365.action_rules IS
    'What buttons with the target o365:action answer: what o365.on_action has said of a card, and '
    'o365.on_connector_action of a connector''s cards. A button that has no row counts once and gets a sentence of '
    'ours.';
COMMENT ON COLUMN o365.action_rules.connector IS 'Connector''s slug.';
COMMENT ON COLUMN o365.action_rules.card_id IS 'The card; null: each card of the connector.';
COMMENT ON COLUMN o365.action_rules.subscription_id IS 'Where the card went; null of a connector''s rule.';
COMMENT ON COLUMN o365.action_rules.action IS
    'The button: its name, of a card also its JSON path; null: any. Of a card the path goes first, then the name; then '
    'the connector''s rules, that of the name first.';
COMMENT ON COLUMN o365.action_rules.status IS 'The line that is shown under the card; null: a sentence of ours.';
COMMENT ON COLUMN o365.action_rules.languages IS 'Language tags that the line is there in as well.';
COMMENT ON COLUMN o365.action_rules.has_card IS 'Whether a card takes the place of the one that was pressed.';
COMMENT ON COLUMN o365.action_rules.once IS 'Whether the button counts once.';
COMMENT ON COLUMN o365.action_rules.waits IS 'Whether the request waits for o365.answer_action.';
COMMENT ON COLUMN o365.action_rules.sent_at IS
    'When the card was sent; action_days later the rule is gone. Null of a connector''s rule, which stays until it is '
    'changed.';

CREATE OR REPLACE VIEW o365.events WITH (security_barrier) AS
    SELECT e.event_id, e.at, e.kind, e.actor, e.role, c.slug AS connector, e.subscription_id, s.app_user,
           e.card_id, e.object, e.detail, e.reason
      FROM o365_internal.event AS e
      LEFT JOIN o365_internal.subscription AS s ON s.subscription_id = e.subscription_id
      LEFT JOIN o365_internal.connector AS c ON c.connector_id = e.connector_id
     WHERE (SELECT 0 = ANY (o365_internal.visible_connectors()))
        OR e.connector_id = ANY ((SELECT o365_internal.visible_connectors())::integer[])
     ORDER BY e.at DESC;
COMMENT ON VIEW o365.events IS
    'Who did what, when and why, newest first, for as long as history_days. An application sees what happened to its '
    'connectors, and takes what is new with o365.take_events. select * from o365.events where subscription_id = 42';
COMMENT ON COLUMN o365.events.event_id IS 'Number, in the order in which they were written.';
COMMENT ON COLUMN o365.events.at IS 'When.';
COMMENT ON COLUMN o365.events.kind IS
    'connected, renewed, proved, paused, resumed, rescheduled, removed, suspended, gone, idle, moved, tested, changed, '
    'card_not_delivered, card_cancelled, card_retried of a subscription; user_erased, connector_registered, '
    'connector_removed, application_granted, application_revoked, host_allowed, host_forbidden, host_held, '
    'host_released, host_failing, host_recovered, setting_changed, token_profile_changed.';
COMMENT ON COLUMN o365.events.actor IS 'Who did it: application, operator, user (in a browser) or worker.';
COMMENT ON COLUMN o365.events.role IS 'Database role of an application or operator; null for others.';
COMMENT ON COLUMN o365.events.connector IS 'Connector''s slug; null when it is about none.';
COMMENT ON COLUMN o365.events.subscription_id IS 'Subscription; null when it is about none.';
COMMENT ON COLUMN o365.events.app_user IS 'The application''s user whose connection it is now.';
COMMENT ON COLUMN o365.events.card_id IS 'Card; null when it is about none.';
COMMENT ON COLUMN o365.events.object IS
    'What else it was done to: a setting, a host, a role or a token profile, by its name.';
COMMENT ON COLUMN o365.events.detail IS
    'What changed: the status that a removed subscription had, the end of a pause, the outcome of a card, the user '
    'that a subscription moved from, the value of a setting or policy, replaced or unchanged of a renewed webhook, on '
    'or off of a token profile.';
COMMENT ON COLUMN o365.events.reason IS 'Why, in words; null when nobody said.';

-- Whose rights: a view's functions run as its reader.
CREATE OR REPLACE VIEW o365.functions WITH (security_barrier) AS
    SELECT p.proname::text AS name, pg_get_function_arguments(p.oid) AS arguments,
           pg_get_function_result(p.oid) AS returns,
           substring(obj_description(p.oid, 'pg_proc') FROM '^(.*?[.:;])(?:\s|$)') AS what_it_does
      FROM pg_catalog.pg_proc AS p
      JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
     WHERE n.nspname = 'o365' AND has_function_privilege(p.oid, 'EXECUTE')
     ORDER BY p.proname, p.pronargs, p.oid;
COMMENT ON VIEW o365.functions IS 'The functions of schema o365 that this session may call, a line each.';
COMMENT ON COLUMN o365.functions.name IS 'Name, without the schema.';
COMMENT ON COLUMN o365.functions.arguments IS 'Parameters and their defaults.';
COMMENT ON COLUMN o365.functions.returns IS 'What it returns.';
COMMENT ON COLUMN o365.functions.what_it_does IS 'The first sentence of its description; \df+ o365.* shows the whole.';

CREATE OR REPLACE VIEW o365.workers WITH (security_barrier) AS
    SELECT w.worker_id, w.name, w.version, w.environment,
           w.stopped_at IS NULL AND w.seen_at > now() - interval '15 seconds' AS alive,
           w.started_at, w.seen_at, w.stopped_at, w.key_ids, coalesce(a.lanes, 0) AS lanes, a.reported_at
      FROM o365_internal.worker AS w LEFT JOIN o365_internal.workers_at_work() AS a ON a.worker = w.worker_id
     ORDER BY w.seen_at DESC;
COMMENT ON VIEW o365.workers IS 'Workers of the last history_days, the last heard of first.';
COMMENT ON COLUMN o365.workers.worker_id IS 'Number.';
COMMENT ON COLUMN o365.workers.name IS 'Host and process.';
COMMENT ON COLUMN o365.workers.version IS 'Version of the program.';
COMMENT ON COLUMN o365.workers.environment IS
    'Environment that it was started for; it sends where the setting environment is the same.';
COMMENT ON COLUMN o365.workers.alive IS 'Whether it was heard of within 15 s and has not ended.';
COMMENT ON COLUMN o365.workers.started_at IS 'When it started.';
COMMENT ON COLUMN o365.workers.seen_at IS 'When it was last heard of.';
COMMENT ON COLUMN o365.workers.stopped_at IS 'When it ended in order; null: it has not.';
COMMENT ON COLUMN o365.workers.key_ids IS 'Keys that its key file has; null: it has not said.';
COMMENT ON COLUMN o365.workers.lanes IS 'Connections whose cards it has now, under a lease.';
COMMENT ON COLUMN o365.workers.reported_at IS
    'When it last reported the end of a card; null: none of the newest 2,000 ends is its.';
