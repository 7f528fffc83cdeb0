CREATE OR REPLACE FUNCTION o365_internal.note_event(
    kind text, actor text, connector_id integer, subscription_id bigint DEFAULT NULL, reason text DEFAULT NULL,
    detail text DEFAULT NULL, object text DEFAULT NULL, card_id bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_event_id bigint := nextval('o365_internal.event_id');
    v_at timestamptz := clock_timestamp();
    v_connector_id integer := connector_id;
BEGIN
    IF v_connector_id IS NULL AND subscription_id IS NOT NULL THEN
        SELECT s.connector_id INTO v_connector_id FROM o365_internal.subscription AS s
         WHERE s.subscription_id = note_event.subscription_id;
    END IF;
    -- One statement for both rows.
    WITH noted AS (
        INSERT INTO o365_internal.event (event_id, at, kind, actor, role, connector_id, subscription_id, card_id,
                                         object, detail, reason)
            VALUES (v_event_id, v_at, note_event.kind, note_event.actor,
                CASE WHEN note_event.actor IN ('application', 'operator') THEN session_user END, v_connector_id,
                note_event.subscription_id, note_event.card_id, note_event.object, note_event.detail,
                note_event.reason))
    INSERT INTO o365_internal.untaken_event (event_id, at, connector_id)
        SELECT v_event_id, v_at, v_connector_id WHERE note_event.subscription_id IS NOT NULL;
END $$;
COMMENT ON FUNCTION o365_internal.note_event(text, text, integer, bigint, text, text, text, bigint) IS
    'Writes one event, and puts it into the feed of its connector when it is about a subscription; connector_id may '
    'be null then. The parameters are the columns of o365_internal.event. Called by the one function that makes the '
    'change.';
