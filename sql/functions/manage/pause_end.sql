CREATE OR REPLACE FUNCTION o365_internal.pause_end(choice text, at timestamptz DEFAULT now()) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_zone text := o365_internal.text_setting('time_zone');
    v_day date := (at AT TIME ZONE v_zone)::date;
BEGIN
    RETURN CASE choice
        WHEN 'hour' THEN at + interval '1 hour'
        WHEN 'tomorrow' THEN (v_day + 1 + time '08:00') AT TIME ZONE v_zone
        WHEN 'monday' THEN (v_day + (8 - extract(isodow FROM v_day)::integer) + time '08:00') AT TIME ZONE v_zone END;
END $$;
COMMENT ON FUNCTION o365_internal.pause_end(text, timestamptz) IS
    'When a pause ends that begins at that time, by what was chosen: hour, tomorrow (8:00 of the next day) or monday '
    '(8:00 of the next Monday, a week later on a Monday), in the zone of the setting time_zone. Null, without an end, '
    'for anything else.';
