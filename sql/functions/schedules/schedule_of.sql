CREATE OR REPLACE FUNCTION o365_internal.schedule_of(schedule text, at time DEFAULT NULL, weekday text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_parts text[] := regexp_match(lower(btrim(schedule) COLLATE "C"),
        '^(immediate|hourly|daily|weekly)(?: +on +([a-z]+))?(?: +at +([0-9]{1,2}:[0-9]{2}))?$');
    v_kind text := v_parts[1];
    v_day text := lower(coalesce(weekday, v_parts[2], CASE v_kind WHEN 'weekly' THEN 'monday' END) COLLATE "C");
    v_at text := coalesce(to_char(at, 'HH24:MI'), lpad(v_parts[3], 5, '0'),
                          CASE WHEN v_kind IN ('daily', 'weekly') THEN '08:00' END);
BEGIN
    IF v_kind IS NULL OR weekday IS NOT NULL AND v_parts[2] IS NOT NULL OR at IS NOT NULL AND v_parts[3] IS NOT NULL
       OR (v_day IS NULL) <> (v_kind <> 'weekly') OR (v_at IS NULL) <> (v_kind IN ('immediate', 'hourly'))
       OR v_day NOT IN ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')
       OR v_at !~ '^([01][0-9]|2[0-3]):[0-5][0-9]$' THEN
        RETURN NULL;
    END IF;
    RETURN concat_ws(' ', v_kind, 'on ' || v_day, 'at ' || v_at);
END $$;
COMMENT ON FUNCTION o365_internal.schedule_of(text, time, text) IS
    'A schedule as it is kept: immediate, hourly, "daily at 08:00" or "weekly on monday at 08:00". Takes these, or '
    'daily and weekly with time and weekday apart; without them 08:00 and monday. Null for anything else.';
