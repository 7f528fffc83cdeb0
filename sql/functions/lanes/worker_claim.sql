CREATE OR REPLACE FUNCTION o365_programs.worker_claim(worker integer, low timestamptz, n_lanes integer,
    n_cards integer, lane_bytes integer, all_bytes integer, seen text, quiet_until timestamptz)
RETURNS TABLE (fed integer, seen_now text, quiet_now timestamptz, subscription_id bigint, lease_no bigint,
    secret_version integer, dialect text, lease_ms integer, was_due timestamptz, payload text, has_cards boolean,
    "position" bigint, card_id bigint, card text, ends_as text, reason text, extra text,
    expires_ms bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- (!) Nothing but this, and no table: workers ask up to a thousand times a second, nearly always in vain.
    IF seen = pg_current_snapshot()::text AND clock_timestamp() < quiet_until THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT c.* FROM o365_internal.claim(worker, low, n_lanes, n_cards, lane_bytes, all_bytes) AS c;
END $$;
COMMENT ON FUNCTION o365_programs.worker_claim(integer, timestamptz, integer, integer, integer, integer, text,
                                               timestamptz) IS
    'What a worker asks over and over: worker_feed and worker_lease (worker, low, n_lanes as there), and worker_cards '
    '(n_cards, lane_bytes, all_bytes) where few lanes were leased, in one call. A row for each card, and one for each '
    'lane without; one where no lane was leased, with subscription_id null. fed: as worker_feed. has_cards: whether '
    'the lane''s cards have come, as worker_cards has them, position null for none; ask worker_cards for those of the '
    'others. Pass an all_bytes that fits into the socket''s buffers: until the answer is written, the transaction '
    'holds the lanes. seen, quiet_until: seen_now and quiet_now of the last answer on the same connection, null at '
    'first: while no transaction has ended since, and nothing was to become due, there is no row at all.';
