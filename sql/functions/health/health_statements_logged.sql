CREATE OR REPLACE FUNCTION o365_internal.health_statements_logged() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'setting ' || g.name,
           format('is %s: the server''s log holds the data in statements: cards, texts typed on the pages of '
                  'their actions, names of users and groups (no webhook, object id, state, ticket or link)', g.setting),
           'Only the host can change it; until then its log is as confidential as your cards.', NULL::timestamptz,
           NULL::bigint, NULL
      FROM pg_catalog.pg_settings AS g
     WHERE NOT o365_internal.has_roles() AND (g.name = 'log_statement' AND g.setting = 'all'
        OR g.name IN ('log_min_duration_statement', 'log_min_duration_sample') AND g.setting <> '-1') $$;
COMMENT ON FUNCTION o365_internal.health_statements_logged() IS
    'In an installation under one role: the server logs statements.';
