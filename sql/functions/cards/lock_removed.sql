CREATE OR REPLACE FUNCTION o365_internal.lock_removed(subscription_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_id bigint;
BEGIN
    FOR v_id IN SELECT DISTINCT u.id FROM unnest(subscription_ids) AS u (id) ORDER BY 1 LOOP
        PERFORM FROM o365_internal.subscription AS s WHERE s.subscription_id = v_id FOR KEY SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is no connection % that role % may send to', v_id, session_user
                USING ERRCODE = 'insufficient_privilege', HINT = 'select * from o365.connections(app_user) lists them.';
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION o365_internal.lock_removed(bigint[]) IS
    'Keeps removed subscriptions, to which cards were just sent, from being swept (chore_sweep_removed) until the '
    'caller''s transaction ends: such a card ends as cancelled, and needs its lane for that. Error: '
    'insufficient_privilege, as for any connection that is not there, when one was swept at this moment.';
