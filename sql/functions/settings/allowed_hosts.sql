CREATE OR REPLACE FUNCTION o365_internal.allowed_hosts(hosts text[]) RETURNS TABLE (webhook_host text, host text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    -- All hosts in one call, because findings check up to 2,000. The hosts of tenants share few domains, and each of
    -- these is looked up once.
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT u.webhook_host, substr(u.webhook_host, nullif(strpos(u.webhook_host, '.'), 0)) AS domain
          FROM (SELECT DISTINCT h FROM unnest($1) AS h) AS u (webhook_host)),
    entry AS MATERIALIZED (
        SELECT d.domain, nullif(o365_internal.entry_of_host('any' || d.domain), 'any' || d.domain) AS name
          FROM (SELECT DISTINCT a.domain FROM asked AS a) AS d)
    SELECT a.webhook_host, coalesce(e.name, a.webhook_host)
      FROM asked AS a LEFT JOIN entry AS e ON e.domain = a.domain;
END $$;
COMMENT ON FUNCTION o365_internal.allowed_hosts(text[]) IS
    'entry_of_host for several hosts at once. One row for each host, however often it is given.';
