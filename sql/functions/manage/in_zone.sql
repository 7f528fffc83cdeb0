CREATE OR REPLACE FUNCTION o365_internal.in_zone(at timestamptz, time_zone text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_local timestamp := at AT TIME ZONE time_zone;
    v_offset interval := v_local - (at AT TIME ZONE 'UTC');
BEGIN
    RETURN to_char(v_local, 'YYYY-MM-DD"T"HH24:MI:SS') || CASE WHEN v_offset < interval '0' THEN '-' ELSE '+' END
           || to_char(greatest(v_offset, -v_offset), 'HH24:MI');
END $$;
COMMENT ON FUNCTION o365_internal.in_zone(timestamptz, text) IS
    'A time as ISO 8601, in a time zone. Null for null.';

CREATE OR REPLACE FUNCTION o365_internal.in_zone(at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN o365_internal.in_zone(at, o365_internal.text_setting('time_zone'));
END $$;
COMMENT ON FUNCTION o365_internal.in_zone(timestamptz) IS
    'A time as ISO 8601, in the zone of the setting time_zone. Null for null.';
