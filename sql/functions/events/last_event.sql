CREATE OR REPLACE FUNCTION o365_internal.last_event(subscription_id bigint, kinds text[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN (SELECT o365_internal.actor_words(e.actor, e.role)
              FROM o365_internal.event AS e
             WHERE e.subscription_id = last_event.subscription_id AND e.kind = ANY (kinds)
             ORDER BY e.at DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.last_event(bigint, text[]) IS
    'Who last did something of these kinds to a subscription, in words: operator alice, application shop, its user, a '
    'worker. Null when the history has no such event any more.';
