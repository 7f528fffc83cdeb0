CREATE OR REPLACE FUNCTION o365_internal.audit_ends("from" timestamptz, "to" timestamptz) RETURNS o365_internal.proof_of
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB' AS $$
#variable_conflict use_column
DECLARE
    v o365_internal.proof_of;
BEGIN
    v.checked := (SELECT count(*) FROM o365_internal.delivery AS d WHERE d.at >= $1 AND d.at < $2);
    WITH fault AS (
        SELECT d.card_id, format('card %s has %s ends', d.card_id, count(*)) AS words
          FROM o365_internal.delivery AS d WHERE d.at >= $1 AND d.at < $2 GROUP BY d.card_id HAVING count(*) > 1
        UNION ALL
        SELECT o.card_id, format('card %s has ended and waits', o.card_id)
          FROM o365_internal.outbox AS o
          JOIN o365_internal.delivery AS d ON d.card_id = o.card_id WHERE d.at >= $1 AND d.at < $2
        UNION ALL
        SELECT a.card_id, format('card %s was posted at %s, has no end and does not wait', a.card_id,
                                 o365_internal.moment(a.at))
          FROM (SELECT x.card_id, min(x.at) AS at FROM o365_internal.attempt AS x
                 WHERE x.at >= $1 AND x.at < $2 GROUP BY x.card_id) AS a
         WHERE o365_internal.is_lost(a.card_id, a.at)
        UNION ALL
        SELECT e.card_id, format('the end of card %s was told at %s, and it has none', e.card_id,
                                 o365_internal.moment(e.at))
          FROM o365_internal.event AS e
         WHERE e.at >= $1 AND e.at < $2 AND e.kind = 'card_not_delivered'
           AND o365_internal.is_lost(e.card_id, e.at - interval '1 hour'))
    SELECT count(*), (array_agg(f.words ORDER BY f.card_id))[1:5] INTO v.found, v.examples FROM fault AS f;
    RETURN v;
END $$;
COMMENT ON FUNCTION o365_internal.audit_ends(timestamptz, timestamptz) IS
    'Cards with two ends, that have ended and wait, or of which the history knows something and no end although they '
    'do not wait.';
