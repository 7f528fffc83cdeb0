CREATE OR REPLACE FUNCTION o365_internal.chore_forget_options() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    c_most CONSTANT integer := 20000;
BEGIN
    -- A locked row belongs to a session that sends with its key, or sends that card again.
    DELETE FROM o365_internal.dedupe AS d WHERE d.ctid = ANY (ARRAY(
        SELECT x.ctid FROM o365_internal.dedupe AS x WHERE x.until <= now() ORDER BY x.until LIMIT c_most
           FOR UPDATE SKIP LOCKED));
    DELETE FROM o365_internal.dead_card AS d WHERE d.ctid = ANY (ARRAY(
        SELECT x.ctid FROM o365_internal.dead_card AS x
         WHERE x.at <= now() - make_interval(days => o365_internal.integer_setting('dead_card_days'))
         ORDER BY x.at LIMIT c_most FOR UPDATE SKIP LOCKED));
    DELETE FROM o365_internal.collapse AS c WHERE c.ctid = ANY (ARRAY(
        SELECT x.ctid FROM o365_internal.collapse AS x
         WHERE NOT EXISTS (SELECT FROM o365_internal.outbox AS o WHERE o.card_id = x.card_id)
           AND NOT EXISTS (SELECT FROM o365_internal.scheduled AS s WHERE s.card_id = x.card_id)
           -- A card that it replaces still waits.
           AND NOT EXISTS (SELECT FROM o365_internal.collapse AS y
                            WHERE y.subscription_id = x.subscription_id AND y.key = x.key AND y.card_id < x.card_id
                              AND (EXISTS (SELECT FROM o365_internal.outbox AS o WHERE o.card_id = y.card_id)
                                   OR EXISTS (SELECT FROM o365_internal.scheduled AS s WHERE s.card_id = y.card_id)))
           -- What it replaces would be sent again without it.
           AND NOT EXISTS (SELECT FROM o365_internal.dead_card AS d
                            WHERE d.subscription_id = x.subscription_id AND d.collapse_key = x.key
                              AND o365_internal.replaced_by(d.subscription_id, d.collapse_key, d.card_id) = x.card_id)
         LIMIT c_most FOR UPDATE OF x SKIP LOCKED));
    -- These belong to cards that have arrived; those of cards that were given up are deleted already.
    DELETE FROM o365_internal.set_aside AS a WHERE a.ctid = ANY (ARRAY(
        SELECT x.ctid FROM o365_internal.set_aside AS x
         WHERE NOT EXISTS (SELECT FROM o365_internal.scheduled AS s WHERE s.card_id = x.card_id)
           AND NOT EXISTS (SELECT FROM o365_internal.outbox AS o
                            WHERE o.subscription_id = x.subscription_id AND o.position = x.position)
         LIMIT c_most FOR UPDATE SKIP LOCKED));
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_forget_options() IS
    'Deletes dedupe keys that count no more, collapse keys of cards that have ended and replace none that waits or '
    'could be sent again, the content of dead cards older than dead_card_days, and what was counted for cards that '
    'were set aside and have ended, at most 20,000 of each.';
