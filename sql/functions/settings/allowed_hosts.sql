CREATE OR REPLACE FUNCTION o365_internal.allowed_hosts(hosts text[]) RETURNS TABLE (webhook_host text, host text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    -- All hosts in one call: findings ask for up to 2,000, and a call for each would take longer than all else.
    RETURN QUERY SELECT a.webhook_host, coalesce((SELECT '*.' || w.host FROM o365_internal.webhook_host AS w
                                      WHERE w.subdomains AND right(a.webhook_host, length(w.host) + 1) = '.' || w.host
                                      ORDER BY length(w.host) DESC LIMIT 1), a.webhook_host)
      FROM (SELECT DISTINCT u.webhook_host FROM unnest($1) AS u (webhook_host)) AS a;
END $$;
COMMENT ON FUNCTION o365_internal.allowed_hosts(text[]) IS
    'The entry of the allow-list that each webhook''s host belongs to, *.example.com for hosts below it; the host '
    'itself where there is none. Tenants have hosts of their own below Microsoft''s: for findings, and for workers '
    'that share their transfers, they are one far end. One row for each host, however often it is given.';
