CREATE OR REPLACE FUNCTION o365_internal.chore_count_outcomes() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    c_rows CONSTANT integer := 20000;
    v_counted o365_internal.counted;
    v_now timestamptz := clock_timestamp();
    v_writers text[] := o365_internal.holders('{o365_internal.delivery}');
    v_until timestamptz;
BEGIN
    SELECT u.* INTO v_counted FROM o365_internal.counted AS u FOR UPDATE;
    IF v_writers && v_counted.holders THEN
        RETURN NULL;
    END IF;
    -- No transaction that was writing history at the last check is still open: no row from before that time can appear
    -- any more.
    SELECT d.at INTO v_until FROM o365_internal.delivery AS d
     WHERE d.at >= v_counted.until AND d.at < v_counted.asked_at ORDER BY d.at OFFSET c_rows LIMIT 1;
    v_until := greatest(coalesce(v_until, v_counted.asked_at), v_counted.until);
    INSERT INTO o365_internal.outcome_hour AS h (hour, connector_id, outcome, http_status, rule_id, cards)
        SELECT date_trunc('hour', d.at, 'UTC'), s.connector_id, d.outcome, coalesce(d.http_status, 0),
               coalesce(d.rule_id, 0), count(*)
          FROM o365_internal.delivery AS d JOIN o365_internal.subscription AS s ON s.subscription_id = d.subscription_id
         WHERE d.at >= v_counted.until AND d.at < v_until GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT ON CONSTRAINT outcome_hour_pkey DO UPDATE SET cards = h.cards + excluded.cards;
    UPDATE o365_internal.counted AS u SET until = v_until, asked_at = v_now, holders = v_writers;
    DELETE FROM o365_internal.outcome_hour AS h WHERE h.hour < o365_internal.history_begins();
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_count_outcomes() IS
    'Counts ends of cards into outcome_hour, at most 20,000, each once: only those from before a moment after which no '
    'older one can appear, because whoever was writing history then has ended.';
