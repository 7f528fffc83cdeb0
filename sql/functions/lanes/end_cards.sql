CREATE OR REPLACE FUNCTION o365_internal.end_cards(outcomes text[], reasons text[], tids tid[], claims timestamptz[])
RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_ended integer;
    v_noted record;
BEGIN
    IF tids IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM o365_internal.keep_content(tids, outcomes);
    -- The outcomes are looked up by ctid before the rows are deleted, because the order of the rows that DELETE returns
    -- is not defined.
    WITH ending AS MATERIALIZED (
        SELECT DISTINCT ON (u.tid) o.card_id, o.position, o.subscription_id, o.event, o.enqueued_at,
               u.outcome, u.reason, u.tid, u.claimed_at, (SELECT s.connector_id FROM o365_internal.subscription AS s
                               WHERE s.subscription_id = o.subscription_id) AS connector_id,
               (SELECT count(*) FROM o365_internal.attempt AS a
                 WHERE a.card_id = o.card_id AND a.at >= o.enqueued_at) AS attempts
          FROM unnest(outcomes, reasons, tids, claims) AS u(outcome, reason, tid, claimed_at)
          CROSS JOIN LATERAL (SELECT x.card_id, x.position, x.subscription_id, x.event, x.enqueued_at
                                FROM o365_internal.outbox AS x WHERE x.ctid = u.tid) AS o ORDER BY u.tid),
    gone AS (DELETE FROM o365_internal.outbox AS o WHERE o.ctid = ANY (tids) RETURNING 1),  -- (!) by ctid: a join flips
    kept AS (
        INSERT INTO o365_internal.delivery (card_id, subscription_id, connector_id, outcome, reason, event, enqueued_at,
                                            claimed_at, attempts)
        SELECT e.card_id, e.subscription_id, e.connector_id, e.outcome, e.reason, e.event, e.enqueued_at,
               e.claimed_at, e.attempts FROM ending AS e RETURNING 1)
    SELECT (SELECT count(*) FROM kept) AS ended, array_agg(e.subscription_id) AS subs, array_agg(e.card_id) AS cards,
           array_agg(e.outcome) AS outcomes, array_agg(e.reason) AS reasons INTO v_noted FROM ending AS e
     WHERE e.position >= o365_internal.tests_below()   -- no test card
       AND e.outcome NOT IN ('digested', 'superseded');
    v_ended := v_noted.ended;
    IF v_noted.cards IS NOT NULL THEN
        PERFORM o365_internal.note_cards(v_noted.subs, v_noted.cards, v_noted.outcomes, v_noted.reasons);
    END IF;
    RETURN v_ended;
END $$;
COMMENT ON FUNCTION o365_internal.end_cards(text[], text[], tid[], timestamptz[]) IS
    'Moves cards from the outbox to the history with their outcomes and when they were first claimed, each once. The '
    'caller holds their lanes, so nobody else can end them. Returns how many.';
