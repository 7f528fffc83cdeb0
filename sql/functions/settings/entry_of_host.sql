CREATE OR REPLACE FUNCTION o365_internal.entry_of_host(webhook_host text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- If several match, the longest; a name is not below itself.
    RETURN coalesce(
        (SELECT '*.' || w.host FROM o365_internal.webhook_host AS w
          WHERE w.subdomains
            AND right(substr(webhook_host, nullif(strpos(webhook_host, '.'), 0)), length(w.host) + 1) = '.' || w.host
          ORDER BY length(w.host) DESC LIMIT 1), webhook_host);
END $$;
COMMENT ON FUNCTION o365_internal.entry_of_host(text) IS
    'The entry of the allow-list that a webhook''s host belongs to, *.example.com for hosts below it; the host itself '
    'where there is none. Tenants have hosts of their own below Microsoft''s: for findings, and for workers that share '
    'their transfers, they are one far end.';
