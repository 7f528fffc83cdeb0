CREATE OR REPLACE FUNCTION o365_internal.next_run(schedule text, time_zone text, after timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_parts text[] := regexp_match(schedule, '^(?:daily|weekly on ([a-z]+)) at ([0-9:]+)$');
    v_local timestamp := after AT TIME ZONE time_zone;
    v_day date := v_local::date;
    v_run timestamptz;
BEGIN
    IF schedule = 'hourly' THEN
        -- Each full hour, including one that occurs twice. If the clocks change by half an hour, they may show another
        -- time by then.
        v_run := after + (date_trunc('hour', v_local) + interval '1 hour' - v_local);
        IF extract(minute FROM v_run AT TIME ZONE time_zone) <> 0 THEN
            v_run := o365_internal.local_instant(date_trunc('hour', v_local) + interval '1 hour', time_zone);
        END IF;
        RETURN v_run;
    END IF;
    FOR i IN 0 .. 14 LOOP
        IF v_parts[1] IS NULL OR to_char(v_day, 'FMday') = v_parts[1] THEN
            v_run := o365_internal.local_instant(v_day + v_parts[2]::time, time_zone);
            EXIT WHEN v_run > after;
        END IF;
        v_day := v_day + 1;
    END LOOP;
    RETURN CASE WHEN v_run > after THEN v_run END;
END $$;
COMMENT ON FUNCTION o365_internal.next_run(text, text, timestamptz) IS
    'When a schedule, as schedule_of has it, next runs after a time, by the clocks of a time zone. A time that a '
    'change of the clocks leaves out runs at the instant of the change, one that comes twice at the first of the two; '
    'hourly runs at each full hour that passes. Null for immediate.';
