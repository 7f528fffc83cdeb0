CREATE OR REPLACE FUNCTION o365.begin_connect(connector text, app_user text, return_url text DEFAULT NULL,
    app_state jsonb DEFAULT NULL,
    renew bigint DEFAULT NULL, label text DEFAULT NULL, extra jsonb DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_to_use(connector);
BEGIN
    IF v_connector.removed_at IS NOT NULL THEN
        RAISE EXCEPTION 'connector % was removed', quote_literal(v_connector.slug)
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = 'An operator registers it again: select o365.register_connector(...).';
    END IF;
    PERFORM o365_internal.check_connecting_user('app_user', app_user);
    IF return_url IS NOT NULL AND NOT o365_internal.is_https_url(return_url)
       AND NOT o365_internal.is_loopback_url(return_url) THEN
        RAISE EXCEPTION 'return_url is no https URL'
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'It is where the user goes after connecting; leave it out to use our page.';
    END IF;
    IF octet_length(app_state::text) > 1024 THEN
        RAISE EXCEPTION 'app_state has % bytes', octet_length(app_state::text)
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'It may have 1,024: keep the rest in a table of yours and pass its key.';
    END IF;
    PERFORM o365_internal.check_extra(extra);
    IF renew IS NOT NULL AND NOT EXISTS (SELECT FROM o365_internal.subscription AS s
                                          WHERE s.subscription_id = renew AND s.connector_id = v_connector.connector_id
                                            AND s.app_user = begin_connect.app_user AND s.status <> 'removed') THEN
        RAISE EXCEPTION 'user % has no subscription % of connector %', quote_literal(app_user), renew,
            quote_literal(v_connector.slug)
            USING ERRCODE = 'undefined_object',
                HINT = format('select * from o365.connections(%L) lists them; leave renew out to connect a new place.',
                              app_user);
    END IF;
    RETURN o365_internal.connect_link(v_connector.connector_id, app_user, app_state, return_url, renew,
        left(o365_internal.label(label), 200), nullif(extra, '{}'), interval '1 hour');
END $$;
COMMENT ON FUNCTION o365.begin_connect(text, text, text, jsonb, bigint, text, jsonb) IS
    'Returns the link that lets a signed-in user of the application connect: redirect the browser to it. It is good '
    'for one connection and one hour; treat it like a password. return_url: where the user goes afterwards; app_state: '
    'at most 1 KB, given back by o365.connections. renew: a subscription of that user that gets the new webhook and '
    'keeps its number, settings and queue, whatever its status, except removed. label: the name that pages show for '
    'the account, if app_user is a number or a key. extra: what o365.set_extra would set, from the first test card on; '
    'null or {} leaves that of a renewed subscription. Errors: insufficient_privilege, invalid_parameter_value, '
    'undefined_object (renew), object_not_in_prerequisite_state (public_url is not set).';
