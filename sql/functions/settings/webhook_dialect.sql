CREATE OR REPLACE FUNCTION o365_internal.webhook_dialect(host text, port integer) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT w.dialect FROM o365_internal.webhook_host AS w
     WHERE w.enabled AND w.port = $2 AND CASE WHEN w.subdomains THEN right($1, length(w.host) + 1) = '.' || w.host
       AND length($1) > length(w.host) + 1
                                ELSE $1 = w.host END
     ORDER BY length(w.host) DESC, w.subdomains LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.webhook_dialect(text, integer) IS
    'Dialect of a webhook on a host (lower case) and port, compared label by label; null when webhooks may not lie '
    'there.';
