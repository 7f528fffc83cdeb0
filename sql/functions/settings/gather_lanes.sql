CREATE OR REPLACE FUNCTION o365_internal.gather_lanes(far_end text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s'
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_host_id integer := (SELECT h.host_id FROM o365_internal.host AS h WHERE h.name = far_end);
    v_domain text := '.' || regexp_replace(far_end, '^\*\.', '');
    v_others integer[] := ARRAY(
        SELECT h.host_id FROM o365_internal.host AS h
         CROSS JOIN LATERAL (SELECT '.' || regexp_replace(h.name, '^\*\.', '') AS domain) AS d
         WHERE h.host_id <> v_host_id
           AND (h.host_id = 0 OR right(v_domain, length(d.domain)) = d.domain
                OR right(d.domain, length(v_domain)) = v_domain)
           AND EXISTS (SELECT FROM o365_internal.lane AS l WHERE l.host_id = h.host_id));
    v_ids bigint[];
BEGIN
    -- Nearly always there is none: entries of the allow-list seldom lie within one another, and seldom change.
    IF v_others = '{}' THEN
        RETURN;
    END IF;
    v_ids := ARRAY(
        WITH there AS MATERIALIZED (
            SELECT l.subscription_id, s.webhook_host FROM o365_internal.lane AS l
              JOIN o365_internal.subscription AS s ON s.subscription_id = l.subscription_id
             WHERE l.host_id = ANY (v_others))
        SELECT t.subscription_id FROM there AS t
         WHERE t.webhook_host IN (SELECT d.webhook_host FROM (SELECT DISTINCT x.webhook_host FROM there AS x) AS d
                                   WHERE o365_internal.entry_of_host(d.webhook_host) = far_end));
    -- In one order, as whoever locks several does.
    PERFORM FROM o365_internal.lane AS l WHERE l.subscription_id = ANY (v_ids) ORDER BY l.subscription_id
        FOR NO KEY UPDATE;
    UPDATE o365_internal.lane AS l SET host_id = v_host_id
     WHERE l.subscription_id = ANY (v_ids) AND l.host_id = ANY (v_others);
EXCEPTION WHEN lock_not_available THEN
    PERFORM o365_internal.refuse_locked('a connection on host ' || far_end);
END $$;
COMMENT ON FUNCTION o365_internal.gather_lanes(text) IS
    'Gives a far end the lanes of all webhooks that belong to it by the allow-list of now. A lane stays with the entry '
    'that covered its webhook when it was connected; that may be a wider or a narrower one, or be gone. Reads the '
    'lanes of far ends above and below that one, if there are any. Error: lock_not_available when another session has '
    'one of them locked for more than 5 s.';
