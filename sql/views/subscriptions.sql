-- Connections and the queues of their cards. An application sees those of the connectors that it was granted.
-- security_barrier: no condition of a query is evaluated on rows that its session may not see.

CREATE OR REPLACE VIEW o365.subscriptions WITH (security_barrier) AS
    SELECT s.subscription_id, c.slug AS connector, s.app_user, s.app_type, s.group_name, s.dialect, s.webhook_host,
           s.status, s.status_reason, s.status_at, s.connected_at, s.renewed_at, s.key_id, s.in_doubt_policy,
           s.label, s.proved_at, CASE WHEN s.dialect = 'workflow' THEN s.payload END AS payload, s.paused_until,
           (SELECT l.posted_on FROM o365_internal.lane AS l
             WHERE l.subscription_id = s.subscription_id LIMIT 1) AS posted_on,
           s.idle_since, s.extra, s.unwanted_events, s.schedule, s.time_zone,
           CASE WHEN s.status = 'paused' THEN s.paused_by END AS paused_by
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
COMMENT ON COLUMN o365.subscriptions.paused_by IS
    'Who paused it: operator alice, application shop, its user; null when it is not paused.';
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
                THEN format('%s: %s; %s', CASE s.status WHEN 'paused' THEN 'paused' ELSE 'suspended' END, l.verdict,
                            o365_internal.status_next_step(s.subscription_id, CASE s.status WHEN 'paused' THEN 'paused'
                                                               ELSE 'suspended' END, l.verdict, s.awaits_proof))
                WHEN l.why = 'pause'
                THEN format('%s since %s%s%s%s', s.status, to_char(s.status_at, 'YYYY-MM-DD HH24:MI'),
                            ' until ' || to_char(s.paused_until, 'YYYY-MM-DD HH24:MI'), ': ' || s.status_reason,
                            '; ' || o365_internal.status_next_step(s.subscription_id, s.status, s.status_reason,
                                                                   s.awaits_proof))
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
                     WHEN l.failures > 0 AND l.problem IS NOT NULL   -- null: somebody has resumed it since
                     THEN format('card %s failed %s since %s: %s; it is tried again at %s', f.card_id,
                                 CASE l.failures WHEN 1 THEN 'once' ELSE l.failures || ' times' END,
                                 to_char(l.failing_since, 'YYYY-MM-DD HH24:MI'), l.problem,
                                 to_char(l.next_at, 'YYYY-MM-DD HH24:MI'))
                     WHEN l.why = 'quota' AND l.not_before > now()
                     THEN concat_ws('; ', o365_internal.quota_reason(s.dialect, l.quota_window, l.not_before),
                                    o365_internal.quota_sharers(l.quota_webhook))
                     WHEN l.problem IS NOT NULL THEN l.problem
                     WHEN f.passes AND l.next_at > now()
                     THEN concat_ws('; ', o365_internal.quota_reason(s.dialect, l.quota_window, l.next_at),
                                    o365_internal.quota_sharers(l.quota_webhook))
                     WHEN l.why = 'schedule' AND NOT f.passes
                     THEN format(CASE WHEN l.not_before > now()
                                      THEN 'its schedule is %s: its cards are folded into a digest at %s'
                                      ELSE 'its schedule is %s: its digest is due since %s' END, s.schedule,
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
     -- An urgent card does not wait for the schedule, only for its next try or the quota.
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
COMMENT ON COLUMN :internal_views.lane_now.oldest IS 'Since when that card waits.';
COMMENT ON COLUMN :internal_views.lane_now.next_at IS 'When it is next tried; null when nobody can tell.';
COMMENT ON COLUMN :internal_views.lane_now.reason IS 'Why it waits, in words.';
COMMENT ON COLUMN :internal_views.lane_now.why IS
    'What kind of wait it is, as lane.why; null when it waits for no time.';
COMMENT ON COLUMN :internal_views.lane_now.until IS 'Until when, where that is known.';
COMMENT ON COLUMN :internal_views.lane_now.since IS 'Since when it waits so.';

-- Each branch is read by an index of its own: lanes that have a time, lanes that are paused, and lanes that have
-- neither although they have cards, because these have not been fed yet.
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
COMMENT ON VIEW o365.queue IS 'Subscriptions with cards that have not ended, and why these wait.';
COMMENT ON COLUMN o365.queue.subscription_id IS 'Subscription.';
COMMENT ON COLUMN o365.queue.connector IS 'Connector''s slug.';
COMMENT ON COLUMN o365.queue.group_name IS 'Group; null for an inbox.';
COMMENT ON COLUMN o365.queue.waiting IS 'Cards; 10001 stands for more than ten thousand.';
COMMENT ON COLUMN o365.queue.oldest IS 'Since when the first card waits, as enqueued_at of o365.cards.';
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
