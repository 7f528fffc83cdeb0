-- The hot statements keep their plans whatever the statistics say: each is explained when the planner believes the tables to be empty, and
-- when it believes them to be huge. A sequential scan, a hash, a merge or a sort of a table would be the beginning of a stalled queue.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann \gset
INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card)
    SELECT nextval('o365_internal.card_id'), currval('o365_internal.card_id'), :ann, '{}' FROM generate_series(1, 2000);
-- Scans of this transaction, as PostgreSQL counts them.
CREATE FUNCTION pg_temp.scans() RETURNS TABLE (relname text, seq_scan bigint) LANGUAGE sql AS $$
    SELECT s.relname::text, s.seq_scan FROM pg_stat_xact_user_tables AS s WHERE s.schemaname = 'o365_internal' AND s.relname IN ('outbox', 'lane', 'fed', 'subscription') $$;
CREATE FUNCTION pg_temp.drive(pages integer, tuples real) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_before bigint;
    v_claim record;
BEGIN
    UPDATE pg_class SET relpages = pages, reltuples = tuples WHERE oid IN ('o365_internal.outbox'::regclass, 'o365_internal.lane'::regclass, 'o365_internal.fed'::regclass,
        'o365_internal.subscription'::regclass, 'o365_internal.postponed'::regclass);
    DISCARD PLANS;
    v_before := (SELECT sum(s.seq_scan) FROM pg_temp.scans() AS s);
    PERFORM o365.worker_feed();
    FOR v_claim IN SELECT * FROM o365.worker_claim(1, '-infinity', 10, 10) LOOP
        PERFORM o365.worker_report(1, ARRAY[v_claim.subscription_id], ARRAY[v_claim.lease_no], ARRAY[v_claim.position], '{delivered}', '{100}', '{200}', '{NULL}', '{1}', '{NULL}',
            ARRAY[v_claim.subscription_id], ARRAY[v_claim.lease_no], '{t}');
    END LOOP;
    PERFORM o365.worker_recheck('{1}', '{1}');
    RETURN (SELECT sum(s.seq_scan) FROM pg_temp.scans() AS s) - v_before;
END $$;
UPDATE o365_internal.lane SET next_at = now() WHERE subscription_id = :ann;
SELECT is(pg_temp.drive(0, 0), 0::bigint, 'no table is scanned when the planner believes all are empty');
UPDATE o365_internal.lane SET next_at = now() WHERE subscription_id = :ann;
SELECT is(pg_temp.drive(1000000, 1e8), 0::bigint, 'nor when it believes all are huge');
UPDATE o365_internal.lane SET next_at = now() WHERE subscription_id = :ann;
SELECT is(pg_temp.drive(-1, -1), 0::bigint, 'nor when it knows nothing');
CREATE TEMP TABLE probe AS SELECT count(*) FROM o365_internal.outbox;
SELECT ok((SELECT s.seq_scan FROM pg_temp.scans() AS s WHERE s.relname = 'outbox') > 0, 'a scan would have been counted');
SELECT * FROM finish();
ROLLBACK;
