-- Cards in all tables, and what belongs to a card. An application sees those of the connectors that it was granted.
-- security_barrier: no condition of a query is evaluated on rows that its session may not see.

-- One row for each card, in whichever table it is. Conditions of all branches are outside of the UNION, as in
-- o365.deliveries; history.sql says how history is read.
CREATE OR REPLACE VIEW o365.cards WITH (security_barrier) AS
    WITH few AS MATERIALIZED (SELECT f.ids, o365_internal.few_wait(f.ids) AS few_wait
                                FROM o365_internal.few_subscriptions() AS f (ids))
    SELECT d.card_id, d.subscription_id, c.slug AS connector, s.app_user, s.group_name, d.event, d.state,
           CASE d.state WHEN 'ended' THEN d.at WHEN 'waiting' THEN d.enqueued_at END AS since,
           coalesce(l.why, w.why) AS why, coalesce(l.until, w.until) AS until,
           coalesce(l.next_at, w.next_at) AS next_at,
           CASE WHEN d.state <> 'waiting' THEN coalesce(w.reason, d.reason)
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
            SELECT h.card_id, h.subscription_id, h.event, 'scheduled', h.due_at, NULL, NULL, h.enqueued_at, NULL,
                   NULL, NULL, true
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
      LEFT JOIN LATERAL o365_internal.wait_of_scheduled(CASE WHEN d.state = 'scheduled' THEN d.card_id END) AS w ON true
     WHERE d.walked AND (SELECT few.ids IS NULL OR d.state = 'scheduled' OR d.state = 'waiting' AND NOT few.few_wait
                           FROM few)
           AND ((SELECT 0 = ANY (o365_internal.visible_connectors()))
                OR coalesce(d.connector_id, (SELECT v.connector_id FROM o365_internal.subscription AS v
                                              WHERE v.subscription_id = d.subscription_id))
                   = ANY ((SELECT o365_internal.visible_connectors())::integer[]))
        OR NOT d.walked AND (SELECT few.ids IS NOT NULL AND (d.state = 'ended' OR few.few_wait) FROM few)
     -- The view itself sorts by newest first, so that the usual query uses the index.
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
    'When it ended; while it waits, since when, as enqueued_at; null while it is scheduled.';
COMMENT ON COLUMN o365.cards.why IS
    'What kind of wait its subscription has, as in o365.queue. Of one that is scheduled: not_before, or retry where it '
    'was set aside; pause or host where its connection or its far end is held besides. Null when it has ended.';
COMMENT ON COLUMN o365.cards.until IS
    'When that wait ends, as in o365.queue; of one that is scheduled, when it is due, or later where it is held.';
COMMENT ON COLUMN o365.cards.next_at IS
    'When the first card of its subscription is next tried; null while held, when nobody can tell, and when it has '
    'ended.';
COMMENT ON COLUMN o365.cards.reason IS
    'Why it waits, in words, with since when and by whom; of one that has ended, why it was not delivered.';
COMMENT ON COLUMN o365.cards.attempts IS 'POSTs it took so far.';
COMMENT ON COLUMN o365.cards.outcome IS 'How it ended, as in o365.deliveries; null while it waits.';
COMMENT ON COLUMN o365.cards.enqueued_at IS
    'Since when it waits: when its transaction began; of one that was sent with not_before, that time.';

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
    'Warnings of o365.check_card about cards that were sent, one row for each, newest first.';
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
    'Presses on cards that wait for their application, which takes them with o365.take_action_events. Never shows what '
    'was typed, nor who pressed.';
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
    'What buttons with the target o365:action answer, as set by o365.on_action for a card, and by '
    'o365.on_connector_action for a connector''s cards. A button without a row counts once and answers with a default '
    'sentence.';
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
