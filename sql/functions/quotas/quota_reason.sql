CREATE OR REPLACE FUNCTION o365_internal.quota_reason(dialect text, n smallint, until timestamptz) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_window text := (SELECT format(': at most %s POSTs in %s', w.posts,
            CASE WHEN w.seconds % 3600 = 0 THEN o365_internal.plural(w.seconds / 3600, 'hour', 'hours')
                 WHEN w.seconds % 60 = 0 THEN o365_internal.plural(w.seconds / 60, 'minute', 'minutes')
                 ELSE o365_internal.plural(w.seconds, 'second', 'seconds') END)
          FROM o365_internal.quota_window AS w WHERE w.dialect = quota_reason.dialect AND w.n = quota_reason.n);
BEGIN
    RETURN format('its quota is used up%s; the next POST is free at %s', v_window,
                  to_char(until, 'YYYY-MM-DD HH24:MI:SS'));
END $$;
COMMENT ON FUNCTION o365_internal.quota_reason(text, smallint, timestamptz) IS
    'Why a lane waits for its quota, in words: its window, left out where it is not known, and until when.';
