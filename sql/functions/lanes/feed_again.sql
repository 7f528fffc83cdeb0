CREATE OR REPLACE FUNCTION o365_internal.feed_again() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- (!) Before anything else: cards that are committed from here on are new to the next round; feed_on finds those
    -- that were committed before.
    v_snap pg_snapshot := pg_current_snapshot();
BEGIN
    -- The same cluster, database and tables with lower ids: only the data were moved here. A concurrent call of
    -- o365.this_is has that row locked; do not wait for it.
    UPDATE o365_internal.known_database AS k SET tables = '{}'
     WHERE (SELECT pg_snapshot_xmax(f.snap) > pg_snapshot_xmax(v_snap)
              FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1)
       AND o365_internal.copied() IS NULL
       AND k.ctid = ANY (ARRAY(SELECT d.ctid FROM o365_internal.known_database AS d FOR UPDATE SKIP LOCKED));
    INSERT INTO o365_internal.fed (snap, cluster) VALUES (v_snap, o365_internal.cluster_id());
    DELETE FROM o365_internal.postponed;
    DELETE FROM o365_internal.handing;
    DELETE FROM o365_internal.handed_early;
    DELETE FROM o365_internal.feeding_again;
    INSERT INTO o365_internal.feeding_again (lane, position)
        VALUES ((-9223372036854775808)::bigint, (-9223372036854775808)::bigint);
    PERFORM o365_internal.advance_sequences();
END $$;
COMMENT ON FUNCTION o365_internal.feed_again() IS
    'Begins to hand everything that waits to the lanes anew, as if it had just arrived: rounds of arrivals go on with '
    'it (feed_on), a part in each. Until a lane has been handed over nobody claims it. Advances the sequences. The '
    'caller has locked turn_to_feed.';
