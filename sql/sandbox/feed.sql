-- The feed, and what was pressed in it.

CREATE OR REPLACE FUNCTION o365_programs.sandbox_feed(target_id integer, after bigint, before bigint, newest boolean,
                                                      n integer)
RETURNS TABLE (post_id bigint, target_id integer, person text, kind text, name text, received_at text, answered text,
               card text, app_id text, connector text,
               note text, actions jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.post_id, p.target_id, t.person, t.kind, t.name, o365_internal.sandbox_time(p.received_at), p.answered,
           p.card, w.app_id::text,
           coalesce(r.name, c.name, CASE WHEN p.webhook_id IS NULL THEN 'Playground' WHEN w.app_id IS NOT NULL
                                         THEN 'A connector that is gone'
                                         WHEN t.dialect = 'workflow' THEN 'Workflow' ELSE 'Incoming webhook' END),
                                             p.note,
           (SELECT jsonb_agg(jsonb_build_object('at', o365_internal.sandbox_time(a.at), 'person', a.person, 'name',
                   a.name, 'token', a.token,
                   'http', a.http, 'took_ms', a.took_ms, 'status', a.status, 'replaced', a.replaced, 'problem',
                   a.problem) ORDER BY a.action_id)
              FROM o365_internal.sandbox_action AS a WHERE a.post_id = p.post_id)
      FROM (SELECT * FROM o365_internal.sandbox_post AS p WHERE ($1 IS NULL OR p.target_id = $1)
             AND p.target_id IS NOT NULL AND p.card IS NOT NULL AND p.post_id > $2 AND p.post_id < $3
             ORDER BY CASE WHEN $4 THEN -p.post_id ELSE p.post_id END LIMIT $5) AS p
      JOIN o365_internal.sandbox_target AS t ON t.target_id = p.target_id LEFT JOIN o365_internal.sandbox_webhook AS w
          ON w.webhook_id = p.webhook_id
      LEFT JOIN o365_internal.sandbox_registration AS r ON r.app_id = w.app_id LEFT JOIN o365_internal.connector AS c
          ON c.app_id = w.app_id
     ORDER BY CASE WHEN $4 THEN -p.post_id ELSE p.post_id END $$;
COMMENT ON FUNCTION o365_programs.sandbox_feed(integer, bigint, bigint, boolean, integer) IS
    'Posts to a target, or to all for null, after a number and before another, newest or oldest first, at most n; '
    'with the connector they came through and what was pressed.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_card(post_id bigint) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('card', p.card, 'target_id', p.target_id, 'person', t.person, 'app_id', w.app_id,
                              'target_urls', o365_internal.sandbox_known(w.app_id::text)->'target_urls')
      FROM o365_internal.sandbox_post AS p JOIN o365_internal.sandbox_target AS t ON t.target_id = p.target_id
      LEFT JOIN o365_internal.sandbox_webhook AS w ON w.webhook_id = p.webhook_id WHERE p.post_id = $1 $$;
COMMENT ON FUNCTION o365_programs.sandbox_card(bigint) IS
    'A card as it stands in the feed, its target''s person, its connector and where that may post to; null without '
    'such a card.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_acted(post_id bigint, person text, name text, token text, http integer,
    took_ms integer, status text, problem text,
    new_card text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO o365_internal.sandbox_action (post_id, person, name, token, http, took_ms, status, problem, replaced)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9 IS NOT NULL);
    UPDATE o365_internal.sandbox_post AS p SET card = $9 WHERE p.post_id = $1 AND $9 IS NOT NULL $$;
COMMENT ON FUNCTION o365_programs.sandbox_acted(bigint, text, text, text, integer, integer, text, text, text) IS
    'Notes what pressing an action came to, and puts the card that the answer brought (null: none) in the place of '
    'the old one.';
