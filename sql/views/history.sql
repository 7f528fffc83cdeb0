-- The history: ends of cards, their posts, events. An application sees those of the connectors that it was granted.
-- security_barrier: no condition of a query is evaluated on rows that its session may not see.

-- History is read in one of two ways: walked back in time, checking each row, or, for a session that sees few rows, by
-- its subscriptions. The condition of the unused way is a constant, so that nothing is read for it. The walked one is a
-- plain table without conditions of its own, so that PostgreSQL merges the indexes of its partitions. The other one is
-- a function with a low cost estimate, because an estimate above jit_above_cost makes PostgreSQL compile the query,
-- which takes a hundred times as long as executing it. For a session that sees everything there is no check of each
-- row, and the joins are outer ones, which cost nothing in a query that names none of their columns. The attempts of a
-- card lie between its beginning and its end: one or two days' partitions.
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
     -- The view itself sorts by newest first, so that the usual query uses the index: PostgreSQL plans such a view
     -- separately.
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
COMMENT ON COLUMN o365.deliveries.enqueued_at IS
    'When its transaction began; of one that was sent with not_before, that time.';
COMMENT ON COLUMN o365.deliveries.attempts IS 'POSTs it took.';
COMMENT ON COLUMN o365.deliveries.http_status IS 'Status of the last answer.';
COMMENT ON COLUMN o365.deliveries.rule IS 'Response rule that read the last answer.';
COMMENT ON COLUMN o365.deliveries.claimed_at IS
    'When a worker first took it up. Before that are its open transaction, the cards in front of it and what its '
    'connection waited for; after that its POSTs, with the waits between them. Null when no worker had it.';

-- The hours that are counted already, and the rest counted here: the chores count what is older than a minute or two.
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

-- The condition of one branch of the UNION is outside of it, because inside it would keep PostgreSQL from merging the
-- two indexes.
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
    'Every POST, newest first, for as long as history_days: the answer and the rule that read it. An answer that no '
    'rule explains is shown by its first 200 characters, without URLs and anything that looks like a secret.';
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

CREATE OR REPLACE VIEW o365.events WITH (security_barrier) AS
    WITH few AS MATERIALIZED (SELECT f.ids FROM o365_internal.few_event_connectors() AS f (ids))
    SELECT e.event_id, e.at, e.kind, e.actor, e.role, c.slug AS connector, e.subscription_id, s.app_user,
           e.card_id, e.object, e.detail, e.reason
      FROM (SELECT w.event_id, w.at, w.kind, w.actor, w.role, w.connector_id, w.subscription_id, w.card_id, w.object,
                   w.detail, w.reason, true AS walked
              FROM o365_internal.event AS w
            UNION ALL
            SELECT f.event_id, f.at, f.kind, f.actor, f.role, f.connector_id, f.subscription_id, f.card_id, f.object,
                   f.detail, f.reason, false
              FROM o365_internal.few_events() AS f) AS e
      LEFT JOIN o365_internal.subscription AS s ON s.subscription_id = e.subscription_id
      LEFT JOIN o365_internal.connector AS c ON c.connector_id = e.connector_id
     WHERE e.walked AND (SELECT few.ids IS NULL FROM few)
           AND ((SELECT 0 = ANY (o365_internal.visible_connectors()))
                OR e.connector_id = ANY ((SELECT o365_internal.visible_connectors())::integer[]))
        OR NOT e.walked AND (SELECT few.ids IS NOT NULL FROM few)
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
