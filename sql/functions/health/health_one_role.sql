CREATE OR REPLACE FUNCTION o365_internal.health_one_role() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'roles', 'everything belongs to one role: anybody who has the responder''s password can read sealed '
           'webhooks (not open them), change any row and call pgcrypto',
           'Accept it on a shared host; otherwise install into a database as a role that may create roles: '
           'docs/operator.md.',
           NULL::timestamptz, NULL::bigint, NULL
     WHERE NOT o365_internal.has_roles() $$;
COMMENT ON FUNCTION o365_internal.health_one_role() IS
    'The installation has no roles of its own: everything belongs to one role.';
