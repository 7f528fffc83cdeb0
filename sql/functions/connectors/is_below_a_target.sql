CREATE OR REPLACE FUNCTION o365_internal.is_below_a_target(url text, target_urls text[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_host text := lower(substring(url FROM '^[hH][tT][tT][pP][sS]://([^/:?#]+)') COLLATE "C");
BEGIN
    RETURN v_host IS NOT NULL AND EXISTS (
        SELECT FROM (SELECT lower(substring(t.url FROM '^[hH][tT][tT][pP][sS]://([^/:?#]+)') COLLATE "C") AS host
                       FROM unnest(target_urls) AS t (url)) AS t
         WHERE v_host = t.host OR right(v_host, length(t.host) + 1) = '.' || t.host);
END $$;
COMMENT ON FUNCTION o365_internal.is_below_a_target(text, text[]) IS
    'Whether an action may call a URL: its host is that of a target URL of the connector, or below it, compared label '
    'by label. False for none.';
