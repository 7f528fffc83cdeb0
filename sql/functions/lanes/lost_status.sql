CREATE OR REPLACE FUNCTION o365_internal.lost_status(s o365_internal.subscription) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Microsoft's notice is about connectors within Teams: those of groups and inboxes may still work.
    RETURN CASE WHEN (s).dialect = 'connector' AND (s).app_type_normalised = 'teams'
                     AND ((s).webhook_host IN ('outlook.office.com', 'outlook.office365.com')
                          OR right((s).webhook_host, 19) = '.webhook.office.com')
                THEN 'retired' ELSE 'gone' END;
END $$;
COMMENT ON FUNCTION o365_internal.lost_status(o365_internal.subscription) IS
    'The status of a subscription whose webhook does not exist any more: retired where Microsoft switched it off with '
    'all connectors of Teams, in May 2026; gone for any other.';
