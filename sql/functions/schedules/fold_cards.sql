CREATE OR REPLACE FUNCTION o365_internal.fold_cards(subscription_id bigint, OUT run bigint[], OUT digests integer)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    c_cards CONSTANT integer := 1000;   -- that digests are made of; what is left is folded after they have left
    c_run CONSTANT integer := 100;      -- that leave of it
    v_subscription o365_internal.subscription;
    v_trying bigint;
    v_connector o365_internal.connector;
    v_all record;
    v_groups integer[];
    v_group record;
    v_digest bigint;
    v_not_after timestamptz;
BEGIN
    run := '{}';
    digests := 0;
    SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s
     WHERE s.subscription_id = fold_cards.subscription_id;
    v_trying := (SELECT l.trying FROM o365_internal.lane AS l WHERE l.subscription_id = fold_cards.subscription_id);
    SELECT c.* INTO v_connector FROM o365_internal.connector AS c WHERE c.connector_id = v_subscription.connector_id;
    -- A card that ends without a POST ends now, and parts no digest. One that was posted before may have been shown: it
    -- leaves on its own, and its claim ends it.
    SELECT array_agg(f.tid ORDER BY f.position) FILTER (WHERE f.stays) AS tids,
           array_agg(f.position ORDER BY f.position) FILTER (WHERE f.stays) AS positions,
           array_agg(f.card ORDER BY f.position) FILTER (WHERE f.stays) AS cards,
           array_agg(f.extra ORDER BY f.position) FILTER (WHERE f.stays) AS extras,
           array_agg(CASE WHEN NOT f.was_posted THEN o365_internal.digest_kind(f.card::jsonb, v_subscription.dialect)
                                                     || coalesce(f.extra::text, '') END ORDER BY f.position)
               FILTER (WHERE f.stays) AS keys,
           array_agg(f.tid) FILTER (WHERE NOT f.stays) AS ending,
           array_agg(f.ends[1]) FILTER (WHERE NOT f.stays) AS outcomes,
           array_agg(f.ends[2]) FILTER (WHERE NOT f.stays) AS reasons,
           array_agg(NULL::timestamptz) FILTER (WHERE NOT f.stays) AS claims
      INTO v_all
      FROM (SELECT c.*, p.was_posted, c.ends IS NULL OR p.was_posted AS stays
              FROM o365_internal.fed_cards(fold_cards.subscription_id, c_cards) AS c
             CROSS JOIN LATERAL (SELECT c.was_aside OR c.position IS NOT DISTINCT FROM v_trying AS was_posted) AS p
           ) AS f;
    PERFORM o365_internal.end_cards(v_all.outcomes, v_all.reasons, v_all.ending, v_all.claims);
    v_groups := o365_internal.digest_groups(v_all.keys);
    FOR v_group IN
        SELECT count(*) AS n, array_agg(u.tid) AS tids, max(u.position) AS last,
               array_agg(u.card::jsonb ORDER BY u.position) AS cards, (array_agg(u.extra))[1] AS extra
          FROM unnest(v_all.tids, v_all.positions, v_all.cards, v_all.extras, v_groups)
               AS u (tid, position, card, extra, g)
         GROUP BY u.g ORDER BY u.g LIMIT c_run
    LOOP
        IF v_group.n > 1 THEN
            v_digest := nextval('o365_internal.card_id');
            -- It expires with the last of its cards, if all of them do.
            SELECT CASE WHEN count(o.not_after) = count(*) THEN max(o.not_after) END INTO v_not_after
              FROM o365_internal.outbox AS o WHERE o.ctid = ANY (v_group.tids);
            PERFORM o365_internal.end_cards(array_fill('digested'::text, ARRAY[v_group.n::integer]),
                array_fill(format('in digest %s', v_digest), ARRAY[v_group.n::integer]), v_group.tids,
                array_fill(NULL::timestamptz, ARRAY[v_group.n::integer]));
            -- In the place of the last of them. (!) With a transaction id that every snapshot shows, so that it counts
            -- as fed.
            INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card, extra, not_after, xid)
                VALUES (v_digest, v_group.last, fold_cards.subscription_id,
                        o365_internal.make_digest(v_group.cards,
                            o365_internal.digest_kind(v_group.cards[1], v_subscription.dialect),
                            v_subscription.dialect, v_connector.name, v_connector.language, v_connector.website)::text,
                        v_group.extra, v_not_after, '3');
            digests := digests + 1;
        END IF;
        run := run || v_group.last;
    END LOOP;
END $$;
COMMENT ON FUNCTION o365_internal.fold_cards(bigint) IS
    'Makes digests of what was handed to a lane, at most 1,000 cards: cards of one kind and with the same extra fields '
    'that follow each other become one, a card of its own in their place, and end as digested; one alone, and one that '
    'cannot be folded (digest_kind), stays as it is; what needs no POST ends before. run: the places of what may leave '
    'now, at most 100; digests: how many were made. The caller has the lane locked.';
