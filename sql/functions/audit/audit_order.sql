CREATE OR REPLACE FUNCTION o365_internal.audit_order("from" timestamptz, "to" timestamptz)
RETURNS o365_internal.proof_of
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB' AS $$
#variable_conflict use_column
DECLARE
    v o365_internal.proof_of;
BEGIN
    WITH ended AS (
        SELECT d.subscription_id AS s, d.post_no, d.card_id, d.enqueued_at, d.claimed_at, d.attempts, d.connector_id,
               max(d.enqueued_at) OVER before AS newest, max(d.card_id) OVER same AS same
          FROM o365_internal.delivery AS d
         WHERE d.at >= $1 AND d.at < $2 AND d.post_no IS NOT NULL AND d.unordered IS NOT TRUE
        WINDOW before AS (PARTITION BY d.subscription_id ORDER BY d.post_no
                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
               same AS (PARTITION BY d.subscription_id, d.enqueued_at ORDER BY d.post_no
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
    fault AS (
        SELECT e.s, e.post_no, CASE WHEN e.same > e.card_id
            THEN format('card %s of subscription %s ended after card %s of the same transaction', e.card_id, e.s,
                        e.same)
            ELSE format('card %s of subscription %s was taken up at %s and ended after a card that was sent at %s',
                        e.card_id, e.s, o365_internal.moment(e.claimed_at), o365_internal.moment(e.newest)) END AS words
          FROM ended AS e
         WHERE (e.same > e.card_id OR e.newest > e.claimed_at)
           -- Set aside, because it failed: others went on.
           AND NOT (e.attempts > 1 AND (SELECT to_jsonb(c) ->> 'when_blocked' = 'pass' FROM o365_internal.connector AS c
                                         WHERE c.connector_id = e.connector_id) IS TRUE))
    SELECT (SELECT count(*) FROM ended), count(*), (array_agg(f.words ORDER BY f.s, f.post_no))[1:5]
      INTO v.checked, v.found, v.examples FROM fault AS f;
    RETURN v;
END $$;
COMMENT ON FUNCTION o365_internal.audit_order(timestamptz, timestamptz) IS
    'Cards of one subscription that a POST ended in another order than theirs: cards of one transaction that ended in '
    'another order than they were sent in, and cards that a worker had taken up before the transaction of a card began '
    'that ended before them. Test and urgent cards have no place in the order, nor cards that were set aside.';
