CREATE OR REPLACE FUNCTION o365_programs.responder_failed(slug text, request_id text, cookie_hashes bytea[],
                                                          looks_again boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
    v_stands o365_internal.subscription := o365_internal.connection_that_stands(v_connector.connector_id, request_id,
        cookie_hashes);
    v_page jsonb := o365_internal.connector_page(v_connector)
        || o365_internal.way_on(v_connector, request_id, cookie_hashes);
BEGIN
    IF v_stands.subscription_id IS NOT NULL THEN
        v_page := v_page || jsonb_build_object('stands', true, 'group_name', v_stands.group_name, 'app_type',
            v_stands.app_type_normalised,
            'account', coalesce(v_page ->> 'account', v_stands.app_user));
    END IF;
    IF looks_again THEN
        UPDATE o365_internal.connect_attempt AS h SET outcome = 'strict_cookie'
          FROM o365_internal.connect_attempt AS a
         WHERE h.request_id = responder_failed.request_id AND h.connector_id = v_connector.connector_id
           AND h.outcome IN ('no_cookie', 'strict_cookie')
           AND a.attempt_id = h.of_attempt AND a.cookie_hash = ANY (cookie_hashes);
        v_page := v_page || jsonb_build_object('strict_cookie', FOUND);
    END IF;
    RETURN v_page;
END $$;
COMMENT ON FUNCTION o365_programs.responder_failed(text, text, bytea[], boolean) IS
    'What a failure page shows besides its reason: the connector, and how this browser may go on (again: ticket, '
    'landing or application; account: whose ticket it is). stands: this browser had connected before with the same '
    'state or ticket, and group_name, app_type and account say what. looks_again: the page was opened by itself, from '
    'our own site; strict_cookie then says whether the cookie came that the callback had missed, and the callback''s '
    'row has that outcome. found is false when there is no such connector.';
