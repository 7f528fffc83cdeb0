CREATE OR REPLACE FUNCTION o365_internal.is_retired_connect_url(url text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce(lower($1 COLLATE "C") ~ ('^https://outlook\.office(365)?\.com(:443)?/' COLLATE "C"), false);
END $$;
COMMENT ON FUNCTION o365_internal.is_retired_connect_url(text) IS
    'Whether an address is that of Microsoft''s Connect page, which was switched off in May 2026.';
