CREATE OR REPLACE FUNCTION o365_internal.health_button_retired() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'connector ' || c.slug,
           'its only way in is the button to Microsoft''s Connect page, which was switched off in May 2026: nobody '
           'can connect',
           format('select o365.alter_connector(%L, ways => ''{workflow}''): users paste the webhook of a Teams '
                  'workflow.', c.slug),
           c.changed_at, NULL::bigint, NULL
      FROM o365_internal.connector AS c
     WHERE c.removed_at IS NULL AND o365_internal.ways_of(c.ways) = '{button}'
       AND o365_internal.is_retired_connect_url(o365_internal.text_setting('connect_url')) $$;
COMMENT ON FUNCTION o365_internal.health_button_retired() IS
    'Connectors that offer only the button, to a page that is switched off.';
