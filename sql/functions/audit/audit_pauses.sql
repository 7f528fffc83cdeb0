CREATE OR REPLACE FUNCTION o365_internal.audit_pauses("from" timestamptz, "to" timestamptz)
RETURNS o365_internal.proof_of
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB' AS $$
#variable_conflict use_column
DECLARE
    c_grace CONSTANT interval := '2 seconds';
    v o365_internal.proof_of;
    v_s bigint[];       -- subscriptions, when a pause or removal of theirs began, and when it was over
    v_begin timestamptz[];
    v_end timestamptz[];
BEGIN
    -- A paused connection stays paused when its webhook is renewed or proven; when it is resumed while it awaits a
    -- proof, it becomes suspended.
    WITH event AS MATERIALIZED (
        SELECT e.subscription_id AS s, e.at, e.kind FROM o365_internal.event AS e
         WHERE e.at >= $1 AND e.subscription_id IS NOT NULL
           AND e.kind IN ('paused', 'removed', 'resumed', 'suspended')),
    turn AS (
        SELECT e.s, e.at, e.kind IN ('paused', 'removed') AS stops FROM event AS e WHERE e.at < $2
        UNION ALL
        -- Pauses that began before that time and continued: until a later event, whose predecessor shows the pause, or
        -- until now.
        SELECT f.s, $1 - c_grace, true FROM (SELECT DISTINCT e.s FROM event AS e) AS f
         WHERE (SELECT e.kind FROM o365_internal.event AS e
                 WHERE e.subscription_id = f.s AND e.at < $1
                   AND e.kind IN ('paused', 'removed', 'resumed', 'suspended')
                 ORDER BY e.at DESC LIMIT 1) IN ('paused', 'removed')
        UNION ALL
        SELECT s.subscription_id, $1 - c_grace, true FROM o365_internal.subscription AS s
         WHERE s.status IN ('paused', 'removed') AND s.status_at < $2
           AND NOT EXISTS (SELECT FROM event AS e WHERE e.s = s.subscription_id)),
    stopped AS (
        SELECT t.s, t.at, t.stops, coalesce(lead(t.at) OVER (PARTITION BY t.s ORDER BY t.at), $2) AS until
          FROM turn AS t)
    SELECT array_agg(x.s), array_agg(x.at + c_grace), array_agg(x.until) INTO v_s, v_begin, v_end
      FROM stopped AS x WHERE x.stops AND x.until > x.at + c_grace;
    WITH every AS (
        SELECT e.object AS host, e.at, e.kind = 'host_held' AS holds,
               least(lead(e.at) OVER (PARTITION BY e.object ORDER BY e.at), e.detail::timestamptz, $2) AS until
          FROM o365_internal.event AS e
         WHERE e.subscription_id IS NULL AND e.at < $2 AND e.kind IN ('host_held', 'host_released')),
    held AS MATERIALIZED (SELECT e.* FROM every AS e WHERE e.holds AND e.until > $1),
    post AS MATERIALIZED (
        SELECT p.subscription_id AS s, p.post_no, p.card_id, p.earliest, p.latest
          FROM o365_internal.audit_posts($1, $2, CASE WHEN NOT EXISTS (SELECT FROM held)
                                                      THEN coalesce(v_s, '{}') END) AS p),
    fault AS (
        SELECT p.s, p.post_no, p.card_id, b.at FROM unnest(v_s, v_begin, v_end) AS b (s, at, until)
          JOIN post AS p ON p.s = b.s WHERE p.earliest > b.at AND p.latest < b.until
        UNION ALL
        SELECT p.s, p.post_no, p.card_id, h.at + c_grace FROM held AS h
          JOIN o365_internal.host AS o ON o.name = h.host
          JOIN post AS p ON p.earliest > h.at + c_grace AND p.latest < h.until
          JOIN o365_internal.lane AS l ON l.subscription_id = p.s AND l.host_id = o.host_id
         -- What was posted to a webhook that was renewed since may have gone elsewhere.
         WHERE p.post_no > l.webhook_after)
    SELECT (SELECT count(*) FROM post), count(*),
           (array_agg(format('POST %s of subscription %s (card %s) began after it was stopped at %s', f.post_no, f.s,
                             f.card_id, o365_internal.moment(f.at - c_grace)) ORDER BY f.s, f.post_no))[1:5]
      INTO v.checked, v.found, v.examples FROM fault AS f
     -- Test cards leave in spite of a pause.
     WHERE NOT EXISTS (SELECT FROM o365_internal.delivery AS d
                        WHERE d.card_id = f.card_id AND d.at >= $1 AND (d.unordered OR d.event = 'proof'))
       AND NOT EXISTS (SELECT FROM o365_internal.event AS e
                        WHERE e.subscription_id = f.s AND e.at >= $1 AND e.kind = 'tested'
                          AND e.detail = f.card_id::text);
    RETURN v;
END $$;
COMMENT ON FUNCTION o365_internal.audit_pauses(timestamptz, timestamptz) IS
    'POSTs that certainly began later than 2 s after their subscription was paused or removed, or their far end held, '
    'and before that was over. It counts from the call: a transaction that stays open after it counts as committed.';
