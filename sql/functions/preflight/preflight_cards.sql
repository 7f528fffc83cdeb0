CREATE OR REPLACE FUNCTION o365_internal.preflight_cards(c o365_internal.connector)
RETURNS TABLE (item text, verdict text, problem text, next_step text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    -- The most ends and warnings of all connectors that are read, newest first.
    c_most CONSTANT integer := 200000;
    c_many CONSTANT integer := 20;       -- cards that one place gets in a day before somebody has to look
    c_too_many CONSTANT integer := 100;  -- before it fails
    v_since timestamptz := now() - interval '7 days';
    v_ends record;
    v_warned record;
    v_schedules boolean;
    v_nothing text := 'It has posted no card in the last week, so nothing could be looked at.';
    v_send text := 'Let the application send each kind of its cards to a channel of yours, then run this again.';
BEGIN
    WITH ends AS MATERIALIZED (
        SELECT d.subscription_id, d.outcome, (d.at AT TIME ZONE 'UTC')::date AS day,
               d.outcome IN ('delivered', 'accepted', 'in_doubt') AS is_posted
          FROM (SELECT x.* FROM o365_internal.delivery AS x WHERE x.at > v_since ORDER BY x.at DESC LIMIT c_most) AS d
          JOIN o365_internal.subscription AS s ON s.subscription_id = d.subscription_id
         WHERE s.connector_id = c.connector_id AND d.event IS DISTINCT FROM 'proof'
           AND d.event IS DISTINCT FROM 'test'),
    busiest AS (
        SELECT e.subscription_id, e.day, count(*) AS n FROM ends AS e WHERE e.is_posted
         GROUP BY e.subscription_id, e.day ORDER BY n DESC, e.day DESC LIMIT 1)
    SELECT t.*, b.subscription_id, b.day, b.n AS busiest INTO v_ends
      FROM (SELECT count(*) AS n, count(*) FILTER (WHERE e.is_posted) AS posted,
                   count(*) FILTER (WHERE e.outcome = 'dead') AS dead,
                   count(*) FILTER (WHERE e.outcome = 'digested') AS digested FROM ends AS e) AS t
      LEFT JOIN busiest AS b ON true;
    -- Cards that wait or ended: what o365.send found in each when it was sent.
    WITH topic AS (
        SELECT t.name, unnest(t.codes) AS code FROM (VALUES
            ('html', '{html,lost_html}'::text[]),
            ('text', '{adaptive_markdown,markdown,markdown_here,typed_newline,template,entity}'),
            ('looks', '{no_wrap,long_paragraph,width,image_size,image_https,image_address,image_data,empty_picture,'
                'surplus,lost_picture,unknown_element,empty}'),
            ('buttons', '{link,link_scheme,target_https,unknown_action,unlinked_action,lost_action,lost_link,submit,'
                'view_action,misplaced_action,input_without_submit,no_such_input}')) AS t (name, codes)),
    warned AS MATERIALIZED (
        SELECT w.card_id, p.value->>'problem' AS problem, t.name AS topic
          FROM (SELECT x.* FROM o365_internal.card_warning AS x WHERE x.at > v_since
                 ORDER BY x.at DESC LIMIT c_most) AS w
          JOIN o365_internal.subscription AS s ON s.subscription_id = w.subscription_id
         CROSS JOIN jsonb_array_elements(w.warnings) AS p
          JOIN o365_internal.card_rule AS r
            ON p.value->>'problem' LIKE regexp_replace(replace(r.problem, '_', '\_'), '%\d\$s' COLLATE "C", '%', 'g')
          JOIN topic AS t ON t.code = r.code
         WHERE s.connector_id = c.connector_id)
    SELECT count(DISTINCT w.card_id) FILTER (WHERE w.topic = 'html') AS html,
           min(w.problem) FILTER (WHERE w.topic = 'html') AS html_problem,
           count(DISTINCT w.card_id) FILTER (WHERE w.topic = 'text') AS text,
           min(w.problem) FILTER (WHERE w.topic = 'text') AS text_problem,
           count(DISTINCT w.card_id) FILTER (WHERE w.topic = 'looks') AS looks,
           min(w.problem) FILTER (WHERE w.topic = 'looks') AS looks_problem,
           count(DISTINCT w.card_id) FILTER (WHERE w.topic = 'buttons') AS buttons,
           min(w.problem) FILTER (WHERE w.topic = 'buttons') AS buttons_problem
      INTO v_warned FROM warned AS w;
    v_schedules := c.schedule <> 'immediate' OR c.digest_when_late IS NOT NULL
        OR EXISTS (SELECT FROM o365_internal.subscription AS s
                    WHERE s.connector_id = c.connector_id AND s.schedule <> 'immediate' AND s.status <> 'removed');
    RETURN QUERY SELECT f.item, f.verdict, f.problem, f.next_step FROM (VALUES
        (v_ends.n = 0 AND v_warned.html + v_warned.text = 0, 'markdown', 'look', v_nothing, v_send),
        (v_warned.html > 0, 'markdown', 'fail',
            format('%s of the last week had HTML; one of them: %s.',
                   o365_internal.plural(v_warned.html, 'card', 'cards'), v_warned.html_problem),
            'Write Markdown: o365.card_warnings lists the cards, docs/cards.md says what is rendered.'),
        (v_warned.text > 0, 'markdown', 'fail',
            format('%s of the last week had text that is shown as it was typed; one of them: %s.',
                   o365_internal.plural(v_warned.text, 'card', 'cards'), v_warned.text_problem),
            'o365.card_warnings lists the cards, docs/cards.md says what is rendered.'),
        (v_ends.posted = 0, 'few', 'look', v_nothing, v_send),
        (v_ends.busiest > c_too_many, 'few', 'fail',
            format('Connection %s got %s cards on %s (UTC), more than %s.', v_ends.subscription_id, v_ends.busiest,
                   v_ends.day, c_too_many),
            'Send less, or let them fold into a digest: select o365.alter_connector(..., schedule => ''hourly''). '
            'Connections that exist: o365.set_schedule.'),
        (v_ends.busiest BETWEEN c_many + 1 AND c_too_many, 'few', 'look',
            format('Connection %s got %s cards on %s (UTC), the most of any.', v_ends.subscription_id, v_ends.busiest,
                   v_ends.day),
            'Ask who reads them: each has to be worth an interruption.'),
        (v_ends.busiest > c_many AND NOT v_schedules, 'digest', 'fail',
            format('%s cards came to one place in a day, each at once: no connection has a schedule, and new ones are '
                   'immediate.', v_ends.busiest),
            'select o365.alter_connector(..., schedule => ''daily at 08:00''); urgent cards still go at once. Or '
            'digest_when_late => ''1 hour''.'),
        (v_ends.digested = 0 AND (v_ends.busiest IS NULL OR v_ends.busiest <= c_many OR v_schedules), 'digest', 'look',
            'No card of the last week went out in a digest. Users choose one, its time and how often it comes, on the '
            'page that manages their connection.',
            format('Look whether a report is among the events (%s): a report belongs into a digest.',
                   array_to_string(c.events, '; '))),
        (v_warned.buttons > 0, 'actions', 'fail',
            format('%s of the last week had a button that does nothing or is left out; one of them: %s.',
                   o365_internal.plural(v_warned.buttons, 'card', 'cards'), v_warned.buttons_problem),
            'o365.card_warnings lists the cards, o365-worker card check says what to write.'),
        (v_warned.looks > 0, 'looks', 'fail',
            format('%s of the last week had something that a phone cuts off or leaves out; one of them: %s.',
                   o365_internal.plural(v_warned.looks, 'card', 'cards'), v_warned.looks_problem),
            'o365.card_warnings lists the cards, o365-worker card preview shows them.'),
        (v_warned.looks = 0, 'looks', 'look',
            CASE WHEN v_ends.n = 0 THEN v_nothing ELSE
                'Nothing in the cards of the last week is known to look wrong on a phone.' END,
            'Open a card of each kind in Teams on a phone: every line is read without scrolling sideways, and every '
            'button is reached.'),
        (v_ends.dead * 10 > v_ends.n, 'delivery', 'fail',
            format('%s of the %s cards that ended in the last week are dead: the far end refused them.', v_ends.dead,
                   v_ends.n),
            format('select card_id, reason from o365.deliveries where connector = %L and outcome = ''dead'' shows why.',
                   c.slug)),
        (v_ends.n = 0, 'delivery', 'look', v_nothing, v_send)
    ) AS f (holds, item, verdict, problem, next_step) WHERE f.holds;
END $$;
COMMENT ON FUNCTION o365_internal.preflight_cards(o365_internal.connector) IS
    'What the store''s checklist says of the cards of the last week, as o365_internal.preflight has it. Read are the '
    'newest 200,000 ends and as many warnings of all connectors. A card that its webhook got is not kept: what is '
    'said of texts, looks and buttons is what o365.send noted (o365.card_warnings).';
