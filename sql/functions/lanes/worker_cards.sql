CREATE OR REPLACE FUNCTION o365_programs.worker_cards(
    worker integer, subscription_ids bigint[], lease_nos bigint[], n_cards integer, lane_bytes integer,
    all_bytes integer)
RETURNS TABLE (subscription_id bigint, lease_no bigint, "position" bigint, card_id bigint, card text, ends_as text,
    reason text, extra text, expires_ms bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_s bigint;  -- the lane that is being read, its lease, its bytes so far, and whether it has as many as it may
    v_l bigint;
    v_lane bigint := 0;
    v_full boolean;
    v_all bigint := 0;     -- bytes of all lanes so far
    v_bytes integer;
BEGIN
    -- One statement that is read to where the bytes end: nested loops keep the order of the arrays.
    FOR subscription_id, lease_no, "position", card_id, card, ends_as, reason, extra, expires_ms IN
        WITH fed AS MATERIALIZED (SELECT f.snap, EXISTS (SELECT 1 FROM o365_internal.handing) AS bulk
                                    FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1),
        again AS MATERIALIZED (
            SELECT coalesce(a.lane, (-9223372036854775808)::bigint) AS lane
              FROM o365_internal.feeding_again AS a ORDER BY a.n DESC LIMIT 1)
        SELECT u.s, u.l, o.position, o.card_id, CASE WHEN e.ends IS NULL THEN o.card END AS card,
               e.ends[1] AS ends_as, e.ends[2] AS reason,
               nullif(su.extra || coalesce(o.extra, '{}'), '{}')::text AS extra,
               CASE WHEN o.not_after IS NOT NULL
                    THEN greatest(0, extract(epoch FROM o.not_after - clock_timestamp()) * 1000)::bigint END
                   AS expires_ms
          FROM unnest(subscription_ids, lease_nos) AS u (s, l)
          LEFT JOIN LATERAL (SELECT x.cursor, x.granted, b.below,
                                    -- Of a lane with a schedule only what its last run made, and what passes it.
                                    CASE WHEN x.run IS NULL THEN x.late
                                         ELSE o365_internal.to_take(x.late, x.run) END AS late,
                                    CASE WHEN x.run IS NULL THEN b.below ELSE least(b.below, 0) END AS read_below
                               FROM o365_internal.lane AS x
                              CROSS JOIN LATERAL (SELECT coalesce(x.lease_below, 9223372036854775807) AS below) AS b
                              WHERE x.subscription_id = u.s AND x.lease_no = u.l AND x.worker = worker_cards.worker
                                -- (!) Cards of a transaction that came since the lease are in part not handed over.
                                AND NOT EXISTS (SELECT 1 FROM o365_internal.postponed AS p
                                                 WHERE p.subscription_id = u.s)
                                AND coalesce(u.s < (SELECT again.lane FROM again), true) LIMIT 1) AS la ON true
          LEFT JOIN LATERAL (SELECT y.status IN ('removed', 'gone', 'retired') AS is_over, y.unwanted_events,
                                    -- Only an envelope has a place beside the card.
                                    CASE WHEN y.dialect = 'workflow' AND y.payload = 'envelope'
                                         THEN coalesce(y.extra, '{}') END AS extra
                               FROM o365_internal.subscription AS y WHERE y.subscription_id = u.s LIMIT 1) AS su ON true
          LEFT JOIN LATERAL (
            SELECT c.* FROM (
                (SELECT o.position, o.card_id, o.card, o.event, o.extra, o.not_after, o.collapse_key, o.cancel_reason
                   FROM unnest(la.late) AS v(p)
                   JOIN o365_internal.outbox AS o ON o.subscription_id = u.s AND o.position = v.p
                  WHERE v.p < la.below)
                UNION ALL
                (SELECT o.position, o.card_id, o.card, o.event, o.extra, o.not_after, o.collapse_key, o.cancel_reason
                   FROM o365_internal.outbox AS o
                  WHERE o.subscription_id = u.s AND o.position > la.cursor AND o.position < la.read_below
                    -- (!) only what was fed, or a transaction's cards come apart
                    AND (pg_visible_in_snapshot(o.xid, (SELECT fed.snap FROM fed))
                         OR o.xid = ANY ((SELECT CASE WHEN fed.bulk THEN o365_internal.handed_over(u.s) END
                                            FROM fed)::xid8[]))
                  ORDER BY o.position LIMIT least(n_cards, la.granted))) AS c
            ORDER BY c.position LIMIT least(n_cards, la.granted)) AS o ON true
         CROSS JOIN LATERAL (
            SELECT CASE WHEN x.cancelled IS NOT NULL
                        THEN ARRAY['cancelled', o365_internal.with_doubt(
                                 x.cancelled, o365_internal.unclear_posts(u.s, o.position))]
                        WHEN o.not_after IS NOT NULL OR o.collapse_key IS NOT NULL
                        THEN o365_internal.option_end(u.s, o.position, o.card_id, o.not_after, o.collapse_key,
                                                      (SELECT fed.snap FROM fed), (SELECT fed.bulk FROM fed)) END
                   AS ends
              FROM (SELECT CASE WHEN su.is_over THEN 'the subscription was removed or is gone'
                                WHEN o.cancel_reason IS NOT NULL THEN o.cancel_reason
                                WHEN o.event = ANY (su.unwanted_events) AND o.position >= o365_internal.tests_below()
                                THEN 'its user does not want this event' END AS cancelled) AS x) AS e
    LOOP
        IF "position" < o365_internal.tests_below() THEN
            card := replace(card, '{code}', o365_internal.proof_code(card_id));
        END IF;
        v_bytes := coalesce(octet_length(card), 0);
        IF subscription_id = v_s AND lease_no = v_l THEN
            v_full := v_full OR v_lane + v_bytes > lane_bytes OR v_all + v_bytes > all_bytes;
            CONTINUE WHEN v_full;
            v_lane := v_lane + v_bytes;
        ELSE
            -- Each lane has a card; a lane that has no room for one is asked for again.
            EXIT WHEN v_s IS NOT NULL AND v_all + v_bytes > all_bytes;
            v_s := subscription_id;
            v_l := lease_no;
            v_lane := v_bytes;
            v_full := false;
        END IF;
        v_all := v_all + v_bytes;
        RETURN NEXT;
    END LOOP;
END $$;
COMMENT ON FUNCTION o365_programs.worker_cards(integer, bigint[], bigint[], integer, integer, integer) IS
    'The first cards of leased lanes, in the order of the arrays and of the cards: at most n_cards and about '
    'lane_bytes of a lane, but always one, and about all_bytes in all. Changes nothing. A lane without a card, or '
    'that is not leased to this worker under this number any more, comes with position null: report it like the '
    'others. One that does not come at all did not fit: ask again. card: as it was sent; the worker puts it into the '
    'form that its webhook takes. Test cards (queue_test_card) come first, with their code, then urgent ones; a lane '
    'that was held when it was leased has only test cards, one that waited for its schedule only those two, and one '
    'with a schedule besides them those of its last run (lane.run). ends_as: report that outcome with this reason, '
    'without a POST; card is null then. extra: fields that stand beside the card in its envelope, a JSON object of '
    'strings; null for none. expires_ms: no POST of it may begin so many milliseconds after this call began; report '
    'expired then. Null: at any time.';
