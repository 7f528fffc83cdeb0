CREATE OR REPLACE FUNCTION o365_internal.turns(subs bigint[], firsts bigint[]) RETURNS smallint[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    c_many CONSTANT integer := 100;        -- lanes of a connector in one round
    c_together CONSTANT integer := 20;     -- lanes of a transaction
    c_turns CONSTANT integer := 4;
    v_busy integer[] := ARRAY(SELECT b.connector_id FROM o365_internal.busy_connector AS b
                               WHERE b.until > clock_timestamp() AND b.connector_id > 0);
BEGIN
    IF v_busy = '{}' AND cardinality(subs) <= c_together THEN
        RETURN NULL;
    END IF;
    RETURN ARRAY(
        SELECT CASE WHEN count(*) OVER (PARTITION BY c.xid) > c_together
                      OR count(*) OVER (PARTITION BY c.connector_id) > c_many OR c.connector_id = ANY (v_busy)
                    THEN 1 + c.connector_id % c_turns ELSE 0 END
          FROM (SELECT u.n, l.connector_id, o.xid FROM unnest(subs, firsts) WITH ORDINALITY AS u (s, first, n)
                  LEFT JOIN LATERAL (SELECT x.connector_id FROM o365_internal.lane AS x
                                      WHERE x.subscription_id = u.s LIMIT 1) AS l ON true
                  LEFT JOIN LATERAL (SELECT x.xid FROM o365_internal.outbox AS x
                                      WHERE x.subscription_id = u.s AND x.position = u.first LIMIT 1) AS o ON true) AS c
         ORDER BY c.n);
END $$;
COMMENT ON FUNCTION o365_internal.turns(bigint[], bigint[]) IS
    'The turn (lane.turn) of lanes that get cards in one round of arrivals, by each lane''s first card: 1 to 4, by its '
    'connector, where more than 20 lanes get cards of one transaction, or more than 100 of one connector, or many '
    'lanes of that connector are due already; 0 otherwise. Null: 0 for all.';
