CREATE OR REPLACE FUNCTION o365_internal.local_instant(local timestamp, time_zone text) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_utc timestamptz := local AT TIME ZONE 'UTC';
    -- The offsets from UTC a day before and a day after.
    v_before interval := (v_utc - interval '1 day') AT TIME ZONE time_zone - (local - interval '1 day');
    v_after interval := (v_utc + interval '1 day') AT TIME ZONE time_zone - (local + interval '1 day');
    v_early timestamptz := v_utc - v_before;
    v_late timestamptz := v_utc - v_after;
    v_middle timestamptz;
BEGIN
    -- If the time occurs twice, the first one.
    IF v_early AT TIME ZONE time_zone = local AND NOT (v_late < v_early AND v_late AT TIME ZONE time_zone = local) THEN
        RETURN v_early;
    ELSIF v_late AT TIME ZONE time_zone = local THEN
        RETURN v_late;
    END IF;
    -- The time does not exist: the clocks skip it between these two. Find the change to the second, which all current
    -- changes fall on.
    v_middle := least(v_early, v_late);
    v_late := greatest(v_early, v_late);
    v_early := v_middle;
    WHILE v_late - v_early > interval '1 second' LOOP
        v_middle := date_trunc('second', v_early + (v_late - v_early) / 2);
        IF v_middle AT TIME ZONE time_zone >= local THEN
            v_late := v_middle;
        ELSE
            v_early := v_middle;
        END IF;
    END LOOP;
    RETURN v_late;
END $$;
COMMENT ON FUNCTION o365_internal.local_instant(timestamp, text) IS
    'The instant at which the clocks of a time zone show a local time: of a time that comes twice the first one, for a '
    'time that they jump over the instant of the jump.';
