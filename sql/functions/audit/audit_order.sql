CREATE OR REPLACE FUNCTION o365_internal.audit_order("from" timestamptz, "to" timestamptz)
RETURNS o365_internal.proof_of
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB' AS $$
#variable_conflict use_column
DECLARE
    -- Since then the history says which cards were set aside; for earlier cards the connector's policy decides.
    v_said timestamptz := (SELECT m.applied_at FROM o365_internal.migration AS m WHERE m.number = 38);
    v o365_internal.proof_of;
BEGIN
    WITH ended AS (
        SELECT d.subscription_id AS s, d.at, d.post_no, d.card_id, d.attempts, d.enqueued_at,
               max(d.card_id) OVER same AS same
          FROM o365_internal.delivery AS d
         WHERE d.at >= $1 AND d.at < $2 AND d.post_no IS NOT NULL AND d.unordered IS NOT TRUE
           AND (d.was_aside OR d.at < v_said AND d.attempts > 1
                AND (SELECT c.when_blocked FROM o365_internal.connector AS c
                      WHERE c.connector_id = d.connector_id) = 'pass') IS NOT TRUE
        WINDOW same AS (PARTITION BY d.subscription_id, d.enqueued_at ORDER BY d.post_no
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
    fault AS (
        SELECT e.s, e.post_no, format('card %s of subscription %s ended after card %s of the same transaction',
                                      e.card_id, e.s, e.same) AS words
          FROM ended AS e
         WHERE e.same > e.card_id
           -- A second end of a card is a matter of the rule ends.
           AND NOT EXISTS (SELECT FROM o365_internal.delivery AS x
                            WHERE x.card_id = e.card_id AND x.at >= $1 AND x.at < e.at)
        UNION ALL
        -- These are few: only cards that were posted more than once.
        SELECT e.s, e.post_no, format('card %s of subscription %s ended while card %s was being tried', p.card_id, e.s,
                                      e.card_id)
          FROM ended AS e
         CROSS JOIN LATERAL (SELECT min(a.post_no) AS post_no, min(a.at) AS at FROM o365_internal.attempt AS a
                              WHERE a.card_id = e.card_id AND a.at >= e.enqueued_at AND a.at <= e.at) AS first
         CROSS JOIN LATERAL (SELECT x.card_id FROM o365_internal.delivery AS x
                              WHERE x.subscription_id = e.s AND x.at >= first.at AND x.at <= e.at
                                AND x.post_no > first.post_no AND x.post_no < e.post_no
                                AND x.card_id > e.card_id AND x.unordered IS NOT TRUE AND x.was_aside IS NOT TRUE
                              LIMIT 1) AS p
         WHERE e.attempts > 1)
    SELECT (SELECT count(*) FROM ended), count(*), (array_agg(f.words ORDER BY f.s, f.post_no))[1:5]
      INTO v.checked, v.found, v.examples FROM fault AS f;
    RETURN v;
END $$;
COMMENT ON FUNCTION o365_internal.audit_order(timestamptz, timestamptz) IS
    'Cards of one subscription that a POST ended in another order than theirs: cards of one transaction that ended in '
    'another order than they were sent in, and cards that ended between the first POST of an older card and its end. '
    'Test and urgent cards have no place in the order, nor cards that were set aside.';
