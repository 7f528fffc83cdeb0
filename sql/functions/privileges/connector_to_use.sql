CREATE OR REPLACE FUNCTION o365_internal.connector_to_use(slug text) RETURNS o365_internal.connector
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector o365_internal.connector;
    v_slugs text;
BEGIN
    SELECT c.* INTO v_connector FROM o365_internal.connector AS c WHERE c.slug = connector_to_use.slug;
    IF NOT FOUND OR NOT o365_internal.may_use(v_connector.connector_id) THEN
        SELECT string_agg(u.slug, ', ' ORDER BY u.slug) INTO v_slugs
          FROM (SELECT c.slug FROM o365_internal.connector AS c
                 WHERE c.removed_at IS NULL AND o365_internal.may_use(c.connector_id) ORDER BY c.slug LIMIT 20) AS u;
        RAISE EXCEPTION 'there is no connector % that role % may use', quote_nullable(slug), session_user
            USING ERRCODE = 'insufficient_privilege',
                  HINT = coalesce('It may use: ' || v_slugs || '. ', '')
                      || format('An operator grants another: select o365.grant_application(%L, %L)',
                                session_user, slug);
    END IF;
    RETURN v_connector;
END $$;
COMMENT ON FUNCTION o365_internal.connector_to_use(text) IS
    'The connector by its slug, if the session may use it. Error: insufficient_privilege, the same whether it exists '
    'or not; the hint lists those that it may use.';
