CREATE OR REPLACE FUNCTION o365_internal.allowed_hosts(hosts text[]) RETURNS TABLE (webhook_host text, host text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    -- All hosts in one call: findings ask for up to 2,000. Tenants' hosts have few domains, and each of those is looked
    -- up once.
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT u.webhook_host, '.' || substr(u.webhook_host, nullif(strpos(u.webhook_host, '.'), 0) + 1) AS domain
          FROM (SELECT DISTINCT h FROM unnest($1) AS h) AS u (webhook_host)),
    entry AS MATERIALIZED (
        SELECT d.domain, (SELECT '*.' || w.host FROM o365_internal.webhook_host AS w
                           WHERE w.subdomains AND right(d.domain, length(w.host) + 1) = '.' || w.host
                           ORDER BY length(w.host) DESC LIMIT 1) AS name
          FROM (SELECT DISTINCT a.domain FROM asked AS a) AS d)
    SELECT a.webhook_host, coalesce(e.name, a.webhook_host)
      FROM asked AS a LEFT JOIN entry AS e ON e.domain = a.domain;
END $$;
COMMENT ON FUNCTION o365_internal.allowed_hosts(text[]) IS
    'The entry of the allow-list that each webhook''s host belongs to, *.example.com for hosts below it; the host '
    'itself where there is none. Tenants have hosts of their own below Microsoft''s: for findings, and for workers '
    'that share their transfers, they are one far end. One row for each host, however often it is given.';
