CREATE OR REPLACE FUNCTION o365_internal.plant_preflight(slug text, state_hashes bytea[], cookie_hashes bytea[],
                                                         token_hash bytea) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector_id integer := (o365_internal.connector_by_slug(slug)).connector_id;
    v_subscription_id bigint;
BEGIN
    IF v_connector_id IS NULL THEN
        RETURN false;
    END IF;
    -- Marked, so that health() recognises those that a killed program has left.
    INSERT INTO o365_internal.connect_attempt (connector_id, state_hash, cookie_hash, expires_at, app_state)
        SELECT v_connector_id, u.state_hash, u.cookie_hash, now() + interval '5 minutes', '"preflight"'
          FROM unnest(plant_preflight.state_hashes, plant_preflight.cookie_hashes) AS u (state_hash, cookie_hash);
    v_subscription_id := (SELECT s.subscription_id FROM o365_internal.subscription AS s
                           WHERE s.connector_id = v_connector_id AND s.status IN ('active', 'paused') LIMIT 1);
    IF v_subscription_id IS NULL THEN
        RETURN false;
    END IF;
    -- Besides the valid links: add_manage_link would end the oldest one if there are many.
    -- It expires by itself in case the program is killed: a web server that logs paths has it in its log.
    INSERT INTO o365_internal.manage_link (token_hash, subscription_id, kind, revoked_at)
        VALUES (plant_preflight.token_hash, v_subscription_id, 'owner', now() + interval '5 minutes');
    RETURN true;
END $$;
COMMENT ON FUNCTION o365_internal.plant_preflight(text, bytea[], bytea[], bytea) IS
    'Begins an attempt to connect for each state (SHA-256, with that of its cookie), and makes a link to the page that '
    'manages one of the connector''s connections (token_hash: SHA-256 of its token), for as long as a preflight looks: '
    'o365_internal.clear_preflight takes all of it away. False: nobody is connected, so there is no link.';
