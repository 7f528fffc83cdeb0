CREATE OR REPLACE FUNCTION o365_internal.keep_content(tids tid[], outcomes text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
BEGIN
    IF NOT outcomes && '{dead,in_doubt,expired}' OR o365_internal.integer_setting('dead_card_days') = 0 THEN
        RETURN;
    END IF;
    INSERT INTO o365_internal.dead_card AS d (card_id, subscription_id, outcome, card, event, extra, collapse_key)
        SELECT o.card_id, o.subscription_id, u.outcome, o.card, o.event, o.extra, o.collapse_key
          FROM unnest(tids, outcomes) AS u (tid, outcome)
         CROSS JOIN LATERAL (SELECT x.* FROM o365_internal.outbox AS x WHERE x.ctid = u.tid) AS o
         WHERE u.outcome IN ('dead', 'in_doubt', 'expired') AND o.position >= o365_internal.tests_below()
        ON CONFLICT ON CONSTRAINT dead_card_pkey DO NOTHING;
END $$;
COMMENT ON FUNCTION o365_internal.keep_content(tid[], text[]) IS
    'Keeps the content of those cards of the outbox that end as dead, in_doubt or expired, for dead_card_days, before '
    'their rows go. Test cards are not kept.';
