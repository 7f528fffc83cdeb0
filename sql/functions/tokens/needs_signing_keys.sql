CREATE OR REPLACE FUNCTION o365_internal.needs_signing_keys(profile o365_internal.token_profile) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Only cards for connectors have buttons that a service calls: those for workflows have links.
    RETURN profile.enabled
       AND (profile.asked_at IS NOT NULL
            OR EXISTS (SELECT FROM o365_internal.host AS h
                         JOIN o365_internal.webhook_host AS w
                           ON h.name = CASE WHEN w.subdomains THEN '*.' ELSE '' END || w.host
                        WHERE w.dialect = 'connector'));
END $$;
COMMENT ON FUNCTION o365_internal.needs_signing_keys(o365_internal.token_profile) IS
    'Whether tokens of a profile may come: it is on, and there was a webhook of an Office 365 connector, or a token.';
